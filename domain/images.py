"""Images: the library of pictures, each known by its content, shared by the boards it is placed on."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import asyncpg
from msgspec import UNSET, Struct, UnsetType, structs

from domain import access, animations, colours, darkroom, originals, quotas, receipts, renditions, tiles
from domain.access import (
    BOARD_COLUMNS,
    BOARD_READABLE,
    IMAGE_READABLE,
    BoardRow,
    Viewer,
    board_row,
    require_scope,
)
from domain.database import Connection, fetch, fetchrow, fetchval, transaction
from domain.decoding import Inspection
from domain.entries import good_ids, good_tags, plain_line, require_distinct, require_few, short_line
from domain.errors import AlreadyExists, BadInput, FileTooLarge, Forbidden, ImageRefused, NotFound
from domain.formats import FORMATS
from domain.notices import announce_image
from domain.originals import Intake
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first
from domain.pyramid import is_deep
from domain.recipes import followed
from domain.settings import Settings

LONGEST_NAME = 255
LONGEST_TITLE = 500
MOST_A_PAGE = 500


class ImageState(StrEnum):
    """WAITING for a worker, WORKING: its renditions arrive, READY, FAILED: `failure` says why."""

    WAITING = "WAITING"
    WORKING = "WORKING"
    READY = "READY"
    FAILED = "FAILED"


class Image(Struct, frozen=True):
    """A row. digest: SHA-256 of the original, hex; width, height: upright pixels; placeholder: thumbhash.

    colours: where those of the palette lie in OKLab, and their weights (domain/colours.py).
    """

    id: UUID
    owner_id: UUID
    digest: str
    name: str
    title: str
    tags: list[str]
    size_bytes: int
    format: str
    mime: str
    width: int
    height: int
    frames: int
    pages: int
    duration_ms: int | None
    has_alpha: bool
    taken_at: datetime | None
    camera: str
    placeholder: bytes
    palette: list[str]
    batch: UUID | None
    source_url: str | None
    state: ImageState
    failure: str | None
    created_at: datetime
    colours: list[int] = []
    trashed_at: datetime | None = None
    tile_px: int | None = None
    animation: list[int] | None = None


class AddedImage(Struct, frozen=True):
    """deduplicated: the viewer could already see a picture of the same bytes, and this is it."""

    image: Image
    deduplicated: bool


class ImageEdit(Struct, frozen=True):
    """What is UNSET stays as it is."""

    id: UUID
    name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET


def image_of(row: asyncpg.Record) -> Image:
    return Image(
        id=row["id"],
        owner_id=row["owner"],
        digest=row["digest"],
        name=row["name"],
        title=row["title"],
        tags=row["tags"],
        size_bytes=row["size_bytes"],
        format=row["format"],
        mime=row["mime"],
        width=row["width"],
        height=row["height"],
        frames=row["frames"],
        pages=row["pages"],
        duration_ms=row["duration_ms"],
        has_alpha=row["has_alpha"],
        taken_at=row["taken_at"],
        camera=row["camera"],
        placeholder=row["placeholder"],
        palette=row["palette"],
        batch=row["batch"],
        source_url=row["source_url"],
        state=ImageState(row["state"]),
        failure=row["failure"],
        created_at=row["created_at"],
        colours=row["colours"],
        trashed_at=row["trashed_at"],
        tile_px=row["tile_px"],
        animation=row["animation"],
    )


async def add_image(
    viewer: Viewer,
    intake: Intake,
    *,
    name: str,
    image_id: UUID | None = None,
    batch: UUID | None = None,
    source_url: str | None = None,
) -> AddedImage:
    """Takes a received file into the library: looked at, kept durably with its smallest rendition,
    the larger ones queued.

    The same image_id and bytes again give the same answer, and bring back an original that was lost.
    Raises ImageRefused, AlreadyExists, FileTooLarge (the batch), StorageUnavailable, Forbidden; then
    nothing is stored.
    """
    require_scope(viewer)
    digest, size_bytes = await intake.finish()
    known = await _known(viewer, digest, image_id)
    if known is not None:
        await originals.keep(intake)
        async with transaction() as connection:
            await originals.hold(connection, digest, size_bytes)
            revived = await revive(connection, digest)
            known = await _taken_back(connection, viewer, known)
    if known is not None:
        if known.image.id not in revived:
            return known
        waiting = structs.replace(known.image, state=ImageState.WAITING, failure=None)
        return AddedImage(waiting, known.deduplicated)
    if batch is not None:
        await require_batch_room(viewer, intake.settings, size_bytes, batch)
    await quotas.foresee_bytes(viewer.account_id, size_bytes)
    max_pixels = intake.settings.max_megapixels * 1_000_000
    try:
        inspection = await darkroom.inspect(
            intake.path, max_pixels=max_pixels, recipe=followed(), sender=viewer.account_id
        )
    except ImageRefused:
        await intake.require_readable()
        raise
    await originals.keep(intake)
    await renditions.store(digest, inspection.first)
    new_id = image_id or uuid4()
    async with transaction() as connection:
        await originals.hold(connection, digest, size_bytes)
        for lock in sorted((f"{viewer.account_id}:{digest}", f"{viewer.account_id}:{batch}")):
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)
        known = await _known(viewer, digest, image_id)
        if known is not None and (known := await _taken_back(connection, viewer, known)) is not None:
            return known
        if batch is not None:
            await require_batch_room(viewer, intake.settings, size_bytes, batch)
        await quotas.require_bytes(connection, viewer.account_id, size_bytes)
        row = await _insert(
            connection, viewer, new_id, digest, size_bytes, name, batch, source_url, inspection
        )
        await renditions.record(connection, new_id, inspection.first)
        await renditions.enqueue(connection, new_id)
        if is_deep(inspection.width, inspection.height):
            await tiles.enqueue(connection, new_id)
        if animations.moves(inspection.format, inspection.frames):
            await animations.enqueue(connection, new_id)
        await revive(connection, digest)
    return AddedImage(image_of(row), deduplicated=False)


async def revive(connection: Connection, digest: str) -> set[UUID]:
    """Has those pictures developed, whosever they are, whose original was lost and is kept again by now."""
    rows = await connection.fetch(
        "WITH lost AS (SELECT id FROM image WHERE digest = $1 AND state = 'FAILED' AND failure = ANY($2) "
        "ORDER BY id FOR UPDATE) UPDATE image SET state = 'WAITING', failure = NULL FROM lost "
        "WHERE image.id = lost.id RETURNING image.id",
        digest,
        [originals.MISSING, originals.DAMAGED],
    )
    for row in rows:
        await renditions.enqueue(connection, row["id"])
        await announce_image(connection, row["id"])
    return {row["id"] for row in rows}


async def _known(viewer: Viewer, digest: str, image_id: UUID | None) -> AddedImage | None:
    """The image that this upload repeats. Raises AlreadyExists for an id that names something else."""
    if image_id is not None:
        row = await fetchrow("SELECT * FROM image WHERE id = $1", image_id)
        if row is not None:
            if row["owner"] != viewer.account_id or row["digest"] != digest:
                raise AlreadyExists("This id belongs to another picture; use a new one.", id=str(image_id))
            return AddedImage(image_of(row), deduplicated=False)
    row = await fetchrow(
        f"SELECT i.* FROM {IMAGE_READABLE} WHERE i.digest = $2 "  # noqa: S608 (constants)
        "AND (i.owner = $1 OR i.trashed_at IS NULL) "
        "ORDER BY i.owner = $1 DESC, i.created_at, i.id LIMIT 1",
        viewer.account_id,
        digest,
    )
    return None if row is None else AddedImage(image_of(row), deduplicated=True)


async def _taken_back(connection: Connection, viewer: Viewer, known: AddedImage) -> AddedImage | None:
    """What comes again does not stay in its owner's trash. None: it was deleted in this moment."""
    if known.image.trashed_at is None or known.image.owner_id != viewer.account_id:
        return known
    row = await connection.fetchrow(
        "UPDATE image SET trashed_at = NULL WHERE id = $1 RETURNING *", known.image.id
    )
    if row is None:
        return None
    await announce_image(connection, known.image.id)
    return AddedImage(image_of(row), known.deduplicated)


async def require_batch_room(viewer: Viewer, settings: Settings, size_bytes: int, batch: UUID) -> None:
    """Raises FileTooLarge."""
    most = settings.max_batch_bytes
    present: int = await fetchval(
        "SELECT coalesce(sum(size_bytes), 0)::bigint FROM image WHERE owner = $1 AND batch = $2",
        viewer.account_id,
        batch,
    )
    if present + size_bytes > most:
        raise FileTooLarge(
            f"One batch takes at most {most // 1_000_000} MB; upload the rest as another batch.",
            limit_bytes=most,
        )


async def _insert(
    connection: Connection,
    viewer: Viewer,
    image_id: UUID,
    digest: str,
    size_bytes: int,
    name: str,
    batch: UUID | None,
    source_url: str | None,
    inspection: Inspection,
) -> asyncpg.Record:
    try:
        row = await connection.fetchrow(
            "INSERT INTO image (id, owner, digest, name, title, tags, size_bytes, format, mime, "
            "width, height, frames, pages, duration_ms, has_alpha, taken_at, camera, placeholder, palette, "
            "colours, cells, fingerprint, sketch, batch, source_url, state, created_at) VALUES ($1, $2, $3, "
            "$4, '', '{}', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, "
            "$22, $23, 'WAITING', clock_timestamp()) RETURNING *",
            image_id,
            viewer.account_id,
            digest,
            plain_line(name, LONGEST_NAME) or "picture",
            size_bytes,
            inspection.format,
            FORMATS[inspection.format].mime,
            inspection.width,
            inspection.height,
            inspection.frames,
            inspection.pages,
            inspection.duration_ms,
            inspection.has_alpha,
            inspection.taken_at,
            inspection.camera,
            inspection.placeholder,
            [swatch.colour for swatch in inspection.swatches],
            colours.flat(inspection.swatches),
            colours.cells_of(inspection.swatches),
            inspection.fingerprint,
            inspection.sketch,
            batch,
            source_url,
        )
    except asyncpg.UniqueViolationError:
        raise AlreadyExists("This id belongs to another picture; use a new one.", id=str(image_id)) from None
    assert row is not None
    return row


async def images_by_ids(viewer: Viewer, image_ids: Sequence[UUID]) -> list[Image | None]:
    """In the order of the ids; None for what does not exist or the viewer may not see."""
    rows = await fetch(
        f"SELECT i.* FROM {IMAGE_READABLE} WHERE i.id = ANY($2::uuid[])",  # noqa: S608 (constants)
        viewer.account_id,
        list(set(image_ids)),
    )
    found = {row["id"]: image_of(row) for row in rows}
    return [found.get(image_id) for image_id in image_ids]


async def images_of_board(board_id: UUID, image_ids: Sequence[UUID]) -> list[Image | None]:
    """Those of the ids that whoever may read the board may see because of it; None for others.

    Asks nobody: for what is told to all who follow the board. In the order of the ids.
    """
    rows = await fetch(
        "SELECT i.* FROM image i WHERE i.id = ANY($2::uuid[]) AND ("
        "EXISTS (SELECT FROM item WHERE item.image_id = i.id AND item.board = $1) "
        "OR EXISTS (SELECT FROM former_image f WHERE f.image = i.id AND f.board = $1))",
        board_id,
        list(set(image_ids)),
    )
    found = {row["id"]: image_of(row) for row in rows}
    return [found.get(image_id) for image_id in image_ids]


async def require_own_images(viewer: Viewer, connection: Connection, ids: Sequence[UUID]) -> None:
    """Locks the rows in the order of their ids. Raises NotFound, Forbidden (seen but not owned)."""
    rows = await connection.fetch(
        "SELECT id, owner FROM image WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", ids
    )
    if all(row["owner"] == viewer.account_id for row in rows) and len(rows) == len(ids):
        return
    seen = await images_by_ids(viewer, ids)
    if None in seen:
        raise NotFound("Some of these pictures do not exist, or you may not see them.")
    raise Forbidden("Only the owner of a picture can change it.", required="OWNER")


async def edit_images(
    viewer: Viewer, edits: Sequence[ImageEdit], *, mutation_id: UUID | None = None
) -> list[Image]:
    """Names, titles and tags of the viewer's own pictures, in the order of the ids.

    Raises BadInput, LimitExceeded, NotFound, Forbidden (seen, but somebody else's).
    """
    require_scope(viewer)
    require_few(edits, "images")
    require_distinct((edit.id for edit in edits), "images")
    good = sorted((_good_edit(edit) for edit in edits), key=lambda edit: edit.id)
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "edit_images", edits=good)
        if receipt.is_repeat:
            return receipt.answer(list[Image])
        await require_own_images(viewer, connection, [edit.id for edit in good])
        for edit in good:
            await connection.execute(
                "UPDATE image SET name = coalesce($2, name), title = coalesce($3, title), "
                "tags = coalesce($4, tags) WHERE id = $1",
                edit.id,
                None if edit.name is UNSET else edit.name,
                None if edit.title is UNSET else edit.title,
                None if edit.tags is UNSET else edit.tags,
            )
            await announce_image(connection, edit.id)
        edited = await _present(connection, [edit.id for edit in good])
        await receipt.keep(edited)
    return edited


def _good_edit(edit: ImageEdit) -> ImageEdit:
    name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    if edit.name is not UNSET:
        name = short_line(edit.name, "name", LONGEST_NAME)
        if not name:
            raise BadInput("A picture's name cannot be empty.", field="name")
    if edit.title is not UNSET:
        title = short_line(edit.title, "title", LONGEST_TITLE)
    if edit.tags is not UNSET:
        tags = good_tags(edit.tags)
    return ImageEdit(edit.id, name, title, tags)


async def retry_images(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[Image]:
    """Makes the renditions anew, three attempts, sooner than those of fresh uploads.

    Raises BadInput, NotFound, Forbidden.
    """
    require_scope(viewer)
    wanted = good_ids(ids)
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "retry_images", ids=wanted)
        if receipt.is_repeat:
            return receipt.answer(list[Image])
        await require_own_images(viewer, connection, wanted)
        for image_id in wanted:
            await connection.execute(
                "UPDATE image SET state = 'WAITING', failure = NULL WHERE id = $1 AND state = 'FAILED'",
                image_id,
            )
            await renditions.enqueue(connection, image_id, priority=5)
            await announce_image(connection, image_id)
        retried = await _present(connection, wanted)
        await receipt.keep(retried)
    return retried


_BOARDS_WITH = (
    f"SELECT {BOARD_COLUMNS} FROM {BOARD_READABLE} WHERE EXISTS (SELECT FROM item "  # noqa: S608 (constants)
    "WHERE item.board = b.id AND item.image_id = $2 AND item.removed_at IS NULL) AND b.trashed_at IS NULL"
)


async def boards_with(
    viewer: Viewer, image_id: UUID, *, first: int = 20, after: str | None = None
) -> Page[BoardRow]:
    """Where the picture is used, as far as the viewer may read; the newest board first. Raises NotFound."""
    require_first(first, MOST_A_PAGE)
    await access.image(viewer, image_id)
    created_at, last_id = keys_of(after, "boards_with", datetime, UUID) or (None, None)
    rows = await fetch(
        f"{_BOARDS_WITH} AND ($4::uuid IS NULL OR (b.created_at, b.id) < ($3, $4)) "
        "ORDER BY b.created_at DESC, b.id DESC LIMIT $5",
        viewer.account_id,
        image_id,
        created_at,
        last_id,
        first + 1,
    )

    async def total() -> int:
        count: int = await fetchval(
            f"SELECT count(*) FROM ({_BOARDS_WITH}) AS found",  # noqa: S608 (constants)
            viewer.account_id,
            image_id,
        )
        return count

    return page_of(
        [board_row(row) for row in rows],
        first,
        lambda board: cursor_to("boards_with", board.created_at, board.id),
        total,
    )


async def _present(connection: Connection, ids: Sequence[UUID]) -> list[Image]:
    rows = await connection.fetch("SELECT * FROM image WHERE id = ANY($1::uuid[]) ORDER BY id", ids)
    return [image_of(row) for row in rows]

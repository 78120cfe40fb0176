"""Direct uploads: large files that go part by part straight to the bucket, and become pictures here.

Only the bytes take another way: what came is read back once, hashed, looked at in the decoder, and copied
within the bucket to its content address, before the row of a picture speaks of it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from domain import images, originals, placing, storage
from domain.access import Viewer, require_scope
from domain.database import Connection, execute, fetch, fetchrow, transaction
from domain.errors import (
    BadInput,
    DomainError,
    FileTooLarge,
    LimitExceeded,
    NotFound,
    NotInBucket,
    StorageUnavailable,
    UploadIncomplete,
)
from domain.images import AddedImage
from domain.places import DirectStore, Part
from domain.placing import Placed
from domain.settings import Settings

log = logging.getLogger("webref.storage")

PART_BYTES = 8 << 20
LASTS_DAYS = 7
URL_SECONDS = 3_600
MOST_URLS = 100
MOST_OPEN = 200


@dataclass(frozen=True)
class DirectUpload:
    """parts: how many of PART_BYTES, the last may be smaller."""

    id: UUID
    size_bytes: int
    name: str
    image_id: UUID | None
    batch: UUID | None
    board: UUID | None
    place: str
    upload: str
    outcome: UUID | None
    deduplicated: bool
    expires_at: datetime

    @property
    def parts(self) -> int:
        return -(-self.size_bytes // PART_BYTES)

    @property
    def key(self) -> str:
        return f"incoming/{self.id}"

    def size_of(self, number: int) -> int:
        return PART_BYTES if number < self.parts else self.size_bytes - PART_BYTES * (self.parts - 1)


async def begin(
    viewer: Viewer,
    settings: Settings,
    *,
    name: str,
    size_bytes: int,
    image_id: UUID | None = None,
    batch: UUID | None = None,
    board_id: UUID | None = None,
) -> DirectUpload:
    """Raises Forbidden, NotInBucket, BadInput, FileTooLarge, LimitExceeded, StorageUnavailable; and as
    `placing.require_board`."""
    require_scope(viewer)
    store = _store()
    if size_bytes < 1:
        raise BadInput("sizeBytes is the size of the file, at least 1.", field="sizeBytes")
    if size_bytes > settings.max_file_bytes:
        limit = settings.max_file_bytes
        raise FileTooLarge(f"A file may have {limit // 1_000_000} MB.", limit_bytes=limit)
    await placing.require_board(viewer, board_id)
    upload_id = uuid4()
    begun = await store.begin(f"incoming/{upload_id}")
    try:
        async with transaction() as connection:
            await _require_room(connection, viewer)
            row = await connection.fetchrow(
                "INSERT INTO direct_upload (id, owner, place, upload, size_bytes, name, image_id, batch, "
                "board, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                "now() + make_interval(days => $10)) RETURNING *",
                upload_id,
                viewer.account_id,
                storage.place(),
                begun,
                size_bytes,
                name,
                image_id,
                batch,
                board_id,
                LASTS_DAYS,
            )
    except LimitExceeded:
        await store.abort(f"incoming/{upload_id}", begun)
        raise
    assert row is not None
    return _upload_of(row)


async def _require_room(connection: Connection, viewer: Viewer) -> None:
    """Who begins several at once is counted one after the other. Raises LimitExceeded."""
    await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", viewer.account_id)
    unfinished: int = await connection.fetchval(
        "SELECT count(*) FROM direct_upload WHERE owner = $1 AND outcome IS NULL", viewer.account_id
    )
    if unfinished >= MOST_OPEN:
        raise LimitExceeded(
            f"At most {MOST_OPEN} uploads may be unfinished: finish or end some.", limit=MOST_OPEN
        )


async def find(viewer: Viewer, upload_id: UUID) -> DirectUpload:
    """One of the viewer's own. Raises NotFound."""
    row = await fetchrow(
        "SELECT * FROM direct_upload WHERE id = $1 AND owner = $2 AND expires_at > now()",
        upload_id,
        viewer.account_id,
    )
    if row is None:
        raise NotFound("There is no such upload, or it is over.")
    return _upload_of(row)


async def received(upload: DirectUpload) -> list[Part]:
    """What the bucket has of it, by number: who was cut goes on with the others."""
    return await _store_of(upload).parts(upload.key, upload.upload) or []


async def part_urls(upload: DirectUpload, first: int, count: int = MOST_URLS) -> list[str]:
    """Each takes one PUT for an hour. Raises BadInput."""
    if not 1 <= first <= upload.parts or not 1 <= count <= MOST_URLS:
        raise BadInput(f"Ask for parts from 1 to {upload.parts}, at most {MOST_URLS} at once.", field="first")
    store = _store_of(upload)
    numbers = range(first, min(first + count, upload.parts + 1))
    return [
        await store.part_url(upload.key, upload.upload, number, upload.size_of(number), URL_SECONDS)
        for number in numbers
    ]


async def complete(viewer: Viewer, settings: Settings, upload: DirectUpload) -> AddedImage:
    """Makes a picture of what came. A repeat gives the same answer.

    Raises UploadIncomplete, ImageRefused and what else `images.add_image` raises; what is refused is gone.
    """
    require_scope(viewer)
    if upload.outcome is not None:
        (image,) = await images.images_by_ids(viewer, [upload.outcome])
        if image is None:
            raise NotFound("The picture that this upload became is no longer there.")
        return AddedImage(image, upload.deduplicated)
    store = _store_of(upload)
    parts = await store.parts(upload.key, upload.upload)
    if parts is not None:
        _require_whole(upload, parts)
        await store.complete(upload.key, upload.upload, parts)
    try:
        async with originals.receive(settings, lies_at=upload.key) as intake:
            async for piece in store.read(upload.key):
                await intake.write(piece)
            added = await images.add_image(
                viewer, intake, name=upload.name, image_id=upload.image_id, batch=upload.batch
            )
    except FileNotFoundError:
        raise NotFound("The bucket no longer has what was uploaded: begin again.") from None
    except StorageUnavailable:
        raise
    except DomainError as refused:
        if refused.http_status < 500 and refused.http_status != 429:
            await end(upload)
        raise
    await execute(
        "UPDATE direct_upload SET outcome = $2, deduplicated = $3 WHERE id = $1",
        upload.id,
        added.image.id,
        added.deduplicated,
    )
    await store.remove(upload.key)
    return added


async def placed(viewer: Viewer, upload: DirectUpload, added: AddedImage) -> Placed | None:
    """The picture on the board that it was meant for, once, however often this is asked."""
    if upload.board is None:
        return None
    return await placing.place_images(viewer, upload.board, [added.image.id], mutation_id=upload.id)


def _require_whole(upload: DirectUpload, parts: Sequence[Part]) -> None:
    sizes = {part.number: part.size_bytes for part in parts}
    wrong = [number for number in range(1, upload.parts + 1) if sizes.get(number) != upload.size_of(number)]
    if wrong or len(sizes) != upload.parts:
        raise UploadIncomplete(
            f"{len(wrong)} of {upload.parts} parts are missing, or have another size than they should: "
            "send these again.",
            missing=wrong[:MOST_URLS],
        )


async def end(upload: DirectUpload) -> None:
    """Forgets it and what came of it."""
    store = _store_of(upload)
    await store.abort(upload.key, upload.upload)
    await store.remove(upload.key)
    await execute("DELETE FROM direct_upload WHERE id = $1", upload.id)


async def sweep() -> int:
    """How many went that were not finished in their time, or are long done."""
    rows = await fetch("SELECT * FROM direct_upload WHERE expires_at <= now() ORDER BY expires_at LIMIT 500")
    swept = 0
    for row in rows:
        try:
            await end(_upload_of(row))
            swept += 1
        except StorageUnavailable as error:
            log.warning("a direct upload that is over cannot be taken away yet: %s", error.message)
    store = storage.direct_store()
    if store is not None:
        swept += await store.abort_old((LASTS_DAYS + 1) * 86_400)
    return swept


def _store() -> DirectStore:
    store = storage.direct_store()
    if store is None:
        raise NotInBucket("Here files are kept in a folder: send them to /uploads or to /uploads/tus.")
    return store


def _store_of(upload: DirectUpload) -> DirectStore:
    """Where it lies, which may be no longer where files are kept."""
    return storage.direct_store_at(upload.place)


def _upload_of(row: asyncpg.Record) -> DirectUpload:
    fields = {name: value for name, value in row.items() if name != "owner"}
    return DirectUpload(**fields)

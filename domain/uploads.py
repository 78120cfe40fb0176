"""Resumable uploads: a file that comes in parts, each durable before its end is acknowledged.

A part is a file of its own, written by one request only. What counts is the row: it names the parts in
their order, and a request adds its part where it began and only while no later request has taken over.
So two that write at once, in one process or several on one data folder, cannot spoil each other.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import msgspec
from msgspec import structs

from domain import archives, images, jobs, originals, placing, storage, unpacking
from domain.access import Viewer, require_scope
from domain.database import fetch, fetchrow, transaction
from domain.errors import (
    BadInput,
    DomainError,
    FileTooLarge,
    ImageRefused,
    LimitExceeded,
    NotFound,
    UploadOffset,
    UploadTakenOver,
)
from domain.originals import Intake
from domain.settings import Settings
from domain.upload_outcomes import Outcome
from domain.upload_rows import LASTS_DAYS, Checksum, Label, Upload, upload_of
from domain.upload_writing import Writer, discard_parts, old_parts, part_path, share_parts, too_much

MOST_OPEN = 200
"""Unfinished uploads of a person; in bytes, what so many of the largest pictures have, archives included."""

MOST_PARTS = 4_000
LONGEST_METADATA = 4_000
READ_BYTES = 1 << 20


async def begin(
    viewer: Viewer, settings: Settings, length: int | None, label: Label, *, is_partial: bool = False
) -> Upload:
    """A place for a file of this length.

    Raises FileTooLarge, LimitExceeded, BadInput, Forbidden; and as `placing.require_board`.
    """
    require_scope(viewer)
    storage.open_storage(settings)
    await placing.require_board(viewer, label.board)
    if len(label.metadata) > LONGEST_METADATA:
        raise BadInput(f"The metadata may have {LONGEST_METADATA} characters.", field="metadata")
    given, settings = settings, _settings_for(settings, label.name)
    _require_length(settings, length or 0)
    async with transaction() as connection:
        await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", viewer.account_id)
        await _require_room(viewer, given, length, label)
        row = await connection.fetchrow(
            "INSERT INTO upload (id, owner, length, received, parts, name, image_id, batch, board, metadata, "
            "is_partial, created_at, expires_at) VALUES ($1, $2, $3, 0, '{}', $4, $5, $6, $7, $8, $9, now(), "
            "now() + make_interval(days => $10)) RETURNING *",
            uuid4(),
            viewer.account_id,
            length,
            label.name,
            label.image_id,
            label.batch,
            label.board,
            label.metadata,
            is_partial,
            LASTS_DAYS,
        )
    assert row is not None
    return upload_of(row)


async def join(viewer: Viewer, settings: Settings, upload_ids: Sequence[UUID], label: Label) -> Upload:
    """One whole upload of several partial ones, in this order; they stay until they expire.

    Raises NotFound, BadInput (one is not partial, or not whole), and as `begin`.
    """
    pieces = [await upload(viewer, upload_id) for upload_id in upload_ids]
    if not pieces or not all(piece.is_partial and piece.is_whole for piece in pieces):
        raise BadInput("Only uploads that are partial and complete can be joined.", field="uploads")
    names = [part for piece in pieces for part in piece.parts]
    if len(names) > MOST_PARTS:
        raise _too_many_parts()
    length = sum(piece.received for piece in pieces)
    begun = await begin(viewer, settings, length, label)
    own = [uuid4() for _ in names]
    try:
        await asyncio.to_thread(share_parts, names, own)
        row = await fetchrow(
            "UPDATE upload SET parts = $2, received = $3 WHERE id = $1 RETURNING *", begun.id, own, length
        )
    except BaseException:
        await _forget(begun.id)
        await asyncio.to_thread(discard_parts, own)
        raise
    assert row is not None
    return upload_of(row)


async def upload(viewer: Viewer, upload_id: UUID) -> Upload:
    """Raises NotFound, Forbidden."""
    require_scope(viewer)
    row = await fetchrow(
        "SELECT * FROM upload WHERE id = $1 AND owner = $2 AND expires_at > now()",
        upload_id,
        viewer.account_id,
    )
    if row is None:
        raise NotFound("This upload has ended, or there never was one here: begin a new one.")
    return upload_of(row)


async def end(viewer: Viewer, upload_id: UUID) -> None:
    """Takes back what has come of it, and stops its unpacking; pictures that it became stay.

    Raises NotFound, Forbidden.
    """
    await upload(viewer, upload_id)
    await _forget(upload_id)


@asynccontextmanager
async def writing(
    viewer: Viewer,
    settings: Settings,
    upload_id: UUID,
    offset: int,
    *,
    length: int | None = None,
    checksum: Checksum | None = None,
    announced: int | None = None,
) -> AsyncIterator[Writer]:
    """Goes on at `offset`; whoever was writing before has lost its place.

    length: of the whole file, said only now; announced: how many bytes will come, where that was said.

    Raises NotFound, Forbidden, UploadOffset, BadInput (another length), FileTooLarge, LimitExceeded.
    """
    storage.open_storage(settings)
    known = await upload(viewer, upload_id)
    settings = _settings_for(settings, known.name)
    _require_offset(known, offset)
    if length is not None and known.length is not None and length != known.length:
        raise BadInput(f"This upload was announced with {known.length} bytes.", field="length")
    if length is not None:
        _require_length(settings, length)
        if length < known.received:
            raise BadInput(f"{known.received} bytes of it are here already.", field="length")
    if len(known.parts) >= MOST_PARTS:
        raise _too_many_parts()
    most = next((n for n in (known.length, length) if n is not None), settings.max_file_bytes)
    if offset + (announced or 0) > most:
        raise too_much(most)
    claim = uuid4()
    row = await fetchrow(
        "UPDATE upload SET writer = $2, length = coalesce(length, $4) "
        "WHERE id = $1 AND received = $3 RETURNING *",
        upload_id,
        claim,
        offset,
        length,
    )
    if row is None:
        _require_offset(await upload(viewer, upload_id), offset)
        raise UploadTakenOver("Another request goes on with this upload: ask for its offset first.")
    async with Writer(settings, upload_of(row), claim, checksum) as writer:
        yield writer


_finishing: dict[UUID, asyncio.Task[Upload]] = {}


async def finished(viewer: Viewer, settings: Settings, whole: Upload) -> Upload:
    """Makes a picture of a whole upload, once; asked again, it says what it became.

    An archive is kept and has a job then, which gives it its outcome; asked again, one that was given up has
    another try.
    It lies on its board then, or its outcome says why not. What is refused is forgotten with its bytes;
    what failed for another reason can be asked for again.
    Raises as `images.add_image`.
    """
    if whole.outcome is not None or whole.is_partial or not whole.is_whole:
        return whole
    if whole.archive is not None:
        await unpacking.go_on(whole)
        return whole
    task = _finishing.get(whole.id)
    if task is None:
        task = asyncio.create_task(_finish(viewer, settings, whole))
        _finishing[whole.id] = task
        task.add_done_callback(lambda _: _finishing.pop(whole.id, None))
    return await asyncio.shield(task)


async def _finish(viewer: Viewer, settings: Settings, whole: Upload) -> Upload:
    try:
        async with originals.receive(_settings_for(settings, whole.name)) as intake:
            async for piece in _pieces(whole):
                await intake.write(piece)
            if intake.size_bytes != whole.length:
                raise FileNotFoundError
            if archives.is_archive_name(whole.name):
                accepted = await unpacking.accept(whole, settings, intake)
                await asyncio.to_thread(discard_parts, whole.parts)
                return accepted
            outcome = await _placed(viewer, whole, await _outcome(viewer, whole, intake))
    except FileNotFoundError:
        # Another process was quicker, or the parts are lost.
        known = await upload(viewer, whole.id)
        if known.outcome is not None or known.archive is not None:
            return known
        await _forget(whole.id)
        raise NotFound("Parts of this upload are lost: begin a new one.") from None
    except DomainError as error:
        if is_final(error):
            await _forget(whole.id)
        raise
    row = await fetchrow(
        "UPDATE upload SET outcome = $2, parts = '{}' WHERE id = $1 RETURNING *",
        whole.id,
        msgspec.json.encode(outcome),
    )
    await asyncio.to_thread(discard_parts, whole.parts)
    if row is None:
        raise NotFound("This upload was cancelled; the picture is in the library.")
    return upload_of(row)


async def take_archive(viewer: Viewer, settings: Settings, intake: Intake, label: Label) -> Upload:
    """An upload of an archive that was received in one piece. Raises as `begin` and `unpacking.accept`."""
    _, size_bytes = await intake.finish()
    begun = await begin(viewer, settings, size_bytes, label)
    try:
        return await unpacking.accept(begun, settings, intake)
    except BaseException:
        await _forget(begun.id)
        raise


async def _outcome(viewer: Viewer, whole: Upload, intake: Intake) -> Outcome:
    added = await images.add_image(
        viewer, intake, name=whole.name, image_id=whole.image_id, batch=whole.batch
    )
    return Outcome(added.image.id, added.deduplicated)


async def _placed(viewer: Viewer, whole: Upload, outcome: Outcome) -> Outcome:
    if whole.board is None or not outcome.image_ids:
        return outcome
    placed = await placing.place_images(viewer, whole.board, outcome.image_ids, mutation_id=whole.id)
    return structs.replace(outcome, placed=placed)


def _settings_for(settings: Settings, name: str) -> Settings:
    return archives.room_for(settings) if archives.is_archive_name(name) else settings


def is_final(error: DomainError) -> bool:
    """Whether the same bytes would be refused again."""
    return isinstance(error, ImageRefused) or error.http_status in (403, 409, 413, 422)


async def sweep() -> int:
    """Forgets what nobody went on with, and parts and archives that no row names; how many uploads."""
    rows = await fetch("SELECT id FROM upload WHERE expires_at < now()")
    for row in rows:
        await _forget(row["id"], if_expired=True)
    await unpacking.sweep()
    stale = await asyncio.to_thread(old_parts)
    named = await fetch("SELECT unnest(parts) AS part FROM upload")
    orphans = set(stale) - {row["part"].hex for row in named}
    await asyncio.to_thread(discard_parts, [UUID(hex=name) for name in orphans])
    return len(rows)


async def _pieces(whole: Upload) -> AsyncIterator[bytes]:
    """Its bytes in order. Raises FileNotFoundError."""
    for part in whole.parts:
        file = await asyncio.to_thread(open, part_path(part), "rb")
        with file:
            while piece := await asyncio.to_thread(file.read, READ_BYTES):
                yield piece


async def _forget(upload_id: UUID, *, if_expired: bool = False) -> None:
    async with transaction() as connection:
        await jobs.call_off(connection, jobs.ARCHIVE, upload_id)
        row = await connection.fetchrow(
            "DELETE FROM upload WHERE id = $1 AND (expires_at < now() OR NOT $2) RETURNING parts, archive",
            upload_id,
            if_expired,
        )
    if row is not None:
        await asyncio.to_thread(discard_parts, row["parts"])
        if row["archive"] is not None:
            await storage.remove(unpacking.key(upload_id))


async def _require_room(viewer: Viewer, settings: Settings, length: int | None, label: Label) -> None:
    """For one more upload. Of what nobody has said how long it is, the most that it may have counts."""
    open_now = await fetch(
        "SELECT name, length, batch FROM upload WHERE owner = $1 AND outcome IS NULL AND expires_at > now()",
        viewer.account_id,
    )
    if len(open_now) >= MOST_OPEN:
        raise LimitExceeded(
            f"You have {MOST_OPEN} unfinished uploads: finish or cancel some, or wait until they expire.",
            limit=MOST_OPEN,
        )
    most_bytes = MOST_OPEN * settings.max_file_bytes
    sizes = [(label.name, length), *((row["name"], row["length"]) for row in open_now)]
    if (
        sum(_settings_for(settings, name).max_file_bytes if n is None else n for name, n in sizes)
        > most_bytes
    ):
        raise LimitExceeded(
            f"What you have sent and is not finished, archives that wait to be unpacked too, may have "
            f"{most_bytes // 1_000_000:,} MB together: wait until some of it is done, or cancel some.",
            limit=most_bytes,
        )
    if label.batch is not None:
        of_batch = sum(row["length"] or 0 for row in open_now if row["batch"] == label.batch)
        await images.require_batch_room(viewer, settings, of_batch + (length or 0), label.batch)


def _require_length(settings: Settings, length: int) -> None:
    most = settings.max_file_bytes
    if length > most:
        raise FileTooLarge(f"A file may have {most // 1_000_000} MB.", limit_bytes=most)


def _too_many_parts() -> LimitExceeded:
    return LimitExceeded("This upload came in too many small parts: send larger ones.", limit=MOST_PARTS)


def _require_offset(known: Upload, offset: int) -> None:
    if known.received != offset:
        raise UploadOffset(f"This upload goes on at byte {known.received}.", offset=known.received)

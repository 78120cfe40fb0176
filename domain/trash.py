"""The trash of a library: what its owner threw away, to be taken back until its time is over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from domain import receipts
from domain.access import Viewer, require_scope
from domain.database import Connection, fetch, fetchval, transaction
from domain.entries import good_ids
from domain.errors import BadInput
from domain.images import MOST_A_PAGE, Image, image_of, require_own_images
from domain.notices import announce_images
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

ROWS_AT_ONCE = 200

# Of an image: something shows it or can bring it back. A removed item keeps its row, and what an item or a
# cover showed before has a row of former_image; both last as long as a line of the board's log speaks of it.
NEEDED = (
    "(EXISTS (SELECT FROM item WHERE item.image_id = image.id) "
    "OR EXISTS (SELECT FROM former_image f WHERE f.image = image.id) "
    "OR EXISTS (SELECT FROM board WHERE board.cover_id = image.id))"
)


class Deleted(Struct, frozen=True):
    """ids: what is gone for good; kept: what boards still need, which stays in the trash."""

    ids: list[UUID]
    kept: list[Image]


async def trash_images(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[Image]:
    """Out of the library; boards go on showing them. What is there already stays so, with its time.

    Returns them in the order of their ids. Raises BadInput, LimitExceeded, NotFound, Forbidden.
    """
    return await _move(viewer, ids, mutation_id, trashed=True)


async def restore_images(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[Image]:
    """Back into the library, just as they were. Raises BadInput, LimitExceeded, NotFound, Forbidden."""
    return await _move(viewer, ids, mutation_id, trashed=False)


async def _move(
    viewer: Viewer, ids: Sequence[UUID], mutation_id: UUID | None, *, trashed: bool
) -> list[Image]:
    require_scope(viewer)
    wanted = good_ids(ids)
    command = "trash_images" if trashed else "restore_images"
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, command, ids=wanted)
        if receipt.is_repeat:
            return receipt.answer(list[Image])
        await require_own_images(viewer, connection, wanted)
        await put(connection, wanted, trashed=trashed)
        rows = await connection.fetch("SELECT * FROM image WHERE id = ANY($1::uuid[]) ORDER BY id", wanted)
        images = [image_of(row) for row in rows]
        await receipt.keep(images)
    return images


async def put(connection: Connection, ids: Sequence[UUID], *, trashed: bool) -> None:
    """Into the trash, or out of it, in the transaction that holds these rows."""
    moved = await connection.fetch(
        "UPDATE image SET trashed_at = CASE WHEN $2 THEN clock_timestamp() END "
        "WHERE id = ANY($1::uuid[]) AND (trashed_at IS NOT NULL) <> $2 RETURNING id",
        ids,
        trashed,
    )
    await announce_images(connection, [row["id"] for row in moved])


async def delete_images(viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None) -> Deleted:
    """For good, from the trash. What a board shows, or its history can bring back, stays there.

    Raises BadInput for pictures that are not in the trash; LimitExceeded, NotFound, Forbidden.
    """
    require_scope(viewer)
    wanted = good_ids(ids)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "delete_images", ids=wanted
        )
        if receipt.is_repeat:
            return receipt.answer(Deleted)
        await require_own_images(viewer, connection, wanted)
        rows = await connection.fetch("SELECT * FROM image WHERE id = ANY($1::uuid[]) ORDER BY id", wanted)
        if outside := [str(row["id"]) for row in rows if row["trashed_at"] is None]:
            raise BadInput(
                "Only pictures in the trash can be deleted: trash them first.", field="ids", ids=outside
            )
        gone = await _let_go(connection, wanted)
        deleted = Deleted(gone, [image_of(row) for row in rows if row["id"] not in gone])
        await receipt.keep(deleted)
    return deleted


async def _let_go(connection: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Of these pictures, whose rows the transaction holds, those that nothing needs: they are gone then.

    Who places one of them meanwhile waits for its row (the foreign key asks for it) and finds it gone.
    """
    rows = await connection.fetch(
        f"SELECT id FROM image WHERE id = ANY($1::uuid[]) AND NOT {NEEDED} ORDER BY id",  # noqa: S608
        ids,
    )
    gone = [row["id"] for row in rows]
    if gone:
        await connection.execute("DELETE FROM rendition WHERE image = ANY($1::uuid[])", gone)
        await connection.execute("DELETE FROM job WHERE subject = ANY($1::uuid[])", gone)
        await connection.execute(
            "WITH gone AS (DELETE FROM image WHERE id = ANY($1::uuid[]) RETURNING digest) "
            "INSERT INTO leftover (digest) SELECT DISTINCT digest FROM gone ORDER BY digest "
            "ON CONFLICT (digest) DO NOTHING",
            gone,
        )
    return gone


async def empty_old(trash_days: int, *, now: datetime | None = None) -> int:
    """Deletes what has been in the trash for longer than that and is not needed; says how many.

    0 days: nothing ever goes by itself. Each transaction looks again at what it holds, so this may be
    stopped at any time and run in several processes at once.
    """
    if not trash_days:
        return 0
    before = (now or datetime.now(UTC)) - timedelta(days=trash_days)
    deleted, after = 0, UUID(int=0)
    while True:
        found = await fetch(
            "SELECT id FROM image WHERE trashed_at < $1 AND id > $2 "  # noqa: S608 (constants)
            f"AND NOT {NEEDED} ORDER BY id LIMIT $3",
            before,
            after,
            ROWS_AT_ONCE,
        )
        if not found:
            return deleted
        after = found[-1]["id"]
        async with transaction() as connection:
            held = await connection.fetch(
                "SELECT id FROM image WHERE id = ANY($1::uuid[]) AND trashed_at < $2 ORDER BY id FOR UPDATE",
                [row["id"] for row in found],
                before,
            )
            deleted += len(await _let_go(connection, [row["id"] for row in held]))


async def old_in_trash(trash_days: int, *, now: datetime | None = None) -> int:
    """How many `empty_old` would delete now."""
    if not trash_days:
        return 0
    count: int = await fetchval(
        f"SELECT count(*) FROM image WHERE trashed_at < $1 AND NOT {NEEDED}",  # noqa: S608 (constants)
        (now or datetime.now(UTC)) - timedelta(days=trash_days),
    )
    return count


async def trashed_images(viewer: Viewer, *, first: int = 50, after: str | None = None) -> Page[Image]:
    """The viewer's trash, what was thrown away last first."""
    require_first(first, MOST_A_PAGE)
    trashed_at, last_id = keys_of(after, "trash", datetime, UUID) or (None, None)
    rows = await fetch(
        "SELECT * FROM image WHERE owner = $1 AND trashed_at IS NOT NULL "
        "AND ($3::uuid IS NULL OR (trashed_at, id) < ($2, $3)) ORDER BY trashed_at DESC, id DESC LIMIT $4",
        viewer.account_id,
        trashed_at,
        last_id,
        first + 1,
    )

    async def total() -> int:
        count: int = await fetchval(
            "SELECT count(*) FROM image WHERE owner = $1 AND trashed_at IS NOT NULL", viewer.account_id
        )
        return count

    return page_of(
        [image_of(row) for row in rows],
        first,
        lambda image: cursor_to("trash", image.trashed_at, image.id),
        total,
    )


async def needed_images(ids: Sequence[UUID]) -> list[bool]:
    """Whether something needs each of them, in their order. Who may see an image may know."""
    rows = await fetch(
        f"SELECT id FROM image WHERE id = ANY($1::uuid[]) AND {NEEDED}",  # noqa: S608 (constants)
        list(ids),
    )
    needed = {row["id"] for row in rows}
    return [image_id in needed for image_id in ids]

"""Merging: several pictures become one of them, wherever its owner may write.

Each board gets a change of its own, which is undone there like any other; what stays behind is named.
"""

import contextlib
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct, structs

from domain import access, changes, checks, receipts, trash
from domain.access import BoardRow, Role, Viewer, board_readable, require_scope
from domain.changes import Change
from domain.containers import held
from domain.database import Connection, transaction
from domain.entries import MOST_TAGS, good_ids
from domain.errors import BadInput, NotFound
from domain.geometry import Size, contained
from domain.images import Image, image_of, require_own_images
from domain.item_rows import present
from domain.notices import announce_image
from domain.operations import Crop, EditBoard, EditItems, ItemEdit, ItemState, Operation, Simple, together
from domain.rows import write

MOST_MERGED = 100
WHOLE = Crop(0.0, 0.0, 1.0, 1.0)


class Merged(Struct, frozen=True):
    """image: what was kept, as it is now; merged: the others. changes: one a board, of those where it moved.

    left_on: boards that the viewer may read where some of the others still lie: they may not write there,
    the board is in the trash, or the items are locked.
    """

    image: Image
    merged: list[Image]
    changes: list[Change]
    left_on: list[UUID]


class _Answer(Struct):
    """What the receipt keeps of it."""

    image: Image
    merged: list[Image]
    lines: list[tuple[UUID, int]]
    left_on: list[UUID]


_PLACED = (
    f"SELECT DISTINCT b.id FROM {board_readable('$1')} JOIN item ON item.board = b.id "  # noqa: S608 (constants)
    "AND item.removed_at IS NULL AND item.image_id = ANY($2::uuid[])"
)
_COVERED = f"SELECT b.id FROM {board_readable('$1')} WHERE b.cover_id = ANY($2::uuid[])"  # noqa: S608 (constants)
_WRITABLE = "b.trashed_at IS NULL AND g.role IN ('EDITOR', 'OWNER')"


async def merge_images(
    viewer: Viewer, keep_id: UUID, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> Merged:
    """Puts the kept picture in every place of the others, with the same crop, around the same centre.

    The others go to the trash, from where they can be taken back. The kept one takes their tags, and the
    first title of theirs if it has none. Locked items stay as they are, for undoing would not touch them
    either. Raises BadInput, LimitExceeded, NotFound, Forbidden (somebody else's pictures).
    """
    require_scope(viewer)
    wanted = good_ids(ids)
    if keep_id in wanted:
        raise BadInput("The picture to keep is among those to merge into it.", field="ids")
    if len(wanted) > MOST_MERGED:
        raise BadInput(f"At most {MOST_MERGED} pictures are merged at once.", field="ids", limit=MOST_MERGED)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "merge_images", keep_id=keep_id, ids=wanted
        )
        if receipt.is_repeat:
            return await _again(viewer, receipt.answer(_Answer))
        boards = await _boards(connection, viewer, wanted)
        await require_own_images(viewer, connection, sorted([keep_id, *wanted]))
        kept = await _take_words(connection, keep_id, wanted)
        lines = [
            change
            for board in boards
            if (change := await _move(connection, viewer, board, kept, wanted, mutation_id)) is not None
        ]
        await trash.put(connection, wanted, trashed=True)
        left_on = await connection.fetch(f"{_PLACED} ORDER BY b.id", viewer.account_id, wanted)
        rows = await connection.fetch("SELECT * FROM image WHERE id = ANY($1::uuid[]) ORDER BY id", wanted)
        done = Merged(kept, [image_of(row) for row in rows], lines, [row["id"] for row in left_on])
        await receipt.keep(
            _Answer(done.image, done.merged, [(line.board_id, line.seq) for line in lines], done.left_on)
        )
    return done


async def _again(viewer: Viewer, answer: _Answer) -> Merged:
    """The same answer; of boards that the viewer may not read any more, nothing."""
    found = []
    for board_id, seq in answer.lines:
        with contextlib.suppress(NotFound):
            await access.board(viewer, board_id, Role.VIEWER)
            found.append(await changes.change_at(board_id, seq))
    return Merged(answer.image, answer.merged, found, answer.left_on)


async def _boards(connection: Connection, viewer: Viewer, ids: Sequence[UUID]) -> list[BoardRow]:
    """Where the viewer may write and one of the pictures lies or is the cover, locked before any picture."""
    rows = await connection.fetch(
        f"{_PLACED} WHERE {_WRITABLE} UNION {_COVERED} AND {_WRITABLE}", viewer.account_id, ids
    )
    if not rows:
        return []
    return await access.boards(viewer, [row["id"] for row in rows], Role.EDITOR, lock=True)


async def _take_words(connection: Connection, keep_id: UUID, ids: Sequence[UUID]) -> Image:
    """Tags and, where there is none, the title of the others, in the order in which they came."""
    rows = await connection.fetch(
        "SELECT * FROM image WHERE id = ANY($1::uuid[]) ORDER BY id = $2 DESC, created_at, id",
        [keep_id, *ids],
        keep_id,
    )
    if rows[0]["trashed_at"] is not None:
        raise BadInput("The picture to keep is in the trash: restore it first.", field="keepId")
    tags = list(dict.fromkeys(tag for row in rows for tag in row["tags"]))[:MOST_TAGS]
    title = next((row["title"] for row in rows if row["title"]), "")
    await connection.execute("UPDATE image SET tags = $2, title = $3 WHERE id = $1", keep_id, tags, title)
    await announce_image(connection, keep_id)
    return structs.replace(image_of(rows[0]), tags=tags, title=title)


async def _move(
    connection: Connection,
    viewer: Viewer,
    board: BoardRow,
    kept: Image,
    ids: Sequence[UUID],
    mutation_id: UUID | None,
) -> Change | None:
    """The change of one board, whose lock is held; None: nothing of it lies there by now."""
    rows = await connection.fetch(
        "SELECT id FROM item WHERE board = $1 AND image_id = ANY($2::uuid[]) AND removed_at IS NULL "
        "ORDER BY id",
        board.id,
        ids,
    )
    states = await present(connection, board.id, [row["id"] for row in rows])
    parents = {item.parent_id for item in states.values() if item.parent_id is not None}
    closed = await held(connection, board.id, parents)
    free = [
        item for row in rows if not (item := states[row["id"]]).style.locked and item.parent_id not in closed
    ]
    parts: list[Simple] = []
    if free:
        parts.append(EditItems([_shown(item, kept) for item in free]))
    if board.cover_id in ids:
        parts.append(EditBoard(cover_id=kept.id))
    if not parts:
        return None
    operation: Operation = together(parts)
    inverse = await write(connection, board.id, board.seq + 1, viewer.account_id, operation)
    return await changes.append(
        connection, board.id, viewer.account_id, operation, inverse, mutation_id=mutation_id
    )


def _shown(item: ItemState, kept: Image) -> ItemEdit:
    """The same part of the kept picture, undistorted, as large as fits into the item's box."""
    crop = item.crop or WHOLE
    part = Size(kept.width * (crop.right - crop.left), kept.height * (crop.bottom - crop.top))
    box = contained(part, Size(item.width, item.height))
    width, height = checks.side(box.width, "width"), checks.side(box.height, "height")
    return ItemEdit(item.id, width, height, image_id=kept.id, crop=item.crop)

"""Items: what lies on a board. Each command takes a list, is one transaction and one line of the log."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct, structs

from domain import access, changes, checks, images
from domain.access import BoardRow, Role, Viewer
from domain.changes import Change
from domain.database import Connection, fetch, fetchval, transaction
from domain.entries import require_distinct, require_few
from domain.errors import BadInput, LimitExceeded, NotFound
from domain.geometry import Bounds, Size, places_beside
from domain.item_rows import STATE_COLUMNS, restore, state_of, write
from domain.operations import (
    AddItems,
    EditNotes,
    ItemKind,
    ItemState,
    NoteContent,
    NoteEdit,
    Operation,
    Placement,
    Rank,
    RemoveItems,
    ReorderItems,
    RestoreItems,
    RestyleItems,
    Style,
    StylePatch,
    Transform,
    TransformItems,
)
from domain.ordering import ranks_between
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first
from domain.receipts import claim

MOST_ON_A_BOARD = 100_000
MOST_A_PAGE = 10_000
NOTE_SIZE = Size(280.0, 180.0)


class NewItem(Struct, frozen=True):
    """What is to be added: exactly one of image_id and note.

    transform None: beside what is there, in rows. z None: in front of all. width, height None: the
    picture's pixels, or a note's usual box.
    """

    id: UUID | None = None
    image_id: UUID | None = None
    note: NoteContent | None = None
    transform: Transform | None = None
    style: Style = Style()
    z: str | None = None
    width: float | None = None
    height: float | None = None


class ItemRow(Struct, frozen=True):
    """An item with what the rows know besides the log's state of it."""

    state: ItemState
    board_id: UUID
    added_by: UUID
    added_at: datetime
    changed_seq: int
    removed_at: datetime | None


Draft: TypeAlias = Callable[[Connection, BoardRow], Awaitable[tuple[Operation, Operation]]]


async def _command(
    viewer: Viewer, board_id: UUID, mutation_id: UUID | None, name: str, payload: object, draft: Draft
) -> Change:
    """One transaction: the receipt, the board's lock, the rows by `draft`, the log."""
    async with transaction() as connection:
        receipt = await claim(
            connection, viewer.account_id, mutation_id, name, board_id=board_id, payload=payload
        )
        if receipt.is_repeat:
            await access.board(viewer, board_id, Role.VIEWER)
            return await changes.change_at(board_id, receipt.answer(int))
        board = await access.board(viewer, board_id, Role.EDITOR, lock=True)
        operation, inverse = await draft(connection, board)
        change = await changes.append(
            connection,
            board_id,
            viewer.account_id,
            operation,
            inverse,
            mutation_id=mutation_id,
            items_added=growth_of(operation),
        )
        await receipt.keep(change.seq)
        return change


def growth_of(operation: Operation) -> int:
    """By how many the items present on the board grow."""
    match operation:
        case AddItems() | RestoreItems():
            return len(operation.items)
        case RemoveItems():
            return -len(operation.ids)
        case _:
            return 0


async def _written(
    viewer: Viewer, board_id: UUID, mutation_id: UUID | None, name: str, operation: Operation
) -> Change:
    async def draft(connection: Connection, board: BoardRow) -> tuple[Operation, Operation]:
        return operation, await write(connection, board.id, board.seq + 1, viewer.account_id, operation)

    return await _command(viewer, board_id, mutation_id, name, operation, draft)


async def transform_items(
    viewer: Viewer, board_id: UUID, items: list[Placement], *, mutation_id: UUID | None = None
) -> Change:
    operation = TransformItems(checks.placements(items))
    return await _written(viewer, board_id, mutation_id, "transform_items", operation)


async def restyle_items(
    viewer: Viewer, board_id: UUID, items: list[StylePatch], *, mutation_id: UUID | None = None
) -> Change:
    """Locked items too: this is how they are unlocked."""
    operation = RestyleItems(checks.patches(items))
    return await _written(viewer, board_id, mutation_id, "restyle_items", operation)


async def reorder_items(
    viewer: Viewer, board_id: UUID, items: list[Rank], *, mutation_id: UUID | None = None
) -> Change:
    operation = ReorderItems(checks.ranks(items))
    return await _written(viewer, board_id, mutation_id, "reorder_items", operation)


async def edit_notes(
    viewer: Viewer, board_id: UUID, items: list[NoteEdit], *, mutation_id: UUID | None = None
) -> Change:
    operation = EditNotes(checks.note_edits(items))
    return await _written(viewer, board_id, mutation_id, "edit_notes", operation)


async def remove_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, mutation_id: UUID | None = None
) -> Change:
    operation = RemoveItems(checks.item_ids(ids))
    return await _written(viewer, board_id, mutation_id, "remove_items", operation)


async def restore_items(
    viewer: Viewer, board_id: UUID, ids: list[UUID], *, mutation_id: UUID | None = None
) -> Change:
    """Brings removed items back exactly as they were. Raises NotFound for what was not removed here."""
    wanted = checks.item_ids(ids)

    async def draft(connection: Connection, board: BoardRow) -> tuple[Operation, Operation]:
        require_room(board, len(wanted))
        states = await restore(connection, board.id, board.seq + 1, wanted)
        return RestoreItems(states), RemoveItems(wanted)

    return await _command(viewer, board_id, mutation_id, "restore_items", wanted, draft)


async def add_items(
    viewer: Viewer, board_id: UUID, items: list[NewItem], *, mutation_id: UUID | None = None
) -> Change:
    """Places pictures and notes; the items' ids are in the change's operation.

    Raises NotFound for pictures the viewer may not see, AlreadyExists for ids that are taken,
    LimitExceeded when the board is full.
    """
    require_few(items, "items")
    require_distinct((item.id for item in items if item.id is not None), "items")
    wanted = [_checked(item, f"items.{n}") for n, item in enumerate(items)]

    async def draft(connection: Connection, board: BoardRow) -> tuple[Operation, Operation]:
        require_room(board, len(wanted))
        sizes = await _sizes(viewer, wanted)
        operation = AddItems(await _placed(connection, board.id, wanted, sizes))
        return operation, await write(connection, board.id, board.seq + 1, viewer.account_id, operation)

    return await _command(viewer, board_id, mutation_id, "add_items", items, draft)


def require_room(board: BoardRow, count: int) -> None:
    """Raises LimitExceeded if `count` more items do not fit on the board."""
    if board.item_count + count > MOST_ON_A_BOARD:
        raise LimitExceeded(
            f"A board holds at most {MOST_ON_A_BOARD} items; this one has {board.item_count}.",
            limit=MOST_ON_A_BOARD,
        )


def _checked(item: NewItem, field: str) -> NewItem:
    if (item.image_id is None) == (item.note is None):
        raise BadInput(f"{field} needs a picture or a note, one of them.", field=field)
    return structs.replace(
        item,
        id=item.id or uuid4(),
        note=None if item.note is None else checks.note(item.note, f"{field}.note"),
        transform=None if item.transform is None else checks.transform(item.transform, f"{field}.transform"),
        style=checks.style(item.style, f"{field}.style"),
        z=None if item.z is None else checks.rank(item.z, f"{field}.z"),
        width=None if item.width is None else checks.side(item.width, f"{field}.width"),
        height=None if item.height is None else checks.side(item.height, f"{field}.height"),
    )


async def _sizes(viewer: Viewer, items: Sequence[NewItem]) -> list[Size]:
    """The box of each new item. Raises NotFound naming the pictures that the viewer may not see."""
    wanted = list({item.image_id for item in items if item.image_id is not None})
    found = await images.images_by_ids(viewer, wanted) if wanted else []
    pictures = {image.id: image for image in found if image is not None}
    missing = [str(image_id) for image_id in wanted if image_id not in pictures]
    if missing:
        raise NotFound(
            "Some of these pictures do not exist, or you may not see them.", kind="image", ids=missing
        )
    sizes: list[Size] = []
    for item in items:
        usual = NOTE_SIZE
        if item.image_id is not None:
            picture = pictures[item.image_id]
            usual = Size(float(picture.width), float(picture.height))
        sizes.append(Size(item.width or usual.width, item.height or usual.height))
    return sizes


async def _placed(
    connection: Connection, board_id: UUID, items: Sequence[NewItem], sizes: Sequence[Size]
) -> list[ItemState]:
    """Gives those without a place or a rank one of their own; the rest as they asked."""
    seeking = [size for item, size in zip(items, sizes, strict=True) if item.transform is None]
    places = iter(await _free_places(connection, board_id, seeking))
    unranked = sum(item.z is None for item in items)
    ranks = iter(ranks_between(await _highest_rank(connection, board_id), None, unranked) if unranked else ())
    states: list[ItemState] = []
    for item, size in zip(items, sizes, strict=True):
        transform = item.transform
        if transform is None:
            place = next(places)
            transform = checks.transform(Transform(place.x, place.y))
        assert item.id is not None
        states.append(
            ItemState(
                id=item.id,
                kind=ItemKind.NOTE if item.image_id is None else ItemKind.IMAGE,
                width=size.width,
                height=size.height,
                z=next(ranks) if item.z is None else item.z,
                transform=transform,
                style=item.style,
                image_id=item.image_id,
                note=item.note,
            )
        )
    return states


async def _highest_rank(connection: Connection, board_id: UUID) -> str | None:
    """Removed items count: coming back, they are not to share a rank."""
    rank: str | None = await connection.fetchval(
        "SELECT z FROM item WHERE board = $1 ORDER BY z DESC, id DESC LIMIT 1", board_id
    )
    return rank


# The same formula as geometry.bounds. `open`: nothing lies to the right of the frontmost item in its row.
_EXTENT = """
WITH box AS (
    SELECT z, id, x - across AS l, y - down AS t, x + across AS r, y + down AS b FROM (
        SELECT z, id, x, y,
            (width * abs(cosd(rotation)) + height * abs(sind(rotation))) * scale / 2 AS across,
            (width * abs(sind(rotation)) + height * abs(cosd(rotation))) * scale / 2 AS down
        FROM item WHERE board = $1 AND removed_at IS NULL
    ) AS item
), last AS (SELECT * FROM box ORDER BY z DESC, id DESC LIMIT 1)
SELECT min(box.l) AS l, min(box.t) AS t, max(box.r) AS r, max(box.b) AS b,
    last.l AS last_l, last.t AS last_t, last.r AS last_r, last.b AS last_b,
    NOT bool_or(box.r > last.r AND box.b > last.t) AS open
FROM box, last GROUP BY last.l, last.t, last.r, last.b
"""


async def _free_places(connection: Connection, board_id: UUID, sizes: Sequence[Size]) -> Sequence[Transform]:
    if not sizes:
        return ()
    record = await connection.fetchrow(_EXTENT, board_id)
    content = last = None
    if record is not None:
        content = Bounds(record["l"], record["t"], record["r"], record["b"])
        if record["open"]:
            last = Bounds(record["last_l"], record["last_t"], record["last_r"], record["last_b"])
    return [Transform(place.x, place.y) for place in places_beside(content, last, sizes)]


_ROW_COLUMNS = f"{STATE_COLUMNS}, item.board, item.added_by, item.added_at, item.changed_seq, item.removed_at"


def row_of(record: asyncpg.Record) -> ItemRow:
    return ItemRow(
        state=state_of(record),
        board_id=record["board"],
        added_by=record["added_by"],
        added_at=record["added_at"],
        changed_seq=record["changed_seq"],
        removed_at=record["removed_at"],
    )


async def items_on(
    viewer: Viewer,
    board_id: UUID,
    *,
    first: int = 100,
    after: str | None = None,
    ids: Sequence[UUID] | None = None,
) -> Page[ItemRow]:
    """What lies on the board, from back to front. ids: only these (those that are there)."""
    await access.board(viewer, board_id, Role.VIEWER)
    require_first(first, MOST_A_PAGE)
    rank, item_id = keys_of(after, "items", str, UUID) or (None, None)
    chosen = None if ids is None else list(ids)

    async def total() -> int:
        count: int = await fetchval(
            "SELECT count(*) FROM item WHERE board = $1 AND removed_at IS NULL "
            "AND ($2::uuid[] IS NULL OR id = ANY($2))",
            board_id,
            chosen,
        )
        return count

    records = await fetch(
        f"SELECT {_ROW_COLUMNS} FROM item WHERE item.board = $1 "  # noqa: S608 (constants)
        "AND item.removed_at IS NULL AND ($2::uuid[] IS NULL OR item.id = ANY($2)) "
        "AND (item.z, item.id) > ($4, $5) ORDER BY item.z, item.id LIMIT $3",
        board_id,
        chosen,
        first + 1,
        rank or "",
        item_id or UUID(int=0),
    )
    rows = [row_of(record) for record in records]
    return page_of(rows, first, lambda row: cursor_to("items", row.state.z, row.state.id), total)


async def items_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[ItemRow | None]:
    """In the order of the ids, removed ones too; None for what the viewer may not see."""
    records = await fetch(
        f"SELECT {_ROW_COLUMNS} FROM item "  # noqa: S608 (constants)
        "JOIN board_grant g ON g.board = item.board AND g.account = $1 "
        "JOIN account a ON a.id = g.account AND a.disabled_at IS NULL WHERE item.id = ANY($2::uuid[])",
        viewer.account_id,
        list(set(ids)),
    )
    found = {record["id"]: row_of(record) for record in records}
    return [found.get(item_id) for item_id in ids]

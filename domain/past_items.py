"""Items of the past: what lay on a board right after a change, what was in what, and what had gone."""

import asyncio
import bisect
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct, structs

from domain.access import BoardRow, Viewer
from domain.database import fetch, fetchval
from domain.items import MOST_A_PAGE, ROW_COLUMNS, ItemRow, row_of
from domain.operations import ItemState, RestoreItems, Style, Transform, decode, parts_of
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first
from domain.past import PastBoard, Then, board_at, compacted, earliest_kept, place_of, seen

AT_ONCE = 500
_json = msgspec.json.Encoder().encode
_OF_THE_PLACE, _OF_THE_STYLE, _OF_THE_STATE = (
    tuple(field.name for field in structs.fields(kind) if field.name not in ("transform", "style"))
    for kind in (Transform, Style, ItemState)
)


async def items_at(
    viewer: Viewer,
    board_id: UUID,
    seq: int,
    *,
    first: int = 100,
    after: str | None = None,
    inside: UUID | None = None,
) -> Page[ItemRow]:
    """What lay on the board then, from back to front: the same order and cursors as today's items.

    inside: only what was in this group or frame.
    """
    require_first(first, MOST_A_PAGE)
    rank, item_id = keys_of(after, "items", str, UUID) or ("", UUID(int=0))
    row, past = await seen(viewer, Then(board_id, seq))
    items = await asyncio.to_thread(_listed, past, inside)
    start = bisect.bisect_right(items, (rank, item_id), key=place_of)

    async def total() -> int:
        return len(items)

    rows = await _rows(row, seq, items[start : start + first + 1])
    return page_of(rows, first, lambda found: cursor_to("items", found.state.z, found.state.id), total)


def _listed(past: PastBoard, inside: UUID | None) -> Sequence[ItemState]:
    return past.items if inside is None else past.contents.get(inside, ())


class PastPage(Struct, frozen=True):
    """What a compiled read makes a page of. board: of then. rows: columns of `item`, a JSON list.

    total: how many items lay on the board.
    """

    board: BoardRow
    rows: str
    total: int


async def page_at(viewer: Viewer, then: Then, most: int, rank: str, item_id: UUID) -> PastPage:
    """So many items after this rank and id."""
    row, past = await seen(viewer, then)
    items = await asyncio.to_thread(_listed, past, None)
    start = bisect.bisect_right(items, (rank, item_id), key=place_of)
    found = await _rows(row, then.seq, items[start : start + most])
    lines = await asyncio.to_thread(_as_rows, found)
    return PastPage(await board_at(viewer, *then), lines, len(items))


def _as_rows(items: Sequence[ItemRow]) -> str:
    """In pieces, between which others have their turn."""
    pieces = (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
    written = b",".join(_json([_columns(item) for item in piece])[1:-1] for piece in pieces)
    return f"[{written.decode()}]"


def _columns(item: ItemRow) -> dict[str, object]:
    state = item.state
    return {
        "board": item.board_id,
        "added_by": item.added_by,
        "added_at": item.added_at,
        **{name: getattr(state, name) for name in _OF_THE_STATE},
        **{name: getattr(state.transform, name) for name in _OF_THE_PLACE},
        **{name: getattr(state.style, name) for name in _OF_THE_STYLE},
    }


async def items_by_ids_at(viewer: Viewer, then: Then, ids: Sequence[UUID]) -> list[ItemRow | None]:
    """In the order of the ids, what was removed by then too, as it went.

    None for what was not there yet, and for what was removed so long ago that its history is not kept.
    """
    row, past = await seen(viewer, then)
    there = [past.state.items[item_id] for item_id in set(ids) if item_id in past.state.items]
    found: dict[UUID, ItemRow] = {item.state.id: item for item in await _rows(row, then.seq, there)}
    found |= await gone_by(row, past, [item_id for item_id in set(ids) if item_id not in found])
    return [found.get(item_id) for item_id in ids]


async def _rows(row: BoardRow, seq: int, items: Sequence[ItemState]) -> list[ItemRow]:
    """Who added them and when is the same for ever; a row goes only when no moment that is kept needs it."""
    records = await fetch(
        "SELECT id, added_by, added_at, changed_seq FROM item WHERE board = $1 AND id = ANY($2::uuid[])",
        row.id,
        [item.id for item in items],
    )
    known = {record["id"]: record for record in records}
    if len(known) != len(items):
        raise compacted(await earliest_kept(row, seq))
    return [
        ItemRow(
            state=item,
            board_id=row.id,
            added_by=known[item.id]["added_by"],
            added_at=known[item.id]["added_at"],
            changed_seq=min(known[item.id]["changed_seq"], seq),
            removed_at=None,
        )
        for item in items
    ]


# Of each item the last line up to a seq that touched it, or the first after it.
_LINES = """
SELECT touched.id, line.at, line.{side} AS said FROM (
    SELECT DISTINCT ON (subject.id) subject.id, change.seq
    FROM change CROSS JOIN LATERAL unnest(change.subjects) AS subject (id)
    WHERE change.board = $1 AND change.seq {compared} $3 AND change.subjects && $2::uuid[]
        AND subject.id = ANY($2::uuid[])
    ORDER BY subject.id, change.seq {order}
) AS touched JOIN change AS line ON line.board = $1 AND line.seq = touched.seq
"""
_BEFORE = _LINES.format(side="inverse", compared="<=", order="DESC")
_AFTER = _LINES.format(side="operation", compared=">", order="ASC")


async def gone_by(row: BoardRow, past: PastBoard, ids: Sequence[UUID]) -> dict[UUID, ItemRow]:
    """Those of these ids that had been removed by then, as they went.

    That is told by the line that removed them; where it is compacted, by the one that brought them back,
    or by their rows if nothing has.
    """
    records = await fetch(
        f"SELECT {ROW_COLUMNS} FROM item WHERE board = $1 AND id = ANY($2::uuid[])",  # noqa: S608 (constants)
        row.id,
        list(ids),
    )
    if not records:
        return {}
    rows = {record["id"]: row_of(record) for record in records}
    seq, start = past.point.seq, past.point.at or row.created_at
    before = await fetch(_BEFORE, row.id, list(rows), seq)
    told = {line["id"]: (_brought_back(line), line["at"]) for line in before}
    silent = [item_id for item_id in rows if item_id not in told]
    if silent and row.log_start:
        after = {line["id"]: line for line in await fetch(_AFTER, row.id, silent, seq)}
        for item_id in silent:
            line = after.get(item_id)
            told[item_id] = (rows[item_id].state if line is None else _brought_back(line)), start
    return {
        item_id: structs.replace(
            rows[item_id],
            state=state,
            removed_at=at,
            changed_seq=min(rows[item_id].changed_seq, seq),
        )
        for item_id, (state, at) in told.items()
        if state is not None
    }


def _brought_back(line: asyncpg.Record) -> ItemState | None:
    """What the operation says of an item that it brings back; None: it adds it anew."""
    return next(
        (
            item
            for part in parts_of(decode(line["said"]))
            if isinstance(part, RestoreItems)
            for item in part.items
            if item.id == line["id"]
        ),
        None,
    )


async def cover_at(viewer: Viewer, board_id: UUID, seq: int) -> UUID | None:
    """The picture that stood for the board: the chosen one, else the earliest that lay on it."""
    row, past = await seen(viewer, Then(board_id, seq))
    state = past.state
    if state.cover_id is not None:
        return state.cover_id
    pictures = {item.id: item.image_id for item in state.items.values() if item.image_id is not None}
    earliest = await fetchval(
        "SELECT id FROM item WHERE board = $1 AND id = ANY($2::uuid[]) ORDER BY added_at, id LIMIT 1",
        row.id,
        list(pictures),
    )
    return pictures.get(earliest)

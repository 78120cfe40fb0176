"""Board reads: a board and a page of what lies on it, in one statement that asks for leave by itself.

What is wanted is said in facts, names such as "board.title" or "image.sizes". The head is the board's own
facts, one record; each item is one row. `standing` reads the head alone and says whether the pictures and
people that the rows show may be different now: if not, and the stamps are equal, so are the rows.
Leave is the account's, the grant's and that of the session or token with which the viewer came: so a viewer
who was recognised, and not looked up, may be given to these reads.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, Literal
from uuid import UUID

from domain import past_items
from domain.access import IMAGE_SEEN, STILL_SIGNED_IN, BoardRow, Scope, Viewer, board_readable
from domain.boards import COVER
from domain.database import fetch
from domain.full_sizes import AVAILABLE
from domain.gathering import Gathering
from domain.history import redoable, undoable
from domain.items import MOST_A_PAGE
from domain.pagination import keys_of, require_first
from domain.past import Then
from domain.settings import MOST_SIZES
from domain.thumbnails import address
from domain.windows import Kind, Window, windowed


@dataclass(frozen=True)
class Fact:
    """A column. kind: its PostgreSQL type. passing: it may change without any change of the board."""

    sql: str
    kind: str
    passing: bool = False


def _account(row: str) -> dict[str, Fact]:
    return {
        "id": Fact(f"{row}.id::text", "text"),
        "name": Fact(f"{row}.name", "text", passing=True),
        "colour": Fact(f"{row}.colour", "text", passing=True),
    }


def _image(row: str) -> dict[str, Fact]:
    """renditions: size, width, height and bytes of each, the smallest first; sizes: the first of these.

    There is one more for each least size: see `url_fact`.
    """
    plain = {
        "format": "text",
        "mime": "text",
        "width": "integer",
        "height": "integer",
        "frames": "integer",
        "pages": "integer",
        "duration_ms": "integer",
        "has_alpha": "boolean",
        "size_bytes": "bigint",
        "digest": "text",
        "taken_at": "timestamptz",
        "camera": "text",
        "placeholder": "bytea",
        "palette": "text[]",
        "source_url": "text",
        "created_at": "timestamptz",
    }
    # Made after the picture came, as renditions are.
    later = {"tile_px": "integer", "animation": "bigint[]"}
    passing = {**later, "name": "text", "title": "text", "tags": "text[]", "state": "text", "failure": "text"}
    return {
        "id": Fact(f"{row}.id::text", "text"),
        **{name: Fact(f"{row}.{name}", kind) for name, kind in plain.items()},
        **{name: Fact(f"{row}.{name}", kind, passing=True) for name, kind in passing.items()},
        "full": Fact(
            f"CASE WHEN {AVAILABLE.format(row=row)} THEN '/files/' || {row}.id || '/full' END", "text"
        ),
        "sizes": Fact(f"{row}.made[:][1:1]", "bigint[]", passing=True),
        "renditions": Fact(f"{row}.made", "bigint[]", passing=True),
    }


_URL = "url_"
_EDITS = "g.role IN ('EDITOR', 'OWNER')"
_MAY_REVERT = "asked.may_write AND b.trashed_at IS NULL AND g.role <> 'VIEWER'"

_HEAD: dict[str, dict[str, Fact]] = {
    "board": {
        "id": Fact("b.id::text", "text"),
        "title": Fact("b.title", "text"),
        "description": Fact("b.description", "text"),
        "seq": Fact("b.seq", "bigint"),
        "role": Fact("g.role", "text"),
        "created_at": Fact("b.created_at", "timestamptz"),
        "updated_at": Fact("b.updated_at", "timestamptz"),
        "trashed_at": Fact("b.trashed_at", "timestamptz"),
        "item_count": Fact("b.item_count", "integer"),
        "log_start": Fact("b.log_start", "bigint"),
        "thumbnail": Fact("'/files/boards/' || b.id || '/' || b.seq", "text"),
        "can_undo": Fact(f"({_MAY_REVERT} AND EXISTS ({undoable('b.id', 'a.id', _EDITS)}))", "boolean"),
        "can_redo": Fact(f"({_MAY_REVERT} AND EXISTS ({redoable('b.id', 'a.id', _EDITS)}))", "boolean"),
    },
    "creator": _account("creator"),
    "cover": _image("i"),
    "cover_owner": _account("cover_owner"),
}
# What tells one state of a board from every other: an id may be used again after a deletion.
_STAMP = ("board.id", "board.seq", "board.created_at", "board.updated_at", "board.log_start")

_ITEM: dict[str, dict[str, Fact]] = {
    "item": {
        "id": Fact("item.id::text", "text"),
        "kind": Fact("item.kind", "text"),
        **{
            name: Fact(f"item.{name}", "double precision")
            for name in (
                *("x", "y", "scale", "rotation", "width", "height"),
                *("opacity", "brightness", "contrast", "saturation"),
            )
        },
        **{
            name: Fact(f"item.{name}", "boolean")
            for name in ("flip_x", "flip_y", "grayscale", "locked", "hidden")
        },
        **{name: Fact(f"item.{name}", "text") for name in ("sampling", "name", "link", "z")},
        "tags": Fact("item.tags", "text[]"),
        "parent_id": Fact("item.parent_id::text", "text"),
        **{name: Fact(f"item.{name}", "jsonb") for name in ("crop", "note", "drawing", "frame")},
        "added_at": Fact("item.added_at", "timestamptz"),
        "is_removed": Fact("item.removed_at IS NOT NULL", "boolean"),
    },
    "adder": _account("adder"),
    "image": _image("image"),
    "owner": _account("owner"),
}

_READABLE = f"CROSS JOIN {board_readable('asked.account_id')}"
_LEAVE = f"b.id = asked.board_id AND {STILL_SIGNED_IN}"
_ONE = (
    "(SELECT $1::uuid AS account_id, $2::uuid AS board_id, $3::boolean AS may_write, "
    "$4::uuid AS session_id, $5::uuid AS token_id) AS asked"
)
_MANY = (
    "unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::uuid[], $5::uuid[], $6::text[]) "
    "WITH ORDINALITY AS asked (account_id, board_id, may_write, session_id, token_id, moment, n)"
)
_WINDOW = 9  # the number of a window's first placeholder
# Of a board of the past: what lay on it as rows in JSON, and the picture that stood for it.
_THEN = f"jsonb_populate_recordset(NULL::item, ${_WINDOW}::jsonb) AS item"
_COVER_THEN = f"${_WINDOW + 1}::uuid"
PageKind = Kind | Literal["then"]
_JOINED = ("id", "z", "image_id", "added_by")
_ITEM_COLUMN = re.compile(r"\bitem\.(\w+)")


def _page(kind: PageKind, facts: Sequence[Fact]) -> str:
    """Its items, with the columns of the facts and those by which rows are joined and ordered."""
    found = [column for fact in facts for column in _ITEM_COLUMN.findall(fact.sql)]
    columns = ", ".join(f"item.{column}" for column in dict.fromkeys((*_JOINED, *found)))
    board = f"(SELECT b.id FROM {_ONE} {_READABLE} WHERE {_LEAVE})"  # noqa: S608 (constants)
    if kind == "then":
        window = f"SELECT item.* FROM {_THEN} WHERE item.board = {board}"  # noqa: S608 (constants)
    else:
        window = windowed(kind, board, _WINDOW)
    return (
        f"SELECT {columns} FROM ({window}) AS item "  # noqa: S608 (constants)
        "WHERE (item.z, item.id) > ($7, $8) ORDER BY item.z, item.id LIMIT $6"
    )


def _total(kind: Kind) -> str:
    return f"(SELECT count(*) FROM ({windowed(kind, 'b.id', _WINDOW)}) AS item)"  # noqa: S608 (constants)


# A transaction of which the reader did not know yet wrote the row. What a restored database brings with
# it may carry numbers of another one: these lie ahead of the present.
_SINCE = (
    "touched >= pg_snapshot_xmin(asked.moment::pg_snapshot) "
    "AND NOT pg_visible_in_snapshot(touched, asked.moment::pg_snapshot) "
    "AND pg_visible_in_snapshot(touched, pg_current_snapshot())"
)
_PICTURES_TOUCHED = (
    f"EXISTS (SELECT FROM image WHERE {_SINCE} AND EXISTS ("  # noqa: S608 (constants)
    "SELECT FROM item WHERE item.image_id = image.id AND item.board = b.id AND item.removed_at IS NULL))"
)
_PEOPLE_TOUCHED = f"EXISTS (SELECT FROM account WHERE {_SINCE})"


_Asked = tuple[UUID, UUID, bool, UUID | None, UUID | None, str]


@dataclass(frozen=True)
class Reading:
    """Two statements for the same facts: the whole, and heads alone, shared by all who ask at a time.

    stamp: of a head, equal where the board itself and its items are the same. kept: of a head, since which
    seq the log is kept, and the latest.
    """

    whole: str
    heads: Gathering[_Asked, "Standing"]
    stamp: Callable[[Sequence[object]], object]
    kept: Callable[[Sequence[Any]], tuple[int, int]]


@dataclass(frozen=True)
class Found:
    """head: its facts in order. rows: the page's, one more than asked for where more follow.

    total: of the items, where wanted. moment: which transactions this knew of.
    """

    head: Sequence[object]
    rows: Sequence[Any]
    total: int | None
    moment: str


@dataclass(frozen=True)
class Standing:
    """touched: of pictures and people that were read before, some may be different now."""

    head: Sequence[object]
    moment: str
    touched: bool


@dataclass(frozen=True)
class Start:
    """Which items a page is of, where it starts, and how many entries it has at most."""

    first: int
    rank: str
    item_id: UUID
    window: Window


def start_of(first: int, after: str | None, window: Window) -> Start:
    """Raises BadInput."""
    require_first(first, MOST_A_PAGE)
    keys = keys_of(after, "items", str, UUID)
    if keys is None:
        return Start(first, "", UUID(int=0), window)
    rank, item_id = keys
    assert isinstance(rank, str)
    assert isinstance(item_id, UUID)
    return Start(first, rank, item_id, window)


def head_facts(wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted ones and those that are always read, in the order in which a head has them."""
    return tuple(dict.fromkeys((*wanted, *_STAMP)))


def reading(
    head: Sequence[str], item: Sequence[str] | None, *, total: bool, kind: PageKind = "all"
) -> Reading:
    """head: as `head_facts` gives them. item: None = no page. Raises KeyError for what is no fact.

    kind "then": a board of the past, for `read_then` alone.
    """
    record = f"ROW({', '.join(_fact(_HEAD, name).sql for name in head)})"
    board = f"{_head_rows(head, COVER if kind != 'then' else _COVER_THEN)} WHERE {_LEAVE}"
    count = _total(kind) if total and kind != "then" else "NULL::bigint"
    more = f"{count} AS total, pg_current_snapshot()::text AS moment"
    passing = {name.split(".")[0] for name in item or () if _fact(_ITEM, name).passing}
    touched = [
        *([_PICTURES_TOUCHED] if "image" in passing else []),
        *([_PEOPLE_TOUCHED] if passing & {"adder", "owner"} else []),
    ]
    heads = Gathering(
        partial(
            _standings,
            f"SELECT asked.n, {record} AS head, pg_current_snapshot()::text AS moment, "  # noqa: S608 (constants)
            f"{' OR '.join(touched) or 'false'} AS touched FROM {_MANY} {board}",
        )
    )
    stamp = itemgetter(*(head.index(name) for name in _STAMP))
    kept = itemgetter(head.index("board.log_start"), head.index("board.seq"))
    if item is None:
        return Reading(f"SELECT {record} AS head, {more} FROM {_ONE} {board}", heads, stamp, kept)  # noqa: S608
    facts = [_fact(_ITEM, name) for name in item]
    names = [f"fact_{number}" for number in range(len(facts))]
    nothing = "".join(f", NULL::{fact.kind} AS {name}" for fact, name in zip(facts, names, strict=True))
    columns = "".join(f", {fact.sql} AS {name}" for fact, name in zip(facts, names, strict=True))
    # The head sorts first: no item has an empty rank.
    whole = (
        f"WITH page AS MATERIALIZED ({_page(kind, facts)}) "  # noqa: S608
        f"SELECT {''.join(f'{name}, ' for name in names)}head, total, moment FROM ("
        f"SELECT ''::text COLLATE \"C\" AS z, NULL::uuid AS id{nothing}, {record} AS head, {more} "
        f"FROM {_ONE} {board} "
        f"UNION ALL SELECT item.z, item.id{columns}, NULL::record, NULL::bigint, NULL::text "
        f"FROM {_item_rows(item)}) AS line ORDER BY z, id"
    )
    return Reading(whole, heads, stamp, kept)


async def read(wanted: Reading, viewer: Viewer, board_id: UUID, start: Start | None) -> Found | None:
    """None: there is no such board, or the viewer may not see it. start: for a reading with a page."""
    arguments: list[object] = [*_who(viewer, board_id)]
    if start is not None:
        arguments += [start.first + 1, start.rank, start.item_id, *start.window.values]
    rows = await fetch(wanted.whole, *arguments)
    if not rows:
        return None
    first = rows[0]
    return Found(first["head"], rows[1:], first["total"], first["moment"])


async def read_then(
    wanted: Reading, head: Sequence[str], viewer: Viewer, then: Then, start: Start
) -> Found | None:
    """The same of a board of the past, by its fold. head: the facts that the reading was made with.

    Raises BadInput, HistoryCompacted, NotFound.
    """
    where = (start.first + 1, start.rank, start.item_id)
    page = await past_items.page_at(viewer, then, *where)
    arguments: list[object] = [*_who(viewer, then.board_id), *where, page.rows]
    if any(name.startswith("cover") for name in head):
        arguments.append(await past_items.cover_at(viewer, *then))
    rows = await fetch(wanted.whole, *arguments)
    if not rows:
        return None
    said = _said_then(page.board)
    found = [said.get(name, value) for name, value in zip(head, rows[0]["head"], strict=True)]
    return Found(found, rows[1:], page.total, rows[0]["moment"])


def _said_then(board: BoardRow) -> dict[str, object]:
    """The facts of a head that are of the past."""
    return {
        "board.title": board.title,
        "board.description": board.description,
        "board.seq": board.seq,
        "board.updated_at": board.updated_at,
        "board.trashed_at": board.trashed_at,
        "board.item_count": board.item_count,
        "board.thumbnail": address(board.id, board.seq),
        "board.can_undo": False,
        "board.can_redo": False,
    }


async def standing(wanted: Reading, viewer: Viewer, board_id: UUID, moment: str) -> Standing | None:
    """None: there is no such board, or the viewer may not see it. moment: of what was read before."""
    return await wanted.heads.find((*_who(viewer, board_id), moment))


async def _standings(sql: str, asked: Sequence[_Asked]) -> dict[_Asked, Standing]:
    rows = await fetch(sql, *zip(*asked, strict=True))
    return {asked[row["n"] - 1]: Standing(row["head"], row["moment"], row["touched"]) for row in rows}


def _who(viewer: Viewer, board_id: UUID) -> tuple[UUID, UUID, bool, UUID | None, UUID | None]:
    """Why a board may be read, in the order of `_ONE` and `_MANY`."""
    writes = viewer.scope is Scope.WRITE
    return viewer.account_id, board_id, writes, viewer.session_id, viewer.token_id


def url_fact(table: str, least: int) -> str:
    """Of an "image" or "cover": where its smallest rendition of at least that size is, else the largest."""
    return f"{table}.{_URL}{least}"


def _fact(facts: Mapping[str, Mapping[str, Fact]], name: str) -> Fact:
    table, column = name.split(".")
    if not column.startswith(_URL):
        return facts[table][column]
    row = "i" if table == "cover" else table
    size = _size_for(f"{row}.made", int(column.removeprefix(_URL)))
    return Fact(f"'/files/' || {row}.id || '/' || {size}", "text", passing=True)


def _size_for(made: str, least: int) -> str:
    """What is beyond the end of `made` is null."""
    sizes = [f"{made}[{number}][1]" for number in range(1, MOST_SIZES + 1)]
    cases = " ".join(f"WHEN {size} >= {least} THEN {size}" for size in sizes)
    return f"CASE {cases} ELSE {made}[array_length({made}, 1)][1] END"


def _head_rows(wanted: Sequence[str], cover: str) -> str:
    tables = {name.split(".")[0] for name in wanted}
    rows = _READABLE
    if "creator" in tables:
        rows += " JOIN account AS creator ON creator.id = b.created_by"
    if tables & {"cover", "cover_owner"}:
        rows += f" LEFT JOIN image i ON i.id = {cover} AND {IMAGE_SEEN}"
    if "cover_owner" in tables:
        rows += " LEFT JOIN account AS cover_owner ON cover_owner.id = i.owner"
    return rows


def _item_rows(wanted: Sequence[str]) -> str:
    tables = {name.split(".")[0] for name in wanted}
    rows = "page AS item"
    if "adder" in tables:
        rows += " JOIN account AS adder ON adder.id = item.added_by"
    if tables & {"image", "owner"}:
        rows += " LEFT JOIN image ON image.id = item.image_id"
    if "owner" in tables:
        rows += " LEFT JOIN account AS owner ON owner.id = image.owner"
    return rows

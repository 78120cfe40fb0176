"""Board reads: a board and a page of what lies on it, in one statement that asks for leave by itself.

What is wanted is said in facts, names such as "board.title" or "image.sizes". The head is the board's own
facts, one record; each fact of the items is one column, in the order of the page and in a form that is
sent and read at once (`domain/columns.py`). `standing` reads the head alone and says whether the pictures
and people that the items show may be different now: if not, and the stamps are equal, so are the items.
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
from domain.columns import DOUBLES, FLAGS, LISTED, MAYBE_WORDS, NATURALS, PLAIN, WORDS, Form
from domain.database import fetch, fetchrow
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
    """A column. passing: it may change without any change of the board. form: of a page's, as it travels."""

    sql: str
    passing: bool = False
    form: Form = PLAIN


def _account(row: str) -> dict[str, Fact]:
    return {
        "id": Fact(f"{row}.id::text", form=MAYBE_WORDS),
        "name": Fact(f"{row}.name", passing=True),
        "colour": Fact(f"{row}.colour", passing=True),
    }


def _image(row: str) -> dict[str, Fact]:
    """renditions: size, width, height and bytes of each, the smallest first; sizes: the first of these.

    There is one more for each least size: see `url_fact`.
    """
    plain = (
        *("duration_ms", "has_alpha", "size_bytes", "taken_at", "camera", "placeholder", "source_url"),
        "created_at",
    )
    full = f"CASE WHEN {AVAILABLE.format(row=row)} THEN '/files/' || {row}.id || '/full' END"
    return {
        "id": Fact(f"{row}.id::text", form=MAYBE_WORDS),
        **{name: Fact(f"{row}.{name}") for name in plain},
        **{name: Fact(f"{row}.{name}", form=MAYBE_WORDS) for name in ("format", "mime", "digest")},
        **{name: Fact(f"{row}.{name}", form=NATURALS) for name in ("width", "height", "frames", "pages")},
        **{name: Fact(f"{row}.{name}", passing=True) for name in ("name", "title", "failure", "tile_px")},
        "state": Fact(f"{row}.state", passing=True, form=MAYBE_WORDS),
        "palette": Fact(f"{row}.palette", form=LISTED),
        "full": Fact(full, form=MAYBE_WORDS),
        **{
            name: Fact(f"{row}.{column}", passing=True, form=LISTED)
            for name, column in (
                *(("tags", "tags"), ("animation", "animation")),
                *(("sizes", "made[:][1:1]"), ("renditions", "made")),
            )
        },
    }


_URL = "url_"
_EDITS = "g.role IN ('EDITOR', 'OWNER')"
_MAY_REVERT = "asked.may_write AND b.trashed_at IS NULL AND g.role <> 'VIEWER'"

_HEAD: dict[str, dict[str, Fact]] = {
    "board": {
        "id": Fact("b.id::text"),
        "title": Fact("b.title"),
        "description": Fact("b.description"),
        "seq": Fact("b.seq"),
        "role": Fact("g.role"),
        "created_at": Fact("b.created_at"),
        "updated_at": Fact("b.updated_at"),
        "trashed_at": Fact("b.trashed_at"),
        "item_count": Fact("b.item_count"),
        "log_start": Fact("b.log_start"),
        "thumbnail": Fact("'/files/boards/' || b.id || '/' || b.seq"),
        "can_undo": Fact(f"({_MAY_REVERT} AND EXISTS ({undoable('b.id', 'a.id', _EDITS)}))"),
        "can_redo": Fact(f"({_MAY_REVERT} AND EXISTS ({redoable('b.id', 'a.id', _EDITS)}))"),
    },
    "creator": _account("creator"),
    "cover": _image("i"),
    "cover_owner": _account("cover_owner"),
}
# What tells one state of a board from every other: an id may be used again after a deletion.
_STAMP = ("board.id", "board.seq", "board.created_at", "board.updated_at", "board.log_start")

_NUMBERS = (
    *("x", "y", "scale", "rotation", "width", "height"),
    *("opacity", "brightness", "contrast", "saturation"),
)
_FLAGS = ("flip_x", "flip_y", "grayscale", "locked", "hidden")
_ITEM: dict[str, dict[str, Fact]] = {
    "item": {
        "id": Fact("item.id::text", form=WORDS),
        **{name: Fact(f"item.{name}", form=WORDS) for name in ("kind", "z", "sampling")},
        **{name: Fact(f"item.{name}", form=DOUBLES) for name in _NUMBERS},
        **{name: Fact(f"item.{name}", form=FLAGS) for name in _FLAGS},
        **{
            name: Fact(f"item.{name}")
            for name in ("name", "link", "crop", "note", "drawing", "frame", "added_at")
        },
        "tags": Fact("item.tags", form=LISTED),
        "parent_id": Fact("item.parent_id::text", form=MAYBE_WORDS),
        "is_removed": Fact("item.removed_at IS NOT NULL", form=FLAGS),
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
    seq the log is kept, and the latest. forms: of the columns of a page.
    """

    whole: str
    heads: Gathering[_Asked, "Standing"]
    stamp: Callable[[Sequence[object]], object]
    kept: Callable[[Sequence[Any]], tuple[int, int]]
    forms: Sequence[Form] = ()


@dataclass(frozen=True)
class Found:
    """head: its facts in order. columns: those of the page, with one entry more where more items follow.

    total: of the items, where wanted. moment: which transactions this knew of.
    """

    head: Sequence[object]
    columns: Sequence[Sequence[Any]]
    total: int | None
    moment: str

    @property
    def count(self) -> int:
        return len(self.columns[0]) if self.columns else 0


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
    board = _head_rows(head, COVER if kind != "then" else _COVER_THEN)
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
            f"{' OR '.join(touched) or 'false'} AS touched FROM {_MANY} {board} WHERE {_LEAVE}",
        )
    )
    stamp = itemgetter(*(head.index(name) for name in _STAMP))
    kept = itemgetter(head.index("board.log_start"), head.index("board.seq"))
    first = f"SELECT {record} AS head, {more}"
    if item is None:
        return Reading(f"{first} FROM {_ONE} {board} WHERE {_LEAVE}", heads, stamp, kept)
    facts = [_fact(_ITEM, name) for name in item]
    names = [f"fact_{number}" for number in range(len(facts))]
    columns = ", ".join(f"{fact.sql} AS {name}" for fact, name in zip(facts, names, strict=True))
    gathered = ", ".join(
        f"{fact.form.gather.format(name)} AS {name}" for fact, name in zip(facts, names, strict=True)
    )
    page = (
        f"SELECT {columns} FROM ({_page(kind, facts)}) AS item {_joined_to_items(item)} "  # noqa: S608 (constants)
        "ORDER BY item.z, item.id"
    )
    whole = (
        f"{first}, {', '.join(names)} FROM {_ONE} {board} "  # noqa: S608 (constants)
        f"CROSS JOIN (SELECT {gathered} FROM ({page}) AS line) AS lines WHERE {_LEAVE}"
    )
    return Reading(whole, heads, stamp, kept, [fact.form for fact in facts])


async def read(wanted: Reading, viewer: Viewer, board_id: UUID, start: Start | None) -> Found | None:
    """None: there is no such board, or the viewer may not see it. start: for a reading with a page."""
    arguments: list[object] = [*_who(viewer, board_id)]
    if start is not None:
        arguments += [start.first + 1, start.rank, start.item_id, *start.window.values]
    row = await fetchrow(wanted.whole, *arguments)
    return (
        None
        if row is None
        else Found(row["head"], _columns(wanted, list(row.values())), row["total"], row["moment"])
    )


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
    row = await fetchrow(wanted.whole, *arguments)
    if row is None:
        return None
    said = _said_then(page.board)
    found = [said.get(name, value) for name, value in zip(head, row["head"], strict=True)]
    return Found(found, _columns(wanted, list(row.values())), page.total, row["moment"])


def _columns(wanted: Reading, row: Sequence[Any]) -> list[Sequence[Any]]:
    """None at all of a page without items."""
    sent = row[-len(wanted.forms) :] if wanted.forms else ()
    if not sent or sent[0] is None:
        return []
    columns = [form.read(column) for form, column in zip(wanted.forms, sent, strict=True)]
    if len({len(column) for column in columns}) != 1:
        raise ValueError(
            "the columns of a page are not of one length: a fact has values that its form has not"
        )
    return columns


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
    return Fact(f"'/files/' || {row}.id || '/' || {size}", passing=True, form=MAYBE_WORDS)


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


def _joined_to_items(wanted: Sequence[str]) -> str:
    tables = {name.split(".")[0] for name in wanted}
    rows = ""
    if "adder" in tables:
        rows += " JOIN account AS adder ON adder.id = item.added_by"
    if tables & {"image", "owner"}:
        rows += " LEFT JOIN image ON image.id = item.image_id"
    if "owner" in tables:
        rows += " LEFT JOIN account AS owner ON owner.id = image.owner"
    return rows

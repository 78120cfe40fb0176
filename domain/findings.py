"""Findings: pictures by what is asked of them, all at once, in an order that pages follow.

What somebody may find is their own, and on demand what lies on boards that they may read: never more than
`access.IMAGE_SEEN` lets them see.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import asyncpg
from msgspec import Struct

from domain import colours
from domain.access import Viewer, board_readable
from domain.database import fetch, fetchrow, fetchval
from domain.entries import good_colour, good_tags, good_text, require_few
from domain.errors import BadInput
from domain.images import MOST_A_PAGE, Image, image_of
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

LONGEST_TEXT = 1_000
LONGEST_WORD = 255
MOST_WORDS = 20
MOST_COLOURS_ASKED = 4
MOST_NAMED = 100
SHORTEST_FRAGMENT = 3

T = TypeVar("T")


class Whose(StrEnum):
    """MINE: the viewer's own; SHARED: others', seen on boards; ALL: both."""

    MINE = "MINE"
    SHARED = "SHARED"
    ALL = "ALL"


class ImageShape(StrEnum):
    """SQUARE: sides that differ by at most a twentieth; the other two are what is not."""

    LANDSCAPE = "LANDSCAPE"
    PORTRAIT = "PORTRAIT"
    SQUARE = "SQUARE"


class ImageSort(StrEnum):
    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    TAKEN = "TAKEN"
    NAME = "NAME"
    LARGEST = "LARGEST"
    SMALLEST = "SMALLEST"
    MOST_PIXELS = "MOST_PIXELS"
    COLOUR = "COLOUR"
    RELEVANCE = "RELEVANCE"


class Span(Struct, frozen=True, omit_defaults=True):
    """Numbers from `least` to `most`, both included; None: no bound."""

    least: float | None = None
    most: float | None = None


class Period(Struct, frozen=True, omit_defaults=True):
    """Moments from `since` on and before `until`; None: no bound."""

    since: datetime | None = None
    until: datetime | None = None


class ImageFilter(Struct, frozen=True, omit_defaults=True):
    """What pictures are asked for: each part narrows what the others find, None or an empty list nothing.

    text: every word begins a word of name, title or tags, or is a part of name or title. tags: all of them;
    any_tags: one of them; colours: each is among the picture's chief colours, within colour_reach in OKLab;
    width, height: pixels; aspect: width to height; boards: present on one of them; placed: on any board or
    on none; whose None: MINE, or ALL where boards or owners are named.
    """

    text: str | None = None
    tags: list[str] | None = None
    any_tags: list[str] | None = None
    is_tagged: bool | None = None
    colours: list[str] | None = None
    colour_reach: float | None = None
    formats: list[str] | None = None
    width: Span | None = None
    height: Span | None = None
    pixels: Span | None = None
    size_bytes: Span | None = None
    shapes: list[ImageShape] | None = None
    aspect: Span | None = None
    has_alpha: bool | None = None
    is_animated: bool | None = None
    added: Period | None = None
    taken: Period | None = None
    boards: list[UUID] | None = None
    placed: bool | None = None
    owners: list[UUID] | None = None
    whose: Whose | None = None


EVERYTHING = ImageFilter()


@dataclass(frozen=True)
class _Order:
    """An order in SQL, the key made unique by the id. name: of its cursors."""

    name: str
    key: str
    kind: type
    falling: bool

    def after(self, key: str, last_id: str) -> str:
        return f"({self.key}, i.id) {'<' if self.falling else '>'} ({key}, {last_id})"

    @property
    def clause(self) -> str:
        way = "DESC" if self.falling else "ASC"
        return f"{self.key} {way}, i.id {way}"


_TAKEN = "coalesce(i.taken_at, i.created_at)"
_PIXELS = "i.width::bigint * i.height"
_ORDERS = {
    ImageSort.NEWEST: _Order("images", "i.created_at", datetime, falling=True),
    ImageSort.OLDEST: _Order("images.oldest", "i.created_at", datetime, falling=False),
    ImageSort.TAKEN: _Order("images.taken", _TAKEN, datetime, falling=True),
    ImageSort.NAME: _Order("images.name", 'lower(i.name) COLLATE "C"', str, falling=False),
    ImageSort.LARGEST: _Order("images.largest", "i.size_bytes", int, falling=True),
    ImageSort.SMALLEST: _Order("images.smallest", "i.size_bytes", int, falling=False),
    ImageSort.MOST_PIXELS: _Order("images.pixels", _PIXELS, int, falling=True),
}

_ON_BOARDS = (
    f"SELECT item.image_id FROM {board_readable('$1')} JOIN item ON item.board = b.id "  # noqa: S608 (constants)
    "AND item.removed_at IS NULL AND item.image_id IS NOT NULL WHERE b.trashed_at IS NULL"
)
"""Pictures that lie on boards in use which account $1 may read."""

_WORDS_OF = "(i.name || ' ' || i.title)"
_SQUARE = "20 * greatest(i.width, i.height) <= 21 * least(i.width, i.height)"
_SHAPES = {
    ImageShape.SQUARE: _SQUARE,
    ImageShape.LANDSCAPE: f"(i.width > i.height AND NOT {_SQUARE})",
    ImageShape.PORTRAIT: f"(i.width < i.height AND NOT {_SQUARE})",
}


class Asked:
    """A filter as conditions on image i, with their parameters; $1 is the viewer. Raises BadInput."""

    def __init__(self, viewer: Viewer, wanted: ImageFilter) -> None:
        self.parameters: list[object] = [viewer.account_id]
        self.places = _places(wanted.colours)
        self.reach = _reach(wanted.colour_reach)
        self.words = words_of(wanted.text)
        self.conditions = [self._whose(wanted), "(i.trashed_at IS NULL OR i.owner <> $1)"]
        self._text()
        self._words_and_facts(wanted)
        self._spans(wanted)
        self._boards(wanted)
        for at in self.places:
            near = self.parameter(colours.cells_near(at, self.reach), "int[]")
            self.conditions.append(f"i.cells && {near}")
            self.conditions.append(f"{colours.far_in_sql('i.colours', at, self.reach)} IS NOT NULL")

    def parameter(self, value: object, kind: str) -> str:
        self.parameters.append(value)
        return f"${len(self.parameters)}::{kind}"

    @property
    def where(self) -> str:
        return " AND ".join(self.conditions)

    def order(self, sort: ImageSort) -> _Order:
        """Raises BadInput for an order that needs a colour or words where none are."""
        if sort is ImageSort.COLOUR:
            if not self.places:
                raise BadInput("To sort by colour, name one in filter.colours.", field="sort")
            far = " + ".join(colours.far_in_sql("i.colours", at, self.reach) for at in self.places)
            return _Order("images.colour", f"({far})", int, falling=False)
        if sort is ImageSort.RELEVANCE:
            if not self.words:
                raise BadInput("To sort by relevance, search for words in filter.text.", field="sort")
            query = " || ".join(f"to_tsquery('simple', {_prefix(self, word)})" for word in self.words)
            # As whole numbers: a cursor holds them to the last digit.
            rank = f"(ts_rank(i.search, {query}) * 1000000)::bigint"
            return _Order("images.relevance", rank, int, falling=True)
        return _ORDERS[sort]

    def _whose(self, wanted: ImageFilter) -> str:
        whose = wanted.whose
        if whose is None:
            whose = Whose.MINE if not wanted.boards and not wanted.owners else Whose.ALL
        if whose is Whose.MINE:
            return "i.owner = $1"
        seen = f"i.id = ANY(ARRAY({_ON_BOARDS}))"
        return f"(i.owner <> $1 AND {seen})" if whose is Whose.SHARED else f"(i.owner = $1 OR {seen})"

    def _text(self) -> None:
        for word in self.words:
            begins = f"i.search @@ to_tsquery('simple', {_prefix(self, word)})"
            if len(word) < SHORTEST_FRAGMENT:
                self.conditions.append(begins)
                continue
            fragment = self.parameter(word, "text")
            self.conditions.append(
                f"({begins} OR (webref_trigrams{_WORDS_OF} @> webref_trigrams({fragment}) "
                f"AND position(lower({fragment}) IN lower{_WORDS_OF}) > 0))"
            )

    def _words_and_facts(self, wanted: ImageFilter) -> None:
        if wanted.tags and (tags := good_tags(wanted.tags)):
            self.conditions.append(f"i.tags @> {self.parameter(tags, 'text[]')}")
        if wanted.any_tags and (tags := good_tags(wanted.any_tags, "anyTags")):
            self.conditions.append(f"i.tags && {self.parameter(tags, 'text[]')}")
        if wanted.is_tagged is not None:
            self.conditions.append(f"(cardinality(i.tags) > 0) = {self.parameter(wanted.is_tagged, 'bool')}")
        if wanted.formats:
            formats = [good_text(name, "formats", 16).upper() for name in _few(wanted.formats, "formats")]
            self.conditions.append(f"i.format = ANY({self.parameter(formats, 'text[]')})")
        if wanted.has_alpha is not None:
            self.conditions.append(f"i.has_alpha = {self.parameter(wanted.has_alpha, 'bool')}")
        if wanted.is_animated is not None:
            self.conditions.append(f"(i.frames > 1) = {self.parameter(wanted.is_animated, 'bool')}")
        if wanted.shapes:
            shapes = [_SHAPES[shape] for shape in sorted(set(_few(wanted.shapes, "shapes")))]
            self.conditions.append(f"({' OR '.join(shapes)})")

    def _spans(self, wanted: ImageFilter) -> None:
        for field, column, span in (
            ("width", "i.width", wanted.width),
            ("height", "i.height", wanted.height),
            ("pixels", f"({_PIXELS})", wanted.pixels),
            ("sizeBytes", "i.size_bytes", wanted.size_bytes),
            ("aspect", "(i.width::float8 / i.height)", wanted.aspect),
        ):
            if span is not None:
                self._between(field, column, span.least, span.most)
        for field, column, period in (
            ("added", "i.created_at", wanted.added),
            ("taken", "i.taken_at", wanted.taken),
        ):
            if period is None:
                continue
            if period.since is not None and period.until is not None and period.since >= period.until:
                raise BadInput(f"filter.{field} ends before it begins.", field=field)
            if period.since is not None:
                self.conditions.append(f"{column} >= {self.parameter(period.since, 'timestamptz')}")
            if period.until is not None:
                self.conditions.append(f"{column} < {self.parameter(period.until, 'timestamptz')}")

    def _between(self, field: str, column: str, least: float | None, most: float | None) -> None:
        if least is not None and most is not None and least > most:
            raise BadInput(f"filter.{field} ends before it begins.", field=field)
        if least is not None:
            self.conditions.append(f"{column} >= {self.parameter(float(least), 'float8')}")
        if most is not None:
            self.conditions.append(f"{column} <= {self.parameter(float(most), 'float8')}")

    def _boards(self, wanted: ImageFilter) -> None:
        if wanted.owners:
            owners = self.parameter(list(_few(wanted.owners, "owners")), "uuid[]")
            self.conditions.append(f"i.owner = ANY({owners})")
        if wanted.boards:
            boards = self.parameter(list(_few(wanted.boards, "boards")), "uuid[]")
            self.conditions.append(f"i.id = ANY(ARRAY({_ON_BOARDS} AND b.id = ANY({boards})))")
        if wanted.placed is not None:
            lies = f"EXISTS ({_ON_BOARDS} AND item.image_id = i.id)"
            self.conditions.append(lies if wanted.placed else f"NOT {lies}")


def _prefix(asked: Asked, word: str) -> str:
    return asked.parameter(f"'{word}':*", "text")


def words_of(text: str | None) -> list[str]:
    """What is typed, word by word: letters and digits, in lower case. Raises BadInput."""
    typed = text or ""
    if len(typed) > LONGEST_TEXT:
        raise BadInput(f"A search has at most {LONGEST_TEXT} characters.", field="text", limit=LONGEST_TEXT)
    return [word[:LONGEST_WORD] for word in re.findall(r"[^\W_]+", typed.lower())[:MOST_WORDS]]


def _few(values: Sequence[T], field: str) -> Sequence[T]:
    require_few(values, field, MOST_NAMED)
    return values


def _places(named: Sequence[str] | None) -> list[colours.Thousandths]:
    if not named:
        return []
    require_few(named, "colours", MOST_COLOURS_ASKED)
    return [colours.place_of(good_colour(colour, "colours")) for colour in dict.fromkeys(named)]


def _reach(given: float | None) -> int:
    reach = colours.REACH if given is None else given
    if not 0 < reach <= colours.FARTHEST_REACH:
        raise BadInput(
            f"colourReach is a distance in OKLab, more than 0 and at most {colours.FARTHEST_REACH}.",
            field="colourReach",
            limit=colours.FARTHEST_REACH,
        )
    return round(reach * 1000)


async def measured(viewer: Viewer, wanted: ImageFilter) -> tuple[int, int]:
    """How many pictures there are, and how many bytes their originals have. Raises as `find_images`."""
    asked = Asked(viewer, wanted)
    row = await fetchrow(
        "SELECT count(*) AS pictures, coalesce(sum(i.size_bytes), 0)::bigint AS size_bytes "  # noqa: S608
        f"FROM image i WHERE {asked.where}",
        *asked.parameters,
    )
    assert row is not None
    return row["pictures"], row["size_bytes"]


async def first_images(viewer: Viewer, wanted: ImageFilter, *, sort: ImageSort, most: int) -> list[Image]:
    """As many as that, however large a page may be. Raises as `find_images`."""
    asked = Asked(viewer, wanted)
    order = asked.order(sort)
    limit = asked.parameter(most, "int")
    rows = await fetch(
        f"SELECT i.* FROM image i WHERE {asked.where} ORDER BY {order.clause} LIMIT {limit}",  # noqa: S608
        *asked.parameters,
    )
    return [image_of(row) for row in rows]


async def find_images(
    viewer: Viewer,
    wanted: ImageFilter = EVERYTHING,
    *,
    sort: ImageSort = ImageSort.NEWEST,
    first: int = 50,
    after: str | None = None,
) -> Page[Image]:
    """Pictures that the viewer may see and that are as asked for. Raises BadInput, LimitExceeded."""
    require_first(first, MOST_A_PAGE)
    asked = Asked(viewer, wanted)
    where, parameters = asked.where, list(asked.parameters)
    order = asked.order(sort)
    keys = keys_of(after, order.name, order.kind, UUID)
    page = where
    if keys is not None:
        kinds = {datetime: "timestamptz", str: "text", int: "bigint"}
        key, last_id = asked.parameter(keys[0], kinds[order.kind]), asked.parameter(keys[1], "uuid")
        page = f"{where} AND {order.after(key, last_id)}"
    limit = asked.parameter(first + 1, "int")
    rows = await fetch(
        f"SELECT i.*, {order.key} AS sort_key FROM image i WHERE {page} "  # noqa: S608 (values are parameters)
        f"ORDER BY {order.clause} LIMIT {limit}",
        *asked.parameters,
    )

    async def total() -> int:
        count: int = await fetchval(f"SELECT count(*) FROM image i WHERE {where}", *parameters)  # noqa: S608
        return count

    def cursor_of(row: asyncpg.Record) -> str:
        return cursor_to(order.name, row["sort_key"], row["id"])

    return page_of(rows, first, cursor_of, total).mapped(image_of)

"""Findings: what is asked for is found, all of it and nothing else, in its order, by whoever may see it."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from domain import boards, colours, images
from domain.access import Viewer
from domain.colours import Swatch
from domain.database import execute, fetch
from domain.errors import BadInput, DomainError, LimitExceeded
from domain.findings import ImageFilter, ImageShape, ImageSort, Period, Span, Whose, find_images
from domain.images import Image
from tests.factories import a_viewer, an_image
from tests.library import place

pytestmark = pytest.mark.usefixtures("database")

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("IMG_2041.jpg", "img_2042.JPG", "Oak tree.png", "DSC-0007.tif", "beach sunset.webp", "scan.png")
TITLES = ("", "An old Oak", "Sunset at the beach", "Portrait of Ana")
TAGS = ("tree", "sea", "ana", "draft")
HEXES = ("#d03020", "#20a040", "#2040c0", "#e0d040", "#101010", "#f0f0f0", "#c83828")
WORDS = ("img", "204", "041", "oak", "OLD", "sun", "each", "2041 img", "an", "zebra", "sea", "dsc 7", "0007")


@dataclass
class Library:
    """Pictures of three people, and the boards of the first where each lies, as far as she may read them."""

    pick: random.Random
    people: list[Viewer] = field(default_factory=list)
    boards: list[UUID] = field(default_factory=list)
    on: dict[UUID, set[UUID]] = field(default_factory=dict)
    rows: list[Image] = field(default_factory=list)


async def a_library(seed: int) -> Library:
    made = Library(random.Random(seed), [await a_viewer() for _ in range(3)])
    ana, ben, eve = made.people
    for number in range(40):
        await _picture(made.pick, made.people[number % 4 % 3], number)
    made.rows = [images.image_of(row) for row in await fetch("SELECT * FROM image")]
    for owner, members in ((ana, []), (ana, [ben]), (ben, [ana]), (eve, [])):
        mine = sorted(row.id for row in made.rows if row.owner_id == owner.account_id)
        for image_id in made.pick.sample(mine, 4):
            board_id = await place(owner, image_id, *members)
            made.boards.append(board_id)
            if ana in (owner, *members):
                made.on.setdefault(image_id, set()).add(board_id)
    gone, removed = made.boards[0], made.boards[5]
    await boards.trash_boards(ana, [gone])
    await execute("UPDATE item SET removed_at = now() WHERE board = $1", removed)
    made.on = {image_id: there - {gone, removed} for image_id, there in made.on.items()}
    return made


async def _picture(pick: random.Random, owner: Viewer, number: int) -> None:
    swatches = [
        Swatch(colour, colours.place_of(colour), weight)
        for colour, weight in zip(pick.sample(HEXES, pick.randint(0, 3)), (600, 300, 100), strict=False)
    ]
    image_id = await an_image(
        owner,
        name=pick.choice(NAMES),
        width=pick.choice((400, 410, 800, 1600)),
        height=pick.choice((400, 410, 800, 300)),
        created_at=START + timedelta(hours=number // 2),  # two at once: their ids decide
    )
    await execute(
        "UPDATE image SET title = $2, tags = $3, format = $4, size_bytes = $5, taken_at = $6, frames = $7, "
        "has_alpha = $8, colours = $9, cells = $10 WHERE id = $1",
        image_id,
        pick.choice(TITLES),
        pick.sample(TAGS, pick.randint(0, 3)),
        pick.choice(("JPEG", "PNG")),
        pick.choice((1_000, 2_000, 3_000_000_000)),
        pick.choice((None, START + timedelta(hours=pick.randint(-20, 20)))),
        pick.choice((1, 5)),
        pick.random() < 0.5,
        colours.flat(swatches),
        colours.cells_of(swatches),
    )


def a_filter(made: Library) -> ImageFilter:
    """Up to three parts of a filter, each with values that some pictures have."""
    pick = made.pick
    low, high = sorted(pick.sample((300, 400, 405, 410, 800, 1600), 2))
    since, until = sorted(pick.sample([START + timedelta(hours=hour) for hour in range(-20, 21)], 2))
    parts: dict[str, Any] = {
        "text": pick.choice(WORDS),
        "tags": pick.sample(TAGS, pick.randint(1, 2)),
        "any_tags": pick.sample(TAGS, 2),
        "is_tagged": pick.random() < 0.5,
        "colours": pick.sample(("#d23222", "#22a242", "#000000", "#808080"), pick.randint(1, 2)),
        "formats": [pick.choice(("jpeg", "PNG", "GIF"))],
        "width": Span(low, pick.choice((None, high))),
        "height": Span(None, high),
        "pixels": Span(low * 400, high * 400),
        "size_bytes": Span(1_500, pick.choice((None, 2_500))),
        "shapes": pick.sample(list(ImageShape), pick.randint(1, 2)),
        "aspect": Span(0.9, 1.1),
        "has_alpha": pick.random() < 0.5,
        "is_animated": pick.random() < 0.5,
        "added": Period(since, pick.choice((None, until))),
        "taken": Period(pick.choice((None, since)), until),
        "boards": pick.sample(made.boards, 3),
        "placed": pick.random() < 0.5,
        "owners": [person.account_id for person in pick.sample(made.people, 2)],
        "whose": pick.choice(list(Whose)),
    }
    chosen = pick.sample(sorted(parts), pick.randint(0, 3))
    asked = ImageFilter(**{name: parts[name] for name in chosen})
    return structs.replace(asked, colour_reach=pick.choice((None, 0.05, 0.2)))


def fits(made: Library, row: Image, asked: ImageFilter) -> bool:
    """The filter, in plain Python."""
    ana, on = made.people[0].account_id, made.on.get(row.id, set())
    whose = asked.whose or (Whose.ALL if asked.boards or asked.owners else Whose.MINE)
    mine = row.owner_id == ana
    seen = {Whose.MINE: mine, Whose.SHARED: bool(on) and not mine, Whose.ALL: mine or bool(on)}[whose]
    aspect = row.width / row.height
    square = 20 * max(row.width, row.height) <= 21 * min(row.width, row.height)
    shape = ImageShape.LANDSCAPE if aspect > 1 else ImageShape.PORTRAIT
    reach = round((asked.colour_reach or colours.REACH) * 1000)
    tests: list[bool] = [
        seen,
        all(_has_word(row, word) for word in (asked.text or "").lower().split()),
        set(asked.tags or ()) <= set(row.tags),
        asked.any_tags is None or bool(set(asked.any_tags) & set(row.tags)),
        asked.is_tagged in (None, bool(row.tags)),
        asked.formats is None or row.format in [name.upper() for name in asked.formats],
        asked.shapes is None or (ImageShape.SQUARE if square else shape) in asked.shapes,
        asked.has_alpha in (None, row.has_alpha),
        asked.is_animated in (None, row.frames > 1),
        asked.boards is None or bool(on & set(asked.boards)),
        asked.placed in (None, bool(on)),
        asked.owners is None or row.owner_id in asked.owners,
        _within(row.width, asked.width),
        _within(row.height, asked.height),
        _within(row.width * row.height, asked.pixels),
        _within(row.size_bytes, asked.size_bytes),
        _within(aspect, asked.aspect),
        _during(row.created_at, asked.added),
        _during(row.taken_at, asked.taken),
        *(
            colours.far(row.colours, colours.place_of(colour), reach) is not None
            for colour in asked.colours or ()
        ),
    ]
    return all(tests)


def _has_word(row: Image, word: str) -> bool:
    begins = re.findall(r"[a-z0-9]+", " ".join([row.name, row.title, *row.tags]).lower())
    return any(each.startswith(word) for each in begins) or (
        len(word) >= 3 and word in f"{row.name} {row.title}".lower()
    )


def _within(value: float, span: Span | None) -> bool:
    if span is None:
        return True
    return (span.least is None or span.least <= value) and (span.most is None or value <= span.most)


def _during(moment: datetime | None, period: Period | None) -> bool:
    if period is None:
        return True
    return moment is not None and (
        (period.since is None or period.since <= moment) and (period.until is None or moment < period.until)
    )


ORDERS: dict[ImageSort, tuple[Callable[[Image], Any], bool]] = {
    ImageSort.NEWEST: (lambda row: row.created_at, True),
    ImageSort.OLDEST: (lambda row: row.created_at, False),
    ImageSort.TAKEN: (lambda row: row.taken_at or row.created_at, True),
    ImageSort.NAME: (lambda row: row.name.lower(), False),
    ImageSort.LARGEST: (lambda row: row.size_bytes, True),
    ImageSort.SMALLEST: (lambda row: row.size_bytes, False),
    ImageSort.MOST_PIXELS: (lambda row: row.width * row.height, True),
}


async def read(viewer: Viewer, asked: ImageFilter, sort: ImageSort, first: int) -> list[UUID]:
    """All pages, one after another."""
    found: list[UUID] = []
    after: str | None = None
    while True:
        page = await find_images(viewer, asked, sort=sort, first=first, after=after)
        found += [image.id for image in page.nodes]
        if not page.has_next:
            assert await page.total() == len(found)
            return found
        after = page.cursors[-1]


@pytest.mark.parametrize("seed", range(3))
async def test_filters_and_orders_find_what_plain_python_finds(seed: int) -> None:
    made = await a_library(seed)
    ana, hits = made.people[0], 0
    for _ in range(120):
        asked = a_filter(made)
        sort = made.pick.choice(list(ORDERS))
        key, falling = ORDERS[sort]
        expected = sorted(
            (row for row in made.rows if fits(made, row, asked)),
            key=lambda row: (key(row), row.id),
            reverse=falling,
        )
        found = await read(ana, asked, sort, made.pick.choice((1, 7, 100)))
        assert found == [row.id for row in expected], (asked, sort)
        hits += bool(found)
    assert hits > 30


async def test_the_nearest_colour_comes_first() -> None:
    made = await a_library(7)
    ana = made.people[0]
    for named in (["#d23222"], ["#20a040", "#101010"]):
        at = [colours.place_of(colour) for colour in named]

        def far(row: Image, at: list[colours.Thousandths] = at) -> int | None:
            each = [colours.far(row.colours, place, 200) for place in at]
            return None if None in each else sum(one or 0 for one in each)

        mine = [row for row in made.rows if row.owner_id == ana.account_id and far(row) is not None]
        expected = sorted(mine, key=lambda row: (far(row), row.id))
        asked = ImageFilter(colours=named, colour_reach=0.2)
        assert await read(ana, asked, ImageSort.COLOUR, 3) == [row.id for row in expected]


async def test_what_fits_the_words_best_comes_first() -> None:
    ana = await a_viewer()
    named, titled, both = [await an_image(ana, name=name) for name in ("oak.jpg", "a.jpg", "oak tree.jpg")]
    await execute("UPDATE image SET title = 'oak' WHERE id = $1", titled)
    await execute("UPDATE image SET title = 'oak, oak', tags = '{oak}' WHERE id = $1", both)
    found = await read(ana, ImageFilter(text="oak"), ImageSort.RELEVANCE, 1)
    assert found == [both, titled, named]


@pytest.mark.parametrize("sort", ORDERS)
async def test_pages_neither_miss_nor_repeat_what_was_there_while_others_come(sort: ImageSort) -> None:
    made = await a_library(3)
    ana = made.people[0]
    before = await read(ana, ImageFilter(), sort, 100)
    found: list[UUID] = []
    after: str | None = None
    for number in range(100):
        page = await find_images(ana, sort=sort, first=3, after=after)
        found += [image.id for image in page.nodes]
        if not page.has_next:
            break
        after = page.cursors[-1]
        await _picture(made.pick, ana, number % 25)
    assert len(found) == len(set(found))
    assert [image_id for image_id in found if image_id in set(before)] == before


async def test_nobody_finds_what_they_may_not_see() -> None:
    made = await a_library(5)
    for viewer in [*made.people, await a_viewer()]:
        for whose in Whose:
            page = await find_images(viewer, ImageFilter(whose=whose, boards=made.boards), first=500)
            seen = await images.images_by_ids(viewer, [image.id for image in page.nodes])
            assert None not in seen
    stranger = await a_viewer()
    for asked in (ImageFilter(whose=Whose.ALL), ImageFilter(owners=[made.people[0].account_id])):
        page = await find_images(stranger, asked)
        assert (list(page.nodes), await page.total()) == ([], 0)


@pytest.mark.parametrize(
    ("asked", "sort", "problem"),
    [
        (ImageFilter(colours=["red"]), ImageSort.NEWEST, BadInput),
        (ImageFilter(colours=["#000000"] * 5), ImageSort.NEWEST, LimitExceeded),
        (ImageFilter(colours=["#000000"], colour_reach=0.4), ImageSort.NEWEST, BadInput),
        (ImageFilter(colours=["#000000"], colour_reach=float("nan")), ImageSort.NEWEST, BadInput),
        (ImageFilter(width=Span(5, 4)), ImageSort.NEWEST, BadInput),
        (ImageFilter(added=Period(START, START)), ImageSort.NEWEST, BadInput),
        (ImageFilter(text="x" * 1_001), ImageSort.NEWEST, BadInput),
        (ImageFilter(formats=["JPEG\0"]), ImageSort.NEWEST, BadInput),
        (ImageFilter(boards=[uuid4() for _ in range(101)]), ImageSort.NEWEST, LimitExceeded),
        (ImageFilter(), ImageSort.COLOUR, BadInput),
        (ImageFilter(text=" ?! "), ImageSort.RELEVANCE, BadInput),
    ],
)
async def test_what_cannot_be_asked_is_said(
    asked: ImageFilter, sort: ImageSort, problem: type[DomainError]
) -> None:
    with pytest.raises(problem):
        await find_images(await a_viewer(), asked, sort=sort)


async def test_a_cursor_belongs_to_its_order() -> None:
    ana = await a_viewer()
    await an_image(ana)
    page = await find_images(ana)
    with pytest.raises(BadInput):
        await find_images(ana, sort=ImageSort.OLDEST, after=page.cursors[0])

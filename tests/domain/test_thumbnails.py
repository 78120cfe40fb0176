"""Thumbnails: what lay there is seen where it lay, drawn once, and only by those who may see the board."""

import asyncio
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from domain import adding, boards, darkroom, items, past, renditions, storage, thumbnails
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.compaction import compact
from domain.database import execute
from domain.decoding import Developed
from domain.errors import BadInput, HistoryCompacted, NotFound, TooBusy
from domain.miniature import HEIGHT_PX, WIDTH_PX
from domain.operations import (
    Crop,
    DrawingContent,
    FrameContent,
    ItemKind,
    ItemState,
    NoteContent,
    Placement,
    Shape,
    Style,
    StylePatch,
    Transform,
)
from domain.recipes import VERSION
from domain.settings import Settings
from domain.storage import StoredFile
from tests.factories import a_board, a_member, a_rendition, a_viewer, an_image, rows_of
from tests.laws import require_laws
from tests.library import add
from tests.pictures import photo

RED, BLUE = NoteContent(background="#ff0000"), NoteContent(background="#0000ff")


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture(autouse=True)
def store(database: str, tmp_path: Path) -> Settings:
    settings = Settings(data=tmp_path)
    storage.open_storage(settings)
    past.forget()
    thumbnails.forget()
    return settings


async def opened(stored: StoredFile) -> Image.Image:
    picture = Image.open(io.BytesIO(await storage.content(stored.key)))
    assert (picture.format, picture.size, stored.mime) == ("WEBP", (WIDTH_PX, HEIGHT_PX), "image/webp")
    return picture.convert("RGBA")


def colour_at(picture: Image.Image, x: float, y: float) -> str:
    """Of a place given in fractions, by the channel that stands out."""
    pixel = picture.getpixel((int(x * WIDTH_PX), int(y * HEIGHT_PX)))
    assert isinstance(pixel, tuple)
    red, green, blue, alpha = pixel
    if alpha < 40:
        return "clear"
    return (
        {red: "red", green: "green", blue: "blue"}[max(red, green, blue)]
        if len({red, green, blue}) > 1
        else "gray"
    )


async def note(viewer: Viewer, board_id: UUID, content: NoteContent, x: float, width: float = 100) -> UUID:
    item_id = uuid4()
    new = NewItem(id=item_id, note=content, transform=Transform(x), width=width, height=100)
    await adding.add_items(viewer, board_id, [new])
    return item_id


async def test_each_moment_is_drawn_as_it_was() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    red = await note(ana, board, RED, 0)
    await note(ana, board, BLUE, 100)
    await items.transform_items(ana, board, [Placement(red, Transform(200))])
    await items.restyle_items(ana, board, [StylePatch(red, hidden=True)])
    seen = [await opened(await thumbnails.file(ana, board, seq)) for seq in range(6)]
    places = [tuple(colour_at(picture, x, 0.5) for x in (0.3, 0.7)) for picture in seen]
    assert places == [
        ("clear", "clear"),
        ("clear", "clear"),
        ("red", "red"),
        ("red", "blue"),
        ("blue", "red"),
        ("blue", "blue"),
    ]
    await require_laws(board)


async def test_pictures_are_drawn_from_their_smallest_renditions(store: Settings) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    added = await add(ana, photo(640, 400, seed=3), store)
    await adding.add_items(ana, board, [NewItem(image_id=added.image.id)])
    stored = await thumbnails.file(ana, board, 2)
    drawn = (await opened(stored)).convert("RGB").resize((16, 10))
    small = Image.open(store.blobs / renditions.key(added.image.digest, 320, VERSION))
    expected = small.convert("RGB").resize((16, 10))
    pairs = zip(drawn.tobytes(), expected.tobytes(), strict=True)
    assert sum(abs(one - other) for one, other in pairs) / (16 * 10 * 3) < 25
    assert stored.lasting


async def test_drawings_frames_and_what_is_in_hidden_containers() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    frame, hidden = uuid4(), uuid4()

    def square(x: float, **content: Any) -> NewItem:
        return NewItem(width=100, height=100, transform=Transform(x), **content)

    line = DrawingContent(points=[(-50, 0), (50, 0)], stroke="#00ff00", stroke_width=40)
    ellipse = DrawingContent(Shape.ELLIPSE, stroke="#0000ff", fill="#0000ff")
    new = [
        NewItem(id=frame, frame=FrameContent("#ff0000"), transform=Transform(0), width=300, height=100),
        square(-100, drawing=line, parent_id=frame),
        square(100, drawing=ellipse),
        NewItem(id=hidden, is_group=True, style=Style(hidden=True)),
        square(0, note=BLUE, parent_id=hidden),
    ]
    await adding.add_items(ana, board, new)
    picture = await opened(await thumbnails.file(ana, board, 2))
    assert [colour_at(picture, x, 0.5) for x in (0.18, 0.5, 0.82)] == ["green", "red", "blue"]
    assert [colour_at(picture, x, 0.28) for x in (0.18, 0.5, 0.69)] == ["red", "red", "red"]
    assert colour_at(picture, 0.5, 0.1) == "clear"


async def test_a_crop_shows_its_part_and_a_flip_the_other_side(store: Settings) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    halves = Image.new("RGB", (320, 200), "#ff0000")
    halves.paste("#0000ff", (160, 0, 320, 200))
    content = io.BytesIO()
    halves.save(content, "PNG")
    image = (await add(ana, content.getvalue(), store)).image.id
    right = Crop(0.5, 0, 1, 1)
    for new in (
        NewItem(image_id=image, transform=Transform()),
        NewItem(image_id=image, transform=Transform(flip_x=True)),
        NewItem(image_id=image, transform=Transform(), crop=right, width=320, height=200),
        NewItem(image_id=image, transform=Transform(), style=Style(grayscale=True)),
    ):
        await adding.add_items(ana, board, [new])
    seen = [await opened(await thumbnails.file(ana, board, seq)) for seq in range(2, 6)]
    sides = [tuple(colour_at(picture, x, 0.5) for x in (0.3, 0.7)) for picture in seen]
    assert sides == [("red", "blue"), ("blue", "red"), ("blue", "blue"), ("gray", "gray")]


async def test_a_picture_that_cannot_be_shown_is_gray_and_looked_for_again(store: Settings) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    image = await an_image(ana)
    await adding.add_items(ana, board, [NewItem(image_id=image)])
    stored = await thumbnails.file(ana, board, 2)
    assert (stored.lasting, colour_at(await opened(stored), 0.5, 0.5)) == (False, "gray")
    red = io.BytesIO()
    Image.new("RGB", (320, 240), "#ff0000").save(red, "WEBP")
    digest = "ab" * 32
    await execute("UPDATE image SET digest = $1", digest)
    await renditions.store(digest, Developed(320, 320, 240, red.getvalue()))
    await a_rendition(image, digest="red")
    again = await thumbnails.file(ana, board, 2)
    assert (again.lasting, colour_at(await opened(again), 0.5, 0.5)) == (True, "red")
    assert again.etag != stored.etag


async def test_the_same_content_is_drawn_once(store: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    item = await note(ana, board, RED, 0)
    real, drawn = darkroom.draw, []

    async def counted(path: Path) -> Developed:
        drawn.append(path)
        return await real(path)

    monkeypatch.setattr(darkroom, "draw", counted)
    found = await asyncio.gather(*(thumbnails.file(ana, board, 2) for _ in range(5)))
    await boards.edit_board(ana, board, title="Words are not drawn")
    await items.transform_items(ana, board, [Placement(item, Transform(10_000))])
    found += [await thumbnails.file(ana, board, seq) for seq in (3, 4)]
    copy = await boards.duplicate_board(ana, board)
    found.append(await thumbnails.file(ana, copy.id, 2))
    assert len({stored.key for stored in found}) == 1
    assert len(drawn) == 1
    thumbnails.forget()
    assert await thumbnails.file(ana, board, 2) == found[0]
    assert len(drawn) == 1
    assert not list((store.blobs / "incoming").iterdir())
    (store.blobs / found[0].key).unlink()
    assert (store.blobs / (await thumbnails.file(ana, board, 2)).key).is_file()
    assert len(drawn) == 2


async def test_of_very_many_items_the_largest_are_drawn() -> None:
    def an_item(number: int, *, hidden: bool = False) -> ItemState:
        return ItemState(
            uuid4(),
            ItemKind.NOTE,
            10.0 + number,
            10.0,
            f"a{number:04}V",
            Transform(),
            Style(hidden=hidden),
            note=RED,
        )

    many = [an_item(number) for number in range(thumbnails.MOST_DRAWN + 50)]
    assert thumbnails.chosen([*many, an_item(9999, hidden=True)]) == many[50:]


async def test_a_thousand_pictures_are_drawn_within_the_limits(store: Settings) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    added = [await add(ana, photo(320, 200, seed=seed), store) for seed in range(3)]
    for start in range(0, 1000, 500):
        await adding.add_items(
            ana, board, [NewItem(image_id=added[n % 3].image.id) for n in range(start, start + 500)]
        )
    picture = await opened(await thumbnails.file(ana, board, 3))
    assert picture.getchannel("A").getextrema() == (0, 255)


async def test_who_may_not_see_the_board_gets_nothing(store: Settings) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    await note(ana, board, RED, 0)
    before = await rows_of(board)
    for stranger in (await a_viewer(), await a_viewer(is_owner=True)):
        with pytest.raises(NotFound):
            await thumbnails.file(stranger, board, 2)
    assert not any(names for _, _, names in os.walk(store.blobs / "thumbnails"))
    assert await rows_of(board) == before
    reader = await a_member(board, Role.VIEWER)
    await boards.trash_boards(ana, [board])
    await opened(await thumbnails.file(reader, board, 2))


async def test_moments_that_are_not_there_are_refused() -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    await note(ana, board, RED, 0)
    with pytest.raises(BadInput):
        await thumbnails.file(ana, board, 3)
    await thumbnails.file(ana, board, 1)
    await execute("UPDATE change SET at = at - interval '40 days'")
    await compact(30)
    with pytest.raises(HistoryCompacted):
        await thumbnails.file(ana, board, 1)
    await opened(await thumbnails.file(ana, board, 2))


async def test_too_many_who_wait_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    await note(ana, board, RED, 0)
    monkeypatch.setattr(thumbnails, "MOST_WAITING", 2)
    make, held = thumbnails._made, asyncio.Event()

    async def make_later(then: past.PastBoard) -> object:
        await held.wait()
        return await make(then)

    monkeypatch.setattr(thumbnails, "_made", make_later)
    answers = iter(asyncio.as_completed([thumbnails.file(ana, board, 2) for _ in range(5)]))
    for _ in range(3):
        with pytest.raises(TooBusy):
            await next(answers)
    held.set()
    for answer in answers:
        assert isinstance(await answer, StoredFile)
    assert isinstance(await thumbnails.file(ana, board, 2), StoredFile)
    assert TooBusy.http_status == 429


async def test_what_nobody_looks_at_goes_and_comes_back(store: Settings) -> None:
    ana = await a_viewer("Ana")
    board = (await a_board(ana)).id
    await note(ana, board, RED, 0)
    old, fresh = [store.blobs / (await thumbnails.file(ana, board, seq)).key for seq in (1, 2)]
    long_ago = time.time() - 40 * 86_400
    os.utime(old, (long_ago, long_ago))
    os.utime(fresh, (long_ago, long_ago))
    await thumbnails.file(ana, board, 2)
    assert await thumbnails.remove_unseen(30 * 86_400) == 1
    assert (old.exists(), fresh.exists()) == (False, True)
    await opened(await thumbnails.file(ana, board, 1))

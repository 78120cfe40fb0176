"""Atlases: each picture of a board small in its cell, made anew as pictures come and go, read by who may."""

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image

from domain import (
    adding,
    atlases,
    boards,
    cells,
    checksums,
    compaction,
    darkroom,
    doctor,
    history,
    items,
    jobs,
    renditions,
    storage,
)
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.atlases import AtlasPage
from domain.database import execute, fetch, fetchval, transaction
from domain.decoding import Developed, fitted
from domain.errors import NotFound, StorageUnavailable
from domain.recipes import VERSION
from domain.settings import Settings
from tests.factories import a_board, a_member, a_viewer, an_image, rows_of
from tests.working import work

pytestmark = pytest.mark.usefixtures("database")
MOST = 8
"""On a board of these tests there is an atlas from so many on."""

SIZES = ((320, 240), (200, 320), (40, 30), (320, 20), (9, 9))


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(atlases, "LEAST_PICTURES", MOST)
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


def colour_of(number: int) -> tuple[int, int, int]:
    return (number * 37 % 200 + 40, number * 91 % 200 + 40, number * 53 % 200 + 40)


async def a_picture(owner: Viewer, number: int, *, mode: str = "RGB") -> UUID:
    """Of one colour, with the file of its smallest rendition."""
    width, height = SIZES[number % len(SIZES)]
    image_id = await an_image(owner, width=width, height=height, name=str(number))
    alpha = (128,) if mode == "RGBA" else ()
    buffer = io.BytesIO()
    Image.new(mode, (width, height), (*colour_of(number), *alpha)).save(buffer, "WEBP", quality=90)
    developed = Developed(320, width, height, buffer.getvalue())
    digest = await fetchval("SELECT digest FROM image WHERE id = $1", image_id)
    await renditions.store(digest, developed)
    async with transaction() as connection:
        await renditions.record(connection, image_id, developed)
    return image_id


async def a_full_board(owner: Viewer, count: int = MOST) -> tuple[UUID, list[UUID]]:
    board = await a_board(owner)
    made = [await a_picture(owner, number) for number in range(count)]
    await lay(owner, board.id, made)
    return board.id, made


async def lay(owner: Viewer, board_id: UUID, made: Sequence[UUID]) -> list[UUID]:
    new = [NewItem(id=uuid4(), image_id=image_id) for image_id in made]
    await adding.add_items(owner, board_id, new)
    return [item.id for item in new if item.id is not None]


async def look() -> int:
    """As the sweep does once the board rests. How many boards were looked at."""
    await execute("UPDATE board SET updated_at = updated_at - interval '1 minute'")
    found = await atlases.enqueue_due()
    await work()
    return found


async def shown(page: AtlasPage) -> Image.Image:
    picture = Image.open(io.BytesIO(await storage.content(atlases.key(page.content))))
    assert (picture.format, picture.size) == ("WEBP", (cells.PAGE_PX, cells.height(page.images)))
    return picture


async def require_right(viewer: Viewer, board_id: UUID, expected: Sequence[UUID]) -> list[AtlasPage]:
    """Each in one cell, in its colour and shape."""
    pages = await atlases.atlas_of(viewer, board_id)
    found = [image for page in pages for image in page.images if image is not None]
    assert sorted(found) == sorted(expected)
    for page in pages:
        picture = (await shown(page)).convert("RGB")
        for cell, image_id in enumerate(page.images):
            if image_id is None:
                continue
            row = await fetch("SELECT name, width, height FROM image WHERE id = $1", image_id)
            x, y = cells.place(cell)
            width, height = fitted(row[0]["width"], row[0]["height"], cells.CELL_PX)
            for dx, dy in ((0, 0), (width - 1, height - 1), (width // 2, height // 2), (-1, -1)):
                pixel = picture.getpixel((x + dx, y + dy))
                assert isinstance(pixel, tuple)
                wanted = colour_of(int(row[0]["name"]))
                # WebP keeps light sharper than colour: at the edges that alone is compared.
                channels = zip(pixel, wanted, strict=True)
                difference = [abs(a - b) for a, b in channels]
                is_inside = dx == width // 2
                assert max(difference) < 26 if is_inside else abs(sum(pixel) - sum(wanted)) < 3 * 40
    return pages


async def test_a_board_of_few_pictures_has_none() -> None:
    ana = await a_viewer()
    board_id, _ = await a_full_board(ana, 3)
    assert await look() == 0
    assert await atlases.atlas_of(ana, board_id) == []


async def test_each_picture_lies_in_its_cell() -> None:
    ana = await a_viewer()
    board_id, made = await a_full_board(ana)
    before = await rows_of(board_id)
    assert await look() == 1
    [page] = await require_right(ana, board_id, made)
    assert len(page.images) == MOST
    assert (await shown(page)).mode == "RGB"
    after = await rows_of(board_id)
    assert len(after.lines) == len(before.lines)
    assert await look() == 0, "nothing changed"


async def test_what_shines_through_stays_so() -> None:
    ana = await a_viewer()
    board_id, made = await a_full_board(ana, MOST - 1)
    await lay(ana, board_id, [await a_picture(ana, 900, mode="RGBA")])
    await look()
    [page] = await atlases.atlas_of(ana, board_id)
    picture = await shown(page)
    assert picture.mode == "RGBA"
    for cell, image_id in enumerate(page.images):
        pixel = picture.getpixel(cells.place(cell))
        assert isinstance(pixel, tuple)
        assert (pixel[3] > 250) == (image_id in made)
        assert pixel[3] > 100


async def test_what_comes_and_goes_changes_what_it_must() -> None:
    ana = await a_viewer()
    board_id, made = await a_full_board(ana)
    await look()
    [first] = await atlases.atlas_of(ana, board_id)
    more = await a_picture(ana, 500)
    [item_id] = await lay(ana, board_id, [more])
    assert await look() == 1
    [second] = await require_right(ana, board_id, [*made, more])
    assert second.images[: len(first.images)] == first.images
    await items.remove_items(ana, board_id, [item_id])
    assert await look() == 1
    assert await atlases.atlas_of(ana, board_id) == [second], "undoing may bring it back"
    await history.undo(ana, board_id)
    assert await look() == 1
    assert await atlases.atlas_of(ana, board_id) == [second]


async def test_what_no_history_brings_back_is_on_no_page() -> None:
    ana = await a_viewer()
    board_id, made = await a_full_board(ana)
    gone = await a_picture(ana, 500)
    [item_id] = await lay(ana, board_id, [gone])
    await items.remove_items(ana, board_id, [item_id])
    await look()
    await execute("UPDATE change SET at = at - interval '30 days'")
    await compaction.compact(7)
    assert await look() == 1
    await require_right(ana, board_id, made)


async def test_the_same_pictures_share_a_file(settings: Settings) -> None:
    ana = await a_viewer()
    board_id, made = await a_full_board(ana)
    await look()
    copy = await boards.duplicate_board(ana, board_id)
    assert await look() == 1
    [page] = await require_right(ana, copy.id, made)
    assert [page] == await atlases.atlas_of(ana, board_id)
    assert len(list((settings.blobs / "atlases").rglob("*.webp"))) == 1
    await boards.trash_boards(ana, [board_id])
    await boards.delete_boards(ana, [board_id])
    assert await fetchval("SELECT count(*) FROM atlas_page") == 1
    assert await atlases.remove_unused(-1) == 0
    await execute("DELETE FROM atlas_page")
    assert await atlases.remove_unused(3_600) == 0, "it may be of a row that is still to come"
    assert await atlases.remove_unused(-1) == 1


async def test_a_large_board_is_done_in_several_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CELLS", 8)
    monkeypatch.setattr(atlases, "PAGES_AT_ONCE", 1)
    ana = await a_viewer()
    board_id, made = await a_full_board(ana, 20)
    assert [await look() for _ in range(4)] == [1, 1, 1, 0]
    assert len(await require_right(ana, board_id, made)) == 3


async def test_outsiders_read_neither_atlas_nor_page() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    board_id, _ = await a_full_board(ana)
    reader = await a_member(board_id, Role.VIEWER)
    await look()
    [page] = await atlases.atlas_of(reader, board_id)
    stored = await atlases.file(reader, board_id, page.digest)
    assert (stored.size_bytes, stored.mime, stored.lasting) == (page.size_bytes, "image/webp", True)
    for asked in (atlases.atlas_of(ben, board_id), atlases.file(ben, board_id, page.digest)):
        with pytest.raises(NotFound):
            await asked
    other = await a_board(ben)
    with pytest.raises(NotFound):
        await atlases.file(ben, other.id, page.digest)


async def test_a_lost_page_is_said_and_made_again(settings: Settings) -> None:
    ana = await a_viewer()
    board_id, made = await a_full_board(ana)
    await look()
    [page] = await atlases.atlas_of(ana, board_id)
    os.unlink(settings.blobs / atlases.key(page.content))
    with pytest.raises(StorageUnavailable):
        await atlases.file(ana, board_id, page.digest)
    await work()
    await atlases.file(ana, board_id, page.digest)
    (settings.blobs / atlases.key(page.content)).write_bytes(b"?" * page.size_bytes)
    checked = await checksums.check(repairs=True)
    assert atlases.key(page.content) in checked.faults
    await work()
    await require_right(ana, board_id, made)


async def test_a_lost_rendition_leaves_its_cell_empty_and_is_made_again(settings: Settings) -> None:
    ana = await a_viewer()
    board_id, made = await a_full_board(ana)
    digest = await fetchval("SELECT digest FROM image WHERE id = $1", made[5])
    await storage.remove(renditions.key(digest, 320, VERSION))
    await execute("UPDATE board SET updated_at = updated_at - interval '1 minute'")
    await atlases.enqueue_due()
    [job] = await jobs.due(10)
    await jobs.run(job.id, atlases.make_atlas)
    await require_right(ana, board_id, [each for each in made if each != made[5]])
    assert [job.kind for job in await jobs.due(10)] == [jobs.RENDITIONS]


async def test_the_doctor_counts_them(settings: Settings, database: str) -> None:
    ana = await a_viewer()
    board_id, _ = await a_full_board(ana)
    await look()
    [page] = await atlases.atlas_of(ana, board_id)
    async with transaction() as connection:
        assert (await doctor.atlas_pages(connection, deep=True)).words == "1 in their place"
        os.unlink(settings.blobs / atlases.key(page.content))
        found = await doctor.atlas_pages(connection, deep=True)
    assert (found.verdict, found.words[:12]) == (doctor.Verdict.NOTE, "1 of 1 are l")

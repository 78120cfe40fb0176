"""Pages: those of a document become pictures like any other, once each, for whoever sees the document."""

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from domain import darkroom, originals, pages, storage
from domain.access import Scope, Viewer
from domain.database import execute, fetchval
from domain.errors import (
    BadInput,
    Forbidden,
    LimitExceeded,
    MutationIdConflict,
    NotFound,
    StorageUnavailable,
)
from domain.settings import Settings
from tests import pictures, sources
from tests.factories import a_viewer
from tests.library import add

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


async def counted() -> int:
    found: int = await fetchval("SELECT count(*) FROM image")
    return found


async def test_pages_become_pictures_in_the_order_asked(settings: Settings) -> None:
    ana = await a_viewer()
    document = (await add(ana, sources.pdf(pages=3), settings, name="catalogue.pdf")).image
    assert (document.format, document.pages, document.mime) == ("PDF", 3, "application/pdf")
    third, second = await pages.extract_pages(ana, document.id, [3, 2], settings)
    assert [third.name, second.name] == ["catalogue, page 3.png", "catalogue, page 2.png"]
    assert (third.format, third.width, third.height, third.pages) == ("PNG", 1600, 1067, 1)
    assert third.digest != second.digest
    content = await storage.content(originals.key(third.digest))
    shown = Image.open(io.BytesIO(content))
    assert pictures.corners(shown) == pictures.UPRIGHT
    row = [shown.convert("L").getpixel((x, shown.height // 2)) for x in range(shown.width)]
    bars = sum(a != 255 and b == 255 for a, b in pairwise(row))
    assert bars == 3, "page 3 has three bars"


async def test_a_page_is_taken_once(settings: Settings) -> None:
    ana = await a_viewer()
    document = (await add(ana, sources.pdf(), settings)).image
    (first,) = await pages.extract_pages(ana, document.id, [2], settings)
    (again,) = await pages.extract_pages(ana, document.id, [2], settings)
    assert again.id == first.id
    assert await counted() == 2


async def test_sheets_of_a_tiff_are_pages(settings: Settings) -> None:
    ana = await a_viewer()
    sheets = [pictures.quadrants(), pictures.quadrants(60, 40)]
    content = pictures.saved(sheets[0], "TIFF", save_all=True, append_images=sheets[1:])
    document = (await add(ana, content, settings)).image
    assert (document.frames, document.pages) == (1, 2)
    (second,) = await pages.extract_pages(ana, document.id, [2], settings)
    assert (second.width, second.height, second.format) == (60, 40, "PNG")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ([], BadInput),
        ([0], BadInput),
        ([-1, 2], BadInput),
        ([4], BadInput),
        ([1, 1], BadInput),
        ([1, 2, 3, 1, 2], LimitExceeded),
    ],
)
async def test_pages_that_are_not_there_are_refused(
    asked: list[int], error: type[Exception], settings: Settings
) -> None:
    ana = await a_viewer()
    document = (await add(ana, sources.pdf(pages=3), settings)).image
    with pytest.raises(error):
        await pages.extract_pages(ana, document.id, asked, settings)
    assert await counted() == 1


async def test_a_mutation_id_is_answered_once_and_for_one_thing(settings: Settings) -> None:
    ana, key = await a_viewer(), uuid4()
    document = (await add(ana, sources.pdf(), settings)).image
    first = await pages.extract_pages(ana, document.id, [1], settings, mutation_id=key)
    await execute("UPDATE image SET title = 'other' WHERE id = $1", first[0].id)
    assert await pages.extract_pages(ana, document.id, [1], settings, mutation_id=key) == first
    with pytest.raises(MutationIdConflict):
        await pages.extract_pages(ana, document.id, [2], settings, mutation_id=key)
    assert await counted() == 2


async def test_who_may_not_see_the_document_gets_no_page(settings: Settings) -> None:
    ana, ben = await a_viewer(), await a_viewer("ben")
    document = (await add(ana, sources.pdf(), settings)).image
    reading = Viewer(ana.account_id, "ana", scope=Scope.READ)
    for viewer, error in ((ben, NotFound), (reading, Forbidden)):
        with pytest.raises(error):
            await pages.extract_pages(viewer, document.id, [1], settings)
    assert await counted() == 1


async def test_a_lost_document_says_so(settings: Settings) -> None:
    ana = await a_viewer()
    document = (await add(ana, sources.pdf(), settings)).image
    await storage.remove(originals.key(document.digest))
    with pytest.raises(StorageUnavailable):
        await pages.extract_pages(ana, document.id, [1], settings)
    assert await counted() == 1

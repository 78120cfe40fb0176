"""Images: what is added is whole and once, what is refused leaves nothing, what is private stays so."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import images, originals, storage
from domain.access import Scope, Viewer
from domain.database import execute, fetchval
from domain.errors import (
    AlreadyExists,
    BadInput,
    FileTooLarge,
    Forbidden,
    ImageRefused,
    MutationIdConflict,
    NotFound,
    StorageUnavailable,
)
from domain.findings import ImageFilter, find_images
from domain.images import ImageEdit, ImageState
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.library import add, place

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path, max_batch_bytes=200_000)
    storage.open_storage(configured)
    return configured


async def counts() -> tuple[int, int]:
    """Images and jobs."""
    return await fetchval("SELECT count(*) FROM image"), await fetchval("SELECT count(*) FROM job")


def stored(settings: Settings) -> list[Path]:
    """Every original and all that was left over; each original has its smallest rendition beside it."""
    files = [path for path in settings.blobs.rglob("*") if path.is_file()]
    kept = [path for path in files if path.name != "320.webp"]
    assert {path.parent.parent.name for path in files if path.name == "320.webp"} == {
        one.name for one in kept
    }
    return kept


async def test_an_added_picture_has_its_row_its_bytes_and_its_job(settings: Settings) -> None:
    ana = await a_viewer()
    content = pictures.oriented(6, taken="2024:05:06 07:08:09", make="Acme", model="One")
    added = await add(ana, content, settings, name="holiday one.jpg", batch=uuid4())
    image = added.image
    assert not added.deduplicated
    assert (image.width, image.height, image.format, image.mime) == (240, 160, "JPEG", "image/jpeg")
    assert (image.name, image.title, image.tags, image.camera) == ("holiday one.jpg", "", [], "Acme One")
    assert (image.state, image.failure) == (ImageState.WAITING, None)
    assert image.taken_at is not None
    assert len(image.placeholder) > 5
    assert image.palette
    assert (settings.blobs / originals.key(image.digest)).read_bytes() == content
    assert (
        await fetchval("SELECT count(*) FROM job WHERE subject = $1 AND kind = 'renditions'", image.id) == 1
    )
    assert stored(settings) == [settings.blobs / originals.key(image.digest)]


@pytest.mark.parametrize("name", ["empty.jpg", "html.jpg", "page.pdf.jpg", "bomb-header.png", "cut.webp"])
async def test_a_refused_file_leaves_nothing(name: str, settings: Settings) -> None:
    ana = await a_viewer()
    content, reasons = pictures.hostile()[name]
    with pytest.raises(ImageRefused) as refused:
        await add(ana, content, settings)
    assert refused.value.details["reason"] in reasons
    assert await counts() == (0, 0)
    assert stored(settings) == []


async def test_the_same_id_and_bytes_are_the_same_answer(settings: Settings) -> None:
    ana, image_id, content = await a_viewer(), uuid4(), pictures.photo()
    first = await add(ana, content, settings, image_id=image_id)
    assert await add(ana, content, settings, image_id=image_id) == first
    assert await counts() == (1, 1)


async def test_an_id_that_is_taken_is_a_conflict_and_stores_nothing(settings: Settings) -> None:
    ana, ben, image_id = await a_viewer(), await a_viewer("ben"), uuid4()
    await add(ana, pictures.photo(), settings, image_id=image_id)
    for viewer in (ana, ben):
        with pytest.raises(AlreadyExists):
            await add(viewer, pictures.photo(seed=2), settings, image_id=image_id)
    assert await counts() == (1, 1)
    assert len(stored(settings)) == 1


async def test_the_same_picture_is_taken_once(settings: Settings) -> None:
    ana, content = await a_viewer(), pictures.photo()
    first = await add(ana, content, settings)
    again = await add(ana, content, settings, name="other name.jpg")
    assert (again.image.id, again.deduplicated) == (first.image.id, True)
    assert await counts() == (1, 1)


async def test_eight_uploads_of_one_picture_at_once_are_one_picture(settings: Settings) -> None:
    ana, content = await a_viewer(), pictures.photo()
    added = await asyncio.gather(*(add(ana, content, settings) for _ in range(8)))
    assert len({each.image.id for each in added}) == 1
    assert [each.deduplicated for each in added].count(False) == 1
    assert await counts() == (1, 1)


async def test_a_picture_of_somebody_else_is_never_said_to_be_there(settings: Settings) -> None:
    ana, ben, content = await a_viewer(), await a_viewer("ben"), pictures.photo()
    first = await add(ana, content, settings)
    second = await add(ben, content, settings)
    assert not second.deduplicated
    assert second.image.id != first.image.id
    assert len(stored(settings)) == 1


async def test_a_picture_on_a_shared_board_is_the_same_picture(settings: Settings) -> None:
    ana, ben, content = await a_viewer(), await a_viewer("ben"), pictures.photo()
    first = await add(ana, content, settings)
    await place(ana, first.image.id, ben)
    second = await add(ben, content, settings)
    assert (second.image.id, second.deduplicated) == (first.image.id, True)


async def test_a_batch_has_its_limit_and_what_was_taken_stays(settings: Settings) -> None:
    ana, batch = await a_viewer(), uuid4()
    with pytest.raises(FileTooLarge) as refused:
        await fill(ana, batch, settings)
    assert refused.value.details["limit_bytes"] == 200_000
    sizes = await fetchval("SELECT sum(size_bytes)::bigint FROM image WHERE batch = $1", batch)
    assert 0 < sizes <= 200_000
    assert len(stored(settings)) == (await counts())[0]
    await add(ana, pictures.photo(400, 300, seed=999), settings, batch=uuid4())


async def fill(viewer: Viewer, batch: UUID, settings: Settings) -> None:
    for seed in range(200):
        await add(viewer, pictures.photo(400, 300, seed=seed), settings, batch=batch)


async def test_a_reader_adds_nothing(settings: Settings) -> None:
    reader = await a_viewer(scope=Scope.READ)
    with pytest.raises(Forbidden):
        await add(reader, pictures.photo(), settings)
    assert await counts() == (0, 0)


async def test_a_full_disk_is_said_and_leaves_no_row(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await a_viewer()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("domain.blobs.Path.rename", full)
    with pytest.raises(StorageUnavailable, match="full"):
        await add(ana, pictures.photo(), settings)
    assert await counts() == (0, 0)
    assert stored(settings) == []


async def test_a_name_is_one_printable_line(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(), settings, name="a\n\x00b\u202e" + "x" * 400)
    assert added.image.name.startswith("a b")
    assert added.image.name.isprintable()
    assert len(added.image.name) <= 255


async def test_edits_change_only_what_they_name(settings: Settings) -> None:
    ana = await a_viewer()
    image = (await add(ana, pictures.photo(), settings)).image
    (edited,) = await images.edit_images(
        ana, [ImageEdit(image.id, title="  Tall   tree ", tags=["tree", "green", "tree", " "])]
    )
    assert (edited.name, edited.title, edited.tags) == (image.name, "Tall tree", ["tree", "green"])
    (edited,) = await images.edit_images(ana, [ImageEdit(image.id, name="oak.jpg")])
    assert (edited.name, edited.title, edited.tags) == ("oak.jpg", "Tall tree", ["tree", "green"])


async def test_a_repeated_edit_answers_the_same_and_another_is_a_conflict(settings: Settings) -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    image = (await add(ana, pictures.photo(), settings)).image
    first = await images.edit_images(ana, [ImageEdit(image.id, title="one")], mutation_id=mutation_id)
    await images.edit_images(ana, [ImageEdit(image.id, title="two")])
    again = await images.edit_images(ana, [ImageEdit(image.id, title="one")], mutation_id=mutation_id)
    assert again == first
    assert await fetchval("SELECT title FROM image") == "two"
    with pytest.raises(MutationIdConflict):
        await images.edit_images(ana, [ImageEdit(image.id, title="three")], mutation_id=mutation_id)


async def test_only_the_owner_edits_and_retries(settings: Settings) -> None:
    ana, ben, eve = await a_viewer(), await a_viewer("ben"), await a_viewer("eve")
    image = (await add(ana, pictures.photo(), settings)).image
    await place(ana, image.id, ben)
    reader = Viewer(ana.account_id, "ana", scope=Scope.READ)
    for viewer, error in ((ben, Forbidden), (eve, NotFound), (reader, Forbidden)):
        with pytest.raises(error):
            await images.edit_images(viewer, [ImageEdit(image.id, title="mine")])
        with pytest.raises(error):
            await images.retry_images(viewer, [image.id])
    assert await fetchval("SELECT title FROM image") == ""


@pytest.mark.parametrize(
    "edit",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"title": "x" * 501},
        {"tags": ["x" * 65]},
        {"tags": [f"tag {number}" for number in range(51)]},
    ],
)
async def test_bad_edits_change_nothing(edit: dict[str, Any], settings: Settings) -> None:
    ana = await a_viewer()
    image = (await add(ana, pictures.photo(), settings)).image
    with pytest.raises(BadInput):
        await images.edit_images(ana, [ImageEdit(image.id, **edit)])
    assert await images.images_by_ids(ana, [image.id]) == [image]


async def test_the_library_is_found_by_words_and_tags(settings: Settings) -> None:
    ana, ben = await a_viewer(), await a_viewer("ben")
    names = ["IMG_2041-oak tree.jpg", "IMG_2042.jpg", "Baum (Eiche).png"]
    oak, plain, eiche = [
        (await add(ana, pictures.photo(seed=seed), settings, name=name)).image.id
        for seed, name in enumerate(names)
    ]
    await add(ben, pictures.photo(seed=9), settings, name="oak of ben.jpg")
    await images.edit_images(ana, [ImageEdit(eiche, title="An old Oak", tags=["tree", "germany"])])

    async def found(search: str | None = None, tags: list[str] | None = None) -> list[object]:
        return [image.id for image in (await find_images(ana, ImageFilter(text=search, tags=tags))).nodes]

    assert await found() == [eiche, plain, oak]
    assert await found("oak") == [eiche, oak]
    assert await found("oa") == [eiche, oak]
    assert await found("2041") == [oak]
    assert await found("img 204") == [plain, oak]
    assert await found("eiche tree") == [eiche]
    assert await found(tags=["tree"]) == [eiche]
    assert await found(tags=["tree", "france"]) == []
    assert await found("'; DROP TABLE image; -- & | ! <-> :* \\ \0") == []
    assert await found("   ") == [eiche, plain, oak]


async def test_pages_of_the_library_miss_and_repeat_nothing(settings: Settings) -> None:
    ana, seen, after = await a_viewer(), [], None
    added = [(await add(ana, pictures.photo(300, 200, seed=seed), settings)).image.id for seed in range(7)]
    while True:
        page = await find_images(ana, first=3, after=after)
        seen += [image.id for image in page.nodes]
        assert await page.total() == 7
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == added[::-1]
    for first in (0, 501):
        with pytest.raises(BadInput):
            await find_images(ana, first=first)


async def test_where_used_names_only_boards_the_viewer_may_read(settings: Settings) -> None:
    ana, ben, eve = await a_viewer(), await a_viewer("ben"), await a_viewer("eve")
    image = (await add(ana, pictures.photo(), settings)).image
    private, shared = await place(ana, image.id), await place(ana, image.id, ben)
    assert [board.id for board in (await images.boards_with(ana, image.id)).nodes] == [shared, private]
    page = await images.boards_with(ben, image.id)
    assert ([board.id for board in page.nodes], await page.total()) == ([shared], 1)
    with pytest.raises(NotFound):
        await images.boards_with(eve, image.id)


async def test_the_loader_gives_none_for_what_may_not_be_seen(settings: Settings) -> None:
    ana, ben = await a_viewer(), await a_viewer("ben")
    own, shared = [(await add(ana, pictures.photo(seed=seed), settings)).image for seed in range(2)]
    await place(ana, shared.id, ben)
    missing = uuid4()
    assert await images.images_by_ids(ana, [shared.id, missing, own.id]) == [shared, None, own]
    assert await images.images_by_ids(ben, [shared.id, missing, own.id]) == [shared, None, None]


async def test_a_failed_picture_is_tried_again(settings: Settings) -> None:
    ana = await a_viewer()
    image = (await add(ana, pictures.photo(), settings)).image
    await execute("UPDATE image SET state = 'FAILED', failure = 'TOO_EXPENSIVE'")
    await execute("UPDATE job SET state = 'DEAD', attempts = 3")
    (retried,) = await images.retry_images(ana, [image.id])
    assert (retried.state, retried.failure) == (ImageState.WAITING, None)
    assert await fetchval("SELECT count(*) FROM job WHERE state = 'QUEUED' AND subject = $1", image.id) == 1


async def test_the_same_bytes_bring_a_lost_original_back(settings: Settings) -> None:
    ana, bob = await a_viewer(), await a_viewer()
    content = pictures.photo()
    hers, his = await add(ana, content, settings), await add(bob, content, settings)
    place = settings.blobs / originals.key(hers.image.digest)
    place.unlink()
    await execute("UPDATE image SET state = 'FAILED', failure = 'ORIGINAL_MISSING'")
    await execute("DELETE FROM job")
    again = await add(ana, content, settings)
    assert (again.image.id, again.deduplicated) == (hers.image.id, True)
    assert (again.image.state, again.image.failure) == (ImageState.WAITING, None)
    assert place.read_bytes() == content
    assert await fetchval("SELECT array_agg(subject ORDER BY subject) FROM job") == sorted(
        [hers.image.id, his.image.id]
    )
    assert await fetchval("SELECT count(*) FROM image WHERE state = 'WAITING' AND failure IS NULL") == 2


async def test_bytes_sent_again_leave_other_failures_alone(settings: Settings) -> None:
    ana, content = await a_viewer(), pictures.photo()
    await add(ana, content, settings)
    await execute("UPDATE image SET state = 'FAILED', failure = 'TOO_EXPENSIVE'")
    again = await add(ana, content, settings)
    assert (again.image.state, again.image.failure) == (ImageState.FAILED, "TOO_EXPENSIVE")
    assert await fetchval("SELECT count(*) FROM job") == 1


@pytest.mark.parametrize("tags", [["x" * 65], ["tag"] * 2 + [f"t{n}" for n in range(50)]])
async def test_tags_to_look_for_are_bounded_like_those_that_are_kept(
    tags: list[str], settings: Settings
) -> None:
    with pytest.raises(BadInput):
        await find_images(await a_viewer(), ImageFilter(tags=tags))


async def test_a_tag_is_looked_for_in_the_form_in_which_it_is_kept(settings: Settings) -> None:
    ana = await a_viewer()
    added = await add(ana, pictures.photo(), settings)
    await images.edit_images(ana, [ImageEdit(added.image.id, tags=["old  oak"])])
    for tag, found in (("old \t oak", 1), ("old\x00oak", 1), ("oak\x00", 0)):
        page = await find_images(ana, ImageFilter(tags=[tag]))
        assert (len(page.nodes), await page.total()) == (found, found)

"""Twins: what is nearly one is found, what is said of it is remembered, and merging is whole."""

import asyncio
import random
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import (
    boards,
    colours,
    darkroom,
    history,
    images,
    jobs,
    likeness,
    merging,
    originals,
    recipes,
    renditions,
    storage,
    trash,
    twins,
)
from domain.access import Role, Viewer
from domain.adding import NewItem, add_items
from domain.database import execute, fetch, fetchrow, fetchval
from domain.errors import BadInput, Forbidden, MutationIdConflict, NotFound
from domain.operations import Crop, EditItems, Style
from domain.settings import Settings
from tests import pictures
from tests.domain.test_corpus import CORPUS, MISSING
from tests.factories import a_board, a_grant, a_viewer, an_image, rows_of
from tests.laws import require_laws
from tests.library import add

pytestmark = pytest.mark.usefixtures("database")

GREY = bytes((128, 128, 128)) * 64


async def a_look(image_id: UUID, fingerprint: int, sketch: bytes = GREY) -> None:
    """Gives a row without bytes what it is compared by."""
    await execute(
        "UPDATE image SET fingerprint = $2, sketch = $3 WHERE id = $1",
        image_id,
        likeness.signed(fingerprint),
        sketch,
    )


async def some(owner: Viewer, *fingerprints: int, **details: Any) -> list[UUID]:
    """Pictures as they come: each is looked at, then paired."""
    made = []
    for fingerprint in fingerprints:
        image_id = await an_image(owner, **details)
        await a_look(image_id, fingerprint)
        await twins.find_twins(image_id)
        made.append(image_id)
    return made


async def groups(viewer: Viewer) -> list[set[UUID]]:
    page = await twins.duplicates_of(viewer, first=100)
    assert await page.total() == len(page.nodes)
    return [{image.id for image in group.images} for group in page.nodes]


async def test_near_pictures_of_one_person_are_a_group_the_best_first() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    one, near, far = await some(ana, 0, 0b111, 2**40 - 1)
    small = await an_image(ana, width=40, height=30)
    await a_look(small, 0b1)
    await twins.find_twins(small)
    await some(ben, 0)
    [group] = (await twins.duplicates_of(ana)).nodes
    assert [image.id for image in group.images][-1] == small
    assert {image.id for image in group.images} == {one, near, small}
    assert far not in {image.id for image in group.images}
    assert 0.97 < group.likeness < 1
    assert await groups(ben) == []


async def test_it_does_not_matter_who_comes_first_nor_how_often() -> None:
    ana = await a_viewer()
    marks = [random.Random(1).getrandbits(64) ^ flips for flips in (0, 1, 3, 1 << 63)]
    made = [await an_image(ana) for _ in marks]
    for image_id, mark in zip(made, marks, strict=True):
        await a_look(image_id, mark)
    await asyncio.gather(*(twins.find_twins(image_id) for image_id in made[::-1] * 2))
    assert await groups(ana) == [set(made)]
    assert await fetchval("SELECT count(*) FROM twin") == 6


async def test_what_is_near_by_fingerprint_alone_is_no_twin() -> None:
    ana = await a_viewer()
    await some(ana, 5)
    await some(ana, 5, width=300)  # another shape
    red = await an_image(ana)
    await a_look(red, 5, bytes((128, 190, 160)) * 64)
    await twins.find_twins(red)
    assert await groups(ana) == []


async def test_groups_come_in_pages() -> None:
    ana = await a_viewer()
    pick = random.Random(4)
    pairs = [set(await some(ana, mark, mark ^ 1)) for mark in (pick.getrandbits(64) for _ in range(7))]
    found: list[set[UUID]] = []
    after = None
    while True:
        page = await twins.duplicates_of(ana, first=2, after=after)
        found += [{image.id for image in group.images} for group in page.nodes]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert found == pairs[::-1]


async def test_what_was_dismissed_stays_so_until_it_is_taken_back() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    one, other, third = await some(ana, 0, 1, 3)
    with pytest.raises(NotFound):
        await twins.settle_duplicates(ben, [one, other], settled=True)
    with pytest.raises(BadInput):
        await twins.settle_duplicates(ana, [one, one], settled=True)
    assert await groups(ana) == [{one, other, third}]
    await twins.settle_duplicates(ana, [one, other, third], settled=True)
    await twins.find_twins(one)
    assert await groups(ana) == []
    [new] = await some(ana, 7)
    assert await groups(ana) == [{one, other, third, new}]
    await twins.settle_duplicates(ana, [one, other, third, new], settled=True)
    await twins.settle_duplicates(ana, [one, other], settled=False)
    assert await groups(ana) == [{one, other}]


async def test_similar_pictures_come_in_order_and_only_those_that_may_be_seen() -> None:
    ana, ben, eve = await a_viewer(), await a_viewer(), await a_viewer()
    one, near, nearer = await some(ana, 0, 0b11111, 0b1)
    [shared, private] = await some(ben, 0b11, 0b11)
    board = await a_board(ben)
    await a_grant(board.id, ana, Role.VIEWER)
    await add_items(ben, board.id, [NewItem(image_id=shared)])
    coloured = await an_image(ana)
    await a_look(coloured, 2**30 - 1)
    for image_id in (one, coloured):
        swatches = [colours.Swatch("#d03020", colours.place_of("#d03020"), 1000)]
        await execute(
            "UPDATE image SET palette = '{#d03020}', colours = $2, cells = $3 WHERE id = $1",
            image_id,
            colours.flat(swatches),
            colours.cells_of(swatches),
        )
    expected = [nearer, shared, near, coloured]
    page = await twins.similar_images(ana, one)
    assert [found.image.id for found in page.nodes] == expected
    alike = [found.likeness for found in page.nodes]
    assert alike == sorted(alike, reverse=True)
    assert private not in {found.image.id for found in page.nodes}
    rest = await twins.similar_images(ana, one, first=2, after=page.cursors[0])
    assert [found.image.id for found in rest.nodes] == expected[1:3]
    assert await rest.total() == 4
    with pytest.raises(NotFound):
        await twins.similar_images(eve, one)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    return configured


async def look_again(image_id: UUID) -> None:
    """Runs the job that is queued for it."""
    job_id = await fetchval("SELECT id FROM job WHERE kind = 'looks' AND subject = $1", image_id)
    assert await jobs.run(job_id, twins.look_again)


@MISSING
async def test_earlier_pictures_are_looked_at_again_and_lose_nothing(settings: Settings) -> None:
    ana = await a_viewer()
    names = ["dup-a.jpg", "dup-a-resized.webp", "dup-a-mirror.jpg"]
    added = [
        (await add(ana, (CORPUS / "good" / name).read_bytes(), settings, name=name)).image for name in names
    ]
    before = await fetch("SELECT id, fingerprint, palette FROM image ORDER BY id")
    # As they were before there was any of it.
    await execute("UPDATE image SET fingerprint = NULL, sketch = '', colours = '{}', cells = '{}'")
    await execute("UPDATE image SET palette = '{}'")
    await execute("DELETE FROM job")
    assert await twins.queue_unlooked() == 3
    assert await twins.queue_unlooked() == 0
    assert await fetchval("SELECT array_agg(DISTINCT kind) FROM job WHERE priority < 0") == ["looks"]
    for image in added:
        await look_again(image.id)
    for was in before:
        row = await fetchrow("SELECT * FROM image WHERE id = $1", was["id"])
        assert row is not None
        assert likeness.distance(was["fingerprint"], row["fingerprint"]) <= 2
        assert row["palette"]
        assert len(row["colours"]) == 4 * len(row["palette"])
    assert await groups(ana) == [{added[0].id, added[1].id}]
    assert await twins.queue_unlooked() == 0
    after = {image.id: image for image in await images.images_by_ids(ana, [one.id for one in added]) if image}
    for image in added:
        assert (after[image.id].name, after[image.id].digest) == (image.name, image.digest)


async def test_a_picture_whose_files_are_lost_is_not_looked_at_for_ever(settings: Settings) -> None:
    ana = await a_viewer()
    image = (await add(ana, pictures.photo(), settings)).image
    await storage.remove(renditions.key(image.digest, 320, recipes.followed().name))
    await storage.remove(originals.key(image.digest))
    await execute("UPDATE image SET fingerprint = NULL")
    await twins.queue_unlooked()
    await look_again(image.id)
    row = await fetchrow("SELECT state, error FROM job WHERE kind = 'looks'")
    assert row is not None
    assert (row["state"], row["error"][:16]) == ("DEAD", "ORIGINAL_MISSING")
    assert await fetchval("SELECT state FROM image") == "WAITING"
    assert await twins.queue_unlooked() == 0
    darkroom.close()


async def _placed(viewer: Viewer, board_id: UUID, image_id: UUID, **details: Any) -> UUID:
    change = await add_items(viewer, board_id, [NewItem(image_id=image_id, **details)])
    item_id: UUID = change.operation.items[0].id  # type: ignore[union-attr]
    return item_id


async def test_merging_moves_every_place_where_its_owner_may_write() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    keep = await an_image(ana, width=800, height=600)
    one, other = await some(ana, 0, 1)
    await execute("UPDATE image SET tags = '{sea,tree}', title = 'A beach' WHERE id = $1", one)
    await execute("UPDATE image SET tags = '{tree,old}' WHERE id = $1", keep)
    mine, shared, read = await a_board(ana), await a_board(ben), await a_board(ben)
    await a_grant(shared.id, ana, Role.EDITOR)
    await a_grant(read.id, ana, Role.EDITOR)
    trashed = await a_board(ana)
    first = await _placed(ana, mine.id, one, crop=Crop(0.0, 0.25, 0.5, 1.0), style=Style(opacity=0.5))
    locked = await _placed(ana, shared.id, one, style=Style(locked=True))
    untouched = await _placed(ana, mine.id, keep)
    second = await _placed(ana, shared.id, other)
    await _placed(ana, read.id, other)
    await _placed(ana, trashed.id, one)
    await a_grant(read.id, ana, Role.VIEWER)
    await boards.edit_board(ana, mine.id, cover_id=one)
    await boards.trash_boards(ana, [trashed.id])
    before = {board.id: await rows_of(board.id) for board in (read, trashed)}
    was = await fetchrow("SELECT * FROM item WHERE id = $1", first)
    seqs = {
        board.id: await fetchval("SELECT seq FROM board WHERE id = $1", board.id) for board in (mine, shared)
    }

    done = await merging.merge_images(ana, keep, [other, one])
    assert (done.image.id, done.image.title, done.image.tags) == (keep, "A beach", ["tree", "old", "sea"])
    assert [image.id for image in done.merged] == sorted([one, other])
    assert None not in [image.trashed_at for image in done.merged]
    assert sorted(done.left_on) == sorted([read.id, trashed.id, shared.id])
    assert {(line.board_id, line.seq) for line in done.changes} == {
        (board_id, seq + 1) for board_id, seq in seqs.items()
    }
    now = await fetchrow("SELECT * FROM item WHERE id = $1", first)
    assert was is not None
    assert now is not None
    assert now["image_id"] == keep
    for column in ("x", "y", "scale", "rotation", "crop", "opacity", "z", "parent_id"):
        assert now[column] == was[column], column
    assert now["width"] == pytest.approx(was["width"])
    assert now["height"] == pytest.approx(was["height"])
    assert await fetchval("SELECT image_id FROM item WHERE id = $1", second) == keep
    assert await fetchval("SELECT image_id FROM item WHERE id = $1", locked) == one
    assert await fetchval("SELECT cover_id FROM board WHERE id = $1", mine.id) == keep
    assert await fetchval("SELECT changed_seq FROM item WHERE id = $1", untouched) < seqs[mine.id]
    for board_id, rows in before.items():
        assert await rows_of(board_id) == rows
    for board in (mine, shared, read, trashed):
        await require_laws(board.id)
    assert await groups(ana) == []

    await trash.restore_images(ana, [one, other])
    assert await groups(ana) == [{one, other}]
    await history.undo(ana, mine.id)
    back = await fetchrow("SELECT * FROM item WHERE id = $1", first)
    assert back is not None
    assert (back["image_id"], back["width"], back["height"]) == (one, was["width"], was["height"])
    assert await fetchval("SELECT cover_id FROM board WHERE id = $1", mine.id) == one
    await require_laws(mine.id)


async def test_a_picture_of_another_shape_is_not_distorted_in_its_new_place() -> None:
    ana = await a_viewer()
    keep, one = await an_image(ana, width=500, height=500), await an_image(ana)
    board = await a_board(ana)
    item = await _placed(ana, board.id, one)
    done = await merging.merge_images(ana, keep, [one])
    operation = done.changes[0].operation
    assert isinstance(operation, EditItems)
    row = await fetchrow("SELECT width, height FROM item WHERE id = $1", item)
    assert row is not None
    assert row["width"] == row["height"] == 300


async def test_merging_again_is_the_same_answer_and_happens_once() -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    keep, one = await some(ana, 0, 1)
    board = await a_board(ana)
    await _placed(ana, board.id, one)
    first = await merging.merge_images(ana, keep, [one], mutation_id=mutation_id)
    rows = await rows_of(board.id)
    again = await merging.merge_images(ana, keep, [one], mutation_id=mutation_id)
    assert (again.image, again.merged, again.left_on) == (first.image, first.merged, first.left_on)
    assert [(line.board_id, line.seq) for line in again.changes] == [(board.id, first.changes[0].seq)]
    assert await rows_of(board.id) == rows
    with pytest.raises(MutationIdConflict):
        await merging.merge_images(ana, one, [keep], mutation_id=mutation_id)


async def test_nobody_merges_what_is_not_theirs() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    [hers], [his] = await some(ana, 0), await some(ben, 0)
    board = await a_board(ben)
    await a_grant(board.id, ana, Role.EDITOR)
    await _placed(ben, board.id, his)
    before = await rows_of(board.id)
    with pytest.raises(Forbidden):
        await merging.merge_images(ana, hers, [his])
    with pytest.raises(NotFound):
        await merging.merge_images(ben, his, [hers])
    with pytest.raises(BadInput):
        await merging.merge_images(ana, hers, [hers])
    with pytest.raises(BadInput):
        await merging.merge_images(ana, hers, [uuid4() for _ in range(101)])
    assert await rows_of(board.id) == before
    assert (await images.images_by_ids(ana, [hers]))[0] is not None

"""The trash: out of the library and still on its boards; what boards need is never deleted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, compaction, contents, findings, history, images, items, reverting, trash
from domain.access import Scope, Viewer
from domain.adding import NewItem
from domain.contents import Replacement
from domain.database import execute, fetch, fetchval
from domain.errors import BadInput, Forbidden, LimitExceeded, MutationIdConflict, NotFound
from domain.settings import Settings
from domain.storage import open_storage
from tests import pictures
from tests.factories import a_board, a_viewer, an_image
from tests.library import add, place

pytestmark = pytest.mark.usefixtures("database")

LATER = datetime.now(UTC) + timedelta(days=31)


async def names(viewer: Viewer) -> tuple[list[str], list[str]]:
    """Of the library and of the trash."""
    kept, thrown = await findings.find_images(viewer), await trash.trashed_images(viewer)
    assert (await kept.total(), await thrown.total()) == (len(kept.nodes), len(thrown.nodes))
    return [image.name for image in kept.nodes], [image.name for image in thrown.nodes]


async def rows() -> list[str]:
    return [row["line"] for row in await fetch("SELECT to_jsonb(image)::text AS line FROM image ORDER BY id")]


async def exists(image_id: UUID) -> bool:
    found: bool = await fetchval("SELECT EXISTS (SELECT FROM image WHERE id = $1)", image_id)
    return found


async def test_what_is_thrown_away_leaves_the_library_and_comes_back_as_it_was() -> None:
    ana = await a_viewer()
    early = await an_image(ana, name="early.jpg", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    late = await an_image(ana, name="late.jpg")
    before = await images.images_by_ids(ana, [early, late])
    thrown = await trash.trash_images(ana, [early])
    assert [image.trashed_at is not None for image in thrown] == [True]
    assert await names(ana) == (["late.jpg"], ["early.jpg"])
    again = await trash.trash_images(ana, [early, late])
    assert {image.id: image.trashed_at for image in again}[early] == thrown[0].trashed_at
    assert await names(ana) == ([], ["late.jpg", "early.jpg"])
    await trash.restore_images(ana, [early, late])
    assert await names(ana) == (["late.jpg", "early.jpg"], [])
    assert await images.images_by_ids(ana, [early, late]) == before


async def test_boards_go_on_showing_what_is_in_the_trash() -> None:
    ana, ben = await a_viewer(), await a_viewer("ben")
    image_id = await an_image(ana)
    await place(ana, image_id, ben)
    await trash.trash_images(ana, [image_id])
    for viewer in (ana, ben):
        assert await images.images_by_ids(viewer, [image_id]) != [None]
        assert await (await images.boards_with(viewer, image_id)).total() == 1
    assert await names(ben) == ([], [])


async def test_only_its_owner_throws_a_picture_away() -> None:
    ana, ben, stranger = await a_viewer(), await a_viewer("ben"), await a_viewer()
    image_id = await an_image(ana)
    await place(ana, image_id, ben)
    reader = Viewer(ana.account_id, ana.name, scope=Scope.READ)
    before = await rows()
    for act in (trash.trash_images, trash.restore_images, trash.delete_images):
        for viewer, refusal in ((ben, Forbidden), (stranger, NotFound), (reader, Forbidden)):
            with pytest.raises(refusal):
                await act(viewer, [image_id])
        with pytest.raises(NotFound):
            await act(ana, [image_id, uuid4()])
        with pytest.raises(BadInput):
            await act(ana, [])
        with pytest.raises(LimitExceeded):
            await act(ana, [uuid4() for _ in range(501)])
    assert await rows() == before


async def test_only_what_is_in_the_trash_is_deleted_and_all_or_none() -> None:
    ana = await a_viewer()
    thrown, kept = await an_image(ana), await an_image(ana)
    await trash.trash_images(ana, [thrown])
    before = await rows()
    with pytest.raises(BadInput) as refused:
        await trash.delete_images(ana, [thrown, kept])
    assert refused.value.details["ids"] == [str(kept)]
    assert await rows() == before
    assert await trash.delete_images(ana, [thrown]) == trash.Deleted([thrown], [])
    assert [await exists(thrown), await exists(kept)] == [False, True]


async def test_a_repeat_has_the_stored_answer_and_does_nothing() -> None:
    ana, call, other = await a_viewer(), uuid4(), uuid4()
    image_id = await an_image(ana)
    thrown = await trash.trash_images(ana, [image_id], mutation_id=call)
    await trash.restore_images(ana, [image_id])
    assert await trash.trash_images(ana, [image_id], mutation_id=call) == thrown
    assert (await names(ana))[1] == []
    with pytest.raises(MutationIdConflict):
        await trash.delete_images(ana, [image_id], mutation_id=call)
    await trash.trash_images(ana, [image_id])
    deleted = await trash.delete_images(ana, [image_id], mutation_id=other)
    assert await trash.delete_images(ana, [image_id], mutation_id=other) == deleted


async def test_what_boards_need_stays_in_the_trash_until_they_do_not() -> None:
    ana = await a_viewer()
    shown, gone, replaced, cover, free = [await an_image(ana, name=f"{n}.jpg") for n in range(5)]
    board = await a_board(ana)
    ids = [uuid4() for _ in range(4)]
    await adding.add_items(
        ana,
        board.id,
        [NewItem(id=i, image_id=image) for i, image in zip(ids, (shown, gone, replaced, cover), strict=True)],
    )
    await boards.edit_board(ana, board.id, cover_id=cover)
    await boards.edit_board(ana, board.id, cover_id=shown)
    await items.remove_items(ana, board.id, [ids[1]])
    await contents.replace_images(ana, board.id, [Replacement(ids[2], shown)])
    await items.remove_items(ana, board.id, [ids[3]])
    everything = [shown, gone, replaced, cover, free]
    await trash.trash_images(ana, everything)
    assert await trash.needed_images(everything) == [True, True, True, True, False]
    assert await trash.old_in_trash(30, now=LATER) == 1
    deleted = await trash.delete_images(ana, everything)
    assert (deleted.ids, {image.id for image in deleted.kept}) == ([free], {shown, gone, replaced, cover})
    assert await trash.empty_old(30, now=LATER) == 0

    # All of the past can be had back with its pictures.
    await reverting.revert_board(ana, board.id, to=3)
    await history.undo(ana, board.id)
    await compaction.compact(7, now=datetime.now(UTC) + timedelta(days=8))
    assert await trash.empty_old(30, now=LATER) == 3
    assert [await exists(image_id) for image_id in everything] == [True, False, False, False, False]
    await boards.trash_boards(ana, [board.id])
    assert await trash.empty_old(30, now=LATER) == 0
    await boards.delete_boards(ana, [board.id])
    assert await trash.empty_old(30, now=LATER) == 1


async def test_a_cover_of_before_is_needed_even_when_no_item_shows_it_any_more() -> None:
    ana = await a_viewer()
    first, second = await an_image(ana), await an_image(ana)
    board, item, other = await a_board(ana), uuid4(), uuid4()
    await adding.add_items(
        ana, board.id, [NewItem(id=item, image_id=first), NewItem(id=other, image_id=second)]
    )
    await boards.edit_board(ana, board.id, cover_id=first)
    await items.remove_items(ana, board.id, [item])
    await compaction.compact(7, now=datetime.now(UTC) + timedelta(days=8))
    assert await fetchval("SELECT count(*) FROM item WHERE image_id = $1", first) == 0
    await boards.edit_board(ana, board.id, cover_id=second)
    await trash.trash_images(ana, [first])
    assert (await trash.delete_images(ana, [first])).ids == []
    await reverting.revert_board(ana, board.id, to=4)
    assert await boards.covers_of(ana, [board.id]) == [first]
    copy = await boards.duplicate_board(ana, board.id)
    assert copy.cover_id is None, "a copy has no cover that does not lie on it"


async def test_only_what_was_long_enough_in_the_trash_goes_by_itself() -> None:
    ana = await a_viewer()
    old, young, kept = [await an_image(ana) for _ in range(3)]
    await trash.trash_images(ana, [old, young])
    await execute("UPDATE image SET trashed_at = now() - interval '31 days' WHERE id = $1", old)
    assert await trash.empty_old(0) == 0
    assert await trash.empty_old(30) == 1
    assert [await exists(image_id) for image_id in (old, young, kept)] == [False, True, True]
    assert await fetchval("SELECT count(*) FROM leftover") == 1


async def test_every_table_that_names_a_picture_is_asked_before_one_is_deleted() -> None:
    """A new reference belongs into `trash.NEEDED`, or is removed with the picture as its renditions are."""
    rows = await fetch(
        "SELECT conrelid::regclass::text || '.' || attname AS place FROM pg_constraint "
        "JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] "
        "WHERE contype = 'f' AND confrelid = 'image'::regclass"
    )
    assert {row["place"] for row in rows} == {
        "board.cover_id",
        "former_image.image",
        "item.image_id",
        "rendition.image",
        "pyramid.image",
        "animation.image",
        "twin.image",
        "twin.other",
    }


async def test_what_comes_again_is_taken_out_of_the_trash(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    open_storage(settings)
    ana, ben, content = await a_viewer(), await a_viewer("ben"), pictures.photo()
    first = await add(ana, content, settings)
    await trash.trash_images(ana, [first.image.id])
    again = await add(ana, content, settings)
    assert (again.image.id, again.deduplicated, again.image.trashed_at) == (first.image.id, True, None)
    assert (await names(ana))[1] == []

    # Somebody else's trash is no place to find one's picture in.
    await place(ana, first.image.id, ben)
    assert (await add(ben, content, settings)).image.id == first.image.id
    await trash.trash_images(ana, [first.image.id])
    own = await add(ben, content, settings)
    assert (own.image.owner_id, own.deduplicated) == (ben.account_id, False)
    assert (await names(ana))[1] == ["picture.jpg"]

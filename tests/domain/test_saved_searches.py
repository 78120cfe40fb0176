"""Saved searches: one's own and nobody else's, in one's own order, always with today's answer."""

import asyncio
from uuid import uuid4

import pytest

from domain import findings, saved_searches
from domain.access import Scope, Viewer
from domain.database import execute, fetch
from domain.errors import AlreadyExists, BadInput, Forbidden, LimitExceeded, MutationIdConflict, NotFound
from domain.findings import ImageFilter, ImageSort, Span
from tests.factories import a_viewer, an_image

pytestmark = pytest.mark.usefixtures("database")

WARM = ImageFilter(tags=["warm"], width=Span(least=300))


async def rows() -> list[str]:
    found = await fetch("SELECT to_jsonb(saved_search)::text AS line FROM saved_search ORDER BY id")
    return [row["line"] for row in found]


async def names(viewer: Viewer) -> list[str]:
    return [saved.name for saved in await saved_searches.saved_searches_of(viewer)]


async def test_a_saved_search_finds_what_is_there_today() -> None:
    ana = await a_viewer()
    saved = await saved_searches.save_search(ana, name=" Warm ", filter=WARM, sort=ImageSort.NAME)
    assert (saved.name, saved.filter, saved.sort) == ("Warm", WARM, ImageSort.NAME)
    assert await saved_searches.saved_searches_of(ana) == [saved]
    assert (await findings.find_images(ana, saved.filter)).nodes == []
    image_id = await an_image(ana)
    await execute("UPDATE image SET tags = '{warm}' WHERE id = $1", image_id)
    assert [image.id for image in (await findings.find_images(ana, saved.filter)).nodes] == [image_id]


async def test_the_order_is_ones_own_and_new_ones_come_last() -> None:
    ana = await a_viewer()
    saved = [await saved_searches.save_search(ana, name=name, filter=WARM) for name in "abcd"]
    await saved_searches.order_saved_searches(ana, [saved[3].id, saved[1].id])
    assert await names(ana) == ["d", "b", "a", "c"]
    await saved_searches.save_search(ana, name="e", filter=WARM)
    assert await names(ana) == ["d", "b", "a", "c", "e"]
    assert await saved_searches.delete_saved_searches(ana, [saved[1].id]) == [saved[1].id]
    assert await names(ana) == ["d", "a", "c", "e"]


async def test_what_is_not_given_stays() -> None:
    ana = await a_viewer()
    saved = await saved_searches.save_search(ana, name="Warm", filter=WARM)
    renamed = await saved_searches.edit_saved_search(ana, saved.id, name="Warmer")
    assert (renamed.name, renamed.filter, renamed.sort) == ("Warmer", WARM, saved.sort)
    wider = ImageFilter(tags=["warm"])
    assert (await saved_searches.edit_saved_search(ana, saved.id, filter=wider)).filter == wider


async def test_what_could_not_be_asked_is_not_saved() -> None:
    ana = await a_viewer()
    saved = await saved_searches.save_search(ana, name="Warm", filter=WARM)
    before = await rows()
    for name, wanted, sort in (
        ("", WARM, ImageSort.NEWEST),
        ("x" * 81, WARM, ImageSort.NEWEST),
        ("x", ImageFilter(colours=["red"]), ImageSort.NEWEST),
        ("x", WARM, ImageSort.COLOUR),
    ):
        with pytest.raises(BadInput):
            await saved_searches.save_search(ana, name=name, filter=wanted, sort=sort)
        with pytest.raises(BadInput):
            await saved_searches.edit_saved_search(ana, saved.id, name=name, filter=wanted, sort=sort)
    with pytest.raises(BadInput):
        await saved_searches.edit_saved_search(ana, saved.id)
    with pytest.raises(AlreadyExists):
        await saved_searches.save_search(ana, id=saved.id, name="Other", filter=WARM)
    assert await rows() == before


async def test_nobody_else_sees_or_changes_it() -> None:
    ana, ben = await a_viewer(), await a_viewer("ben")
    reader = Viewer(ana.account_id, ana.name, scope=Scope.READ)
    saved = await saved_searches.save_search(ana, name="Warm", filter=WARM)
    before = await rows()
    assert await saved_searches.saved_searches_of(ben) == []
    assert await saved_searches.saved_searches_by_ids(ben, [saved.id]) == [None]
    for viewer, refusal in ((ben, NotFound), (reader, Forbidden)):
        with pytest.raises(refusal):
            await saved_searches.edit_saved_search(viewer, saved.id, name="x")
        with pytest.raises(refusal):
            await saved_searches.order_saved_searches(viewer, [saved.id])
        with pytest.raises(refusal):
            await saved_searches.delete_saved_searches(viewer, [saved.id, uuid4()])
    with pytest.raises(Forbidden):
        await saved_searches.save_search(reader, name="x", filter=WARM)
    assert await rows() == before


async def test_there_are_never_more_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await a_viewer()
    monkeypatch.setattr(saved_searches, "MOST_SAVED", 3)
    outcomes = await asyncio.gather(
        *(saved_searches.save_search(ana, name=f"{n}", filter=WARM) for n in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, LimitExceeded) for outcome in outcomes) == 3
    assert len(await names(ana)) == 3


async def test_a_repeat_has_the_stored_answer() -> None:
    ana, call = await a_viewer(), uuid4()
    saved = await saved_searches.save_search(ana, name="Warm", filter=WARM, mutation_id=call)
    assert await saved_searches.save_search(ana, name="Warm", filter=WARM, mutation_id=call) == saved
    assert await names(ana) == ["Warm"]
    with pytest.raises(MutationIdConflict):
        await saved_searches.save_search(ana, name="Cold", filter=WARM, mutation_id=call)

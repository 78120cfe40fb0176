"""Looking: what somebody sees comes first, and nobody hurries what they may not see."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain import images, job_commands, jobs, looking, renditions
from domain.access import Scope
from domain.database import execute, fetchrow, fetchval, transaction
from domain.errors import BadInput, Forbidden, NotFound
from domain.images import ImageState
from domain.jobs import JobState
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer, an_image
from tests.library import add, place

pytestmark = pytest.mark.usefixtures("database")


async def waiting() -> list[UUID]:
    return [job.subject for job in await jobs.due(10)]


async def a_waiting_image(owner: object, **size: int) -> UUID:
    image_id = await an_image(owner, state="WAITING", **size)  # type: ignore[arg-type]
    async with transaction() as connection:
        await renditions.enqueue(connection, image_id)
    return image_id


async def test_what_is_looked_at_comes_before_what_came_first() -> None:
    ana = await a_viewer()
    first, second, third = [await a_waiting_image(ana) for _ in range(3)]
    assert await waiting() == [first, second, third]
    assert await looking.look_at_images(ana, [third]) == 1
    assert await waiting() == [third, first, second]
    assert await looking.look_at_images(ana, [second, third]) == 2
    assert set((await waiting())[:2]) == {second, third}


async def test_a_member_of_the_board_hurries_its_pictures_and_a_stranger_none() -> None:
    ana, ben, eve = await a_viewer(), await a_viewer(), await a_viewer()
    first, second = await a_waiting_image(ana), await a_waiting_image(ana)
    await place(ana, second, ben)
    assert await looking.look_at_images(eve, [second]) == 0
    assert await waiting() == [first, second]
    assert await fetchval("SELECT count(*) FROM job WHERE looked_at IS NOT NULL OR priority > 0") == 0
    assert await looking.look_at_images(ben, [first, second, uuid4()]) == 1
    assert await waiting() == [second, first]


async def test_looking_is_refused_where_it_means_nothing() -> None:
    ana = await a_viewer()
    image_id = await a_waiting_image(ana)
    with pytest.raises(BadInput):
        await looking.look_at_images(ana, [])
    with pytest.raises(Forbidden):
        await looking.look_at_images(replace(ana, scope=Scope.READ), [image_id])
    assert await fetchval("SELECT looked_at IS NULL FROM job")


async def test_asking_for_a_size_that_is_not_there_yet_hurries_it(tmp_path: Path) -> None:
    ana, settings = await a_viewer(), Settings(data=tmp_path)
    added = await add(ana, pictures.photo(2000, 1500), settings)
    with pytest.raises(NotFound):
        await renditions.file(ana, added.image.id, 1600)
    row = await fetchrow("SELECT * FROM job")
    assert row is not None
    assert (row["priority"], row["looked_at"] is not None) == (jobs.LOOKED_AT, True)


async def test_a_large_picture_waits_in_a_queue_of_its_own() -> None:
    ana = await a_viewer()
    await a_waiting_image(ana, width=6000, height=5000)
    await a_waiting_image(ana, width=10_000, height=10_000)
    assert [job.queue for job in await jobs.due(10)] == [jobs.PICTURES, jobs.LARGE]


async def test_a_cancelled_picture_says_so_and_can_be_tried_again(tmp_path: Path) -> None:
    owner, settings = await a_viewer(is_owner=True), Settings(data=tmp_path)
    added = await add(owner, pictures.photo(2000, 1500), settings)
    (job,) = await jobs.due(10)
    await job_commands.cancel_jobs(owner, [job.id])
    (image,) = await images.images_by_ids(owner, [added.image.id])
    assert image is not None
    assert (image.state, image.failure) == (ImageState.FAILED, jobs.CANCELLED)
    (again,) = await images.retry_images(owner, [added.image.id])
    assert (again.state, again.failure) == (ImageState.WAITING, None)
    (job,) = await jobs.due(10)
    assert await jobs.run(job.id, renditions.make_renditions)
    assert await fetchval("SELECT state FROM image") == "READY"


async def test_a_picture_cancelled_in_the_middle_never_says_that_it_is_being_made(tmp_path: Path) -> None:
    owner, settings = await a_viewer(is_owner=True), Settings(data=tmp_path)
    await add(owner, pictures.photo(2000, 1500), settings)
    (job,) = await jobs.due(10)

    async def late(run: jobs.Run) -> None:
        await job_commands.cancel_jobs(owner, [job.id])
        await renditions.make_renditions(run)

    assert not await jobs.run(job.id, late)
    assert await fetchval("SELECT state FROM image") == "FAILED"
    assert await fetchval("SELECT state FROM job") == JobState.CANCELLED
    await execute("UPDATE job SET due_at = now()")
    assert await jobs.due(10) == []

"""Labelling: many pictures at once, all of them or none, and a preview that says what will be."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domain import findings, labelling
from domain.access import Scope, Viewer
from domain.database import execute, fetch
from domain.errors import BadInput, Forbidden, LimitExceeded, MutationIdConflict, NotFound
from domain.images import Image
from domain.pagination import Page
from tests.factories import a_viewer, an_image
from tests.library import place

pytestmark = pytest.mark.usefixtures("database")


async def rows() -> list[str]:
    return [row["line"] for row in await fetch("SELECT to_jsonb(image)::text AS line FROM image ORDER BY id")]


async def found(viewer: Viewer, tag: str) -> Page[Image]:
    return await findings.find_images(viewer, findings.ImageFilter(tags=[tag]))


async def test_tags_are_added_behind_and_taken_off_everywhere() -> None:
    ana = await a_viewer()
    one, two = sorted([await an_image(ana), await an_image(ana)])
    await execute("UPDATE image SET tags = '{warm,dune,sky}' WHERE id = $1", one)
    tagged = await labelling.tag_images(
        ana, [two, one, two], add=["night", "dune", "night "], remove=["warm"]
    )
    assert [(image.id, image.tags) for image in tagged] == [
        (one, ["dune", "sky", "night"]),
        (two, ["night", "dune"]),
    ]
    assert [image.name for image in (await found(ana, "night")).nodes] == ["picture.jpg"] * 2


async def test_one_picture_with_too_many_tags_leaves_all_as_they_were() -> None:
    ana = await a_viewer()
    one, full = await an_image(ana), await an_image(ana)
    await execute("UPDATE image SET tags = $2 WHERE id = $1", full, [f"tag {n}" for n in range(50)])
    before = await rows()
    with pytest.raises(BadInput) as refused:
        await labelling.tag_images(ana, [one, full], add=["night"])
    assert refused.value.details["ids"] == [str(full)]
    assert await rows() == before
    await labelling.tag_images(ana, [one, full], add=["night"], remove=["tag 7"])


async def test_what_cannot_be_meant_is_refused() -> None:
    ana = await a_viewer()
    image_id = await an_image(ana)
    before = await rows()
    with pytest.raises(BadInput):
        await labelling.tag_images(ana, [image_id])
    with pytest.raises(BadInput):
        await labelling.tag_images(ana, [image_id], add=["a", "b"], remove=["b"])
    with pytest.raises(BadInput):
        await labelling.tag_images(ana, [image_id], add=["x" * 65])
    with pytest.raises(LimitExceeded):
        await labelling.tag_images(ana, [uuid4() for _ in range(501)], add=["a"])
    with pytest.raises(BadInput):
        await labelling.rename_images(ana, [image_id, image_id], "{n}")
    assert await rows() == before


async def test_only_the_owner_labels() -> None:
    ana, ben, stranger = await a_viewer(), await a_viewer("ben"), await a_viewer()
    image_id = await an_image(ana)
    await place(ana, image_id, ben)
    reader = Viewer(ana.account_id, ana.name, scope=Scope.READ)
    before = await rows()
    for viewer, refusal in ((ben, Forbidden), (stranger, NotFound), (reader, Forbidden)):
        with pytest.raises(refusal):
            await labelling.tag_images(viewer, [image_id], add=["a"])
        with pytest.raises(refusal):
            await labelling.rename_images(viewer, [image_id], "{n}")
    assert await rows() == before
    assert await labelling.preview_names(ben, [image_id], "{n}") == ["1.jpg"]
    with pytest.raises(NotFound):
        await labelling.preview_names(stranger, [image_id], "{n}")


async def test_the_preview_is_what_the_renaming_does() -> None:
    ana = await a_viewer()
    made = [
        await an_image(ana, name=name, created_at=datetime(2026, 3, 4, tzinfo=UTC))
        for name in ("Holiday.JPG", "v1.2", "sky.tar.png")
    ]
    pattern = "shot-{n:03}-{name} {date} {width}x{height} {{{format}}}{title}"
    said = await labelling.preview_names(ana, made, pattern, start=9)
    assert said == [
        "shot-009-Holiday 2026-03-04 400x300 {jpeg}.JPG",
        "shot-010-v1.2 2026-03-04 400x300 {jpeg}",
        "shot-011-sky.tar 2026-03-04 400x300 {jpeg}.png",
    ]
    renamed = await labelling.rename_images(ana, made, pattern, start=9)
    assert [(image.id, image.name) for image in renamed] == list(zip(made, said, strict=True))
    # The order of the ids is the order of counting.
    back = await labelling.rename_images(ana, made[::-1], "{n}")
    assert [(image.id, image.name) for image in back] == [
        (made[2], "1.png"),
        (made[1], "2"),
        (made[0], "3.JPG"),
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "x" * 256,
        "{}",
        "{nn}",
        "{n:x}",
        "{n:0}",
        "{n:010}",
        "{",
        "a}",
        "{name.__class__}",
        "  ",
        "{title}",
    ],
)
async def test_a_pattern_that_says_nothing_is_refused_and_names_stay(pattern: str) -> None:
    ana = await a_viewer()
    made = [await an_image(ana), await an_image(ana)]
    before = await rows()
    for act in (labelling.preview_names, labelling.rename_images):
        with pytest.raises(BadInput) as refused:
            await act(ana, made, pattern)
        assert refused.value.details["field"] == "pattern"
    assert await rows() == before


async def test_a_name_that_would_be_too_long_names_none() -> None:
    ana = await a_viewer()
    short, long = await an_image(ana, name="a.jpg"), await an_image(ana, name="b" * 240 + ".jpg")
    before = await rows()
    with pytest.raises(BadInput):
        await labelling.rename_images(ana, [short, long], "a very long beginning of it {name}")
    assert await rows() == before


async def test_a_repeat_has_the_stored_answer_and_does_nothing() -> None:
    ana, call = await a_viewer(), uuid4()
    image_id = await an_image(ana, name="a.jpg")
    named = await labelling.rename_images(ana, [image_id], "{name}{name}", mutation_id=call)
    assert await labelling.rename_images(ana, [image_id], "{name}{name}", mutation_id=call) == named
    assert [image.name for image in named] == ["aa.jpg"]
    with pytest.raises(MutationIdConflict):
        await labelling.rename_images(ana, [image_id], "{name}", mutation_id=call)
    tagged = await labelling.tag_images(ana, [image_id], add=["a"], mutation_id=uuid4())
    assert [image.tags for image in tagged] == [["a"]]

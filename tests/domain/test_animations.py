"""Animations: the same frames for as long, small, within limits; served to who may see, and collected."""

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image, ImageChops, ImageStat

from domain import (
    access,
    animating,
    animations,
    collecting,
    darkroom,
    doctor,
    jobs,
    pixels,
    recipes,
    storage,
    trash,
)
from domain.database import execute, fetch, fetchrow, fetchval, transaction
from domain.errors import ImageRefused, NotFound, StorageUnavailable
from domain.settings import Settings
from tests import pictures
from tests.factories import a_viewer
from tests.library import add
from tests.working import work

CORPUS = Path(os.environ.get("WEBREF_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
FORMATS = ("GIF", "WEBP", "PNG", "AVIF")


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    configured = Settings(data=tmp_path)
    storage.open_storage(configured)
    yield configured
    recipes.follow(Settings())


def frames_of(content: bytes) -> tuple[list[Image.Image], list[int], int]:
    """Its frames in RGBA, how long each is shown, and how often all are played."""
    shown, durations = [], []
    with Image.open(io.BytesIO(content)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            shown.append(picture.convert("RGBA"))
            durations.append(round(picture.info.get("duration") or 0))
        return shown, durations, int(picture.info.get("loop", 0))


def difference(a: Image.Image, b: Image.Image) -> float:
    """Of what one sees on white, in levels of 255."""
    seen = [
        Image.alpha_composite(Image.new("RGBA", each.size, "white"), each.convert("RGBA")) for each in (a, b)
    ]
    return max(ImageStat.Stat(ImageChops.difference(*seen).convert("RGB")).mean)


async def animate(tmp_path: Path, content: bytes) -> bytes:
    path = tmp_path / "picture"
    path.write_bytes(content)
    said, made = await darkroom.animate(path)
    shown, durations, _ = frames_of(made)
    assert (said.width, said.height) == shown[0].size
    assert (said.frames, said.duration_ms) == (len(shown), sum(durations))
    return made


@pytest.mark.parametrize("format_", FORMATS)
async def test_every_frame_is_shown_for_as_long(format_: str, tmp_path: Path) -> None:
    content = pictures.animated(format_)
    expected, *_ = frames_of(content)
    shown, durations, plays = frames_of(await animate(tmp_path, content))
    assert durations == [80] * 5
    assert plays == 0
    for made, original in zip(shown, expected, strict=True):
        assert difference(made, original) < 3
    assert difference(shown[0], shown[4]) > difference(shown[0], expected[0]), "it moves"


@pytest.mark.skipif(not (CORPUS / "good").is_dir(), reason=f"no picture corpus in {CORPUS}")
@pytest.mark.parametrize("name", ["anim.gif", "anim.webp", "anim.png", "anim.avif"])
async def test_the_animations_of_the_corpus(name: str, tmp_path: Path) -> None:
    content = (CORPUS / "good" / name).read_bytes()
    expected, lasting, _ = frames_of(content)
    shown, durations, _ = frames_of(await animate(tmp_path, content))
    assert durations == lasting
    for number in (0, len(shown) // 2, -1):
        assert difference(shown[number], expected[number]) < 3


@pytest.mark.skipif(not (CORPUS / "hostile").is_dir(), reason=f"no picture corpus in {CORPUS}")
async def test_too_many_frames_are_refused_and_a_cut_one_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    with pytest.raises(ImageRefused) as refused:
        await animate(tmp_path, (CORPUS / "hostile" / "gif-20k-frames.gif").read_bytes())
    assert refused.value.details["reason"] == "TOO_MANY_FRAMES"
    shown, *_ = frames_of(await animate(tmp_path, (CORPUS / "hostile" / "truncated-half.gif").read_bytes()))
    assert len(shown) == 6


async def test_times_are_those_of_browsers(tmp_path: Path) -> None:
    steps = [Image.new("RGB", (40, 40), (n * 40, 0, 255 - n * 40)) for n in range(6)]
    options = {"save_all": True, "append_images": steps[1:], "duration": [0, 10, 20, 30, 500, 1000]}
    shown, durations, plays = frames_of(await animate(tmp_path, pictures.saved(steps[0], "GIF", **options)))
    assert len(shown) == 6
    assert durations == [100, 100, 20, 30, 500, 1000]
    assert plays == 1, "a GIF that says nothing is played once"
    _, _, plays = frames_of(await animate(tmp_path, pictures.saved(steps[0], "GIF", **options, loop=2)))
    assert plays == 3, "a GIF says how often it is played again"
    _, _, plays = frames_of(await animate(tmp_path, pictures.saved(steps[0], "PNG", **options, loop=2)))
    assert plays == 2


@pytest.mark.parametrize("disposal", [1, 2, 3])
async def test_frames_that_are_parts_are_put_together(disposal: int, tmp_path: Path) -> None:
    steps = []
    for n in range(4):
        step = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
        step.paste((255, 0, 0, 255), (n * 15, 0, n * 15 + 10, 60))
        steps.append(step)
    content = pictures.saved(
        steps[0], "GIF", save_all=True, append_images=steps[1:], duration=50, disposal=disposal, loop=0
    )
    expected, *_ = frames_of(content)
    shown, durations, _ = frames_of(await animate(tmp_path, content))
    assert durations == [50] * 4
    for made, original in zip(shown, expected, strict=True):
        assert difference(made, original) < 2
        assert made.getchannel("A").getextrema() == original.getchannel("A").getextrema()


async def test_the_still_picture_of_an_apng_is_no_frame(tmp_path: Path) -> None:
    still, *steps = (Image.new("RGB", (30, 30), colour) for colour in ("black", "red", "lime", "blue"))
    content = pictures.saved(
        still, "PNG", save_all=True, append_images=steps, default_image=True, duration=70, loop=0
    )
    shown, durations, _ = frames_of(await animate(tmp_path, content))
    assert durations == [70] * 3
    assert [frame.getpixel((5, 5)) for frame in shown] == [
        *((255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255))
    ]


async def test_large_ones_are_made_small_and_never_small_ones_large(tmp_path: Path) -> None:
    steps = [Image.radial_gradient("L").resize((1200, 600)).rotate(n * 30) for n in range(3)]
    content = pictures.saved(steps[0], "WEBP", save_all=True, append_images=steps[1:], duration=90)
    shown, durations, _ = frames_of(await animate(tmp_path, content))
    assert [frame.size for frame in shown] == [(800, 400)] * 3
    assert durations == [90] * 3
    for made, original in zip(shown, steps, strict=True):
        assert difference(made, original.convert("RGBA").resize((800, 400))) < 3


def test_what_is_too_much_becomes_smaller_then_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [Image.effect_noise((900, 450), 90).rotate(n) for n in range(10)]
    content = pictures.saved(steps[0], "WEBP", save_all=True, append_images=steps[1:], duration=60)

    def made() -> animating.Animated:
        with Image.open(io.BytesIO(content)) as picture:
            return animating.animated(picture, 10, 1, 80)

    monkeypatch.setattr(animating, "MOST_PIXELS", 800 * 400 * 10 - 1)
    small = made()
    assert (small.size, small.frames, small.duration_ms) == ((320, 160), 10, 600)
    most = len(small.content) // 2
    monkeypatch.setattr(animating, "MOST_BYTES", most)
    few = made()
    assert few.size == (320, 160)
    assert 2 <= few.frames <= 5
    assert few.duration_ms == 600
    assert len(few.content) <= most
    assert sum(frames_of(few.content)[1]) == 600
    monkeypatch.setattr(animating, "MOST_BYTES", 100)
    with pytest.raises(pixels.Refused, match="too much to play"):
        made()
    monkeypatch.setattr(animating, "MOST_READ_PIXELS", 900 * 450 * 10 - 1)
    monkeypatch.setattr(animating, "_encoded", None)
    with pytest.raises(pixels.Refused, match="too many to play"):
        made()


def test_frames_are_left_out_evenly() -> None:
    for count, most in ((10, 10), (10, 3), (1000, 7), (5, 9)):
        groups = animating.thinned(range(count), most)
        assert [n for group in groups for n in group] == list(range(count))
        assert len(groups) == min(count, most)
        assert max(map(len, groups)) - min(map(len, groups)) <= 1


async def stored(viewer: access.Viewer, image_id: UUID) -> bytes:
    file = await animations.file(viewer, image_id)
    assert (file.mime, file.lasting) == ("image/webp", True)
    return b"".join([piece async for piece in storage.read(file.key, 0, file.size_bytes)])


@pytest.mark.usefixtures("database")
async def test_a_job_makes_it_for_who_may_see_the_picture(settings: Settings) -> None:
    ana, eve = await a_viewer(), await a_viewer()
    image_id = (await add(ana, pictures.animated("GIF"), settings, name="cat.gif")).image.id
    waiting = await fetch("SELECT kind, queue FROM job ORDER BY priority DESC")
    assert [tuple(row) for row in waiting] == [("renditions", "pictures"), ("animation", "large")]
    with pytest.raises(NotFound, match="still being made"):
        await animations.file(ana, image_id)
    await work()
    content = await stored(ana, image_id)
    row = await fetchrow("SELECT * FROM animation")
    assert row is not None
    said = [row[name] for name in ("width", "height", "frames", "duration_ms", "size_bytes")]
    assert said == [pictures.WIDTH, pictures.HEIGHT, 5, 400, len(content)]
    assert await fetchval("SELECT animation FROM image") == said
    assert (await animations.file(ana, image_id)).filename == "cat-animation.webp"
    with pytest.raises(NotFound):
        await animations.file(eve, image_id)
    assert await fetchval("SELECT count(*) FROM job WHERE state <> 'DONE'") == 0


@pytest.mark.usefixtures("database")
async def test_what_does_not_move_has_none(settings: Settings) -> None:
    ana = await a_viewer()
    pages = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    tiff = pictures.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    for content in (pictures.photo(200, 100), tiff):
        image_id = (await add(ana, content, settings)).image.id
        await work()
        with pytest.raises(NotFound):
            await animations.file(ana, image_id)
    assert await animations.enqueue_missing() == 0
    assert await fetchval("SELECT count(*) FROM animation") == 0
    assert await fetchval("SELECT count(*) FROM job WHERE kind = 'animation'") == 0


@pytest.mark.usefixtures("database")
async def test_earlier_pictures_other_settings_and_lost_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await a_viewer(), await a_viewer()
    content = pictures.animated("WEBP")
    image_id = (await add(ana, content, settings)).image.id
    await execute("DELETE FROM job")
    assert (await animations.enqueue_missing(), await animations.enqueue_missing()) == (1, 0)
    await work()
    with monkeypatch.context() as patch:
        patch.setattr(darkroom, "animate", None)  # the same bytes are not animated twice
        his = (await add(ben, content, settings)).image.id
        await work()
    before = await stored(ana, image_id)
    assert await stored(ben, his) == before
    former = settings.blobs / (await animations.file(ana, image_id)).key
    former.unlink()
    with pytest.raises(StorageUnavailable, match="again"):
        await animations.file(ana, image_id)
    assert await fetchval("SELECT priority FROM job WHERE state = 'QUEUED'") == jobs.LOOKED_AT
    await work()
    assert await stored(ana, image_id) == before
    await execute("DELETE FROM job")
    recipes.follow(Settings(webp_quality=30))
    assert await animations.enqueue_missing() == 2
    assert await stored(ana, image_id) == before
    await work()
    assert "-q30/" in (await animations.file(ana, image_id)).key
    assert not former.exists()


@pytest.mark.usefixtures("database")
async def test_what_cannot_be_animated_stays_a_still_picture(settings: Settings) -> None:
    ana = await a_viewer()
    image = (await add(ana, pictures.animated("GIF"), settings)).image
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(animations, "moves", lambda *_: True)
        (settings.blobs / f"originals/{storage.sharded(image.digest)}").write_bytes(b"GIF89a no more")
        await work()
    row = await fetchrow("SELECT state, attempts FROM job WHERE kind = 'animation'")
    assert row is not None
    assert tuple(row) == ("DEAD", 1)
    assert await fetchval("SELECT count(*) FROM animation") == 0
    assert await animations.enqueue_missing() == 0


@pytest.mark.usefixtures("database")
async def test_it_goes_with_its_picture_and_the_doctor_knows_it(settings: Settings) -> None:
    ana = await a_viewer()
    image = (await add(ana, pictures.animated("GIF"), settings)).image
    await work()
    path = settings.blobs / (await animations.file(ana, image.id)).key
    async with transaction() as connection:
        for finding in (
            await doctor.made_renditions(connection, deep=True),
            await doctor.gathered_renditions(connection),
            await doctor.unfinished_jobs(connection),
            await doctor.strays(connection),
        ):
            assert finding.verdict is doctor.Verdict.WELL, finding
    content = path.read_bytes()
    for wrong in (None, content[:-1] + b"x", content[:-1]):
        path.unlink(missing_ok=True)
        if wrong is not None:
            path.write_bytes(wrong)
        async with transaction() as connection:
            found = await doctor.made_renditions(connection, deep=True)
        assert found.verdict is doctor.Verdict.NOTE, "the doctor looks at animations, too"
        assert found.words.startswith("1 of ")
    path.write_bytes(content)
    assert await collecting.collect(settings, strays=True) == collecting.Collected()
    assert path.exists()
    await trash.trash_images(ana, [image.id])
    await trash.delete_images(ana, [image.id])
    await collecting.collect(settings)
    await collecting.collect(settings, now=datetime.now(UTC) + timedelta(days=2))
    assert not path.exists()
    assert await fetchval("SELECT count(*) FROM animation") == 0

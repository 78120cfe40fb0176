"""Raw files as cameras lay them out: the largest preview, upright, whatever else there is inside."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from domain import darkroom
from domain.errors import ImageRefused
from tests import cameras, pictures


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("name", cameras.CAMERAS)
async def test_the_largest_preview_is_shown_upright(
    name: str, orientation: int, order: str, tmp_path: Path
) -> None:
    path = tmp_path / "camera"
    path.write_bytes(cameras.CAMERAS[name](orientation, order))
    inspection = await darkroom.inspect(path)
    assert (inspection.format, inspection.width, inspection.height) == (name, *cameras.PREVIEW)
    assert pictures.corners(Image.open(io.BytesIO(inspection.first.content))) == pictures.UPRIGHT
    assert inspection.camera
    assert inspection.taken_at is not None
    assert inspection.taken_at.year == 2026


@pytest.mark.parametrize("name", cameras.CAMERAS)
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
async def test_a_card_that_was_pulled_out_too_early_costs_nothing_but_that_file(
    name: str, share: float, tmp_path: Path
) -> None:
    whole = cameras.CAMERAS[name](6, "<")
    path = tmp_path / "camera"
    path.write_bytes(whole[: int(len(whole) * share)])
    seen: object
    try:
        seen = (await darkroom.inspect(path)).width
    except ImageRefused as refused:
        seen = refused.details["reason"]
    assert seen in ("NO_PREVIEW", "CORRUPT", "NOT_AN_IMAGE", *cameras.PREVIEW, cameras.THUMBNAIL[0])

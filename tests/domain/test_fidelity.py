"""Fidelity: what the decoder makes of a file is what independent readers of it see (SSIM), format by format.

The references are made by libvips and by ffmpeg; for what these do not read, from another file that shows the
same. Files: those of the picture corpus, where it is.
"""

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from domain import darkroom
from tests import sources

Levels = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("WEBREF_CORPUS") or ROOT.parent / "shared" / "corpus")
GOOD = sorted((CORPUS / "good").iterdir()) if (CORPUS / "good").is_dir() else []
MISSING = pytest.mark.skipif(
    not GOOD, reason=f"no picture corpus in {CORPUS}; WEBREF_CORPUS names another folder"
)
BACKDROP = 127
"""Grey under what is transparent: neither black nor white hides a halo."""

LEAST = 0.96
WINDOW = 8
OF_THE_SAME_PHOTO = {
    "photo.heic": "photo-12mp.jpg",  # neither libvips nor ffmpeg reads HEIC here
    "rotated.heic": "orient-1.jpg",
    "cmyk.tif": "jpeg-in.tif",  # without a profile everybody guesses; the file was made without one
}
"""What others read otherwise or not at all: these show what another file shows."""

LOWER = {"photo.heic": 0.9, "rotated.heic": 0.9, "tall-strip.png": 0.94, "cmyk.tif": 0.9}
BY_FFMPEG = (".jxl", ".jp2", ".bmp", ".avif")


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


def ssim(first: Levels, second: Levels) -> float:
    """Mean structural similarity of what is light and dark (Wang et al. 2004), over windows of 8 × 8."""
    a, b = (_windows(each @ (0.299, 0.587, 0.114)) for each in (first, second))
    mean_a, mean_b = a.mean(1), b.mean(1)
    covariance = (a * b).mean(1) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 6.5025) / (mean_a**2 + mean_b**2 + 6.5025)
    rest = (2 * covariance + 58.5225) / (a.var(1) + b.var(1) + 58.5225)
    return float((light * rest).mean())


def colours_apart(first: Levels, second: Levels) -> float:
    """How far the colours of 8 × 8 pixels are from each other: 95 in 100 less than this, in levels of 255."""
    means = [
        np.stack([_windows(each[..., channel]).mean(1) for channel in range(3)]) for each in (first, second)
    ]
    return float(np.percentile(np.abs(means[0] - means[1]).max(0), 95))


def _windows(levels: Levels) -> Levels:
    height, width = (max(WINDOW, side // WINDOW * WINDOW) for side in levels.shape)
    padded = np.pad(levels, ((0, WINDOW), (0, WINDOW)), mode="edge")[:height, :width]
    blocks = padded.reshape(height // WINDOW, WINDOW, width // WINDOW, WINDOW).swapaxes(1, 2)
    return np.asarray(blocks.reshape(-1, WINDOW * WINDOW))


async def ours(path: Path) -> Image.Image:
    """The largest rendition, over grey."""
    renditions = [rendition async for rendition in darkroom.develop(path)]
    picture = Image.open(io.BytesIO(renditions[-1].content)).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, (BACKDROP,) * 3 + (255,)), picture).convert(
        "RGB"
    )


def seen_by_vips(path: Path, size: tuple[int, int]) -> Levels:
    """Upright, sRGB, over the same grey, by libvips."""
    if path.name.startswith("icc-cmyk"):  # as browsers print it on a screen: black stays black
        wide = pyvips.Image.new_from_file(str(path)).icc_transform(
            "srgb", embedded=True, intent="relative", black_point_compensation=True
        )
        return np.asarray(wide.thumbnail_image(size[0], height=size[1], size="force").numpy(), np.float64)
    picture = pyvips.Image.thumbnail(
        str(path), size[0], height=size[1], size="force", export_profile="srgb", intent="relative"
    )
    if picture.bands in (1, 2):
        picture = picture.colourspace("srgb")
    if picture.hasalpha():
        picture = picture.flatten(background=[BACKDROP] * 3)
    if picture.format != "uchar":
        picture = picture.cast("uchar")
    return np.asarray(picture.numpy()[..., :3], dtype=np.float64)


def seen_by_ffmpeg(path: Path, size: tuple[int, int]) -> Levels:
    scale = f"scale={size[0]}:{size[1]}:flags=lanczos+accurate_rnd+full_chroma_int"
    raw = ("-frames:v", "1", "-vf", scale, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    asked = ["ffmpeg", "-v", "error", "-i", str(path), *raw]
    printed = subprocess.run(asked, check=True, capture_output=True).stdout
    return np.frombuffer(printed, np.uint8).reshape(size[1], size[0], 3).astype(np.float64)


def levels(picture: Image.Image) -> Levels:
    return np.asarray(picture.convert("RGB"), dtype=np.float64)


async def reference(path: Path, size: tuple[int, int]) -> Levels:
    if path.name in OF_THE_SAME_PHOTO:
        return seen_by_vips(CORPUS / "good" / OF_THE_SAME_PHOTO[path.name], size)
    if path.suffix.lower() in BY_FFMPEG:
        if not sources.has_ffmpeg() and not os.environ.get("CI"):
            pytest.skip("no ffmpeg here to compare with")
        return seen_by_ffmpeg(path, size)
    return seen_by_vips(path, size)


@MISSING
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
async def test_a_good_file_looks_as_others_see_it(path: Path) -> None:
    picture = await ours(path)
    seen = levels(picture)
    wanted = await reference(path, picture.size)
    assert seen.shape == wanted.shape
    assert ssim(seen, wanted) >= LOWER.get(path.name, LEAST)
    assert colours_apart(seen, wanted) < 6

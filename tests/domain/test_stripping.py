"""Stripping: nothing is said but the picture, and not one pixel is another."""

import contextlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from domain import stripping
from tests import pictures


def shown(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def wide_jpeg(orientation: int = 6, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Acme"
    exif.get_ifd(0x8825)[1] = "N"
    return pictures.saved(
        pictures.quadrants(),
        "JPEG",
        exif=exif.tobytes(),
        icc_profile=pictures.profile(pictures.P3_XYZ),
        comment=b"at home",
        xmp=b"<x:xmpmeta>secret</x:xmpmeta>",
        **options,
    )


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 100}])
def test_a_jpeg_keeps_pixels_profile_and_which_way_is_up(options: dict[str, Any]) -> None:
    before = wide_jpeg(**options)
    after = stripping.jpeg(before, 6)
    assert shown(after).tobytes() == shown(before).tobytes()
    assert shown(after).info["icc_profile"] == pictures.profile(pictures.P3_XYZ)
    assert dict(shown(after).getexif()) == {0x0112: 6}
    for word in (b"Acme", b"at home", b"secret", b"xmpmeta"):
        assert word in before
        assert word not in after
    assert b"Exif" not in stripping.jpeg(wide_jpeg(1), 1)


def test_what_follows_a_jpeg_goes() -> None:
    first, second = wide_jpeg(), wide_jpeg()
    assert stripping.jpeg(first + second, 6) == stripping.jpeg(first, 6)


def test_a_png_keeps_pixels_alpha_and_profile() -> None:
    said = PngImagePlugin.PngInfo()
    said.add_text("Author", "secret")
    said.add_itxt("XML:com.adobe.xmp", "secret")
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    disc = shown(pictures.disc_with_alpha())
    before = pictures.saved(
        disc, "PNG", pnginfo=said, exif=exif, icc_profile=pictures.profile(pictures.P3_XYZ), dpi=(300, 300)
    )
    after = stripping.png(before)
    assert shown(after).tobytes() == disc.tobytes()
    assert shown(after).info["icc_profile"] == pictures.profile(pictures.P3_XYZ)
    assert b"secret" not in after
    assert b"Acme" not in after
    assert shown(stripping.png(pictures.animated("PNG"))).n_frames == 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_keeps_pixels_and_profile(lossless: bool) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    before = pictures.saved(
        pictures.quadrants(),
        "WEBP",
        lossless=lossless,
        exif=exif.tobytes(),
        xmp=b"secret",
        icc_profile=pictures.profile(pictures.P3_XYZ),
    )
    after = stripping.webp(before)
    assert shown(after).tobytes() == shown(before).tobytes()
    assert shown(after).info["icc_profile"] == pictures.profile(pictures.P3_XYZ)
    assert not shown(after).getexif()
    assert b"Acme" in before
    assert b"Acme" not in after
    assert b"secret" not in after


STRIPPERS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "jpeg": (wide_jpeg(), lambda content: stripping.jpeg(content, 1)),
    "png": (pictures.disc_with_alpha(), stripping.png),
    "webp": (pictures.saved(pictures.quadrants(), "WEBP", exif=b"Exif\0\0"), stripping.webp),
}


@pytest.mark.parametrize("name", STRIPPERS)
@given(data=st.data())
def test_broken_files_are_refused_or_stripped_and_never_more(name: str, data: st.DataObject) -> None:
    content, strip = STRIPPERS[name]
    broken = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(0, max(0, len(broken) - 1)), st.integers(0, 255)), max_size=6)
    ):
        if broken:
            broken[at] = value
    with contextlib.suppress(ValueError):
        assert len(strip(bytes(broken))) <= len(broken) + 100

"""Which bytes of a file a request gets, by RFC 9110."""

import pytest

from api.files import content_disposition
from api.ranges import Slice, wanted

ETAG = '"abc"'
WHOLE = Slice(200, 0, 1000)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-99", Slice(206, 0, 100)),
        ("bytes=990-", Slice(206, 990, 1000)),
        ("bytes=-10", Slice(206, 990, 1000)),
        ("bytes=-5000", Slice(206, 0, 1000)),
        ("bytes=900-5000", Slice(206, 900, 1000)),
        ("bytes=0-0", Slice(206, 0, 1)),
        ("bytes= 0-9 ", Slice(206, 0, 10)),
        ("bytes=1000-", Slice(416)),
        ("bytes=5000-6000", Slice(416)),
        ("bytes=-0", Slice(416)),
        ("bytes=9-1", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=0-1,5-6", WHOLE),
        ("lines=0-1", WHOLE),
        ("bytes=٣-٤", WHOLE),
        ("bytes=0-" + "9" * 400, WHOLE),
    ],
)
def test_one_range_is_honoured_and_anything_odd_gives_the_whole(header: str, expected: Slice) -> None:
    assert wanted(1000, ETAG, byte_range=header) == expected


def test_a_range_holds_only_for_the_file_it_was_begun_with() -> None:
    assert wanted(1000, ETAG, byte_range="bytes=0-9", if_range=ETAG).status == 206
    assert wanted(1000, ETAG, byte_range="bytes=0-9", if_range='"other"') == WHOLE
    assert wanted(1000, ETAG, byte_range="bytes=0-9", if_range=f"W/{ETAG}") == WHOLE
    assert wanted(1000, ETAG, byte_range="bytes=0-9", if_range="Fri, 20 Nov 2026 00:00:00 GMT") == WHOLE


def test_what_the_client_has_is_not_sent_again() -> None:
    for header in (ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"):
        assert wanted(1000, ETAG, if_none_match=header).status == 304
    assert wanted(1000, ETAG, if_none_match='"x", "y"') == WHOLE
    assert wanted(1000, ETAG, if_none_match=ETAG, byte_range="bytes=0-9").status == 304


def test_what_must_match_and_does_not_is_refused() -> None:
    assert wanted(1000, ETAG, if_match='"x"').status == 412
    assert wanted(1000, ETAG, if_match=ETAG) == WHOLE


@pytest.mark.parametrize(
    ("name", "mime", "expected"),
    [
        ("cat.png", "image/png", "inline; filename=\"cat.png\"; filename*=UTF-8''cat.png"),
        (
            "кот 1.jpg",
            "image/jpeg",
            "inline; filename=\"___ 1.jpg\"; filename*=UTF-8''%D0%BA%D0%BE%D1%82%201.jpg",
        ),
        ('a"b\\c.png', "image/png", "inline; filename=\"c.png\"; filename*=UTF-8''c.png"),
        ("../../etc/passwd", "image/png", "inline; filename=\"passwd\"; filename*=UTF-8''passwd"),
        ("x\r\nSet-Cookie: a=b", "image/png", None),
        ("photo.heic", "image/heic", "attachment; filename=\"photo.heic\"; filename*=UTF-8''photo.heic"),
        (
            "drawing.svg",
            "image/svg+xml",
            "attachment; filename=\"drawing.svg\"; filename*=UTF-8''drawing.svg",
        ),
        ("\ud800", "image/png", "inline; filename=\"picture\"; filename*=UTF-8''picture"),
    ],
)
def test_a_name_is_neither_a_path_nor_a_header(name: str, mime: str, expected: str | None) -> None:
    disposition = content_disposition(name, mime)
    disposition.encode("latin-1")
    assert "\r" not in disposition
    assert "\n" not in disposition
    if expected is not None:
        assert disposition == expected


def test_a_download_is_always_an_attachment() -> None:
    assert content_disposition("cat.png", "image/png", saved=True).startswith("attachment; ")

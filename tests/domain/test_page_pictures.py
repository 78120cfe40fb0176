"""Pictures of a page: found wherever pages keep them, in the largest form, each once; no page takes long."""

import time

import pytest

from domain.page_pictures import MOST_PICTURES, Origin, pictures_of

PAGE = "https://example.org/gallery/index.html"


def test_every_place_where_a_page_keeps_a_picture_is_looked_at() -> None:
    page = pictures_of(
        PAGE,
        """<!doctype html><html><head><title> Foxes &amp; owls </title>
        <meta property="og:image" content="/social.jpg"><meta property="og:image:width" content="1200">
        <meta name="twitter:image" content="https://cdn.example.org/tw.png">
        <link rel="image_src" href="src.jpg"><link rel="stylesheet" href="a"><link rel="icon" href="i.ico">
        <style>.hero { background: url("bg.webp") } @font-face { src: url(font.woff2) }</style></head><body>
        <img src="small.jpg" srcset="s-400.jpg 400w, s-1600.jpg 1600w, s-800.jpg 800w" alt="A fox">
        <img src="1x.png" srcset="2x.png 2x, 1x.png">
        <img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="late.jpg" width="640px" height=480>
        <picture><source srcset="p.avif 2000w"><img src="p.jpg"></picture>
        <a href="/full/one.jpeg"><img src="/thumbs/one.jpeg" alt="One"></a> <a href="page2.html">more</a>
        <div style="background-image:url('wall.jpg')"></div><video poster="poster.jpg"></video>
        <noscript><img src="plain.gif"></noscript><img src="small.jpg"><img src="logo.svg"><img alt="none">
        <img src="javascript:alert(1)"><img src="http://user@evil.example/a.png"><img src="ftp://example.org/x.png">
        </body></html>""",
    )
    assert (page.title, page.url) == ("Foxes & owls", PAGE)
    found = {picture.url.rpartition("/")[2]: picture for picture in page.pictures}
    assert [picture.origin for picture in page.pictures[:2]] == [Origin.PREVIEW] * 2
    assert found["social.jpg"].width == 1200
    assert set(found) == {
        *("social.jpg", "tw.png", "src.jpg", "bg.webp", "s-1600.jpg", "2x.png", "late.jpg", "p.avif"),
        *("one.jpeg", "wall.jpg", "poster.jpg", "plain.gif", "small.jpg"),
    }
    assert (found["s-1600.jpg"].alt, found["s-1600.jpg"].preview_url) == (
        "A fox",
        "https://example.org/gallery/small.jpg",
    )
    assert (found["late.jpg"].width, found["late.jpg"].height) == (640, 480)
    one = found["one.jpeg"]
    assert (one.origin, one.alt, one.preview_url) == (
        Origin.LINKED,
        "One",
        "https://example.org/thumbs/one.jpeg",
    )


def test_addresses_belong_to_the_base_that_the_page_names() -> None:
    page = pictures_of(
        PAGE, '<base href="https://cdn.example.org/x/"><img src="a.png"><img src="//b.example/c.png">'
    )
    assert [picture.url for picture in page.pictures] == [
        "https://cdn.example.org/x/a.png",
        "https://b.example/c.png",
    ]


def test_no_more_than_can_be_chosen_from() -> None:
    page = pictures_of(PAGE, "".join(f'<img src="{n}.png">' for n in range(5_000)))
    assert len(page.pictures) == MOST_PICTURES


@pytest.mark.parametrize(
    "html",
    [
        "<" * 1_000_000,
        "<!--" * 250_000,
        "<![" * 300_000,
        '<a href="' * 100_000,
        "<img " + "a=" * 500_000,
        "<img srcset='" + "x" * 1_000_000 + " !'>",
        "<img srcset='" + "a, " * 300_000 + "'>",
        "<div style='" + "url(" * 250_000 + "'>",
        "<style>" + "url( " * 200_000,
        "<p>" * 300_000,
        "&" * 1_000_000,
        "<title>" + "t" * 1_000_000,
        "\x00" * 1_000_000,
        "<script>" + "<!--<script>" * 80_000,
    ],
    ids=range(14),
)
def test_no_page_holds_the_reader_for_long(html: str) -> None:
    began = time.process_time()
    page = pictures_of(PAGE, html)
    assert len(page.title) <= 300
    assert time.process_time() - began < 8

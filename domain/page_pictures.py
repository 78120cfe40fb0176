"""Which pictures a page shows or links to, read out of its HTML without running any of it."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from html.parser import HTMLParser

from domain.addresses import target_of
from domain.errors import UrlRefused

MOST_PICTURES = 300
MOST_WORDS = 300
# The parser is fed in small pieces: between two of them it can be stopped.
PIECE = 16_384
LONGEST_TAG = 400_000
PARSE_SECONDS = 2.0

_PICTURE_NAME = re.compile(
    r"\.(?:jpe?g|jfif|png|gif|webp|avif|heic|heif|jxl|tiff?|bmp)(?:[?#]|$)", re.IGNORECASE
)
_BACKGROUND = re.compile(r"url\(\s*(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^)\"'\s]{1,2000}))\s*\)")
_CANDIDATE = re.compile(r"([^\s,]\S*[^\s,])(?:\s+(\d+(?:\.\d+)?)([wx]))?\s*(?:,|$)")
# Where pages that load late keep the real address, the best first.
_LATE = (
    "data-full",
    "data-original",
    "data-large",
    "data-hires",
    "data-zoom-image",
    "data-src",
    "data-lazy-src",
    "data-lazy",
    "data-image",
)
_LATE_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_SOCIAL = {
    "og:image": "url",
    "og:image:url": "url",
    "og:image:secure_url": "url",
    "twitter:image": "url",
    "twitter:image:src": "url",
    "og:image:width": "width",
    "og:image:height": "height",
    "og:image:alt": "alt",
}


class Origin(StrEnum):
    """Where on the page it was: SHOWN, LINKED to, its PREVIEW for other pages, or BACKGROUND of something."""

    SHOWN = "SHOWN"
    LINKED = "LINKED"
    PREVIEW = "PREVIEW"
    BACKGROUND = "BACKGROUND"


@dataclass(frozen=True)
class PagePicture:
    """url: the largest form that the page names; preview_url: a smaller one; width, height: as it says."""

    url: str
    preview_url: str
    origin: Origin
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Page:
    """url: where it is, after redirects."""

    url: str
    title: str
    pictures: list[PagePicture]


def pictures_of(url: str, html: str) -> Page:
    """In the order of the page, the one it previews itself with first. Blocks for PARSE_SECONDS at most."""
    reader = _Reader(url)
    until = time.monotonic() + PARSE_SECONDS
    for at in range(0, len(html), PIECE):
        try:
            reader.feed(html[at : at + PIECE])
        except AssertionError:
            break  # how Python's parser says that it is lost
        if len(reader.rawdata) > LONGEST_TAG or time.monotonic() > until or reader.is_full:
            break
    found = list(reader.found.values())
    order = {Origin.PREVIEW: 0}
    found.sort(key=lambda picture: order.get(picture.origin, 1))
    return Page(url, reader.title.strip()[:MOST_WORDS], found[:MOST_PICTURES])


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = url
        self.title = ""
        self.found: dict[str, PagePicture] = {}
        self._in_title = False
        self._in_style = False
        self._link: str | None = None
        self._sources: list[tuple[float, str]] = []
        self._social: str | None = None

    @property
    def is_full(self) -> bool:
        return len(self.found) >= 2 * MOST_PICTURES

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: (value or "").strip() for name, value in reversed(attrs)}
        if "style" in has:
            self._backgrounds(has["style"])
        match tag:
            case "img":
                self._image(has)
            case "source":
                self._sources += _in_set(has.get("srcset", "") or has.get("data-srcset", ""))
            case "picture":
                self._sources = []
            case "a":
                self._anchor(has.get("href", ""))
            case "meta":
                self._meta(has)
            case "link":
                self._head_link(has)
            case "base" if has.get("href"):
                self.base = self._absolute(has["href"]) or self.base
            case "video" if has.get("poster"):
                self._add(has["poster"], Origin.SHOWN)
            case "title":
                self._in_title = True
            case "style":
                self._in_style = True
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag == "style":
            self._in_style = False
        elif tag == "a":
            self._link = None
        elif tag == "picture":
            self._sources = []

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self.title) < MOST_WORDS:
            self.title += data
        elif self._in_style:
            self._backgrounds(data)

    def _image(self, has: Mapping[str, str]) -> None:
        sets = [*self._sources, *(entry for name in _LATE_SETS for entry in _in_set(has.get(name, "")))]
        named = [has[name] for name in _LATE if has.get(name)]
        shown = has.get("src", "")
        largest = max(sets, default=None, key=lambda entry: entry[0])
        candidates = [*([largest[1]] if largest else []), *named, shown]
        if self._link:
            candidates.insert(0, self._link)
        usable = [url for text in candidates if (url := self._absolute(text))]
        if not usable:
            return
        smallest = min(sets, default=None, key=lambda entry: entry[0])
        preview = self._absolute(shown if named == [] else "") or self._absolute(
            smallest[1] if smallest else ""
        )
        linked = bool(self._link) and usable[0] == self._absolute(self._link or "")
        self._put(
            PagePicture(
                url=usable[0],
                preview_url=preview or usable[-1],
                origin=Origin.LINKED if linked else Origin.SHOWN,
                alt=has.get("alt", "")[:MOST_WORDS],
                width=None if linked or largest else _length(has.get("width", "")),
                height=None if linked or largest else _length(has.get("height", "")),
            )
        )

    def _anchor(self, href: str) -> None:
        self._link = href if _PICTURE_NAME.search(href.partition("?")[0]) else None
        if self._link:
            self._add(self._link, Origin.LINKED)

    def _meta(self, has: Mapping[str, str]) -> None:
        part = _SOCIAL.get((has.get("property") or has.get("name") or has.get("itemprop") or "").lower())
        content = has.get("content", "")
        if part == "url":
            self._social = self._add(content, Origin.PREVIEW)
        elif part and self._social in self.found:
            about = self.found[self._social]
            if part == "alt":
                self.found[about.url] = replace(about, alt=content[:MOST_WORDS])
            elif part == "width":
                self.found[about.url] = replace(about, width=_length(content))
            else:
                self.found[about.url] = replace(about, height=_length(content))

    def _head_link(self, has: Mapping[str, str]) -> None:
        rel = has.get("rel", "").lower().split()
        if "image_src" in rel or ("preload" in rel and has.get("as", "").lower() == "image"):
            self._add(has.get("href", ""), Origin.SHOWN)

    def _backgrounds(self, style: str) -> None:
        for found in _BACKGROUND.finditer(style[:50_000]):
            text = found[1] or found[2] or found[3]
            if not text.lower().endswith((".woff", ".woff2", ".ttf", ".otf", ".eot")):
                self._add(text, Origin.BACKGROUND)

    def _add(self, text: str, origin: Origin) -> str | None:
        url = self._absolute(text)
        if url:
            self._put(PagePicture(url=url, preview_url=url, origin=origin))
        return url

    def _put(self, picture: PagePicture) -> None:
        known = self.found.get(picture.url)
        if known is None:
            if not self.is_full:
                self.found[picture.url] = picture
            return
        # What is said of it later fills the gaps.
        self.found[picture.url] = replace(
            known,
            alt=known.alt or picture.alt,
            width=known.width or picture.width,
            height=known.height or picture.height,
            preview_url=known.preview_url if known.preview_url != known.url else picture.preview_url,
        )

    def _absolute(self, text: str) -> str | None:
        """None for what cannot be fetched: data, scripts, vectors, anchors, nonsense."""
        if not text or text.startswith("#") or len(text) > 4_000:
            return None
        try:
            url = target_of(text, base=self.base).url
        except UrlRefused:
            return None
        return None if url.partition("?")[0].lower().endswith((".svg", ".ico", ".svgz")) else url


def _in_set(text: str) -> Iterator[tuple[float, str]]:
    """(how large, address) of each candidate of a `srcset`."""
    for found in _CANDIDATE.finditer(text[:6_000]):
        size = float(found[2]) if found[2] else 1.0
        yield (size * 1_000 if found[3] == "x" or not found[3] else size), found[1]


def _length(text: str) -> int | None:
    """CSS pixels of an attribute."""
    digits = text.removesuffix("px").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and 0 < len(digits) < 6 else None

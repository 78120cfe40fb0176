"""Bundles: the originals of many pictures as one zip, made while it is read, a piece at a time in memory."""

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from uuid import UUID

import zipstream

from domain import access, findings, images, originals, saved_searches, storage
from domain.access import Role, Viewer
from domain.database import fetch
from domain.entries import require_distinct, require_few
from domain.errors import LimitExceeded, NotFound
from domain.findings import ImageFilter, ImageSort
from domain.images import Image, image_of

MOST_PICTURES = 10_000
LOOKED_FOR_AT_ONCE = 16
LONGEST_STEM = 120
MISSING = "MISSING.txt"

# No file system of today takes these; the names are kept by Windows for itself.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """name: within the zip; key: of the original."""

    name: str
    key: str
    size_bytes: int


@dataclass(frozen=True)
class Bundle:
    """title: what the zip is called, without an extension; texts: files that are written here, by name."""

    title: str
    entries: Sequence[Entry]
    texts: Mapping[str, str]

    @property
    def size_bytes(self) -> int:
        """Of the zip, to the byte."""
        plan = zipstream.ZipStream(sized=True)
        for entry in self.entries:
            plan.add(iter(()), entry.name, size=entry.size_bytes)
        for name, text in self.texts.items():
            plan.add(text, name)
        return len(plan)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Raises FileNotFoundError, StorageUnavailable or RuntimeError (another size) in the middle for an
        original that is lost on the way: what was read by then is no zip.
        """
        made = zipstream.ZipStream(sized=True)
        for entry in self.entries:
            waiting: deque[bytes] = deque()
            made.add(_fed(waiting), entry.name, size=entry.size_bytes)
            async with contextlib.aclosing(storage.read(entry.key)) as content:
                written = made.file()
                while True:
                    if not waiting:
                        waiting.append(await anext(content, b""))
                    piece = next(written, None)
                    if piece is None:
                        break
                    yield piece
        for name, text in self.texts.items():
            made.add(text, name)
        for piece in made.finalize():
            yield piece


def _fed(waiting: deque[bytes]) -> Iterator[bytes]:
    """What was put there before each step; nothing there is the end."""
    while piece := waiting.popleft():
        yield piece


async def bundle_of_images(viewer: Viewer, ids: Sequence[UUID]) -> Bundle:
    """In the order of the ids. Raises BadInput, LimitExceeded, NotFound when one may not be seen."""
    require_few(ids, "ids", images.MOST_A_PAGE)
    require_distinct(ids, "ids")
    found = await images.images_by_ids(viewer, ids)
    seen = [image for image in found if image is not None]
    if len(seen) != len(ids):
        raise NotFound("Some of these pictures do not exist, or you may not see them.", kind="image")
    return await _bundle("pictures", seen)


async def bundle_of_board(viewer: Viewer, board_id: UUID) -> Bundle:
    """Every picture that lies on it, once, the first placed first. Raises NotFound, LimitExceeded."""
    board = await access.board(viewer, board_id, Role.VIEWER)
    rows = await fetch(
        "SELECT i.* FROM image i JOIN (SELECT image_id, min(added_at) AS since FROM item WHERE board = $1 "
        "AND removed_at IS NULL AND image_id IS NOT NULL GROUP BY image_id) AS placed "
        "ON placed.image_id = i.id ORDER BY placed.since, i.id LIMIT $2",
        board_id,
        MOST_PICTURES + 1,
    )
    return await _bundle(board.title, [image_of(row) for row in rows])


async def bundle_of_filter(
    viewer: Viewer, wanted: ImageFilter, *, sort: ImageSort = ImageSort.NEWEST, title: str = "pictures"
) -> Bundle:
    """Every picture that it finds, in that order. Raises BadInput, LimitExceeded."""
    return await _bundle(
        title, await findings.first_images(viewer, wanted, sort=sort, most=MOST_PICTURES + 1)
    )


async def bundle_of_search(viewer: Viewer, search_id: UUID) -> Bundle:
    """What a saved search of the viewer's finds now. Raises NotFound, LimitExceeded."""
    (saved,) = await saved_searches.saved_searches_by_ids(viewer, [search_id])
    if saved is None:
        raise NotFound("There is no such saved search.", kind="savedSearch", id=str(search_id))
    return await bundle_of_filter(viewer, saved.filter, sort=saved.sort, title=saved.name)


async def _bundle(title: str, pictures: Sequence[Image]) -> Bundle:
    if len(pictures) > MOST_PICTURES:
        raise LimitExceeded(
            f"At most {MOST_PICTURES} pictures go into one zip: choose fewer.", limit=MOST_PICTURES
        )
    return await bundle_of(title, pictures)


async def bundle_of(
    title: str, pictures: Sequence[Image], texts: Mapping[str, str] = MappingProxyType({})
) -> Bundle:
    """Of however many, seen by whoever asks; MISSING.txt tells of originals that the store has lost."""
    places = asyncio.Semaphore(LOOKED_FOR_AT_ONCE)

    async def is_there(image: Image) -> bool:
        async with places:
            found = await storage.find(originals.key(image.digest))
            if found is None and await originals.put_back(image.digest):
                found = await storage.find(originals.key(image.digest))
            return found is not None and found.size_bytes == image.size_bytes

    there = await asyncio.gather(*(is_there(image) for image in pictures))
    names = distinct_names([originals.saved_name(image.name, image.format) for image in pictures])
    entries, missing = list[Entry](), list[str]()
    for image, name, is_kept in zip(pictures, names, there, strict=True):
        if is_kept:
            entries.append(Entry(name, originals.key(image.digest), image.size_bytes))
        else:
            missing.append(f"{name}  (id {image.id}, SHA-256 {image.digest})")
    if missing:
        notice = (
            "The originals of these pictures are missing from the store of the server. Its owner can\n"
            "restore them from a backup, or they can be uploaded again:\n\n" + "\n".join(missing) + "\n"
        )
        texts = {**texts, MISSING: notice}
    return Bundle(title, entries, texts)


def distinct_names(wanted: Sequence[str]) -> list[str]:
    """As every file system takes them, none leading elsewhere, none twice, not even but for its case."""
    taken = {MISSING.casefold()}
    latest: dict[str, int] = {}
    names: list[str] = []
    for text in wanted:
        path = PurePath(_FORBIDDEN.sub("_", text).strip(" ."))
        stem, suffix = path.stem[:LONGEST_STEM].strip(" .") or "picture", path.suffix[:16]
        if _RESERVED.fullmatch(stem):
            stem = f"_{stem}"
        name = f"{stem}{suffix}"
        first = name.casefold()
        while name.casefold() in taken:
            latest[first] = latest.get(first, 1) + 1
            name = f"{stem} ({latest[first]}){suffix}"
        taken.add(name.casefold())
        names.append(name)
    return names

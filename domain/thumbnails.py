"""Thumbnails: a board at any of its changes as a small picture, drawn on demand and kept by its content."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakValueDictionary

from msgspec import structs

from domain import access, blobs, darkroom, miniature, past, smallest, storage
from domain.access import Role, Viewer
from domain.containers import leading_to
from domain.decoding import WEBP
from domain.errors import TooBusy
from domain.geometry import Bounds, bounds, bounds_of_all
from domain.miniature import HEIGHT_PX, WIDTH_PX, Miniature, Piece, Shape
from domain.operations import DrawingContent, ItemKind, ItemState
from domain.operations import Shape as Drawn
from domain.storage import StoredFile

MOST_DRAWN = 600
MOST_WAITING = 100
MOST_REMEMBERED = 10_000
MOST_POINTS = 64
MARGIN_PX = 6
SEEN_SECONDS = 86_400.0
"""How exactly is noted when a thumbnail was last looked at."""


@dataclass(frozen=True)
class _Known:
    """What stands for a board at a seq, by `miniature.key_of`.

    complete: every picture on it could be drawn.
    """

    digest: str
    complete: bool


_known: OrderedDict[tuple[UUID, datetime, int], _Known] = OrderedDict()
_drawing: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
_waiting = 0


def forget() -> None:
    """Empties the memory of what stands for which moment; the thumbnails stay."""
    _known.clear()


def address(board_id: UUID, seq: int) -> str:
    """Where the thumbnail is read."""
    return f"/files/boards/{board_id}/{seq}"


def key(digest: str) -> str:
    """digest: of what is drawn, as `miniature.key_of` makes it."""
    return f"thumbnails/{storage.sharded(digest)}.webp"


async def file(viewer: Viewer, board_id: UUID, seq: int) -> StoredFile:
    """The board as it was right after change `seq`. Needs VIEWER.

    Raises NotFound, BadInput, HistoryCompacted, TooBusy, StorageUnavailable.
    """
    row = await access.board(viewer, board_id, Role.VIEWER)
    past.require_kept(row, seq)
    stamp = (row.id, row.created_at, seq)
    known = _known.get(stamp)
    if known is None or not await _look_at(known):
        with _patience():
            lock = _drawing.setdefault(board_id, asyncio.Lock())
            async with lock:
                known = await _made(await past.past_of(row, seq))
        if known.complete:  # else something may come that can be drawn
            _remember(stamp, known)
    return await storage.stored_file(
        key(known.digest),
        digest=known.digest,
        mime=WEBP,
        filename="board.webp",
        lasting=known.complete,
    )


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Raises TooBusy where too many wait for thumbnails already."""
    global _waiting
    if _waiting >= MOST_WAITING:
        raise TooBusy("Too many boards are being drawn: try again in a moment.", retry_after_seconds=1)
    _waiting += 1
    try:
        yield
    finally:
        _waiting -= 1


def _remember(stamp: tuple[UUID, datetime, int], known: _Known) -> None:
    _known[stamp] = known
    while len(_known) > MOST_REMEMBERED:
        _known.popitem(last=False)


async def _made(board: past.PastBoard) -> _Known:
    drawn = await asyncio.to_thread(chosen, list(board.state.items.values()))
    wanted = {item.image_id for item in drawn if item.image_id is not None}
    small = await smallest.small_renditions(wanted)
    while True:
        layout = _laid_out(drawn, {image_id: each.digest for image_id, each in small.items()})
        known = _Known(miniature.key_of(layout), wanted <= small.keys())
        if await _look_at(known):
            return known
        keys = {each.digest: each.key for each in small.values()}
        pictures = await smallest.contents([keys[digest] for digest in layout.pictures])
        if None not in pictures:
            await _draw(layout, [picture for picture in pictures if picture is not None], known)
            return known
        lost = {digest for digest, picture in zip(layout.pictures, pictures, strict=True) if picture is None}
        small = {image_id: each for image_id, each in small.items() if each.digest not in lost}


async def _draw(layout: Miniature, pictures: Sequence[bytes], known: _Known) -> None:
    draft = storage.new_draft()

    def gather() -> None:
        with blobs.storage_words(), open(draft, "xb") as file:
            miniature.write(file, layout, pictures)

    try:
        await asyncio.to_thread(gather)
        drawn = await darkroom.draw(draft)
    finally:
        await asyncio.to_thread(blobs.discard, draft)
    await storage.put(key(known.digest), drawn.content)


async def _look_at(known: _Known) -> bool:
    """Whether it is there; what is looked at is kept."""
    found = await storage.find(key(known.digest))
    if found is not None and found.modified_at < time.time() - SEEN_SECONDS:
        await storage.touch(found.key)
    return found is not None


async def remove_unseen(older_than_seconds: float) -> int:
    """Thumbnails that nobody has looked at for so long; they are drawn again when somebody does."""
    removed, before = 0, time.time() - older_than_seconds
    async with contextlib.aclosing(storage.listed("thumbnails/")) as all_of_them:
        async for stored in all_of_them:
            if stored.modified_at < before:
                await storage.remove(stored.key)
                removed += 1
    return removed


def chosen(items: Sequence[ItemState]) -> list[ItemState]:
    """The largest of those that can be seen, from back to front."""
    hidden = leading_to(
        [item.id for item in items if item.style.hidden],
        [item.id for item in items],
        {item.id: item.parent_id for item in items},
    )
    seen = [
        item
        for item in items
        if item.kind is not ItemKind.GROUP and item.style.opacity > 0 and item.id not in hidden
    ]
    seen.sort(key=lambda item: (-item.width * item.height * item.transform.scale**2, item.id))
    return sorted(seen[:MOST_DRAWN], key=lambda item: (item.z, item.id))


def _laid_out(items: Sequence[ItemState], digests: Mapping[UUID, str]) -> Miniature:
    """All of them in the middle, as large as there is room. digests: of the renditions of their pictures."""
    around = bounds_of_all([bounds(item.transform, item.width, item.height) for item in items])
    if around is None:
        return Miniature([])
    view = _View(around)
    pictures: dict[str, int] = {}
    pieces: list[Piece] = []
    for item in items:
        number = None
        if item.image_id is not None and item.image_id in digests:
            number = pictures.setdefault(digests[item.image_id], len(pictures))
        pieces.append(view.piece(item, number))
    return Miniature(pieces, list(pictures))


class _View:
    """From board units to pixels."""

    def __init__(self, around: Bounds) -> None:
        self.scale = min(
            (WIDTH_PX - 2 * MARGIN_PX) / max(around.width, 1e-9),
            (HEIGHT_PX - 2 * MARGIN_PX) / max(around.height, 1e-9),
        )
        self.x = (around.left + around.right) / 2
        self.y = (around.top + around.bottom) / 2

    def piece(self, item: ItemState, picture: int | None) -> Piece:
        place, style, crop = item.transform, item.style, item.crop
        scale = self.scale * place.scale
        return structs.replace(
            _content(item, scale),
            x=round(WIDTH_PX / 2 + (place.x - self.x) * self.scale, 3),
            y=round(HEIGHT_PX / 2 + (place.y - self.y) * self.scale, 3),
            width=round(item.width * scale, 3),
            height=round(item.height * scale, 3),
            rotation=place.rotation,
            flip_x=place.flip_x,
            flip_y=place.flip_y,
            opacity=style.opacity,
            grayscale=style.grayscale,
            brightness=style.brightness,
            contrast=style.contrast,
            saturation=style.saturation,
            picture=picture,
            crop=None if crop is None else (crop.left, crop.top, crop.right, crop.bottom),
        )


def _content(item: ItemState, scale: float) -> Piece:
    """What it is drawn as, and in which colours. scale: pixels for a board unit."""
    if item.note is not None:
        stroke = item.note.colour if item.note.background is None else None
        return Piece(Shape.RECTANGLE, fill=item.note.background, stroke=stroke)
    if item.drawing is not None:
        return _stroke(item.drawing, scale)
    if item.frame is not None:
        stroke = miniature.UNKNOWN if item.frame.background is None else None
        return Piece(Shape.RECTANGLE, fill=item.frame.background, stroke=stroke)
    return Piece(Shape.PICTURE)


_SHAPES = {Drawn.RECTANGLE: Shape.RECTANGLE, Drawn.ELLIPSE: Shape.ELLIPSE}


def _stroke(drawing: DrawingContent, scale: float) -> Piece:
    step = -(-len(drawing.points) // MOST_POINTS) or 1
    points = [*drawing.points[::step], *drawing.points[-1:]]
    return Piece(
        _SHAPES.get(drawing.shape, Shape.LINE),
        fill=drawing.fill,
        stroke=drawing.stroke,
        stroke_px=round(drawing.stroke_width * scale, 3),
        points=[(round(x * scale, 3), round(y * scale, 3)) for x, y in points],
    )

"""Thumbnails: a board at any of its changes as a small picture, drawn on demand and kept by its content."""

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

from msgspec import structs

from domain import access, blobs, darkroom, miniature, past, renditions
from domain.access import Role, Viewer
from domain.blobs import StoredFile
from domain.containers import leading_to
from domain.database import fetch
from domain.decoding import LADDER
from domain.errors import TooBusy
from domain.geometry import Bounds, bounds, bounds_of_all
from domain.miniature import HEIGHT_PX, WIDTH_PX, Miniature, Piece, Shape
from domain.operations import DrawingContent, ItemKind, ItemState
from domain.operations import Shape as Drawn

MOST_DRAWN = 600
MOST_WAITING = 100
MOST_REMEMBERED = 10_000
MOST_POINTS = 64
MARGIN_PX = 6
SEEN_SECONDS = 86_400.0
"""How exactly is noted when a thumbnail was last looked at."""


@dataclass(frozen=True)
class _Known:
    """What stands for a board at a seq; complete: every picture on it could be drawn."""

    key: str
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


def path(key: str) -> Path:
    return blobs.room("thumbnails") / blobs.sharded(key).with_suffix(".webp")


async def file(viewer: Viewer, board_id: UUID, seq: int) -> StoredFile:
    """The board as it was right after change `seq`. Needs VIEWER.

    Raises NotFound, BadInput, HistoryCompacted, TooBusy, StorageUnavailable.
    """
    row = await access.board(viewer, board_id, Role.VIEWER)
    past.require_kept(row, seq)
    stamp = (row.id, row.created_at, seq)
    known = _known.get(stamp)
    if known is None or not await asyncio.to_thread(_look_at, path(known.key)):
        with _patience():
            lock = _drawing.setdefault(board_id, asyncio.Lock())
            async with lock:
                known = await _made(await past.past_of(row, seq))
        if known.complete:  # else something may come that can be drawn
            _remember(stamp, known)
    return await blobs.stored_file(
        path(known.key), digest=known.key, mime=renditions.MIME, filename="board.webp", lasting=known.complete
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
    small = await _small_renditions(wanted)
    layout = _laid_out(drawn, small)
    known = _Known(miniature.key_of(layout), wanted <= small.keys())
    if not await asyncio.to_thread(_look_at, path(known.key)):
        files = dict(small.values())
        await _draw(layout, [files[digest] for digest in layout.pictures], path(known.key))
    return known


async def _small_renditions(image_ids: set[UUID]) -> dict[UUID, tuple[str, Path]]:
    """SHA-256 and file of the smallest rendition of each picture that has one."""
    rows = await fetch(
        "SELECT r.image, r.digest, i.digest AS original FROM rendition r JOIN image i ON i.id = r.image "
        "WHERE r.image = ANY($1::uuid[]) AND r.size = $2",
        list(image_ids),
        LADDER[0],
    )
    found = {row["image"]: (row["digest"], renditions.path(row["original"], LADDER[0])) for row in rows}

    def there() -> dict[UUID, tuple[str, Path]]:
        return {image_id: small for image_id, small in found.items() if small[1].is_file()}

    return await asyncio.to_thread(there)


async def _draw(layout: Miniature, pictures: Sequence[Path], place: Path) -> None:
    draft = blobs.room("incoming") / uuid4().hex

    def gather() -> None:
        with blobs.storage_words(), open(draft, "xb") as file:
            miniature.write(file, layout, [picture.read_bytes() for picture in pictures])

    try:
        await asyncio.to_thread(gather)
        drawn = await darkroom.draw(draft)
    finally:
        await asyncio.to_thread(blobs.discard, draft)
    await asyncio.to_thread(blobs.write_blob, place, drawn.content)


def _look_at(place: Path) -> bool:
    """Whether it is there; what is looked at is kept. Blocks."""
    with blobs.storage_words():
        if not place.exists():
            return False
        if place.stat().st_mtime < time.time() - SEEN_SECONDS:
            os.utime(place)
        return True


def remove_unseen(older_than_seconds: float) -> int:
    """Thumbnails that nobody has looked at for so long; they are drawn again when somebody does. Blocks."""
    removed, before = 0, time.time() - older_than_seconds
    for folder, _, names in os.walk(blobs.room("thumbnails")):
        for name in names:
            place = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):
                if place.stat().st_mtime < before:
                    place.unlink()
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


def _laid_out(items: Sequence[ItemState], small: Mapping[UUID, tuple[str, Path]]) -> Miniature:
    """All of them in the middle, as large as there is room."""
    around = bounds_of_all([bounds(item.transform, item.width, item.height) for item in items])
    if around is None:
        return Miniature([])
    view = _View(around)
    pictures: dict[str, int] = {}
    pieces: list[Piece] = []
    for item in items:
        number = None
        if item.image_id is not None and item.image_id in small:
            number = pictures.setdefault(small[item.image_id][0], len(pictures))
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

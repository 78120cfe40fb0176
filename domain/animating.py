"""Animating: what moves as one animated WebP, small enough to play beside others. In the decoder only.

One frame at a time is in memory: it is read, made small and encoded before the next.
"""

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from PIL import Image

from domain import crispness, pixels
from domain.decoding import fitted

Picture = Image.Image

SIDES_PX = (800, 320)
"""The longest side; the second where the first would be too much."""

MOST_PIXELS = 120_000_000
"""Of all frames together."""

MOST_READ_PIXELS = 2_000_000_000
"""The same of the original: more cannot be read in the time there is."""

MOST_BYTES = 24 << 20
MOST_TIMES = 2
"""Lossless frames may be so much larger than lossy ones."""

SHORTEST_MS = 10
INSTEAD_MS = 100
"""Browsers show what asks for 10 ms or less for so long."""

MOST_PLAYS = 65_535


class Animated(NamedTuple):
    """duration_ms: of all its frames, once."""

    content: bytes
    size: tuple[int, int]
    frames: int
    duration_ms: int


def animated(picture: Picture, frames: int, orientation: int, quality: int) -> Animated:
    """picture: just opened. Raises Refused."""
    width, height = picture.size
    if width * height * frames > MOST_READ_PIXELS:
        raise pixels.Refused("TOO_EXPENSIVE", f"{frames} frames of {width} × {height} are too many to play.")
    if frames < 2:
        raise pixels.Refused("UNSUPPORTED_FORMAT", "The picture does not move.")
    start = 1 if getattr(picture, "default_image", False) else 0  # of an APNG: shown where nothing moves
    numbers = range(start, frames)
    side = SIDES_PX[0]
    if _area(picture, side) * len(numbers) > MOST_PIXELS:
        side = SIDES_PX[-1]
    made = _encoded(picture, [[number] for number in numbers], orientation, side, quality)
    if len(made.content) > MOST_BYTES:
        area = _area(picture, side) * MOST_BYTES / len(made.content) * 0.8
        side = SIDES_PX[-1]
        kept = int(area * len(numbers) / _area(picture, side))
        groups = thinned(numbers, min(len(numbers), max(2, kept)))
        made = _encoded(picture, groups, orientation, side, quality, lossy=True)
    if len(made.content) > MOST_BYTES:
        raise pixels.Refused("TOO_EXPENSIVE", "Its frames are too much to play.")
    return made


def thinned(numbers: Sequence[int], most: int) -> list[list[int]]:
    """In so many groups at most, as equal as can be: the first of each is shown for as long as all of it."""
    count = min(most, len(numbers))
    edges = [len(numbers) * n // count for n in range(count + 1)]
    return [list(numbers[a:b]) for a, b in pairwise(edges)]


def _area(picture: Picture, side: int) -> int:
    width, height = fitted(*picture.size, side)
    return width * height


def _encoded(
    picture: Picture,
    groups: Sequence[Sequence[int]],
    orientation: int,
    side: int,
    quality: int,
    *,
    lossy: bool = False,
) -> Animated:
    reel = _Reel(picture, groups, orientation, side)
    buffer = io.BytesIO()
    reel.save(
        buffer,
        "WEBP",
        save_all=True,
        duration=reel.durations,
        loop=_plays(picture),
        background=(0, 0, 0, 0),
        lossless=not lossy and reel.is_crisp(quality),
        quality=quality,
        method=1,
    )
    content = buffer.getvalue()
    buffer.seek(0)
    with Image.open(buffer, formats=["WEBP"]) as result:  # frames that are alike have become one
        frames = int(getattr(result, "n_frames", 1))
    return Animated(content, reel.size, frames, sum(reel.durations))


def _plays(picture: Picture) -> int:
    """How often it is played; 0: for ever."""
    said = picture.info.get("loop")
    if picture.format != "GIF":
        return min(int(said or 0), MOST_PLAYS)
    if said is None:
        return 1
    return 0 if said == 0 else min(int(said) + 1, MOST_PLAYS)  # a GIF says how often it is played again


class _Reel(Image.Image):
    """Looks to the encoder like a picture of many frames, and makes each when it is sought."""

    def __init__(self, source: Picture, groups: Sequence[Sequence[int]], orientation: int, side: int) -> None:
        super().__init__()
        self.source = source
        self.groups = groups
        self.orientation = orientation
        self.side = side
        self.n_frames = len(groups)
        self.durations: list[int] = []
        """Of the frames so far: the encoder reads each after its frame."""
        self.is_over = False
        self._show(0)

    def tell(self) -> int:
        return max(0, len(self.durations) - 1)

    def seek(self, frame: int) -> None:
        """Only onwards; the encoder goes back once, when it has all."""
        if frame >= len(self.durations):
            self._show(frame)

    def is_crisp(self, quality: int) -> bool:
        """Whether the first frame is drawn, and not far larger with every pixel as it is."""
        if not crispness.is_drawn(self.source) or max(self.source.size) > self.side:
            return False
        lossless = io.BytesIO()
        self.save(lossless, "WEBP", lossless=True, quality=quality, method=1)
        return lossless.tell() <= MOST_TIMES * len(pixels.webp(self, quality))

    def _show(self, frame: int) -> None:
        duration = 0
        for place, number in enumerate(self.groups[frame]):
            if self.is_over:
                break
            try:
                self.source.seek(number)
                self.source.load()
            except MemoryError:
                raise
            except Exception as error:  # Pillow's plugins raise nearly anything on broken files
                if not self.durations:
                    raise pixels.Refused("CORRUPT", "The picture is damaged in its first frame.") from error
                self.is_over = True  # it is played as far as it goes
                break
            said = float(self.source.info.get("duration") or 0)
            duration += INSTEAD_MS if said <= SHORTEST_MS else round(said)
            if place == 0:
                self._take()
        self.durations.append(duration)

    def _take(self) -> None:
        source = self.source
        [(_, small)] = pixels.renditions(source, self.orientation, source.size, (self.side,))
        small = small.convert("RGBA")
        self.im = small.im
        self._mode, self._size = small.mode, small.size

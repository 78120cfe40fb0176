"""The darkroom: pictures are opened in another process, which may die of them.

This side starts the decoder, hands it open files, reads its answers, and starts it again when it is gone.
Nothing here loads a picture library.
"""

import array
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID
from weakref import WeakKeyDictionary, WeakValueDictionary

import msgspec

from domain.decoding import (
    LADDER,
    LENGTH_BYTES,
    MAX_PIXELS,
    WALL_SECONDS,
    Animation,
    Developed,
    Died,
    Finished,
    Inspection,
    Message,
    Order,
    Refusal,
    Rendering,
    Tile,
    decoded,
    encoded_order,
)
from domain.errors import ImageRefused, TooBusy
from domain.pyramid import Place
from domain.recipes import STANDARD, Recipe
from domain.turns import BeginAgain, Turn, Turns

MAX_MESSAGE_BYTES = 1 << 20
MAX_RENDITION_BYTES = 64 << 20
PAYLOADS = (Rendering, Tile, Animation)
SLOTS = max(2, os.cpu_count() or 1)
"""Pictures at once, of each kind of order; so many of those that are looked at may be of one person."""

QUICK_SECONDS = 2.0
"""What takes longer makes room for others (domain/turns.py). Nearly all pictures are much quicker."""


class DecoderGone(Exception):
    """The answers ended too early. process: the decoder that was asked; another may be running by now."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(process.pid)
        self.process = process

    async def is_its_end(self) -> bool:
        """Whether it was the decoder itself that went, not just a child; a dying one is given 0.5 s."""
        for _ in range(25):
            if self.process.poll() is not None:
                return True
            await asyncio.sleep(0.02)
        return False


class Darkroom:
    """The decoder process of this process, started when first needed and whenever it is gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[object, Turns]] = WeakKeyDictionary()
        self._people: WeakKeyDictionary[
            asyncio.AbstractEventLoop, WeakValueDictionary[UUID, asyncio.Semaphore]
        ] = WeakKeyDictionary()

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Does nothing while the decoder runs."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "domain.decoder"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=Path(__file__).resolve().parent.parent,
            )
        self._control = ours

    def close(self) -> None:
        """Ends the decoder and with it everything it is decoding."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
            self._process = None

    @asynccontextmanager
    async def answers(
        self, path: Path, order: Order, *, is_aside: bool = False
    ) -> AsyncIterator[AsyncIterator[tuple[Message, bytes]]]:
        """Yields what the decoder says of the file, message by message. Who leaves early ends its child.

        is_aside: after BeginAgain. Raises OSError where the file cannot be opened, DecoderGone, BeginAgain
        before the first message, TimeoutError.
        """
        turns = self._turns_of(order.kind)
        async with turns.aside() if is_aside else turns.taken() as turn:
            # A socket, not a pipe: uvloop closes a pipe's number twice, by then perhaps somebody else's.
            ours, theirs = socket.socketpair()
            writer: asyncio.StreamWriter | None = None
            try:
                with theirs:
                    asked = self._send(path, order, theirs.fileno())
                reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 18)
                yield self._messages(reader, asked, WALL_SECONDS * order.patience + 5, turn)
            finally:
                if writer is not None:
                    writer.close()
                else:
                    ours.close()

    def _turns_of(self, kind: object) -> Turns:
        turns = self._turns.setdefault(asyncio.get_running_loop(), {})
        return turns.setdefault(kind, Turns(SLOTS, QUICK_SECONDS))

    def places_of(self, account_id: UUID) -> asyncio.Semaphore:
        """Of one person: whoever sends nothing but slow files has only their own wait for them."""
        people = self._people.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
        return people.setdefault(account_id, asyncio.Semaphore(SLOTS))

    def _send(self, path: Path, order: Order, answers: int) -> subprocess.Popen[bytes]:
        """Answers the process that was asked."""
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.start()
            assert self._control is not None
            assert self._process is not None
            rights = array.array("i", [source, answers])
            self._control.sendmsg(
                [encoded_order(order)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights.tobytes())]
            )
            return self._process
        except ConnectionError:
            assert self._process is not None
            raise DecoderGone(self._process) from None
        finally:
            os.close(source)

    async def _messages(
        self, reader: asyncio.StreamReader, asked: subprocess.Popen[bytes], seconds: float, turn: Turn | None
    ) -> AsyncIterator[tuple[Message, bytes]]:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
                    if length > MAX_MESSAGE_BYTES:
                        raise DecoderGone(asked)
                    message = decoded(await reader.readexactly(length))
                    content = b""
                    if isinstance(message, PAYLOADS):
                        if message.payload_bytes > MAX_RENDITION_BYTES:
                            raise DecoderGone(asked)
                        content = await reader.readexactly(message.payload_bytes)
                except (asyncio.IncompleteReadError, msgspec.DecodeError):
                    raise DecoderGone(asked) from None
                if turn is not None:
                    turn.keep()
                yield message, content
                if not isinstance(message, PAYLOADS):
                    return


_DARKROOM = Darkroom()


def warm_up() -> None:
    """Starts the decoder before the first picture comes, which saves that one 0.3 s.

    Call it from the main thread: the decoder ends with the thread that started it.
    """
    _DARKROOM.start()


def close() -> None:
    _DARKROOM.close()


def decoder_id() -> int | None:
    """The process id of the running decoder."""
    return _DARKROOM.process_id


async def inspect(
    path: Path,
    *,
    max_pixels: int = MAX_PIXELS,
    recipe: Recipe = STANDARD,
    sender: UUID | None = None,
) -> Inspection:
    """What the picture is, and its smallest rendition. sender: whose it is, where somebody waits for it.

    Raises ImageRefused, TooBusy, OSError.
    """
    async with _DARKROOM.places_of(sender) if sender else contextlib.nullcontext():
        async for message, _ in _asked(path, Order(max_pixels=max_pixels, recipe=recipe)):
            if isinstance(message, Inspection):
                return message
    raise TooBusy("The picture decoder was interrupted; send the picture again.", retry_after_seconds=1)


async def develop(
    path: Path,
    sizes: tuple[int, ...] = LADDER,
    *,
    max_pixels: int = MAX_PIXELS,
    recipe: Recipe = STANDARD,
) -> AsyncIterator[Developed]:
    """The renditions that `rungs` names, the smallest first. Raises ImageRefused, TooBusy, OSError."""
    async for message, content in _asked(path, Order(sizes, max_pixels, recipe=recipe)):
        if isinstance(message, Rendering):
            yield _developed(message, content, recipe)


async def whole(path: Path, *, max_pixels: int = MAX_PIXELS, recipe: Recipe = STANDARD) -> Developed:
    """The picture at its own size as every browser shows it: the file without its metadata where it can be
    that, else a WebP of it. Raises ImageRefused, TooBusy, OSError."""
    async for message, content in _asked(path, Order(max_pixels=max_pixels, whole=True, recipe=recipe)):
        if isinstance(message, Rendering):
            return _developed(message, content, recipe)
    raise TooBusy("The picture decoder was interrupted; try again.", retry_after_seconds=1)


async def cut(
    path: Path, *, max_pixels: int = MAX_PIXELS, recipe: Recipe = STANDARD
) -> AsyncGenerator[tuple[Place, bytes], None]:
    """The tiles of its pyramid, in no order; if one comes twice, the second is right.

    Raises ImageRefused, TooBusy, OSError.
    """
    async for message, content in _asked(path, Order(max_pixels=max_pixels, cuts=True, recipe=recipe)):
        if isinstance(message, Tile):
            yield (message.level, message.column, message.row), content


async def animate(
    path: Path, *, max_pixels: int = MAX_PIXELS, recipe: Recipe = STANDARD
) -> tuple[Animation, bytes]:
    """The animation, small enough for a board. Raises ImageRefused, TooBusy, OSError."""
    async for message, content in _asked(path, Order(max_pixels=max_pixels, animates=True, recipe=recipe)):
        if isinstance(message, Animation):
            return message, content
    raise TooBusy("The picture decoder was interrupted; try again.", retry_after_seconds=1)


def _developed(said: Rendering, content: bytes, recipe: Recipe) -> Developed:
    return Developed(said.size, said.width, said.height, content, said.mime, recipe)


async def page(path: Path, number: int, *, max_pixels: int = MAX_PIXELS) -> bytes:
    """A page of a document, from 1, as PNG. Raises ImageRefused, TooBusy, OSError."""
    order = Order(max_pixels=max_pixels, page=number - 1, extracts=True)
    async for message, content in _asked(path, order):
        if isinstance(message, Rendering):
            return content
    raise TooBusy("The picture decoder was interrupted; try again.", retry_after_seconds=1)


async def glimpse(path: Path, number: int, *, max_pixels: int = MAX_PIXELS) -> bytes:
    """A page of a document, from 1, at most 320 px long, as WebP. Raises ImageRefused, TooBusy, OSError."""
    order = Order(LADDER[:1], max_pixels, page=number - 1)
    async for message, content in _asked(path, order):
        if isinstance(message, Rendering):
            return content
    raise TooBusy("The picture decoder was interrupted; try again.", retry_after_seconds=1)


async def draw(path: Path) -> Developed:
    """The picture of the miniature in this file. Raises ImageRefused, TooBusy, OSError."""
    async for message, content in _asked(path, Order(draws=True)):
        if isinstance(message, Rendering):
            return Developed(message.size, message.width, message.height, content)
    raise TooBusy("The picture decoder was interrupted; try again.", retry_after_seconds=1)


async def tessellate(path: Path) -> Developed:
    """The picture of the mosaic in this file. Raises ImageRefused, TooBusy, OSError."""
    async for message, content in _asked(path, Order(tessellates=True)):
        if isinstance(message, Rendering):
            return Developed(message.size, message.width, message.height, content)
    raise TooBusy("The picture decoder was interrupted; try again.", retry_after_seconds=1)


async def _asked(path: Path, order: Order) -> AsyncIterator[tuple[Message, bytes]]:
    """Asks again, once, where the decoder itself went down before it said anything, and aside if told so."""
    is_aside = went_down = False
    while True:
        said = False
        try:
            async with _DARKROOM.answers(path, order, is_aside=is_aside) as answers:
                async for message, content in answers:
                    if isinstance(message, Refusal):
                        raise ImageRefused(message.message, reason=message.reason)
                    if isinstance(message, Died):
                        raise _killed(message)
                    said = True
                    if not isinstance(message, Finished):
                        yield message, content
            return
        except DecoderGone as gone:
            if not await gone.is_its_end():
                raise _killed(Died(signal.SIGKILL)) from None
            if said or went_down:
                raise TooBusy(
                    "The picture decoder was interrupted; try again.", retry_after_seconds=1
                ) from None
            went_down = True
        except BeginAgain:
            is_aside = True
        except TimeoutError:
            raise _killed(Died(signal.SIGALRM)) from None


def _killed(died: Died) -> ImageRefused:
    """A child that its limits ended, or that crashed."""
    if died.signal in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL):
        return ImageRefused("The picture takes too long or too much to decode.", reason="TOO_EXPENSIVE")
    if died.signal == signal.SIGABRT:
        return ImageRefused("The picture needs more memory than one may take.", reason="TOO_EXPENSIVE")
    return ImageRefused("The picture is damaged in a way that stops its decoder.", reason="CORRUPT")

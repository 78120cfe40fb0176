"""The decoder: a warm single-threaded process that forks one limited child for every picture.

Started by the darkroom as `python -m domain.decoder` with a Unix socket as its standard input. Every
order comes with two descriptors, the picture's open file and a socket for the answers. The process ends
when the socket does.
"""

import array
import contextlib
import ctypes
import io
import os
import resource
import selectors
import signal
import socket
import sys
import time
from typing import BinaryIO

from PIL import Image

from domain import exif, likeness, looks, miniature, painter, pixels, thumbhash
from domain.decoding import (
    CPU_SECONDS,
    LENGTH_BYTES,
    MEMORY_BYTES,
    WALL_SECONDS,
    WEBP,
    WEBP_SIDE_PX,
    WHOLE,
    Developed,
    Died,
    Finished,
    Inspection,
    Message,
    Order,
    Refusal,
    Rendering,
    decoded_order,
    encoded,
)
from domain.recipes import Recipe

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SAMPLE_PX = 48
MIMES = {"JXL": "image/jxl", "HEIF": "image/heic", "AVIF": "image/avif"}


def main() -> None:
    control = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides
    _die_with_parent()
    _leave_network()
    os.nice(5)
    pixels.prepare()
    Decoder(control).serve()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _leave_network() -> None:
    """A network namespace of its own, without any interface, where the system allows it."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(CLONE_NEWNET) != 0:
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


class Decoder:
    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, tuple[int, float]] = {}  # pid: answers, deadline
        self.selector = selectors.DefaultSelector()
        self.alarm, alarm_end = os.pipe()
        for end in (self.alarm, alarm_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(alarm_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        self.selector.register(self.control, selectors.EVENT_READ)
        self.selector.register(self.alarm, selectors.EVENT_READ)
        while True:
            ready = self.selector.select(self._patience())
            self._reap()
            for key, _ in ready:
                if key.fileobj is self.control:
                    if not self._accept():
                        for pid in self.children:
                            os.kill(pid, signal.SIGKILL)
                        return
                else:
                    os.read(self.alarm, 4096)

    def _patience(self) -> float | None:
        if not self.children:
            return None
        return max(0.05, min(deadline for _, deadline in self.children.values()) - time.monotonic())

    def _accept(self) -> bool:
        """Takes one order and forks; False at the end of the socket."""
        room = socket.CMSG_SPACE(2 * array.array("i").itemsize)
        try:
            head, ancillary, _, _ = self.control.recvmsg(LENGTH_BYTES, room)
        except ConnectionError:
            return False
        if not head:
            return False
        descriptors = array.array("i")
        for _, _, carried in ancillary:
            descriptors.frombytes(carried[: len(carried) - len(carried) % descriptors.itemsize])
        body = b""
        while len(head) < LENGTH_BYTES:
            head += self.control.recv(LENGTH_BYTES - len(head))
        while len(body) < int.from_bytes(head, "big"):
            body += self.control.recv(int.from_bytes(head, "big") - len(body))
        order = decoded_order(body)
        source, answers = descriptors
        pid = os.fork()
        if pid == 0:
            _child(order, source, answers)
        os.close(source)
        self.children[pid] = (answers, time.monotonic() + WALL_SECONDS + 1)
        return True

    def _reap(self) -> None:
        now = time.monotonic()
        for pid, (answers, deadline) in list(self.children.items()):
            if deadline < now:
                os.kill(pid, signal.SIGKILL)
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self.children[pid]
            if status != 0:
                os.set_blocking(answers, False)
                ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                with contextlib.suppress(OSError):  # a full or closed socket: the reader sees its end
                    os.write(answers, encoded(Died(ended_by)))
            os.close(answers)


def _child(order: Order, source: int, answers: int) -> None:
    """Never returns. Whatever happens in here costs this picture only."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGALRM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        _die_with_parent()
        os.closerange(0, min(source, answers))
        for descriptor in range(min(source, answers) + 1, max(source, answers)):
            _close(descriptor)
        os.closerange(max(source, answers) + 1, 1024)
        _limit()
        with open(source, "rb") as file, open(answers, "wb", buffering=0) as out:
            try:
                _obey(order, file, out)
            except pixels.Refused as refused:
                _say(out, refused.refusal)
            except MemoryError:
                _say(out, Refusal("TOO_EXPENSIVE", "The picture needs more memory than one may take."))
            except Exception:  # Pillow's plugins raise nearly anything on broken files
                _say(out, Refusal("CORRUPT", "The picture is damaged."))
            status = 0
    finally:
        os._exit(status)


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)


def _limit() -> None:
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS; the others hold
            resource.setrlimit(limit, (value, value))


def _obey(order: Order, file: io.BufferedReader, out: BinaryIO) -> None:
    if order.draws:
        drawn = painter.painted(*miniature.read(file))
        data = pixels.webp(drawn)
        _say(out, Rendering(max(drawn.size), drawn.width, drawn.height, len(data)), data)
        _say(out, Finished())
        return
    picture = pixels.opened(file, order.max_pixels)
    original = picture.size
    if order.whole:
        _show_whole(picture, file, order.recipe, out)
    elif order.sizes:
        orientation = pixels.orientation_of(picture)
        picture = pixels.load(picture, file, max(order.sizes) * 3 // 2)
        for size, rendition in pixels.renditions(picture, orientation, original, order.sizes):
            data = pixels.webp(rendition, order.recipe.quality)
            _say(out, Rendering(size, rendition.width, rendition.height, len(data)), data)
        _say(out, Finished())
    else:
        _say(out, _inspected(picture, file, order.recipe))


def _show_whole(picture: pixels.Picture, file: io.BufferedReader, recipe: Recipe, out: BinaryIO) -> None:
    orientation, (width, height) = pixels.orientation_of(picture), picture.size
    mime = f"image/{pixels.format_of(picture).lower()}"
    data = pixels.stripped(picture, file, orientation)
    if data is None:
        if max(width, height) > WEBP_SIDE_PX:
            words = f"Only its smaller sizes can be shown: a side is longer than {WEBP_SIDE_PX} pixels."
            raise pixels.Refused("TOO_MANY_PIXELS", words)
        picture = pixels.load(picture, file, max(width, height))
        mime, data = WEBP, pixels.webp(pixels.upright(picture, orientation), recipe.quality)
    if orientation >= 5:
        width, height = height, width
    _say(out, Rendering(WHOLE, width, height, len(data), mime), data)
    _say(out, Finished())


def _inspected(picture: pixels.Picture, file: io.BufferedReader, recipe: Recipe) -> Inspection:
    format_, orientation, (width, height) = (
        pixels.format_of(picture),
        pixels.orientation_of(picture),
        picture.size,
    )
    frames, taken_at, camera = pixels.frames_of(picture), exif.taken_at(picture), exif.camera(picture)
    picture = pixels.load(picture, file, recipe.sizes[0] * 3 // 2)
    [(size, first)] = pixels.renditions(picture, orientation, (width, height), recipe.sizes[:1])
    sample = first.convert("RGBA")
    sample.thumbnail((SAMPLE_PX, SAMPLE_PX))
    if orientation >= 5:
        width, height = height, width
    return Inspection(
        format=format_,
        mime=MIMES.get(format_) or Image.MIME[format_],
        width=width,
        height=height,
        frames=frames,
        has_alpha=first.mode == "RGBA" and first.getchannel("A").getextrema()[0] != 255,
        taken_at=taken_at,
        camera=camera,
        placeholder=thumbhash.encode(*sample.size, sample.tobytes()),
        swatches=looks.swatches(first),
        fingerprint=likeness.signed(looks.fingerprint(first)),
        sketch=looks.sketched(first),
        first=Developed(size, first.width, first.height, pixels.webp(first, recipe.quality), recipe=recipe),
    )


def _say(out: BinaryIO, message: Message, payload: bytes = b"") -> None:
    """A socket takes less than everything at once: write until all of it is gone."""
    rest = memoryview(encoded(message) + payload)
    while rest:
        rest = rest[out.write(rest) :]


if __name__ == "__main__":
    main()

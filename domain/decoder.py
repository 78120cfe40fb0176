"""The decoder: a warm single-threaded process that forks one limited child for every picture.

Started by the darkroom as `python -m domain.decoder` with a Unix socket as its standard input. Every
order comes with two descriptors, the picture's open file and a socket for the answers. The process ends
when the socket does.
"""

import array
import contextlib
import io
import os
import selectors
import signal
import socket
import time
from typing import BinaryIO

from domain import (
    animating,
    confinement,
    crispness,
    cutting,
    likeness,
    looks,
    miniature,
    mosaic,
    opening,
    painter,
    pixels,
    tessellating,
    thumbhash,
)
from domain.decoding import (
    CPU_SECONDS,
    LENGTH_BYTES,
    MEMORY_BYTES,
    WALL_SECONDS,
    WEBP,
    WEBP_SIDE_PX,
    WHOLE,
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
    decoded_order,
    encoded,
    rungs,
)
from domain.pyramid import Place
from domain.recipes import Recipe
from domain.sources.opened import Opened

SAMPLE_PX = 48
MOST_FILES = 16


def main() -> None:
    control = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides
    confinement.die_with_parent()
    confinement.leave_network()
    with contextlib.suppress(
        OSError
    ):  # some sandboxes forbid it: then it works beside the others, not behind
        os.nice(5)
    pixels.prepare()
    Decoder(control).serve()


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
                            _end(pid)
                        return
                elif key.fileobj == self.alarm:
                    os.read(self.alarm, 4096)
                else:
                    self._abandon(key.data)

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
        self.children[pid] = (answers, time.monotonic() + WALL_SECONDS * order.patience + 1)
        self.selector.register(answers, selectors.EVENT_READ, pid)
        return True

    def _abandon(self, pid: int) -> None:
        """Nobody tells a child anything: what can be read there is that nobody listens to it any more."""
        if pid in self.children:
            self._stop_listening(pid)
            _end(pid)

    def _stop_listening(self, pid: int) -> None:
        with contextlib.suppress(KeyError):
            self.selector.unregister(self.children[pid][0])

    def _reap(self) -> None:
        now = time.monotonic()
        for pid, (answers, deadline) in list(self.children.items()):
            if deadline < now:
                _end(pid)
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            self._stop_listening(pid)
            del self.children[pid]
            if status != 0:
                os.set_blocking(answers, False)
                ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                with contextlib.suppress(OSError):  # a full or closed socket: the reader sees its end
                    os.write(answers, encoded(Died(ended_by)))
            os.close(answers)


def _end(pid: int) -> None:
    """The child and whatever it started; it leads their group as soon as it runs."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)


def _child(order: Order, source: int, answers: int) -> None:
    """Never returns. Whatever happens in here costs this picture only."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGALRM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)  # what it starts is ended with it
        confinement.die_with_parent()
        os.closerange(0, min(source, answers))
        for descriptor in range(min(source, answers) + 1, max(source, answers)):
            _close(descriptor)
        os.closerange(max(source, answers) + 1, 1024)
        _limit(order.patience)
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


def _limit(patience: int) -> None:
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS * patience)
    confinement.limit(memory_bytes=MEMORY_BYTES, cpu_seconds=CPU_SECONDS * patience, files=MOST_FILES)


def _obey(order: Order, file: io.BufferedReader, out: BinaryIO) -> None:
    if order.draws:
        confinement.confine(opening.READABLE)
        painted = painter.painted(*miniature.read(file))
        data = pixels.webp(painted)
        _say(out, Rendering(max(painted.size), painted.width, painted.height, len(data)), data)
        _say(out, Finished())
        return
    if order.tessellates:
        confinement.confine(opening.READABLE)
        wanted, pictures = mosaic.read(file)
        laid = tessellating.tessellated(wanted, pictures)
        data = pixels.webp(laid, wanted.quality)
        _say(out, Rendering(max(laid.size), laid.width, laid.height, len(data)), data)
        _say(out, Finished())
        return
    found = opening.opened(file, order.max_pixels, order.page)
    if order.extracts:
        picture = pixels.load(found.picture, found.file, max(found.picture.size))
        sheet = pixels.upright(picture, found.orientation)
        data = pixels.png(sheet)
        _say(out, Rendering(max(sheet.size), sheet.width, sheet.height, len(data)), data)
        _say(out, Finished())
    elif order.whole:
        _show_whole(found, order.recipe, out)
    elif order.cuts:

        def emit(place: Place, content: bytes) -> None:
            _say(out, Tile(*place, len(content)), content)

        cutting.cut(found.picture, found.file, found.orientation, order.recipe.quality, emit)
        _say(out, Finished())
    elif order.animates:
        made = animating.animated(found.picture, found.frames, found.orientation, order.recipe.quality)
        data = made.content
        _say(out, Animation(*made.size, made.frames, made.duration_ms, len(data)), data)
        _say(out, Finished())
    elif order.sizes:
        original = found.picture.size
        picture = pixels.load(found.picture, found.file, rungs(*original, order.sizes)[-1])
        drawn = crispness.is_drawn(picture)
        for size, rendition in pixels.renditions(picture, found.orientation, original, order.sizes):
            data = crispness.webp(rendition, order.recipe.quality, drawn=drawn)
            _say(out, Rendering(size, rendition.width, rendition.height, len(data)), data)
        _say(out, Finished())
    else:
        _say(out, _inspected(found, order.recipe))


def _show_whole(found: Opened, recipe: Recipe, out: BinaryIO) -> None:
    width, height = found.picture.size
    mime = f"image/{pixels.format_of(found.picture).lower()}"
    data = pixels.stripped(found.picture, found.file, found.orientation)
    if data is None:
        if max(width, height) > WEBP_SIDE_PX:
            words = f"Only its smaller sizes can be shown: a side is longer than {WEBP_SIDE_PX} pixels."
            raise pixels.Refused("TOO_MANY_PIXELS", words)
        picture = pixels.load(found.picture, found.file, max(width, height))
        whole, drawn = pixels.upright(picture, found.orientation), crispness.is_drawn(picture)
        mime, data = WEBP, crispness.webp(whole, recipe.quality, drawn=drawn)
    if found.orientation >= 5:
        width, height = height, width
    _say(out, Rendering(WHOLE, width, height, len(data), mime), data)
    _say(out, Finished())


def _inspected(found: Opened, recipe: Recipe) -> Inspection:
    width, height = found.picture.size
    picture = pixels.load(found.picture, found.file, recipe.sizes[0])
    drawn = crispness.is_drawn(picture)
    [(size, first)] = pixels.renditions(picture, found.orientation, (width, height), recipe.sizes[:1])
    content = crispness.webp(first, recipe.quality, drawn=drawn)
    sample = first.convert("RGBA")
    sample.thumbnail((SAMPLE_PX, SAMPLE_PX))
    if found.orientation >= 5:
        width, height = height, width
    return Inspection(
        format=found.format,
        width=width,
        height=height,
        frames=found.frames,
        pages=found.pages,
        duration_ms=found.duration_ms,
        has_alpha=first.mode == "RGBA" and first.getchannel("A").getextrema()[0] != 255,
        taken_at=found.taken_at,
        camera=found.camera,
        placeholder=thumbhash.encode(*sample.size, sample.tobytes()),
        swatches=looks.swatches(first),
        fingerprint=likeness.signed(looks.fingerprint(first)),
        sketch=looks.sketched(first),
        first=Developed(size, first.width, first.height, content, recipe=recipe),
    )


def _say(out: BinaryIO, message: Message, payload: bytes = b"") -> None:
    """A socket takes less than everything at once: write until all of it is gone."""
    rest = memoryview(encoded(message) + payload)
    while rest:
        rest = rest[out.write(rest) :]


if __name__ == "__main__":
    main()

"""multipart/form-data as a stream: each part is read as it arrives, and no part is ever held whole."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.errors import BadRequest, BodyTooLarge

MOST_HEADER_BYTES = 8_192
MOST_HEADERS = 16


class BrokenForm(BadRequest):
    """The body is not the multipart/form-data that it says it is, or it ends too early."""

    code = "BROKEN_FORM"


@dataclass(frozen=True)
class _Begin:
    name: str
    filename: str | None


_END: Final = None
_Event = _Begin | bytes | None


class Part:
    """One part. Whatever of it is not read is skipped when the next part is asked for."""

    def __init__(self, begin: _Begin, events: "_Events") -> None:
        self.name = begin.name
        self.filename = begin.filename
        self._events = events
        self._ended = False

    async def pieces(self) -> AsyncIterator[bytes]:
        while not self._ended:
            event = await self._events.next()
            if isinstance(event, bytes):
                yield event
            else:
                self._ended = True

    async def text(self, *, most_bytes: int) -> str:
        """A small field. Raises BodyTooLarge, BrokenForm."""
        held = b""
        async for piece in self.pieces():
            held += piece
            if len(held) > most_bytes:
                raise BodyTooLarge(f"The field {self.name[:50]!r} is too long.", limit_bytes=most_bytes)
        try:
            return held.decode()
        except UnicodeDecodeError as error:
            raise BrokenForm("A text field of the form is no UTF-8.") from error

    async def skip(self) -> None:
        async for _ in self.pieces():
            pass


async def parts_of(pieces: AsyncIterator[bytes], boundary: str, *, most_bytes: int) -> AsyncIterator[Part]:
    """The parts in order. Raises BrokenForm, BodyTooLarge, and whatever reading the body raises."""
    events = _Events(pieces, boundary, most_bytes)
    while (begin := await events.next_part()) is not None:
        part = Part(begin, events)
        yield part
        await part.skip()


class _Events:
    """Turns fed bytes into events; holds those of one feed only."""

    def __init__(self, pieces: AsyncIterator[bytes], boundary: str, most_bytes: int) -> None:
        if not boundary or not boundary.isascii():
            raise BrokenForm("The multipart/form-data body names no boundary.")
        self._pieces = pieces
        self._most_bytes = most_bytes
        self._received = 0
        self._ready: deque[_Event] = deque()
        self._field = bytearray()
        self._value = bytearray()
        self._headers: dict[str, str] = {}
        self._complete = False
        try:
            self._parser = MultipartParser(
                boundary.encode(),
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": lambda: self._ready.append(_END),
                    "on_end": self._on_end,
                },
                max_header_count=MOST_HEADERS,
                max_header_size=MOST_HEADER_BYTES,
            )
        except FormParserError as error:
            raise BrokenForm("The boundary of the multipart/form-data body is not usable.") from error

    async def next_part(self) -> _Begin | None:
        while self._ready or await self._feed():
            while self._ready:
                event = self._ready.popleft()
                if isinstance(event, _Begin):
                    return event
        return None

    async def next(self) -> _Event:
        while not self._ready:
            if not await self._feed():
                raise BrokenForm("The form ends in the middle of a file.")
        return self._ready.popleft()

    async def _feed(self) -> bool:
        """Reads on; False at the end of a complete form."""
        piece = await anext(self._pieces, None)
        if piece is None:
            if not self._complete:
                raise BrokenForm("The form ends too early: its last boundary is missing.")
            return False
        self._received += len(piece)
        if self._received > self._most_bytes:
            raise BodyTooLarge("The files together are too large.", limit_bytes=self._most_bytes)
        if not self._complete:
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise BrokenForm("The body is not well-formed multipart/form-data.") from error
        return True

    def _on_header_field(self, fed: bytes, start: int, end: int) -> None:
        self._field += fed[start:end]

    def _on_header_value(self, fed: bytes, start: int, end: int) -> None:
        self._value += fed[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._field.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get("content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise FormParserError("a part without a name")
        filename = options.get(b"filename")
        name = options[b"name"].decode("utf-8", "replace")
        # Browsers write quotes and line ends of a name as %22, %0D and %0A.
        self._ready.append(
            _Begin(name, None if filename is None else _unescaped(filename.decode("utf-8", "replace")))
        )

    def _on_part_data(self, fed: bytes, start: int, end: int) -> None:
        self._ready.append(fed[start:end])

    def _on_end(self) -> None:
        self._complete = True


def _unescaped(filename: str) -> str:
    return filename.replace("%22", '"').replace("%0D", "").replace("%0A", "")

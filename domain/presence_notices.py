"""How processes tell each other of presence: words, packed into as many notices as they take."""

import base64
import binascii
from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

# A channel of its own: workers, which listen for jobs, are spared thirty notices a second.
PRESENCE_CHANNEL = "webref_presence"
# PostgreSQL sends less than 8,000 bytes in one notice.
NOTICE_BYTES = 7_500
MOST_MESSAGE_BYTES = 32_000_000


class Status(StrEnum):
    ACTIVE = "ACTIVE"
    IDLE = "IDLE"


class Point(Struct, frozen=True, array_like=True):
    """A place on the board, in board units."""

    x: float
    y: float


class Viewport(Struct, frozen=True, array_like=True):
    """What somebody sees. x, y: its middle in board units; width, height: in screen pixels."""

    x: float
    y: float
    zoom: float
    width: float
    height: float


class Shown(Struct, frozen=True, omit_defaults=True):
    """What a client shows of itself; UNSET: not said. selection: 16 bytes an item."""

    cursor: Point | UnsetType | None = UNSET
    selection: bytes | UnsetType = UNSET
    viewport: Viewport | UnsetType | None = UNSET
    following: UUID | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET


def merged(earlier: Shown, later: Shown) -> Shown:
    """What later says, and what earlier says of the rest."""
    said = {name: value for name in Shown.__struct_fields__ if (value := getattr(later, name)) is not UNSET}
    return msgspec.structs.replace(earlier, **said)


class Told(Struct, frozen=True, tag="told", omit_defaults=True):
    """A client shows this. at: ms since 1970. held: a stream of this process keeps it present.

    answer: what was asked for by a process that came late, who may know some of it better by now.
    """

    board: UUID
    client: UUID
    account: UUID
    name: str
    colour: str
    at: int
    held: bool = False
    answer: bool = False
    shown: Shown = Shown()


class Left(Struct, frozen=True, tag="left", omit_defaults=True):
    """A client is here no more. asked: it said so itself; else the teller only lets go of it."""

    board: UUID
    client: UUID
    account: UUID
    asked: bool = False


class Asked(Struct, frozen=True, tag="asked"):
    """A process knows nobody yet: tell it who is there."""


class Beat(Struct, frozen=True, tag="beat"):
    """The process is alive."""


Word = Told | Left | Asked | Beat

_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_DECODER = msgspec.msgpack.Decoder(list[Word])


def notices_of(process: UUID, words: Iterable[Word]) -> list[str]:
    """The texts of the notices; sent in one transaction, they arrive one after the other."""
    text = base64.b64encode(_ENCODER.encode(list(words))).decode()
    room = NOTICE_BYTES - 64
    parts = [text[at : at + room] for at in range(0, len(text), room)]
    return [
        f"{process.hex}:{number}:{'' if number + 1 == len(parts) else '+'}:{part}"
        for number, part in enumerate(parts)
    ]


class Reader:
    """Puts the parts of messages together again, for each process that sends."""

    def __init__(self) -> None:
        self._parts: dict[UUID, list[str]] = {}

    def read(self, notice: str) -> tuple[UUID, list[Word]] | None:
        """None while parts are missing. Raises ValueError for what is no part of a message."""
        sender, number, more, part = notice.split(":", 3)
        process = UUID(sender)
        parts = self._parts.pop(process, [])
        if int(number) == 0:
            parts = []
        if int(number) != len(parts) or len(parts) * NOTICE_BYTES > MOST_MESSAGE_BYTES:
            raise ValueError("a part of a message is missing")
        parts.append(part)
        if more:
            self._parts[process] = parts
            return None
        try:
            return process, _DECODER.decode(base64.b64decode("".join(parts), validate=True))
        except (binascii.Error, msgspec.MsgspecError) as error:
            raise ValueError("a message cannot be read") from error

    def forget(self, process: UUID) -> None:
        self._parts.pop(process, None)

"""The book of who is where: what one process has heard of everybody's presence, in the order it was said."""

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from domain.presence_notices import Left, Point, Shown, Status, Told, Viewport, merged

SILENT_SECONDS = 30.0
DEAD_SECONDS = 12.0
DOUBT_SECONDS = 3.0


class Presence(Struct, frozen=True):
    """A tab or a script that is on a board. at: when it was heard of last."""

    board_id: UUID
    client_id: UUID
    account_id: UUID
    name: str
    colour: str
    at: datetime
    shown: Shown

    @property
    def cursor(self) -> Point | None:
        return None if self.shown.cursor is UNSET else self.shown.cursor

    @property
    def selection(self) -> list[UUID]:
        packed = b"" if self.shown.selection is UNSET else self.shown.selection
        return [UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]

    @property
    def viewport(self) -> Viewport | None:
        return None if self.shown.viewport is UNSET else self.shown.viewport

    @property
    def following(self) -> UUID | None:
        return None if self.shown.following is UNSET else self.shown.following

    @property
    def status(self) -> Status:
        return Status.ACTIVE if self.shown.status is UNSET else self.shown.status


class PresenceEvent(Struct, frozen=True):
    """Who is here, came or changed, and who has left. is_complete: here is everybody; forget the others."""

    is_complete: bool
    here: list[Presence]
    left: list[UUID]


def both(earlier: PresenceEvent, later: PresenceEvent) -> PresenceEvent:
    """Two events as one: whoever left and came again is here."""
    if later.is_complete:
        return later
    here = {presence.client_id: presence for presence in earlier.here}
    left = dict.fromkeys(earlier.left)
    for client_id in later.left:
        here.pop(client_id, None)
        left[client_id] = None
    for presence in later.here:
        here[presence.client_id] = presence
        left.pop(presence.client_id, None)
    return PresenceEvent(earlier.is_complete, list(here.values()), [] if earlier.is_complete else list(left))


class Entry:
    """A presence as it was heard. keeper: the process that answers for it. held: a stream of it is open.

    deadline: when it is gone unless it is heard of again.
    """

    def __init__(self, presence: Presence, keeper: UUID) -> None:
        self.presence = presence
        self.keeper = keeper
        self.held = False
        self.deadline = math.inf


class News:
    """What a message changed, board by board."""

    def __init__(self) -> None:
        self._here: defaultdict[UUID, dict[UUID, Presence]] = defaultdict(dict)
        self._left: defaultdict[UUID, dict[UUID, None]] = defaultdict(dict)

    def came(self, presence: Presence) -> None:
        self._here[presence.board_id][presence.client_id] = presence
        self._left[presence.board_id].pop(presence.client_id, None)

    def left(self, presence: Presence) -> None:
        self._here[presence.board_id].pop(presence.client_id, None)
        self._left[presence.board_id][presence.client_id] = None

    def events(self) -> list[tuple[UUID, PresenceEvent]]:
        return [
            (board_id, PresenceEvent(False, list(here.values()), list(self._left[board_id])))
            for board_id, here in self._here.items()
        ]


class Book:
    """process: this one, which is never taken for dead."""

    def __init__(self, process: UUID, clock: Callable[[], float]) -> None:
        self._process = process
        self._clock = clock
        self._boards: dict[UUID, dict[UUID, Entry]] = {}
        self._heard_of: dict[UUID, float] = {}

    def find(self, board_id: UUID, client_id: UUID) -> Entry | None:
        return self._boards.get(board_id, {}).get(client_id)

    def on(self, board_id: UUID) -> list[Presence]:
        return [entry.presence for entry in self._boards.get(board_id, {}).values()]

    def entries(self) -> list[Entry]:
        return [entry for entries in self._boards.values() for entry in entries.values()]

    def alive(self, process: UUID) -> None:
        self._heard_of[process] = self._clock()

    def take(self, process: UUID, word: Told, news: News) -> None:
        """Who came first keeps the id: what another account says under it is not taken."""
        entry = self.find(word.board, word.client)
        if entry is not None and entry.presence.account_id != word.account:
            return
        before = Shown() if entry is None else entry.presence.shown
        presence = Presence(
            word.board,
            word.client,
            word.account,
            word.name,
            word.colour,
            datetime.fromtimestamp(word.at / 1000, UTC),
            merged(word.shown, before) if word.answer else merged(before, word.shown),
        )
        if entry is None:
            entry = Entry(presence, process)
            self._boards.setdefault(word.board, {})[word.client] = entry
        entry.presence = presence
        if word.held or not entry.held:
            entry.keeper, entry.held = process, word.held
        entry.deadline = math.inf if entry.held else self._clock() + SILENT_SECONDS
        news.came(presence)

    def take_leave(self, process: UUID, word: Left, news: News) -> None:
        """A process may let go of what it keeps; a client may leave wherever it is kept."""
        entry = self.find(word.board, word.client)
        if entry is None or entry.presence.account_id != word.account:
            return
        if word.asked or entry.keeper == process:
            self._drop(entry, news)

    def expire(self) -> News:
        """Lets go of who has been silent for too long, and of all whose process is."""
        now, news = self._clock(), News()
        for entry in self.entries():
            if now >= entry.deadline or (
                entry.keeper != self._process
                and now - self._heard_of.get(entry.keeper, -math.inf) >= DEAD_SECONDS
            ):
                self._drop(entry, news)
        kept = {process: at for process, at in self._heard_of.items() if now - at < DEAD_SECONDS}
        self._heard_of = kept
        return news

    def doubt(self) -> None:
        """Notices were missed: what others keep is to be told anew, or it is gone."""
        for entry in self.entries():
            if entry.keeper != self._process:
                entry.presence = msgspec.structs.replace(entry.presence, shown=Shown())
                entry.deadline = min(entry.deadline, self._clock() + DOUBT_SECONDS)

    def _drop(self, entry: Entry, news: News) -> None:
        board_id, client_id = entry.presence.board_id, entry.presence.client_id
        entries = self._boards[board_id]
        del entries[client_id]
        if not entries:
            del self._boards[board_id]
        news.left(entry.presence)

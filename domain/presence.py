"""Presence: who looks at a board right now, shown at up to 30 a second, in notices only, never in the log."""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Hashable, Iterable
from uuid import UUID, uuid4

from domain import access, accounts
from domain.access import Role, Viewer
from domain.checks import FARTHEST, number
from domain.database import execute
from domain.errors import AlreadyExists, DomainError, LimitExceeded
from domain.presence_book import SILENT_SECONDS, Book, News, Presence, PresenceEvent, both
from domain.presence_notices import (
    PRESENCE_CHANNEL,
    Asked,
    Beat,
    Left,
    Point,
    Reader,
    Shown,
    Status,
    Told,
    Viewport,
    Word,
    merged,
    notices_of,
)
from domain.streams import Follower, Kind

__all__ = [
    "PRESENCE",
    "PRESENCE_CHANNEL",
    "Point",
    "Presence",
    "PresenceEvent",
    "Presences",
    "Shown",
    "Status",
    "Viewport",
]

LOG = logging.getLogger("webref.presence")

SPACING_SECONDS = 1 / 30
TRUST_SECONDS = 1.0
TIDY_SECONDS = 1.0
BEAT_SECONDS = 4.0
LAST_WORDS_SECONDS = 1.0
MOST_ON_BOARD = 200
MOST_OF_ACCOUNT = 20
MOST_SELECTED = 500
SMALLEST_ZOOM, LARGEST_ZOOM = 1e-6, 1e6
LARGEST_SCREEN_PX = 100_000.0

Key = tuple[UUID, UUID]  # board, client
PRESENCE: Kind[PresenceEvent] = Kind(lambda _: None, both)


def packed(selection: Iterable[UUID]) -> bytes:
    """Item ids in the form in which a presence holds them, each once. Raises LimitExceeded."""
    ids = list(dict.fromkeys(selection))
    if len(ids) > MOST_SELECTED:
        raise LimitExceeded(
            f"selection has {len(ids)} items; show at most {MOST_SELECTED}.",
            field="selection",
            limit=MOST_SELECTED,
        )
    return b"".join(item_id.bytes for item_id in ids)


def checked(shown: Shown) -> Shown:
    """Raises BadInput for numbers that are none or lie out of bounds."""
    if isinstance(shown.cursor, Point):
        _require_place(shown.cursor.x, shown.cursor.y, "cursor")
    if isinstance(shown.viewport, Viewport):
        view = shown.viewport
        _require_place(view.x, view.y, "viewport")
        number(view.zoom, "viewport.zoom", SMALLEST_ZOOM, LARGEST_ZOOM)
        number(view.width, "viewport.width", 1.0, LARGEST_SCREEN_PX)
        number(view.height, "viewport.height", 1.0, LARGEST_SCREEN_PX)
    return shown


def _require_place(x: float, y: float, field: str) -> None:
    number(x, f"{field}.x", -FARTHEST, FARTHEST)
    number(y, f"{field}.y", -FARTHEST, FARTHEST)


class _Kept:
    """A presence that came through this process. holds: streams that keep it here.

    left: it said so, or may be here no more: its streams do not bring it back.
    """

    def __init__(self, viewer: Viewer, shown_at: float) -> None:
        self.viewer = viewer
        self.shown_at = shown_at
        self.holds = 0
        self.left = False


class Presences:
    """One process's share: what comes through it is told to all, and what all tell is written in its book."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.process = uuid4()
        self._clock = clock
        self._book = Book(self.process, clock)
        self._reader = Reader()
        self._kept: dict[Key, _Kept] = {}
        self._followers: dict[UUID, set[Follower[PresenceEvent]]] = {}
        self._holding: dict[Follower[PresenceEvent], UUID] = {}
        self._people: dict[tuple[Viewer, UUID], tuple[float, str, str]] = {}
        self._distrusted = asyncio.Event()
        self._words: dict[Hashable, Word] = {}
        self._task: asyncio.Task[None] | None = None
        self._free_at = 0.0
        self._beaten_at = -math.inf

    async def show(self, viewer: Viewer, board_id: UUID, client_id: UUID, shown: Shown) -> None:
        """Shows what is said and lets the rest be as it was; what comes too soon is merged into the next.

        Raises what `access.board` raises, Forbidden for tokens that may only read, BadInput,
        LimitExceeded, AlreadyExists for a client of somebody else.
        """
        checked(shown)
        access.require_scope(viewer)
        name, colour = await self._person(viewer, board_id)
        kept = self._admitted(viewer, board_id, client_id)
        kept.shown_at = self._clock()
        kept.left = False
        self._tell(viewer, board_id, client_id, name, colour, shown=shown)

    async def leave(self, viewer: Viewer, board_id: UUID, client_id: UUID) -> None:
        """Takes the presence away at once. That it was not there is no failure."""
        access.require_scope(viewer)
        await self._person(viewer, board_id)
        self._require_own(viewer, board_id, client_id)
        self._say_left(Left(board_id, client_id, viewer.account_id, asked=True))

    async def follow(self, follower: Follower[PresenceEvent], client_id: UUID | None) -> None:
        """Tells it who is here, then what happens. With a client, that is present until `unfollow`.

        Raises as `show` does, but for the scope.
        """
        assert follower.board_id is not None
        if client_id is not None:
            await self._hold(follower.viewer, follower.board_id, client_id)
            self._holding[follower] = client_id
        if follower.ended:
            self.unfollow(follower)
            return
        self._followers.setdefault(follower.board_id, set()).add(follower)
        follower.tell(PresenceEvent(True, self._book.on(follower.board_id), []))

    def unfollow(self, follower: Follower[PresenceEvent]) -> None:
        """Of one that follows nobody it is no failure."""
        board_id = follower.board_id
        if board_id is None:
            return
        followers = self._followers.get(board_id, set())
        followers.discard(follower)
        if not followers:
            self._followers.pop(board_id, None)
        client_id = self._holding.pop(follower, None)
        if client_id is not None:
            self._release(board_id, client_id)

    def listening(self) -> None:
        """The process hears notices, at last or again: it asks for what it missed and tells what it keeps."""
        self._book.doubt()
        self._say("asked", Asked())
        self._answer()

    def heard(self, notice: str) -> None:
        """Takes a notice of the channel, in the order in which they come."""
        try:
            message = self._reader.read(notice)
        except ValueError as error:
            LOG.warning("a notice of presence was not understood: %s", error)
            return
        if message is None:
            return
        process, words = message
        self._book.alive(process)
        news = News()
        for word in words:
            if isinstance(word, Told):
                self._book.take(process, word, news)
                self._mark(word.board, word.client, left=False)
            elif isinstance(word, Left):
                self._book.take_leave(process, word, news)
                if word.asked:
                    self._mark(word.board, word.client, left=True)
            elif isinstance(word, Asked) and process != self.process:
                self._answer()
        self._hand_out(news)

    def distrust(self) -> None:
        """Somebody's access has changed: everybody is asked again."""
        self._people.clear()
        self._distrusted.set()

    async def run(self) -> None:
        """Keeps the book true until it is cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TIDY_SECONDS):
                    await self._distrusted.wait()
            self._distrusted.clear()
            try:
                await self.tidy()
            except DomainError as error:
                LOG.warning("presence was not tidied, trying again: %s", error.message)
            except Exception:
                LOG.exception("presence was not tidied, trying again")

    async def tidy(self) -> None:
        """Lets go of who is gone or may be here no more, and says that this process lives."""
        now = self._clock()
        self._people = {key: person for key, person in self._people.items() if person[0] > now}
        self._hand_out(self._book.expire())
        for key, kept in list(self._kept.items()):
            if not kept.holds and now - kept.shown_at >= SILENT_SECONDS:
                del self._kept[key]
        await self._ask_again()
        if self._kept and now - self._beaten_at >= BEAT_SECONDS:
            self._beaten_at = now
            self._say("beat", Beat())
        if self._words:
            self._start()

    async def close(self) -> None:
        """Lets everybody leave who is kept here, and says so."""
        for board_id, client_id in list(self._kept):
            self._kept[board_id, client_id].holds = 0
            self._release(board_id, client_id)
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    await self._task

    async def _hold(self, viewer: Viewer, board_id: UUID, client_id: UUID) -> None:
        name, colour = await self._person(viewer, board_id)
        kept = self._admitted(viewer, board_id, client_id)
        kept.holds += 1
        kept.left = False
        self._tell(viewer, board_id, client_id, name, colour, held=True)

    def _release(self, board_id: UUID, client_id: UUID) -> None:
        """The last one lets the client leave, unless another process keeps it by now."""
        kept = self._kept.get((board_id, client_id))
        if kept is None:
            return
        kept.holds -= 1
        if kept.holds > 0:
            return
        del self._kept[board_id, client_id]
        entry = self._book.find(board_id, client_id)
        if entry is None or entry.keeper == self.process:
            self._say_left(Left(board_id, client_id, kept.viewer.account_id))

    async def _ask_again(self) -> None:
        """Takes away whom this process keeps and who may not read the board any more; renews the others."""
        pairs = {(kept.viewer, board_id) for (board_id, _), kept in self._kept.items()}
        if not pairs:
            return
        allowed = await access.still_allowed(pairs)
        found = await accounts.accounts_by_ids([viewer.account_id for viewer, _ in allowed])
        people = {account.id: account for account in found if account is not None}
        for (board_id, client_id), kept in list(self._kept.items()):
            person = people.get(kept.viewer.account_id)
            if (kept.viewer, board_id) in allowed and person is not None:
                self._renew(board_id, client_id, kept, person)
            elif (kept.viewer, board_id) in pairs:
                kept.left = True
                if not kept.holds:
                    del self._kept[board_id, client_id]
                self._say_left(Left(board_id, client_id, kept.viewer.account_id))

    def _renew(self, board_id: UUID, client_id: UUID, kept: _Kept, person: accounts.Account) -> None:
        """Tells what others do not know: that a stream still holds, or a person's new name."""
        entry = self._book.find(board_id, client_id)
        is_missed = kept.holds > 0 and not kept.left and (entry is None or not entry.held)
        is_renamed = (
            entry is not None
            and entry.keeper == self.process
            and (entry.presence.name, entry.presence.colour) != (person.name, person.colour)
        )
        if is_missed or is_renamed:
            held = kept.holds > 0
            self._tell(kept.viewer, board_id, client_id, person.name, person.colour, held=held)

    async def _person(self, viewer: Viewer, board_id: UUID) -> tuple[str, str]:
        """Authorizes, once a second, and gives the name and colour that others see."""
        known = self._people.get((viewer, board_id))
        if known is None or self._clock() >= known[0]:
            await access.board(viewer, board_id, Role.VIEWER)
            account = await accounts.account_of(viewer)
            known = self._clock() + TRUST_SECONDS, account.name, account.colour
            self._people[viewer, board_id] = known
        return known[1], known[2]

    def _admitted(self, viewer: Viewer, board_id: UUID, client_id: UUID) -> _Kept:
        """Finds a place for the client. Raises AlreadyExists, LimitExceeded."""
        self._require_own(viewer, board_id, client_id)
        kept = self._kept.get((board_id, client_id))
        if kept is None:
            if self._book.find(board_id, client_id) is None:
                self._require_room(viewer, board_id)
            kept = self._kept[board_id, client_id] = _Kept(viewer, self._clock())
        kept.viewer = viewer
        return kept

    def _require_own(self, viewer: Viewer, board_id: UUID, client_id: UUID) -> None:
        entry, kept = self._book.find(board_id, client_id), self._kept.get((board_id, client_id))
        owner = entry.presence.account_id if entry else kept.viewer.account_id if kept else None
        if owner not in (None, viewer.account_id):
            raise AlreadyExists(
                "This clientId is somebody else's on this board: make a new UUID.", id=str(client_id)
            )

    def _require_room(self, viewer: Viewer, board_id: UUID) -> None:
        """Counts those who were heard of, and those who were let in and not heard of yet."""
        owners = {key: kept.viewer.account_id for key, kept in self._kept.items() if not kept.left}
        for entry in self._book.entries():
            owners[entry.presence.board_id, entry.presence.client_id] = entry.presence.account_id
        if sum(where == board_id for where, _ in owners) >= MOST_ON_BOARD:
            raise LimitExceeded(
                f"{MOST_ON_BOARD} are on this board already: look on without a clientId, or come later.",
                limit=MOST_ON_BOARD,
                measure="presences on a board",
            )
        if sum(owner == viewer.account_id for owner in owners.values()) >= MOST_OF_ACCOUNT:
            raise LimitExceeded(
                f"You are on boards {MOST_OF_ACCOUNT} times already: close a tab, or call leaveBoard.",
                limit=MOST_OF_ACCOUNT,
                measure="presences of an account",
            )

    def _mark(self, board_id: UUID, client_id: UUID, *, left: bool) -> None:
        if (kept := self._kept.get((board_id, client_id))) is not None:
            kept.left = left

    def _hand_out(self, news: News) -> None:
        for board_id, event in news.events():
            for follower in tuple(self._followers.get(board_id, ())):
                follower.tell(event)

    def _answer(self) -> None:
        """Tells everything of those whom this process keeps."""
        for entry in self._book.entries():
            if entry.keeper == self.process:
                now = entry.presence
                self._say(
                    ("answer", now.board_id, now.client_id),
                    Told(
                        now.board_id,
                        now.client_id,
                        now.account_id,
                        now.name,
                        now.colour,
                        round(now.at.timestamp() * 1000),
                        held=entry.held,
                        answer=True,
                        shown=now.shown,
                    ),
                )

    def _tell(
        self,
        viewer: Viewer,
        board_id: UUID,
        client_id: UUID,
        name: str,
        colour: str,
        *,
        held: bool = False,
        shown: Shown | None = None,
    ) -> None:
        at = round(time.time() * 1000)
        word = Told(
            board_id, client_id, viewer.account_id, name, colour, at, held=held, shown=shown or Shown()
        )
        key = ("told", board_id, client_id)
        self._say(key, _joined(self._words.get(key), word))

    def _say_left(self, word: Left) -> None:
        """What was not told yet of a client that leaves is not told any more."""
        self._words.pop(("told", word.board, word.client), None)
        self._words.pop(("answer", word.board, word.client), None)
        self._say(("left", word.board, word.client), word)

    def _say(self, key: Hashable, word: Word) -> None:
        self._words[key] = word
        self._start()

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        """One statement for all that is said, at most thirty a second. What failed waits for `tidy`."""
        words: dict[Hashable, Word] = {}
        try:
            while self._words:
                await asyncio.sleep(max(0.0, self._free_at - self._clock()))
                self._free_at = self._clock() + SPACING_SECONDS
                words, self._words = self._words, {}
                await execute(
                    "SELECT pg_notify($1, text) FROM unnest($2::text[]) AS text",
                    PRESENCE_CHANNEL,
                    notices_of(self.process, words.values()),
                )
        except DomainError as error:
            LOG.warning("presence was not told, trying again: %s", error.message)
            later, self._words = self._words, words
            for key, word in later.items():
                self._words[key] = _joined(self._words.get(key), word)
        finally:
            self._task = None


def _joined(earlier: Word | None, later: Word) -> Word:
    """Both said as one."""
    if not isinstance(earlier, Told) or not isinstance(later, Told):
        return later
    return Told(
        later.board,
        later.client,
        later.account,
        later.name,
        later.colour,
        later.at,
        held=earlier.held or later.held,
        answer=later.answer,
        shown=merged(earlier.shown, later.shown),
    )

"""The hub: one per process, reads each log once and hands the same events to all who follow."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Hashable, Iterable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from domain import access, changes, metrics, pictures_live, standing
from domain.access import Role, Viewer
from domain.changes import Change
from domain.database import connect
from domain.drags import Drag, DragLanes, PackedDrag, Phase, merged
from domain.errors import BadInput, DomainError, NotFound, Resync
from domain.notices import CHANNEL
from domain.operations import AddItems, Placement, RestoreItems, TransformItems, parts_of
from domain.pictures_live import PICTURES, ImageProgress, PictureFollower
from domain.presence import PRESENCE, PRESENCE_CHANNEL, PresenceEvent, Presences
from domain.streams import Follower, Following, Kind, Sink

__all__ = ["Change", "Drag", "Hub", "ImageProgress", "Phase"]

LOG = logging.getLogger("webref.live")

LOOK_SECONDS = 1.0
AGAIN_SECONDS = (0.05, 0.2, 1.0)

T = TypeVar("T")
Move = Drag | Change


class _Notice(Struct, frozen=True):
    """Any of the notices; what is not for the hub stays None."""

    board: UUID | None = None
    image: UUID | None = None
    access: UUID | None = None
    drag: PackedDrag | None = None


def _move_key(move: Move) -> Hashable:
    return move.gesture_id if isinstance(move, Drag) else move.seq


def _moves_merged(earlier: Move, later: Move) -> Move:
    """A reader behind the drag gets its latest moment, not all of them."""
    return merged(earlier, later) if isinstance(earlier, Drag) and isinstance(later, Drag) else later


CHANGES: Kind[Change] = Kind(lambda line: line.seq)
MOVES: Kind[Move] = Kind(_move_key, _moves_merged)


class _Feed:
    """A board that somebody follows. seq: of the last change handed out.

    everyone: all whose access is asked for, also those who are told nothing yet.
    """

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.everyone: set[Follower[Any]] = set()
        self.changes: set[Follower[Change]] = set()
        self.moves: set[Follower[Move]] = set()
        self.pictures: set[PictureFollower] = set()

    def forget(self, follower: Follower[Any]) -> None:
        for group in (self.everyone, self.changes, self.moves, self.pictures):
            group.discard(follower)


class Hub:
    """`async with Hub() as hub`: listens until the end of the block. Needs the open database."""

    def __init__(self) -> None:
        self._feeds: dict[UUID, _Feed] = {}
        self._pictures: set[PictureFollower] = set()
        self._lanes = DragLanes()
        self.presences = Presences()
        self._stale_boards: set[UUID] = set()
        self._stale_images: set[UUID] = set()
        self._access_changed = False
        # What came after a notice of changed access: shown once it has been looked at.
        self._doubtful = False
        self._held_back: list[Drag] = []
        self._held_back_presence: list[str] = []
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._drained = False

    async def __aenter__(self) -> "Hub":
        works = (self._listen, self._hand_out, self._look, self.presences.run)
        self._tasks = [asyncio.create_task(work()) for work in works]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.close()
        await self.presences.close()

    async def drain(self) -> None:
        """Ends every stream; new ones end at once."""
        self._drained = True
        for follower in [*self._on_boards(), *self._pictures]:
            follower.end()

    def _on_boards(self) -> list[Follower[Any]]:
        return [follower for feed in self._feeds.values() for follower in feed.everyone]

    def changes(self, viewer: Viewer, board_id: UUID, after: int | None = None) -> Following[Change]:
        """Every change after seq `after` in order, none twice; None: from now on.

        Raises NotFound when access ends, Resync when it cannot go on without a gap.
        """
        return Following(CHANGES, partial(self._follow_changes, viewer, board_id, after))

    async def _follow_changes(
        self, viewer: Viewer, board_id: UUID, after: int | None, sink: Sink[Change]
    ) -> Follower[Change]:
        if after is not None and not 0 <= after < 2**53:
            raise BadInput("after is the seq of a change, or 0.", field="after")
        async with self._arriving(viewer, board_id, sink) as (feed, follower):
            if after is not None:
                if after > max(follower.after, feed.seq):
                    raise _resync()
                follower.after = after
            await self._catch_up(feed, follower)
            if not follower.ended:
                feed.changes.add(follower)
        return follower

    async def _catch_up(self, feed: _Feed, follower: Follower[Change]) -> None:
        """Up to what has been handed out; returns in the very turn in which there is nothing between."""
        assert follower.board_id is not None
        while follower.after < feed.seq and not follower.ended:
            lines = await changes.log_after(follower.board_id, follower.after)
            if not lines:
                raise _resync()
            if not await access.still_allowed({(follower.viewer, follower.board_id)}):
                raise _no_board()
            for line in lines:
                await follower.room()
                if line.seq != follower.after + 1:
                    raise _resync()
                follower.after = line.seq
                follower.tell(line)

    def transforms(self, viewer: Viewer, board_id: UUID) -> Following[Move]:
        """From now on: drags under way, and the changes that moved items. Raises NotFound, Resync."""
        return Following(MOVES, partial(self._follow_moves, viewer, board_id))

    async def _follow_moves(self, viewer: Viewer, board_id: UUID, sink: Sink[Move]) -> Follower[Move]:
        async with self._arriving(viewer, board_id, sink) as (feed, follower):
            feed.moves.add(follower)
        return follower

    async def drag(
        self, viewer: Viewer, board_id: UUID, gesture_id: UUID, placements: list[Placement], phase: Phase
    ) -> None:
        """Shows a moment of a drag to everybody who follows the board, in every process."""
        await self._lanes.drag(viewer, board_id, gesture_id, placements, phase)

    def drag_at_once(
        self, viewer: Viewer, board_id: UUID, gesture_id: UUID, placements: list[Placement], phase: Phase
    ) -> bool:
        """The same without waiting. False: `drag` is to be called, since leave must be asked for first."""
        return self._lanes.take(viewer, board_id, gesture_id, placements, phase)

    def presence(
        self, viewer: Viewer, board_id: UUID, client_id: UUID | None = None
    ) -> Following[PresenceEvent]:
        """Who is on the board: first everybody, then who comes, changes and leaves; of all processes.

        With a client it is present itself for as long as it follows. Raises NotFound, LimitExceeded,
        AlreadyExists.
        """
        return Following(PRESENCE, partial(self._follow_presence, viewer, board_id, client_id))

    async def _follow_presence(
        self, viewer: Viewer, board_id: UUID, client_id: UUID | None, sink: Sink[PresenceEvent]
    ) -> Follower[PresenceEvent]:
        async with self._arriving(viewer, board_id, sink) as (_, follower):
            await self.presences.follow(follower, client_id)
        return follower

    def image_progress(
        self, viewer: Viewer, image_ids: list[UUID] | None = None, board_id: UUID | None = None
    ) -> Following[ImageProgress]:
        """How far renditions are: first each picture as it is now, then every step. Exactly one of both.

        A picture that is placed on the board later is told as well. Raises NotFound.
        """
        return Following(PICTURES, partial(self._follow_pictures, viewer, image_ids, board_id))

    async def _follow_pictures(
        self, viewer: Viewer, image_ids: list[UUID] | None, board_id: UUID | None, sink: Sink[ImageProgress]
    ) -> Follower[ImageProgress]:
        if (image_ids is None) == (board_id is None):
            raise BadInput("Name a board or pictures, one of them.", field="imageIds")
        follower = PictureFollower(viewer, board_id, sink, self._left, frozenset(image_ids or ()))
        try:
            if board_id is None:
                self._pictures.add(follower)
            else:
                feed, _ = await self._entered(viewer, board_id)
                feed.everyone.add(follower)
                feed.pictures.add(follower)
            self._begin(follower)
            for step in await pictures_live.present(viewer, image_ids, board_id):
                await follower.room()
                follower.present(step)
            self._stir(images=follower.arrived())
        except BaseException:
            follower.leave()
            raise
        return follower

    @contextlib.asynccontextmanager
    async def _arriving(
        self, viewer: Viewer, board_id: UUID, sink: Sink[T]
    ) -> AsyncGenerator[tuple[_Feed, Follower[T]], None]:
        """A new follower of the board at its present seq; it leaves again if the block fails."""
        feed, seq = await self._entered(viewer, board_id)
        follower = Follower(viewer, board_id, sink, self._left)
        follower.after = seq
        feed.everyone.add(follower)
        self._begin(follower)
        try:
            yield feed, follower
        except BaseException:
            follower.leave()
            raise

    async def _entered(self, viewer: Viewer, board_id: UUID) -> tuple[_Feed, int]:
        """The board's feed, for who adds a follower to it before anything is awaited; the board's seq."""
        board = await access.board(viewer, board_id, Role.VIEWER)
        return self._feeds.setdefault(board_id, _Feed(board.seq)), board.seq

    def _left(self, follower: Follower[Any]) -> None:
        if follower.board_id is None:
            self._pictures.discard(follower)
            return
        self.presences.unfollow(follower)
        feed = self._feeds.get(follower.board_id)
        if feed is not None:
            feed.forget(follower)
            if not feed.everyone:
                del self._feeds[follower.board_id]

    def _begin(self, follower: Follower[Any]) -> None:
        """What was committed while the stream was being opened is looked for at once."""
        if self._drained:
            follower.end()
        elif follower.board_id is not None:
            self._stir(boards=(follower.board_id,))

    def _stir(self, *, boards: Iterable[UUID] = (), images: Iterable[UUID] = ()) -> None:
        self._stale_boards.update(boards)
        self._stale_images.update(images)
        self._stirred.set()

    def _heard(self, _connection: object, _process: int, _channel: str, payload: object) -> None:
        try:
            notice = msgspec.json.decode(str(payload), type=_Notice)
        except msgspec.MsgspecError:
            LOG.warning("a notice was not understood")
            return
        if notice.board in self._feeds:
            self._stir(boards=(notice.board,))
        if notice.image is not None:
            self._stir(images=(notice.image,))
        if notice.access is not None:
            self._access_changed = self._doubtful = True
            self._lanes.distrust()
            self.presences.distrust()
            self._stirred.set()
        if notice.drag is not None and notice.drag.board in self._feeds:
            self._held_back.append(notice.drag.unpacked())
            if not self._doubtful:
                self._show_held_back()

    def _heard_presence(self, _connection: object, _process: int, _channel: str, payload: object) -> None:
        self._held_back_presence.append(str(payload))
        if not self._doubtful:
            self._show_held_back()

    def _show_held_back(self) -> None:
        drags, self._held_back = self._held_back, []
        for drag in drags:
            feed = self._feeds.get(drag.board_id)
            for follower in tuple(feed.moves) if feed is not None else ():
                follower.tell(drag)
        notices, self._held_back_presence = self._held_back_presence, []
        for notice in notices:
            self.presences.heard(notice)

    async def _listen(self) -> None:
        """Notices only say where to look: after every new connection everything is looked at."""
        attempt = 0
        while True:
            try:
                connection = await connect(purpose="webref live")
                lost = asyncio.Event()
                try:
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(CHANNEL, self._heard)
                    await connection.add_listener(PRESENCE_CHANNEL, self._heard_presence)
                    self.presences.listening()
                    attempt = 0
                    self._look_everywhere()
                    await lost.wait()
                finally:
                    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        await connection.close(timeout=1)
            except (DomainError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                LOG.warning("not listening, trying again: %s", error)
            except Exception:
                LOG.exception("not listening, trying again")
            await asyncio.sleep(AGAIN_SECONDS[min(attempt, len(AGAIN_SECONDS) - 1)])
            attempt += 1

    async def _look(self) -> None:
        """Once a second whatever the notices said: a lost one costs a second and never an event."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._look_everywhere()
            self._lanes.tidy()

    def _look_everywhere(self) -> None:
        self._access_changed = True
        unfinished = [image for follower in self._picture_followers() for image in follower.unfinished()]
        self._stir(boards=self._feeds, images=unfinished)

    def _picture_followers(self) -> list[PictureFollower]:
        return [*self._pictures, *(follower for feed in self._feeds.values() for follower in feed.pictures)]

    async def _hand_out(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            try:
                await self._hand_out_once()
            except DomainError as error:
                LOG.warning("the logs could not be read, looking again: %s", error.message)
                await asyncio.sleep(AGAIN_SECONDS[1])
                self._look_everywhere()
            except Exception:
                LOG.exception("handing out failed, looking again")
                await asyncio.sleep(LOOK_SECONDS)
                self._look_everywhere()

    async def _hand_out_once(self) -> None:
        """Access is asked for after the reading and before the handing out."""
        boards, self._stale_boards = self._stale_boards, set()
        images, self._stale_images = self._stale_images, set()
        feeds = {board_id: self._feeds[board_id] for board_id in boards if board_id in self._feeds}
        lines = await changes.logs_after({board_id: feed.seq for board_id, feed in feeds.items()})
        pictures = self._picture_followers()
        steps = await pictures_live.steps_of(images, list(self._feeds)) if images and pictures else []
        if self._access_changed:
            self._access_changed = False
            try:
                await self._end_without_access()
            except BaseException:
                self._access_changed = True
                raise
            self._doubtful = self._access_changed
        if not self._doubtful:
            self._show_held_back()
        for line in lines:
            self._deliver(feeds[line.board_id], line)
        for step, on_boards in steps:
            for follower in pictures:
                if step.image.id in follower.image_ids or follower.board_id in on_boards:
                    follower.offer(step)
        if len(lines) >= changes.MOST_CHANGES:
            self._stir(boards=boards)

    def _deliver(self, feed: _Feed, line: Change) -> None:
        if line.seq <= feed.seq:
            return
        is_next = line.seq == feed.seq + 1
        feed.seq = line.seq
        metrics.EVENT_LAG.observe(max(0.0, time.time() - line.at.timestamp()))
        behind = [follower for follower in feed.changes if follower.after < line.seq]
        for follower in behind:
            follower.tell(line) if is_next else follower.end(_resync())
        if is_next:
            metrics.EVENTS.inc(len(behind))
        parts = parts_of(line.operation)
        if any(isinstance(part, TransformItems) for part in parts):
            for moving in tuple(feed.moves):
                if moving.after < line.seq:
                    moving.tell(line)
        if feed.pictures:
            arrivals = [part.items for part in parts if isinstance(part, AddItems | RestoreItems)]
            placed = [item.image_id for items in arrivals for item in items]
            self._stir(images=[image_id for image_id in placed if image_id is not None])

    async def _end_without_access(self) -> None:
        """One statement for all who follow boards, two for those who follow pictures."""
        followers = self._on_boards()
        pairs = {(each.viewer, each.board_id) for each in followers if each.board_id is not None}
        allowed = await access.still_allowed(pairs)
        for follower in followers:
            if (follower.viewer, follower.board_id) not in allowed:
                follower.end(_no_board())
        if not self._pictures:
            return
        watchers = list(self._pictures)
        signed_in = await standing.still_signed_in({watcher.viewer for watcher in watchers})
        visible = await pictures_live.visible(watchers)
        for watcher in watchers:
            if watcher.viewer not in signed_in or watcher not in visible:
                watcher.end(NotFound("Some of these pictures do not exist, or you may not see them."))


def _no_board() -> NotFound:
    return NotFound("There is no such board, or you may not see it.", kind="board")


def _resync() -> Resync:
    return Resync(
        "The log cannot be continued from there: read the board again, then subscribe from its seq."
    )

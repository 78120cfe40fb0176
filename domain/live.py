"""The hub: one per process, reads each log once and hands the same events to all who follow."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Iterable
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from domain import access, changes, pictures_live, standing
from domain.access import Role, Viewer
from domain.changes import Change
from domain.database import connect
from domain.drags import Drag, DragLanes, PackedDrag, Phase, merged
from domain.errors import BadInput, DomainError, NotFound, Resync
from domain.notices import CHANNEL
from domain.operations import AddItems, Placement, RestoreItems, TransformItems
from domain.pictures_live import ImageProgress, PictureStream
from domain.streams import Stream

__all__ = ["Change", "Drag", "Hub", "ImageProgress", "Phase"]

LOG = logging.getLogger("webref.live")

LOOK_SECONDS = 1.0
AGAIN_SECONDS = (0.05, 0.2, 1.0)


class _Notice(Struct, frozen=True):
    """Any of the notices; what is not for the hub stays None."""

    board: UUID | None = None
    image: UUID | None = None
    access: UUID | None = None
    drag: PackedDrag | None = None


class _Feed:
    """A board that somebody follows. seq: of the last change handed out."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.changes: set[Stream[Change]] = set()
        self.moves: set[Stream[Drag | Change]] = set()
        self.pictures: set[PictureStream] = set()

    @property
    def streams(self) -> list[Stream[Any]]:
        return [*self.changes, *self.moves, *self.pictures]


class Hub:
    """`async with Hub() as hub`: listens until the end of the block. Needs the open database."""

    def __init__(self) -> None:
        self._feeds: dict[UUID, _Feed] = {}
        self._pictures: set[PictureStream] = set()
        self._lanes = DragLanes()
        self._stale_boards: set[UUID] = set()
        self._stale_images: set[UUID] = set()
        self._access_changed = False
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._drained = False

    async def __aenter__(self) -> "Hub":
        self._tasks = [asyncio.create_task(work()) for work in (self._listen, self._hand_out, self._look)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.close()

    async def drain(self) -> None:
        """Ends every stream once what waits in it is read; new ones end at once."""
        self._drained = True
        for stream in self._streams():
            stream.end()

    def _streams(self) -> list[Stream[Any]]:
        return [*(stream for feed in self._feeds.values() for stream in feed.streams), *self._pictures]

    async def changes(
        self, viewer: Viewer, board_id: UUID, after: int | None = None
    ) -> AsyncGenerator[Change, None]:
        """Every change after seq `after` in order, none twice; None: from now on.

        Raises NotFound when access ends, Resync when it cannot go on without a gap.
        """
        if after is not None and not 0 <= after < 2**53:
            raise BadInput("after is the seq of a change, or 0.", field="after")
        stream: Stream[Change] = Stream(viewer, board_id)
        async with self._followed(viewer, board_id) as (feed, seq):
            feed.changes.add(stream)
            try:
                joined = feed.seq
                position = seq if after is None else after
                if position > max(seq, joined):
                    raise _resync()
                self._begin(stream)
                while position < joined:
                    lines = await changes.log_after(board_id, position)
                    if not lines:
                        raise _resync()
                    for line in lines:
                        stream.require_open()
                        if line.seq != position + 1:
                            raise _resync()
                        position = line.seq
                        yield line
                async for line in stream:
                    if line.seq > position:
                        if line.seq != position + 1:
                            raise _resync()
                        position = line.seq
                        yield line
            finally:
                feed.changes.discard(stream)

    async def transforms(self, viewer: Viewer, board_id: UUID) -> AsyncGenerator[Drag | Change, None]:
        """From now on: drags under way, and the changes that moved items. Raises NotFound, Resync."""
        stream: Stream[Drag | Change] = Stream(viewer, board_id)
        async with self._followed(viewer, board_id) as (feed, seq):
            feed.moves.add(stream)
            try:
                self._begin(stream)
                async for move in stream:
                    if isinstance(move, Drag) or move.seq > seq:
                        yield move
            finally:
                feed.moves.discard(stream)

    async def drag(
        self, viewer: Viewer, board_id: UUID, gesture_id: UUID, placements: list[Placement], phase: Phase
    ) -> None:
        """Shows a moment of a drag to everybody who follows the board, in every process."""
        await self._lanes.drag(viewer, board_id, gesture_id, placements, phase)

    async def image_progress(
        self, viewer: Viewer, image_ids: list[UUID] | None = None, board_id: UUID | None = None
    ) -> AsyncGenerator[ImageProgress, None]:
        """How far renditions are: first each picture as it is now, then every step. Exactly one of both.

        A picture that is placed on the board later is told as well. Raises NotFound.
        """
        if (image_ids is None) == (board_id is None):
            raise BadInput("Name a board or pictures, one of them.", field="imageIds")
        stream = PictureStream(viewer, board_id, frozenset(image_ids or ()))
        async with contextlib.AsyncExitStack() as until:
            if board_id is not None:
                feed, _ = await until.enter_async_context(self._followed(viewer, board_id))
                feed.pictures.add(stream)
                until.callback(feed.pictures.discard, stream)
            else:
                self._pictures.add(stream)
                until.callback(self._pictures.discard, stream)
            self._begin(stream)
            for step in await pictures_live.present(viewer, image_ids, board_id):
                stream.require_open()
                if stream.told(step):
                    yield step
            async for step in stream:
                yield step

    @contextlib.asynccontextmanager
    async def _followed(self, viewer: Viewer, board_id: UUID) -> AsyncGenerator[tuple[_Feed, int], None]:
        """The board's feed while somebody follows it, and the board's seq at the start."""
        board = await access.board(viewer, board_id, Role.VIEWER)
        feed = self._feeds.setdefault(board_id, _Feed(board.seq))
        try:
            yield feed, board.seq
        finally:
            if not feed.streams and self._feeds.get(board_id) is feed:
                del self._feeds[board_id]

    def _begin(self, stream: Stream[Any]) -> None:
        """What was committed while the stream was being opened is looked for at once."""
        if self._drained:
            stream.end()
        if stream.board_id is not None:
            self._stir(boards=(stream.board_id,))

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
            self._access_changed = True
            self._lanes.distrust()
            self._stirred.set()
        if notice.drag is not None and (feed := self._feeds.get(notice.drag.board)) is not None:
            drag = notice.drag.unpacked()
            for moves in feed.moves:
                _put_drag(moves, drag)

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
        unfinished = [image for stream in self._picture_streams() for image in stream.unfinished()]
        self._stir(boards=self._feeds, images=unfinished)

    def _picture_streams(self) -> list[PictureStream]:
        return [*self._pictures, *(stream for feed in self._feeds.values() for stream in feed.pictures)]

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
        pictures = self._picture_streams()
        steps = await pictures_live.steps_of(images, list(self._feeds)) if images and pictures else []
        if self._access_changed:
            self._access_changed = False
            try:
                await self._end_without_access()
            except BaseException:
                self._access_changed = True
                raise
        for line in lines:
            self._deliver(feeds[line.board_id], line)
        for step, on_boards in steps:
            for stream in pictures:
                if step.image.id in stream.image_ids or stream.board_id in on_boards:
                    stream.offer(step)
        if len(lines) >= changes.MOST_CHANGES:
            self._stir(boards=boards)

    def _deliver(self, feed: _Feed, line: Change) -> None:
        if line.seq <= feed.seq:
            return
        feed.seq = line.seq
        for stream in feed.changes:
            stream.put(line.seq, line)
        if isinstance(line.operation, TransformItems):
            for moves in feed.moves:
                moves.put(line.seq, line)
        elif feed.pictures and isinstance(line.operation, AddItems | RestoreItems):
            self._stir(images=[item.image_id for item in line.operation.items if item.image_id is not None])

    async def _end_without_access(self) -> None:
        """One statement for all who follow boards, two for those who follow pictures."""
        followers = [stream for feed in self._feeds.values() for stream in feed.streams]
        pairs = {(stream.viewer, stream.board_id) for stream in followers if stream.board_id is not None}
        allowed = await access.still_allowed(pairs)
        for stream in followers:
            if (stream.viewer, stream.board_id) not in allowed:
                stream.fail(NotFound("There is no such board, or you may not see it.", kind="board"))
        if not self._pictures:
            return
        watchers = list(self._pictures)
        signed_in = await standing.still_signed_in({stream.viewer for stream in watchers})
        visible = await pictures_live.visible(watchers)
        for watcher in watchers:
            if watcher.viewer not in signed_in or watcher not in visible:
                watcher.fail(NotFound("Some of these pictures do not exist, or you may not see them."))


def _put_drag(stream: Stream[Drag | Change], drag: Drag) -> None:
    """A reader behind the drag gets its latest moment, not all of them."""
    earlier = stream.waiting(drag.gesture_id)
    stream.put(drag.gesture_id, merged(earlier if isinstance(earlier, Drag) else None, drag))


def _resync() -> Resync:
    return Resync(
        "The log cannot be continued from there: read the board again, then subscribe from its seq."
    )

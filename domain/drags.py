"""Drags under way: shown to others at up to 30 a second, in notices only, never in the log."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from domain import access, checks
from domain.access import Role, Viewer
from domain.database import execute
from domain.entries import require_few
from domain.errors import DomainError, TooBusy
from domain.notices import CHANNEL
from domain.operations import Placement, Transform

LOG = logging.getLogger("webref.drags")

SPACING_SECONDS = 1 / 30
MOST_GESTURES = 16
NOTICE_BYTES = 7_500
TRUST_SECONDS = 1.0


class Phase(StrEnum):
    MOVING = "MOVING"
    DROPPED = "DROPPED"
    CANCELLED = "CANCELLED"


class Drag(Struct, frozen=True):
    """A moment of a gesture."""

    board_id: UUID
    actor_id: UUID
    gesture_id: UUID
    phase: Phase
    placements: list[Placement]


class PackedDrag(Struct, frozen=True):
    """A drag as it travels, short enough for a notice. items: id, x, y, scale, rotation, flips."""

    board: UUID
    actor: UUID
    gesture: UUID
    phase: Phase
    items: list[tuple[UUID, float, float, float, float, bool, bool]]

    def unpacked(self) -> Drag:
        placements = [
            Placement(item_id, Transform(x, y, scale, rotation, flip_x, flip_y))
            for item_id, x, y, scale, rotation, flip_x, flip_y in self.items
        ]
        return Drag(self.board, self.actor, self.gesture, self.phase, placements)


def merged(earlier: Drag | None, later: Drag) -> Drag:
    """One moment that says what both say; a drag that has ended does not move again."""
    if earlier is None:
        return later
    places = {placement.id: placement for placement in (*earlier.placements, *later.placements)}
    phase = earlier.phase if later.phase is Phase.MOVING else later.phase
    return msgspec.structs.replace(later, phase=phase, placements=list(places.values()))


def notices_of(drag: Drag) -> list[str]:
    """The texts of as many notices as it takes: PostgreSQL sends less than 8,000 bytes in one."""
    parts: list[list[Placement]] = [[]]
    room = NOTICE_BYTES
    for placement in drag.placements:
        size = len(msgspec.json.encode(_packed(placement))) + 1
        if size > room and parts[-1]:
            parts.append([])
            room = NOTICE_BYTES
        parts[-1].append(placement)
        room -= size
    return [
        msgspec.json.encode(
            {
                "drag": PackedDrag(
                    drag.board_id, drag.actor_id, drag.gesture_id, drag.phase, [_packed(p) for p in part]
                )
            }
        ).decode()
        for part in parts
    ]


def _packed(placement: Placement) -> tuple[UUID, float, float, float, float, bool, bool]:
    place = placement.transform
    return placement.id, place.x, place.y, place.scale, place.rotation, place.flip_x, place.flip_y


class _Lane:
    """What one person drags on one board: until when they are allowed, and what waits."""

    def __init__(self) -> None:
        self.trusted_until = 0.0
        self.waiting: dict[UUID, Drag] = {}


class DragLanes:
    """The sending side of one process: everybody's moments leave together, thirty times a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lanes: dict[tuple[Viewer, UUID], _Lane] = {}
        self._free_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def drag(
        self, viewer: Viewer, board_id: UUID, gesture_id: UUID, placements: list[Placement], phase: Phase
    ) -> None:
        """Shows a moment to everybody on the board; what comes too soon is merged into the next.

        Raises what `access.board` raises for writers, BadInput, TooBusy with more than 16 gestures at once.
        """
        if not self.take(viewer, board_id, gesture_id, placements, phase):
            await access.board(viewer, board_id, Role.EDITOR)
            lane = self._lanes.setdefault((viewer, board_id), _Lane())
            lane.trusted_until = self._clock() + TRUST_SECONDS
            self.take(viewer, board_id, gesture_id, placements, phase)

    def take(
        self, viewer: Viewer, board_id: UUID, gesture_id: UUID, placements: list[Placement], phase: Phase
    ) -> bool:
        """`drag` of somebody who is trusted at this moment; False: of somebody who is not, nothing was done.

        Raises what `drag` raises but for access; then nothing was done either.
        """
        moment = Drag(board_id, viewer.account_id, gesture_id, phase, checks.placements(placements))
        lane = self._lanes.get((viewer, board_id))
        if lane is None or self._clock() >= lane.trusted_until:
            return False
        if len(lane.waiting) >= MOST_GESTURES and gesture_id not in lane.waiting:
            raise TooBusy("Too many drags at once.", retry_after_seconds=1)
        together = merged(lane.waiting.get(gesture_id), moment)
        require_few(together.placements, "items")
        lane.waiting[gesture_id] = together
        if self._task is None:
            self._task = asyncio.create_task(self._send())
        return True

    def distrust(self) -> None:
        """Somebody's access has changed: everybody is asked again."""
        for lane in self._lanes.values():
            lane.trusted_until = 0.0

    def tidy(self) -> None:
        """Forgets those who drag no more."""
        now = self._clock()
        self._lanes = {
            key: lane for key, lane in self._lanes.items() if lane.waiting or lane.trusted_until > now
        }

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _take_waiting(self) -> list[Drag]:
        moments = [moment for lane in self._lanes.values() for moment in lane.waiting.values()]
        for lane in self._lanes.values():
            lane.waiting = {}
        return moments

    async def _send(self) -> None:
        try:
            await asyncio.sleep(max(0.0, self._free_at - self._clock()))
            while moments := self._take_waiting():
                self._free_at = self._clock() + SPACING_SECONDS
                texts = [text for moment in moments for text in notices_of(moment)]
                await execute("SELECT pg_notify($1, text) FROM unnest($2::text[]) AS text", CHANNEL, texts)
                await asyncio.sleep(max(0.0, self._free_at - self._clock()))
        except DomainError as error:
            LOG.warning("drags were not shown: %s", error.message)
        finally:
            self._task = None

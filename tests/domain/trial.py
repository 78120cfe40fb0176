"""A trial: a command is run, and its outcome held to what the model foretells."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from domain import access, history, items, past, past_items
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.changes import Change
from domain.compaction import LEAST_DAYS, compact
from domain.database import execute
from domain.errors import DomainError, NothingToChange
from domain.history import Reverted
from domain.operations import (
    DrawingContent,
    FrameContent,
    NoteContent,
    ReorderItems,
    RestyleItems,
    Shape,
    Transform,
    TransformItems,
    parts_of,
)
from tests.conftest import EMPTY
from tests.domain import predictions
from tests.domain.model import TOLD, Board, Plan, Refusal, View, distinct, view_of
from tests.factories import a_board, a_grant, a_viewer, an_image, rows_of
from tests.laws import require_laws, state_in_rows

Call = Callable[[UUID], Awaitable[Any]]


@dataclass(frozen=True)
class Said:
    """A command that was done, to be sent again."""

    person: Viewer
    board: int
    mutation_id: UUID
    call: Call
    answer: Any
    seq: int | None


class Trial(RuleBasedStateMachine):
    """Three people and two boards, in the rows and in the model."""

    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.ids = 0
        self.said: list[Said] = []
        self.boards: list[Board] = []
        self.people: list[Viewer] = []
        self.sizes: dict[UUID, tuple[float, float]] = {}
        self.owners: dict[UUID, UUID] = {}

    def new_id(self) -> UUID:
        """The same in every run, in no order."""
        self.ids += 1
        return UUID(int=(self.ids * 0x9E3779B97F4A7C15F39CC0605CEDC835) % (1 << 128))

    async def settle(self, roles: tuple[str, str]) -> None:
        await execute(EMPTY)
        past.forget()
        self.people = [await a_viewer(name) for name in ("Ana", "Ben", "Cleo")]
        for person, size in zip(self.people, ((400, 300), (100, 200), (64, 64)), strict=True):
            image = await an_image(person, width=size[0], height=size[1])
            self.sizes[image] = (float(size[0]), float(size[1]))
            self.owners[image] = person.account_id
        for title in ("One", "Two"):
            row = await a_board(self.people[0], title=title)
            view = view_of(await state_in_rows(row.id))
            board = Board(row.id, self.people[0].account_id, view, row.updated_at)
            for person, role in zip(self.people[1:], roles, strict=True):
                await a_grant(row.id, person, Role[role])
                board.roles[person.account_id] = role
            self.boards.append(board)

    def some(self, board: int, picks: list[int], *kinds: str, stray: bool = False) -> list[UUID]:
        pool = self.boards[board].items(*kinds)
        chosen = distinct([pool[pick % len(pool)] for pick in picks]) if pool else [self.new_id()]
        return [*chosen, *([self.stray(board, picks[0])] if stray else [])]

    def stray(self, board: int, pick: int) -> UUID:
        """Not on this board: gone, on the other, or nowhere."""
        gone = [s for s, thing in self.boards[board].things.items() if not thing["there"] and s.int]
        pool = [*gone, *self.boards[1 - board].items(), self.new_id()]
        return pool[pick % len(pool)]

    def some_comments(self, board: int, picks: list[int], *, stray: bool = False) -> list[UUID]:
        pool = self.boards[board].comments()
        chosen = distinct([pool[pick % len(pool)] for pick in picks]) if pool else [self.new_id()]
        return [*chosen, *([self.new_id()] if stray else [])]

    def some_gone(self, board: int, picks: list[int], *, comments: bool) -> list[UUID]:
        things = self.boards[board].things.items()
        pool = [s for s, t in things if not t["there"] and s.int and (t["kind"] == "COMMENT") == comments]
        return distinct([pool[pick % len(pool)] for pick in picks]) if pool else [self.new_id()]

    def home(self, board: int, pick: int) -> UUID | None:
        """A container, or now and then something else or nothing."""
        pool: list[UUID | None] = [None, *self.boards[board].items("GROUP", "FRAME") * 3]
        pool += self.boards[board].items()[:1]
        return pool[pick % len(pool)]

    def seen_by(self, person: Viewer) -> set[UUID]:
        own = {image for image, owner in self.owners.items() if owner == person.account_id}
        return own.union(*(board.pictures() for board in self.boards))

    def do(
        self,
        person: int,
        board: int,
        foretell: Callable[[Board, UUID], Plan],
        call: Callable[..., Awaitable[Any]],
    ) -> None:
        """Runs one command, and holds its outcome to what is foretold."""
        viewer, mutation_id = self.people[person], self.new_id()
        self.runner.run(self._do(viewer, board, mutation_id, foretell, lambda key: call(viewer, key)))

    async def _do(
        self,
        viewer: Viewer,
        number: int,
        mutation_id: UUID,
        foretell: Callable[[Board, UUID], Plan],
        call: Call,
    ) -> None:
        board = self.boards[number]
        try:
            plan = foretell(board, viewer.account_id)
        except Refusal as refusal:
            await self._refused(board, refusal.code, call(mutation_id))
            return
        try:
            answer = await call(mutation_id)
        except NothingToChange:
            assert plan.idle_ok
            await self._check(board)
            return
        log = await require_laws(board.id)
        rows = view_of(await state_in_rows(board.id))
        if plan.writes or plan.may:
            line = log[-1]
            assert (line.seq, line.actor_id, line.kind) == (board.seq + 1, viewer.account_id, "DO")
            assert line.mutation_id == mutation_id
            self._complete(plan, line, rows)
            board.commit(viewer.account_id, line.at, plan)
        assert rows == board.view()
        assert all(holds(rows) for holds in plan.holds)
        assert board.log_start + len(log) == board.seq
        self.said.append(Said(viewer, number, mutation_id, call, answer, board.seq if plan.writes else None))

    def _complete(self, plan: Plan, line: Change, rows: View) -> None:
        """Fills in what the model does not foretell."""
        for subject, registers in plan.new.items():
            plan.new[subject] = {n: rows[subject][n] if v is TOLD else v for n, v in registers.items()}
        plan.writes = [(s, n, rows[s][n] if v is TOLD else v) for s, n, v in plan.writes]
        if plan.may:
            written: list[tuple[UUID, str]] = []
            for part in parts_of(line.operation):
                if isinstance(part, TransformItems):
                    written += [(item.id, "transform") for item in part.items]
                elif isinstance(part, ReorderItems):
                    written += [(item.id, "z") for item in part.items]
                else:
                    assert isinstance(part, RestyleItems)
                    written += [(item.id, "opacity") for item in part.items]
            assert all(register in plan.may.get(subject, ()) for subject, register in written)
            plan.writes += [(s, register, rows[s][register]) for s, register in written]

    async def _refused(self, board: Board, code: str, attempt: Awaitable[Any]) -> None:
        before = await rows_of(board.id)
        with pytest.raises(DomainError) as refusal:
            await attempt
        assert refusal.value.code == code, refusal.value.message
        assert await rows_of(board.id) == before

    async def _check(self, board: Board) -> None:
        log = await require_laws(board.id)
        assert board.log_start + len(log) == board.seq
        assert view_of(await state_in_rows(board.id)) == board.view()

    def new_item(self, kind: int, place: Transform | None, **values: Any) -> NewItem:
        contents: list[dict[str, Any]] = [
            {"note": NoteContent("words")},
            {"image_id": next(iter(self.sizes))},
            {"drawing": DrawingContent(Shape.LINE, [(-40.0, -30.0), (40.0, 30.0)])},
            {"frame": FrameContent("#102030")},
            {"is_group": True},
            {"drawing": DrawingContent(Shape.RECTANGLE, fill="#00ff00")},
        ]
        return NewItem(id=self.new_id(), transform=None if kind == 4 else place, **contents[kind], **values)

    async def take_back(self, viewer: Viewer, number: int, kind: str) -> None:
        board, mutation_id, who = self.boards[number], self.new_id(), viewer.account_id
        command = history.undo if kind == "UNDO" else history.redo

        def call(key: UUID) -> Awaitable[Reverted]:
            return command(viewer, board.id, mutation_id=key)

        try:
            predictions.require(board, who, "COMMENTER")
            target = board.candidate(who, kind)
        except Refusal as refusal:
            await self._refused(board, refusal.code, call(mutation_id))
            return
        plan, skipped = board.take_back(who, target)
        answer = await call(mutation_id)
        assert {s.item_id: (s.reason, s.by_account_id) for s in answer.skipped} == skipped
        assert (answer.change is None) == (plan is None)
        target.reverted_by = target.seq
        if plan is not None and answer.change is not None:
            assert (answer.change.kind.value, answer.change.reverts) == (kind, target.seq)
            line = board.commit(who, answer.change.at, plan, kind=kind, reverts=target.seq)
            target.reverted_by = line.seq
        await self._check(board)
        seq = None if plan is None else board.seq
        self.said.append(Said(viewer, number, mutation_id, call, answer, seq))

    async def repeat(self, said: Said, other: bool) -> None:
        board = self.boards[said.board]
        if other:
            unlike = items.remove_items(said.person, board.id, [self.new_id()], mutation_id=said.mutation_id)
            await self._refused(board, "MUTATION_ID_CONFLICT", unlike)
            return
        before = await rows_of(board.id)
        assert await said.call(said.mutation_id) == said.answer
        assert await rows_of(board.id) == before

    async def look_at(self, board: Board, back: int, cold: bool) -> None:
        viewer, seq = self.people[2], max(board.seq - back, 0)
        if cold:
            past.forget()
        if seq < board.log_start:
            await self._refused(board, "HISTORY_COMPACTED", past.board_at(viewer, board.id, seq))
            return
        row = await access.board(viewer, board.id, Role.VIEWER)
        then = board.past[seq]
        assert view_of((await past.past_of(row, seq)).state) == then
        page = await past_items.items_at(viewer, board.id, seq, first=1_000)
        there = [item for item, thing in then.items() if thing["kind"] not in ("BOARD", "COMMENT")]
        assert [found.state.id for found in page.nodes] == sorted(there, key=lambda i: (then[i]["z"], i))
        assert (await past.board_at(viewer, board.id, seq)).item_count == len(there)

    async def shorten(self, board: Board, keep: int) -> None:
        """So many of the latest lines of the one board stay, and as old ones of the other."""
        log = board.log[-keep:] if keep else []
        before = log[0].at if log else board.latest_at + timedelta(microseconds=1)
        await compact(LEAST_DAYS, now=before + timedelta(days=LEAST_DAYS))
        for one in self.boards:
            one.compact(before)
            await self._check(one)
        # What is not in the log any more cannot be answered again.
        self.said = [s for s in self.said if s.seq is not None and s.seq > self.boards[s.board].log_start]

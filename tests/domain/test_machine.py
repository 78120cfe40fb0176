"""Three people on two boards do all that can be done, in any order: a model says what must come of it.

After every step the rows are what the model holds and what folding the log gives, and what was refused has
changed nothing. The model (tests/domain/model.py, predictions.py) knows nothing of operations and folding.
"""

import asyncio
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from domain import boards, nearness, reverting, snapshots
from domain.access import Role
from domain.database import close_database, open_database
from domain.operations import Transform
from tests.domain import predictions
from tests.domain.choices import BOARDS, KINDS, PEOPLE, SELDOM, TRANSFORMS, WORDS
from tests.domain.comment_rules import CommentRules
from tests.domain.item_rules import ItemRules
from tests.domain.model import BOARD, ROLES
from tests.domain.place_rules import PlaceRules
from tests.factories import a_grant
from tests.thoroughness import MACHINE


class Boards(ItemRules, PlaceRules, CommentRules):
    @initialize(role=st.sampled_from(["EDITOR", "EDITOR", "COMMENTER", "VIEWER"]), place=TRANSFORMS)
    def begin(self, role: str, place: Transform) -> None:
        """On the first board a frame with a note in it, a group of a picture and a drawing, and a note."""
        self.runner.run(self.settle(("EDITOR", role)))
        frame, group = self.new_item(3, place), self.new_item(4, None)
        inside = [(0, frame.id), (1, group.id), (2, group.id), (0, None)]
        added = [self.new_item(kind, place, parent_id=home) for kind, home in inside]
        self.add_all(0, 0, [frame, group, *added])
        self.add_all(0, 1, [self.new_item(0, place)])

    # The board

    @rule(person=PEOPLE, board=BOARDS, title=st.none() | WORDS, pick=st.integers(0, 5))
    def edit_board(self, person: int, board: int, title: str | None, pick: int) -> None:
        cover = list(self.sizes)[pick] if pick < 3 else None
        given: dict[str, Any] = {} if title is None and cover is not None else {"title": title or "Mood"}
        given |= {} if cover is None else {"cover_id": cover}
        self.do(
            person,
            board,
            lambda b, who: predictions.edit_board(b, who, given.get("title"), cover),
            lambda viewer, key: boards.edit_board(viewer, self.boards[board].id, **given, mutation_id=key),
        )

    @rule(person=PEOPLE, board=BOARDS, trashed=st.booleans())
    def trash(self, person: int, board: int, trashed: bool) -> None:
        command = boards.trash_boards if trashed else boards.restore_boards
        self.do(
            person,
            board,
            lambda b, who: predictions.trash(b, who, trashed),
            lambda viewer, key: command(viewer, [self.boards[board].id], mutation_id=key),
        )

    @precondition(lambda self: not all(board.is_there(BOARD) for board in self.boards))
    @rule()
    def take_out_of_the_trash(self) -> None:
        for number in range(len(self.boards)):
            self.trash(0, number, False)

    @rule(person=PEOPLE, board=BOARDS, back=st.integers(-1, 12))
    def revert(self, person: int, board: int, back: int) -> None:
        to = max(self.boards[board].seq - back, 0)
        self.do(
            person,
            board,
            lambda b, who: predictions.revert(b, who, to),
            lambda viewer, key: reverting.revert_board(viewer, self.boards[board].id, to, mutation_id=key),
        )

    @rule(person=PEOPLE, board=BOARDS, role=st.sampled_from(["EDITOR", *ROLES]))
    def grant(self, person: int, board: int, role: str) -> None:
        if person:
            self.boards[board].roles[self.people[person].account_id] = role
            self.runner.run(a_grant(self.boards[board].id, self.people[person], Role[role]))

    # History

    @rule(person=PEOPLE, board=BOARDS, kinds=KINDS)
    def undo(self, person: int, board: int, kinds: list[str]) -> None:
        for kind in kinds:
            self.runner.run(self.take_back(self.people[person], board, kind))

    @rule(people=st.lists(PEOPLE, min_size=1, max_size=5), kind=st.sampled_from(["UNDO", "REDO"]))
    def undo_in_turns(self, people: list[int], kind: str) -> None:
        for person in people:
            self.runner.run(self.take_back(self.people[person], 0, kind))

    @rule(person=PEOPLE, kinds=KINDS)
    def redo(self, person: int, kinds: list[str]) -> None:
        for kind in ("REDO", *kinds):
            self.runner.run(self.take_back(self.people[person], 0, kind))

    @rule(person=PEOPLE, other=PEOPLE, pick=st.integers(0, 15), place=TRANSFORMS, locked=st.booleans())
    def undo_what_others_touched(
        self, person: int, other: int, pick: int, place: Transform, locked: bool
    ) -> None:
        self.transform(person, 0, [pick], place, stray=False, groups=False)
        self.restyle(other, 0, [pick], {"locked": locked}, stray=False)
        self.undo(person, 0, ["UNDO", "REDO"])

    @rule(person=PEOPLE, other=PEOPLE, pick=st.integers(0, 15), kinds=KINDS)
    def undo_what_others_answered(self, person: int, other: int, pick: int, kinds: list[str]) -> None:
        self.comment(person, 0, pick, how=6, count=1, word="yes", taken=False)
        self.comment(other, 0, len(self.boards[0].comments()) - 1, how=0, count=1, word="no", taken=False)
        self.undo(person, 0, ["UNDO", *kinds])

    @rule(pick=st.integers(0, 40), other=SELDOM)
    def again(self, pick: int, other: bool) -> None:
        """What was answered once is answered so again, and not done again."""
        if self.said:
            self.runner.run(self.repeat(self.said[pick % len(self.said)], other))

    @rule(board=BOARDS, back=st.integers(0, 40), cold=st.booleans())
    def look_back(self, board: int, back: int, cold: bool) -> None:
        self.runner.run(self.look_at(self.boards[board], back, cold))

    @rule(lines=st.sampled_from([1, 3, 8]))
    def take_snapshots(self, lines: int) -> None:
        self.runner.run(snapshots.take_snapshots(lines))

    @rule(board=BOARDS, keep=st.integers(0, 30))
    def compact(self, board: int, keep: int) -> None:
        self.runner.run(self.shorten(self.boards[board], keep))


@pytest.mark.timeout(6 * 3600)
def test_whatever_three_people_do_rows_log_and_model_agree(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearness, "MANY", 6)  # boards go in and out of the spatial index
    monkeypatch.setattr(nearness, "FEW", 4)
    with asyncio.Runner() as runner:
        runner.run(open_database(database_url, durable=False))
        try:
            Boards.runner = runner
            run_state_machine_as_test(Boards, settings=MACHINE)
        finally:
            runner.run(close_database())

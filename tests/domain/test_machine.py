"""Three people on two boards do all that can be done, in any order: a model says what must come of it.

After every step the rows are what the model holds and what folding the log gives, and what was refused has
changed nothing. The model (tests/domain/model.py, predictions.py) knows nothing of operations and folding.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain import (
    adding,
    arrangements,
    boards,
    changing,
    comments,
    contents,
    grouping,
    items,
    layering,
    movements,
    nearness,
    reverting,
    snapshots,
)
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.arranging import Axis, Edge, Fit, Layout, Measure, Order, Reset
from domain.changes import Change
from domain.changing import Wanted
from domain.comments import NewComment, NewPin, NewText, Pin
from domain.contents import CropEdit, DrawingEdit, FrameEdit, NoteEdit, Replacement
from domain.database import close_database, open_database
from domain.geometry import CropKeep
from domain.layering import Layering
from domain.operations import (
    Crop,
    DrawingContent,
    FrameContent,
    Membership,
    NoteContent,
    Placement,
    Rank,
    Shape,
    Style,
    StylePatch,
    Transform,
)
from tests.domain import comment_predictions, predictions
from tests.domain.model import BOARD, ROLES, Board, Plan
from tests.domain.trial import Trial
from tests.factories import a_grant
from tests.thoroughness import MACHINE

Call = Callable[[UUID], Awaitable[Any]]

PEOPLE = st.sampled_from([0, 0, 1, 1, 2])
BOARDS = st.sampled_from([0] * 6 + [1])
PICKS = st.lists(st.integers(0, 15), min_size=1, max_size=3, unique=True)
LEVELS = st.integers(-3, 3).map(lambda n: n * 50.0)
SELDOM = st.sampled_from([False] * 9 + [True])
TRANSFORMS = st.builds(
    Transform,
    x=LEVELS,
    y=LEVELS,
    scale=st.sampled_from([1.0, 0.5, 2.0]),
    rotation=st.sampled_from([0.0, 90.0, 30.0]),
    flip_x=st.booleans(),
    flip_y=st.booleans(),
)
STYLES = st.builds(
    Style,
    opacity=st.sampled_from([1.0, 0.5]),
    locked=SELDOM,
    hidden=SELDOM,
    name=st.sampled_from(["", "one", "two"]),
    tags=st.sampled_from([[], ["a"], ['b "quoted"', "c\\d"]]),
)
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "opacity": st.sampled_from([0.25, 1.0]),
        "locked": st.booleans(),
        "hidden": st.booleans(),
        "name": st.sampled_from(["", "named"]),
        "tags": st.sampled_from([[], ["x", "y"]]),
        "brightness": st.sampled_from([1.0, 2.0]),
        "link": st.sampled_from(["", "https://example.org/"]),
    },
).map(lambda given: given or {"grayscale": True})
RANKS = st.sampled_from(["Zz", "a0", "a0V", "a1", "a2", "a3"])
CROPS = st.sampled_from([None, Crop(0.25, 0.25, 0.75, 1.0), Crop(0.0, 0.5, 0.5, 1.0)])
KINDS = st.lists(st.sampled_from(["UNDO", "UNDO", "REDO"]), min_size=1, max_size=4)
WORDS = st.sampled_from(["yes", "no", "perhaps"])


class Boards(Trial):
    @initialize(role=st.sampled_from(["EDITOR", "EDITOR", "COMMENTER", "VIEWER"]), place=TRANSFORMS)
    def begin(self, role: str, place: Transform) -> None:
        """On the first board a frame with a note in it, a group of a picture and a drawing, and a note."""
        self.runner.run(self.settle(("EDITOR", role)))
        frame, group = self.new_item(3, place), self.new_item(4, None)
        inside = [(0, frame.id), (1, group.id), (2, group.id), (0, None)]
        added = [self.new_item(kind, place, parent_id=home) for kind, home in inside]
        self._add(0, 0, [frame, group, *added])
        self._add(0, 1, [self.new_item(0, place)])

    # Items

    def _add(self, person: int, board: int, new: list[NewItem]) -> None:
        visible = self.seen_by(self.people[person])
        taken = {s for one in self.boards for s, thing in one.things.items() if thing["kind"] != "COMMENT"}
        self.do(
            person,
            board,
            lambda b, who: predictions.add(b, who, new, self.sizes, visible, taken),
            lambda viewer, key: adding.add_items(viewer, self.boards[board].id, new, mutation_id=key),
        )

    @rule(
        person=PEOPLE,
        board=BOARDS,
        kinds=st.lists(st.integers(0, 5), min_size=1, max_size=3),
        place=st.none() | TRANSFORMS,
        style=STYLES,
        home=st.integers(0, 40),
        rank=st.none() | st.none() | RANKS,
        crop=CROPS,
        image=st.integers(0, 2),
        odd=st.integers(0, 30),
    )
    def add(
        self,
        person: int,
        board: int,
        kinds: list[int],
        place: Transform | None,
        style: Style,
        home: int,
        rank: str | None,
        crop: Crop | None,
        image: int,
        odd: int,
    ) -> None:
        parent = self.home(board, home)
        new = [self.new_item(kind, place, style=style, parent_id=parent, z=rank) for kind in kinds]
        if odd < 10:
            picture = list(self.sizes)[image]
            new.append(NewItem(id=self.new_id(), image_id=picture, crop=crop, transform=place, style=style))
        elif odd < 16:  # what is added may be in what is added with it
            outer = self.new_item(3 if odd < 13 else 4, place, parent_id=parent)
            new = [outer, NewItem(id=self.new_id(), note=NoteContent(), transform=place, parent_id=outer.id)]
        elif odd == 30:
            taken = self._stray(board, home)
            if self.boards[board].things.get(taken, {}).get("kind") != "COMMENT":
                new = [NewItem(id=taken, note=NoteContent(), transform=place)]
        self._add(person, board, new)

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, place=TRANSFORMS, stray=SELDOM, groups=SELDOM)
    def transform(
        self, person: int, board: int, picks: list[int], place: Transform, stray: bool, groups: bool
    ) -> None:
        kinds = () if groups else ("NOTE", "IMAGE", "FRAME", "DRAWING")
        places = dict.fromkeys(self.some(board, picks, *kinds, stray=stray), place)
        placements = [Placement(item, place) for item in places]
        self.do(
            person,
            board,
            lambda b, who: predictions.transform(b, who, places),
            lambda viewer, key: items.transform_items(
                viewer, self.boards[board].id, placements, mutation_id=key
            ),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, patch=PATCHES, stray=SELDOM)
    def restyle(self, person: int, board: int, picks: list[int], patch: dict[str, Any], stray: bool) -> None:
        patches = [StylePatch(item, **patch) for item in self.some(board, picks, stray=stray)]
        self.do(
            person,
            board,
            lambda b, who: predictions.restyle(b, who, patches),
            lambda viewer, key: items.restyle_items(viewer, self.boards[board].id, patches, mutation_id=key),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, rank=RANKS, stray=SELDOM)
    def reorder(self, person: int, board: int, picks: list[int], rank: str, stray: bool) -> None:
        ranks = dict.fromkeys(self.some(board, picks, stray=stray), rank)
        wanted = [Rank(item, rank) for item in ranks]
        self.do(
            person,
            board,
            lambda b, who: predictions.reorder(b, who, ranks),
            lambda viewer, key: items.reorder_items(viewer, self.boards[board].id, wanted, mutation_id=key),
        )

    @rule(
        person=PEOPLE,
        board=BOARDS,
        picks=PICKS,
        kind=st.sampled_from(["NOTE", "DRAWING", "FRAME"]),
        odd=SELDOM,
        word=WORDS,
    )
    def edit(self, person: int, board: int, picks: list[int], kind: str, odd: bool, word: str) -> None:
        ids = self.some(board, picks, *([] if odd else [kind]))
        note, frame = NoteContent(word), FrameContent(None)
        drawing = DrawingContent(Shape.ELLIPSE, stroke_width=float(len(word)))
        fields = {"NOTE": (note, None, None), "DRAWING": (None, drawing, None), "FRAME": (None, None, frame)}
        wanted = dict.fromkeys(ids, (70.0, 80.0, None, None, *fields[kind]))
        board_id = self.boards[board].id

        def call(viewer: Viewer, key: UUID) -> Awaitable[Change]:
            if kind == "NOTE":
                notes = [NoteEdit(item, note, 70, 80) for item in ids]
                return contents.edit_notes(viewer, board_id, notes, mutation_id=key)
            if kind == "DRAWING":
                drawings = [DrawingEdit(item, drawing, 70, 80) for item in ids]
                return contents.edit_drawings(viewer, board_id, drawings, mutation_id=key)
            frames = [FrameEdit(item, frame, 70, 80) for item in ids]
            return contents.edit_frames(viewer, board_id, frames, mutation_id=key)

        self.do(person, board, lambda b, who: predictions.edit(b, who, kind, wanted), call)

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, crop=CROPS, keep=st.sampled_from(CropKeep), odd=SELDOM)
    def crop(
        self, person: int, board: int, picks: list[int], crop: Crop | None, keep: CropKeep, odd: bool
    ) -> None:
        edits = [CropEdit(item, crop, keep) for item in self.some(board, picks, *([] if odd else ["IMAGE"]))]
        self.do(
            person,
            board,
            lambda b, who: predictions.crop(b, who, edits),
            lambda viewer, key: contents.crop_items(viewer, self.boards[board].id, edits, mutation_id=key),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, image=st.integers(0, 2), odd=SELDOM)
    def replace(self, person: int, board: int, picks: list[int], image: int, odd: bool) -> None:
        picture = list(self.sizes)[image]
        ids = self.some(board, picks, *([] if odd else ["IMAGE"]))
        edits = [Replacement(item, picture) for item in ids]
        visible = self.seen_by(self.people[person])
        self.do(
            person,
            board,
            lambda b, who: predictions.replace_images(b, who, edits, self.sizes, visible),
            lambda viewer, key: contents.replace_images(
                viewer, self.boards[board].id, edits, mutation_id=key
            ),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, stray=SELDOM)
    def remove(self, person: int, board: int, picks: list[int], stray: bool) -> None:
        ids = self.some(board, picks, stray=stray)
        self.do(
            person,
            board,
            lambda b, who: predictions.remove(b, who, ids),
            lambda viewer, key: items.remove_items(viewer, self.boards[board].id, ids, mutation_id=key),
        )

    @precondition(lambda self: any(not t["there"] for board in self.boards for t in board.things.values()))
    @rule(person=PEOPLE, board=BOARDS, picks=PICKS)
    def restore(self, person: int, board: int, picks: list[int]) -> None:
        ids = self.some_gone(board, picks, comments=False)
        self.do(
            person,
            board,
            lambda b, who: predictions.restore(b, who, ids),
            lambda viewer, key: items.restore_items(viewer, self.boards[board].id, ids, mutation_id=key),
        )

    # Groups

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, name=WORDS, stray=SELDOM, taken=SELDOM)
    def group(self, person: int, board: int, picks: list[int], name: str, stray: bool, taken: bool) -> None:
        ids = self.some(board, picks, stray=stray)
        group_id = self.new_id()
        there = self.boards[board].items()
        if taken and there:
            group_id = there[0]
        self.do(
            person,
            board,
            lambda b, who: predictions.group(b, who, ids, group_id, name, group_id in there),
            lambda viewer, key: grouping.group_items(
                viewer, self.boards[board].id, ids, group_id=group_id, name=name, mutation_id=key
            ),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, odd=SELDOM)
    def ungroup(self, person: int, board: int, picks: list[int], odd: bool) -> None:
        ids = self.some(board, picks, *([] if odd else ["GROUP", "FRAME"]))
        self.do(
            person,
            board,
            lambda b, who: predictions.ungroup(b, who, ids),
            lambda viewer, key: grouping.ungroup_items(viewer, self.boards[board].id, ids, mutation_id=key),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, home=st.integers(0, 40), stray=SELDOM)
    def regroup(self, person: int, board: int, picks: list[int], home: int, stray: bool) -> None:
        ids = self.some(board, picks, stray=stray)
        parent = self.home(board, home)
        self.do(
            person,
            board,
            lambda b, who: predictions.regroup(b, who, ids, parent),
            lambda viewer, key: grouping.regroup_items(
                viewer, self.boards[board].id, ids, parent, mutation_id=key
            ),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, home=st.integers(0, 40), place=TRANSFORMS, stray=SELDOM)
    def carry(
        self, person: int, board: int, picks: list[int], home: int, place: Transform, stray: bool
    ) -> None:
        ids = self.some(board, picks, "NOTE", "IMAGE", "DRAWING", stray=stray)
        parent = self.home(board, home)
        wanted = Wanted(
            placements=[Placement(item, place) for item in ids],
            homes=[Membership(item, parent) for item in ids],
        )
        self.do(
            person,
            board,
            lambda b, who: predictions.carry(b, who, ids, parent, place),
            lambda viewer, key: changing.change_items(viewer, self.boards[board].id, wanted, mutation_id=key),
        )

    # Places

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, dx=LEVELS, dy=LEVELS, how=st.integers(0, 5))
    def move(self, person: int, board: int, picks: list[int], dx: float, dy: float, how: int) -> None:
        ids, board_id = self.some(board, picks), self.boards[board].id
        if how < 2:
            self.do(
                person,
                board,
                lambda b, who: predictions.move(b, who, ids, dx, dy),
                lambda viewer, key: movements.move_items(viewer, board_id, ids, dx, dy, mutation_id=key),
            )
            return
        calls: list[Callable[[Viewer, UUID], Awaitable[Change]]] = [
            lambda viewer, key: movements.scale_items(viewer, board_id, ids, 1.5, mutation_id=key),
            lambda viewer, key: movements.rotate_items(viewer, board_id, ids, 45.0, mutation_id=key),
            lambda viewer, key: movements.flip_items(viewer, board_id, ids, Axis.HORIZONTAL, mutation_id=key),
            lambda viewer, key: movements.reset_items(
                viewer, board_id, ids, [Reset.SCALE, Reset.ROTATION], mutation_id=key
            ),
        ]
        self.do(person, board, lambda b, who: predictions.turn(b, who, ids), calls[how - 2])

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, to=st.sampled_from(Layering))
    def layer(self, person: int, board: int, picks: list[int], to: Layering) -> None:
        ids = self.some(board, picks)
        self.do(
            person,
            board,
            lambda b, who: predictions.layer(b, who, ids, to.value),
            lambda viewer, key: layering.order_items(viewer, self.boards[board].id, ids, to, mutation_id=key),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=st.none() | PICKS, how=st.integers(0, 5))
    def arrange(self, person: int, board: int, picks: list[int] | None, how: int) -> None:
        ids = None if picks is None else self.some(board, picks)
        on = self.boards[board].id
        calls: list[Callable[[Viewer, UUID], Awaitable[Change]]] = [
            lambda viewer, key: arrangements.align_items(viewer, on, ids, Edge.LEFT, mutation_id=key),
            lambda viewer, key: arrangements.distribute_items(
                viewer, on, ids, Axis.VERTICAL, mutation_id=key
            ),
            lambda viewer, key: arrangements.normalize_items(viewer, on, ids, Measure.AREA, mutation_id=key),
            lambda viewer, key: arrangements.stack_items(viewer, on, ids, mutation_id=key),
            lambda viewer, key: arrangements.pack_items(viewer, on, ids, 10.0, mutation_id=key),
            lambda viewer, key: arrangements.arrange_items(
                viewer, on, ids, Layout.GRID, Order.NAME, margin=5.0, mutation_id=key
            ),
        ]
        self.do(person, board, lambda b, who: predictions.arrange(b, who, ids), calls[how])

    @rule(person=PEOPLE, board=BOARDS, picks=st.none() | PICKS, frame=st.integers(0, 40), odd=SELDOM)
    def fit(self, person: int, board: int, picks: list[int] | None, frame: int, odd: bool) -> None:
        ids = None if picks is None else self.some(board, picks)
        [into] = self.some(board, [frame], *([] if odd else ["FRAME"]))
        self.do(
            person,
            board,
            lambda b, who: predictions.fit(b, who, ids, into),
            lambda viewer, key: arrangements.fit_to_frame(
                viewer, self.boards[board].id, ids, into, mode=Fit.CONTAIN, mutation_id=key
            ),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS)
    def compare(self, person: int, board: int, picks: list[int]) -> None:
        ids = self.some(board, picks)
        self.do(
            person,
            board,
            lambda b, who: predictions.compare(b, who, ids),
            lambda viewer, key: arrangements.compare_overlay(
                viewer, self.boards[board].id, ids, mutation_id=key
            ),
        )

    # Comments

    @rule(
        person=PEOPLE,
        board=BOARDS,
        pick=st.integers(0, 40),
        how=st.integers(0, 6),
        count=st.integers(1, 2),
        word=WORDS,
        taken=SELDOM,
    )
    def comment(
        self, person: int, board: int, pick: int, how: int, count: int, word: str, taken: bool
    ) -> None:
        pin, thread = Pin(5.0, 6.0), None
        if how < 3:
            [thread] = self.some_comments(board, [pick], stray=False)
        elif how < 6:
            pin = Pin(0.5, 0.25, self.some(board, [pick])[0])
        said = [NewComment(word, None if thread else pin, thread, self.new_id()) for _ in range(count)]
        ids = {s: t["kind"] == "COMMENT" for one in self.boards for s, t in one.things.items() if s.int}
        if taken:
            said[0] = NewComment(word, said[0].pin, thread, min(ids))
        self.do(
            person,
            board,
            lambda b, who: comment_predictions.add(b, who, said, ids),
            lambda viewer, key: comments.add_comments(viewer, self.boards[board].id, said, mutation_id=key),
        )

    @precondition(lambda self: any(t["kind"] == "COMMENT" for b in self.boards for t in b.things.values()))
    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, how=st.integers(0, 5), word=WORDS, stray=SELDOM)
    def on_comments(
        self, person: int, board: int, picks: list[int], how: int, word: str, stray: bool
    ) -> None:
        ids, on = self.some_comments(board, picks, stray=stray), self.boards[board].id
        texts = [NewText(one, word) for one in ids]
        pins = [NewPin(one, Pin(0.0, 1.0, self.some(board, picks)[0])) for one in ids]
        gone = self.some_gone(board, picks, comments=True)
        foretold: list[Callable[[Board, UUID], Plan]] = [
            lambda b, who: comment_predictions.edit(b, who, texts),
            lambda b, who: comment_predictions.move(b, who, pins),
            lambda b, who: comment_predictions.resolve(b, who, ids, True),
            lambda b, who: comment_predictions.resolve(b, who, ids, False),
            lambda b, who: comment_predictions.remove(b, who, ids),
            lambda b, who: comment_predictions.restore(b, who, gone),
        ]
        calls: list[Callable[[Viewer, UUID], Awaitable[Change]]] = [
            lambda viewer, key: comments.edit_comments(viewer, on, texts, mutation_id=key),
            lambda viewer, key: comments.move_comments(viewer, on, pins, mutation_id=key),
            lambda viewer, key: comments.resolve_comments(viewer, on, ids, resolved=True, mutation_id=key),
            lambda viewer, key: comments.resolve_comments(viewer, on, ids, resolved=False, mutation_id=key),
            lambda viewer, key: comments.remove_comments(viewer, on, ids, mutation_id=key),
            lambda viewer, key: comments.restore_comments(viewer, on, gone, mutation_id=key),
        ]
        self.do(person, board, foretold[how], calls[how])

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

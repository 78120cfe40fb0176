"""What is done to items and to the groups they are in."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain import adding, changing, contents, grouping, items
from domain.access import Viewer
from domain.adding import NewItem
from domain.changes import Change
from domain.changing import Wanted
from domain.contents import CropEdit, DrawingEdit, FrameEdit, NoteEdit, Replacement
from domain.geometry import CropKeep
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
from tests.domain import predictions
from tests.domain.choices import (
    BOARDS,
    CROPS,
    PATCHES,
    PEOPLE,
    PICKS,
    RANKS,
    SELDOM,
    STYLES,
    TRANSFORMS,
    WORDS,
)
from tests.domain.trial import Trial


class ItemRules(Trial):
    def add_all(self, person: int, board: int, new: list[NewItem]) -> None:
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
            taken = self.stray(board, home)
            if self.boards[board].things.get(taken, {}).get("kind") != "COMMENT":
                new = [NewItem(id=taken, note=NoteContent(), transform=place)]
        self.add_all(person, board, new)

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

"""Every field of a board of the past says what it said then: told after each change, and asked for later."""

import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, comments, compaction, contents, grouping, history, items, past, snapshots
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.comments import NewComment, NewPin, NewText, Pin
from domain.database import execute
from domain.errors import DomainError
from domain.operations import FrameContent, NoteContent, Placement, Rank, StylePatch, Transform
from tests.factories import a_board, a_grant, a_viewer, an_image
from tests.laws import require_laws, state_in_rows
from tests.schema.asking import Asking

pytestmark = pytest.mark.usefixtures("database")

# All that a board leads to, but for who is on it, what the viewer may do and undo, and how much is kept.
WHOLE = """
query($id: ID!, $at: Long) { board(id: $id, at: $at) {
  id title description seq createdAt updatedAt trashedAt itemCount thumbnail cover { id } createdBy { name }
  items(first: 60) { totalCount nodes {
    ...All parent { ...All parent { id name } items(first: 20) { nodes { id } } board { seq itemCount } }
    ... on Container { items(first: 20) { totalCount edges { cursor node { ...All } } } } } }
  few: items(first: 2) { nodes { board { title items(first: 1) { totalCount } commentCount } } }
  all: commentCount open: commentCount(resolved: false) settled: commentCount(resolved: true)
  comments(first: 9) { totalCount edges { cursor node {
    ...Said board { seq } item { ...All parent { id isRemoved } }
    replyCount replies(first: 7) { totalCount edges { cursor node {
      ...Said replyCount thread { ...Said } } } } } } }
  openThreads: comments(resolved: false, first: 5) { totalCount nodes { id } }
  log: changes(first: 100) { totalCount nodes { seq operation { __typename } } }
  activity { totalCount nodes { fromSeq toSeq changeCount undoCount undoneCount counts { count } } }
  moments(most: 3) { seq itemCount } } }
fragment All on Item {
  __typename ...Plain ... on ImageItem { crop { left } image { id } } ... on NoteItem { text } }
fragment Plain on Item {
  id kind transform { x y scale rotation flipX flipY } x width height z opacity locked hidden name tags link
  parentId addedAt addedBy { name } isRemoved }
fragment Said on Comment {
  id text at editedAt isResolved x y itemId position { x y } isRemoved author { name } resolvedBy { name } }
"""
COUNT = "query($id: ID!, $at: Long) { board(id: $id, at: $at) { itemCount } }"
KEPT = """
query($id: ID!, $at: Long) { board(id: $id, at: $at) {
  comments { nodes { id position { x y } item { id x isRemoved addedBy { name } } } } } }
"""


class Story:
    """Two people who do what can be done to a board, at random. told: what it said after each change."""

    def __init__(self, board_id: UUID, people: list[Viewer], images: list[UUID], seed: int) -> None:
        self.board_id, self.people, self.images = board_id, people, images
        self.chance = random.Random(seed)
        self.told: dict[int, Any] = {}

    async def look(self) -> None:
        whole = await Asking().ask(self.people[0], WHOLE, {"id": str(self.board_id)})
        assert whole.errors == []
        self.told[whole.data["board"]["seq"]] = whole.data["board"]

    async def go(self, deeds: int) -> None:
        await self.look()
        for number in range(deeds):
            try:
                await self._deed(number)
            except DomainError:
                continue
            await self.look()

    async def _deed(self, number: int) -> None:
        state = await state_in_rows(self.board_id)
        who, board, chance = self.chance.choice(self.people), self.board_id, self.chance
        there, said = sorted(state.items), sorted(state.comments)
        if len(there) < 3:
            await self._add(who, None)
            return
        some = chance.sample(there, chance.randint(1, 3))
        holders = [i for i in there if state.items[i].kind in ("FRAME", "GROUP")]
        pin = Pin(0.25, 1.0, chance.choice(there)) if number % 3 else Pin(7.0, float(number))
        place = Transform(float(number), -5.0, scale=2.0, rotation=30.0)
        deeds: list[Callable[[], Awaitable[object]]] = [
            lambda: self._add(who, chance.choice([None, *holders])),
            lambda: items.transform_items(
                who, board, [Placement(i, place) for i in some if state.items[i].kind != "GROUP"]
            ),
            lambda: items.restyle_items(who, board, [StylePatch(i, name=f"{number}") for i in some]),
            lambda: items.reorder_items(who, board, [Rank(i, f"a{number % 9 + 1}") for i in some]),
            lambda: items.remove_items(who, board, some),
            lambda: grouping.group_items(who, board, some),
            lambda: grouping.regroup_items(who, board, some, chance.choice([None, *holders])),
            lambda: grouping.ungroup_items(who, board, holders[:1]),
            lambda: boards.edit_board(who, board, title=f"{number}", cover_id=chance.choice(self.images)),
            lambda: history.undo(who, board),
            lambda: history.undo(who, board),
            lambda: history.redo(who, board),
            lambda: contents.replace_images(
                who,
                board,
                [contents.Replacement(i, self.images[-1]) for i in some if state.items[i].image_id],
            ),
        ]
        talks: list[Callable[[], Awaitable[object]]] = [
            lambda: comments.add_comments(who, board, [NewComment(f"{number}", pin)]),
            lambda: comments.add_comments(who, board, [NewComment("re", thread_id=chance.choice(said))]),
            lambda: comments.add_comments(who, board, [NewComment("re", thread_id=chance.choice(said))]),
            lambda: comments.resolve_comments(who, board, said[:2], resolved=chance.random() < 0.7),
            lambda: comments.edit_comments(who, board, [NewText(said[0], f"again {number}")]),
            lambda: comments.move_comments(who, board, [NewPin(said[-1], pin)]),
            lambda: comments.remove_comments(who, board, said[1:2]),
        ]
        await chance.choice(deeds if number % 2 else talks if said else talks[:1])()

    async def _add(self, who: Viewer, home: UUID | None) -> None:
        new = [
            NewItem(id=uuid4(), note=NoteContent("words"), parent_id=home),
            NewItem(image_id=self.chance.choice(self.images), parent_id=home),
            NewItem(frame=FrameContent(), parent_id=home),
        ]
        await adding.add_items(who, self.board_id, self.chance.sample(new, 2))


async def a_story(seed: int, deeds: int) -> Story:
    ana, ben = await a_viewer("Ana"), await a_viewer("Ben")
    board = await a_board(ana, title="First", description="Words")
    await a_grant(board.id, ben, Role.EDITOR)
    story = Story(board.id, [ana, ben], [await an_image(ana), await an_image(ana)], seed)
    await story.go(deeds)
    return story


@pytest.mark.parametrize("seed", range(4))
async def test_a_board_says_later_what_it_said_then(seed: int) -> None:
    story = await a_story(seed, 36)
    ana = story.people[0]
    await require_laws(story.board_id)
    await snapshots.take_snapshots(9)
    past.forget()
    moments = list(story.told)
    random.Random(seed).shuffle(moments)
    assert len(moments) > 15
    for seq in moments:
        later = await Asking().ask(ana, WHOLE, {"id": str(story.board_id), "at": seq})
        assert later.errors == []
        assert later.data["board"] == story.told[seq]


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_kept_of_a_compacted_history_is_what_it_was(seed: int) -> None:
    """Where a removed item lay may be forgotten with the line that removed it; nothing else is."""
    story = await a_story(100 + seed, 36)
    ana, last = story.people[0], max(story.told)
    start = last * 2 // 3
    before = {seq: await _pins(story, seq) for seq in story.told if seq >= start}
    await execute("UPDATE change SET at = at - interval '40 days' WHERE seq <= $1", start)
    await compaction.compact(30)
    past.forget()
    for seq, pins in before.items():
        for (comment, position, item), now in zip(pins, await _pins(story, seq), strict=True):
            if now != (comment, position, item):
                assert item["isRemoved"]
                assert now == (comment, None, None)
        later = await Asking().ask(ana, COUNT, {"id": str(story.board_id), "at": seq})
        assert later.data["board"]["itemCount"] == story.told[seq]["itemCount"]
    await require_laws(story.board_id)


async def _pins(story: Story, seq: int) -> list[tuple[Any, Any, Any]]:
    told = await Asking().ask(story.people[0], KEPT, {"id": str(story.board_id), "at": seq})
    assert told.errors == []
    return [(said["id"], said["position"], said["item"]) for said in told.data["board"]["comments"]["nodes"]]

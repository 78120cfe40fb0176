"""Comments: what people say on a board, in threads; each command is one change and can be undone."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import adding, boards, comment_reads, comments, compaction, history, items, threads
from domain.access import Role, Scope, Viewer
from domain.adding import NewItem
from domain.changes import Change
from domain.comment_reads import Counts, replies_to
from domain.comments import NewComment, NewPin, NewText, Pin
from domain.errors import (
    AlreadyExists,
    BadInput,
    BoardTrashed,
    DomainError,
    Forbidden,
    LimitExceeded,
    MutationIdConflict,
    NotFound,
    NothingToUndo,
)
from domain.geometry import Point
from domain.operations import (
    AddComments,
    CommentState,
    Compound,
    NoteContent,
    Placement,
    RemoveComments,
    ResolveComments,
    RestoreComments,
    Transform,
    subjects_of,
)
from tests.factories import a_board, a_grant, a_member, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows

pytestmark = pytest.mark.usefixtures("database")

HERE = Pin(10, 20)


class Talk:
    """Ana's board with a note on it, Ed who edits, Cleo and Dan who comment, Vi who reads."""

    def __init__(self) -> None:
        self.board = UUID(int=0)
        self.note = uuid4()

    async def begin(self) -> "Talk":
        self.ana = await a_viewer("Ana")
        self.board = (await a_board(self.ana)).id
        self.ed = await a_member(self.board, Role.EDITOR, "Ed")
        self.cleo = await a_member(self.board, Role.COMMENTER, "Cleo")
        self.dan = await a_member(self.board, Role.COMMENTER, "Dan")
        self.vi = await a_member(self.board, Role.VIEWER, "Vi")
        await adding.add_items(
            self.ana,
            self.board,
            [NewItem(id=self.note, note=NoteContent(), transform=Transform(100, 50), width=40, height=20)],
        )
        return self

    async def say(self, who: Viewer, text: str = "hello", pin: Pin = HERE) -> UUID:
        return await self._one(who, NewComment(text, pin))

    async def reply(self, who: Viewer, thread_id: UUID, text: str = "indeed") -> UUID:
        return await self._one(who, NewComment(text, thread_id=thread_id))

    async def _one(self, who: Viewer, comment: NewComment) -> UUID:
        change = await comments.add_comments(who, self.board, [comment])
        return subjects_of(change.operation)[0]

    async def said(self) -> dict[UUID, CommentState]:
        return (await state_in_rows(self.board)).comments

    async def rows(self, who: Viewer | None = None, **wanted: Any) -> list[comment_reads.CommentRow]:
        return list((await comment_reads.comments_on(who or self.vi, self.board, **wanted)).nodes)


@pytest.fixture
async def talk() -> Talk:
    return await Talk().begin()


async def test_a_commenter_pins_comments_to_places_and_items(talk: Talk) -> None:
    change = await comments.add_comments(
        talk.cleo, talk.board, [NewComment("a *place*", HERE), NewComment("an item", Pin(item_id=talk.note))]
    )
    assert isinstance(change.operation, AddComments)
    place, item = change.operation.comments
    assert (place.item_id, place.x, place.y, place.text) == (None, 10, 20, "a *place*")
    assert (item.item_id, item.x, item.y, item.author_id) == (talk.note, 0.5, 0.5, talk.cleo.account_id)
    assert [row.state for row in await talk.rows()] == [place, item]
    await require_laws(talk.board)


async def test_comments_of_one_call_are_listed_in_its_order(talk: Talk) -> None:
    texts = [str(n) for n in range(40)]
    await comments.add_comments(talk.cleo, talk.board, [NewComment(text, HERE) for text in texts])
    assert [row.state.text for row in await talk.rows()] == texts


async def test_a_pin_goes_with_its_item_and_stays_where_it_was_removed(talk: Talk) -> None:
    await talk.say(talk.cleo, pin=Pin(1.0, 0.0, talk.note))
    [row] = await talk.rows()
    assert row.position is not None
    assert (row.position.x, row.position.y) == (120, 40)
    place = Transform(0, 0, scale=2, rotation=90)
    await items.transform_items(talk.ana, talk.board, [Placement(talk.note, place)])
    [row] = await talk.rows()
    assert row.position is not None
    assert (row.position.x, row.position.y) == pytest.approx((20, 40))
    await items.remove_items(talk.ana, talk.board, [talk.note])
    [row] = await talk.rows()
    assert row.position is not None
    assert (row.position.x, row.position.y) == pytest.approx((20, 40))
    assert row.pin == Pin(1.0, 0.0, talk.note)
    await require_laws(talk.board)


async def test_replies_have_the_place_of_their_thread_and_are_answered_into_it(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    reply = await talk.reply(talk.dan, root)
    again = await talk.reply(talk.ana, reply)
    said = await talk.said()
    assert said[reply].thread_id == said[again].thread_id == root
    [page] = await comment_reads.replies_of(talk.vi, [replies_to(root, 10, None)])
    assert [row.state.id for row in page.nodes] == [reply, again]
    assert all(row.pin == HERE and row.position == Point(10, 20) for row in page.nodes)
    await comments.move_comments(talk.cleo, talk.board, [NewPin(root, Pin(1, 2))])
    [row] = [row for row in await comment_reads.comments_by_ids(talk.vi, [again]) if row]
    assert row.pin == Pin(1, 2)
    assert [row.state.id for row in await talk.rows()] == [root]
    await require_laws(talk.board)


async def test_a_whole_thread_is_added_at_once(talk: Talk) -> None:
    root, reply = uuid4(), uuid4()
    await comments.add_comments(
        talk.cleo,
        talk.board,
        [
            NewComment("a", HERE, id=root),
            NewComment("b", thread_id=root, id=reply),
            NewComment("c", thread_id=reply),
        ],
    )
    assert [comment.thread_id for comment in (await talk.said()).values() if comment.id != root] == [
        root,
        root,
    ]
    await require_laws(talk.board)


async def test_everyone_who_comments_resolves_and_a_reply_opens_again(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await comments.resolve_comments(talk.dan, talk.board, [root], resolved=True)
    assert (await talk.said())[root].resolved_by == talk.dan.account_id
    await comments.resolve_comments(talk.ed, talk.board, [root], resolved=True)
    assert (await talk.said())[root].resolved_by == talk.dan.account_id
    change = await comments.add_comments(talk.ed, talk.board, [NewComment("but", thread_id=root)])
    assert isinstance(change.operation, Compound)
    assert [type(part) for part in change.operation.operations] == [AddComments, ResolveComments]
    assert (await talk.said())[root].resolved_by is None
    await comments.resolve_comments(talk.dan, talk.board, [root], resolved=True)
    await comments.resolve_comments(talk.cleo, talk.board, [root], resolved=False)
    assert (await talk.said())[root].resolved_by is None
    await require_laws(talk.board)


async def test_only_the_author_rewrites(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    before = await rows_of(talk.board)
    for other in (talk.ana, talk.ed, talk.dan):
        with pytest.raises(Forbidden):
            await comments.edit_comments(other, talk.board, [NewText(root, "mine now")])
    assert await rows_of(talk.board) == before
    await comments.edit_comments(talk.cleo, talk.board, [NewText(root, "better")])
    said = (await talk.said())[root]
    assert said.text == "better"
    assert said.edited_at is not None
    await require_laws(talk.board)


async def test_others_comments_are_moved_and_removed_by_editors_alone(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    before = await rows_of(talk.board)
    with pytest.raises(Forbidden):
        await comments.move_comments(talk.dan, talk.board, [NewPin(root, Pin(1, 2))])
    with pytest.raises(Forbidden) as refused:
        await comments.remove_comments(talk.dan, talk.board, [root])
    assert refused.value.details == {"required": "EDITOR", "ids": [str(root)]}
    assert await rows_of(talk.board) == before
    await comments.move_comments(talk.ed, talk.board, [NewPin(root, Pin(0.25, 0.5, talk.note))])
    assert (await talk.said())[root].item_id == talk.note
    await comments.remove_comments(talk.ed, talk.board, [root])
    assert await talk.said() == {}
    await require_laws(talk.board)


async def test_with_a_root_go_its_replies_and_come_back(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    early, late = await talk.reply(talk.dan, root), await talk.reply(talk.cleo, root)
    await comments.remove_comments(talk.dan, talk.board, [early])
    change = await comments.remove_comments(talk.ed, talk.board, [root])
    assert change.operation == RemoveComments([root, late])
    change = await comments.restore_comments(talk.ana, talk.board, [root])
    assert isinstance(change.operation, RestoreComments)
    assert (await talk.said()).keys() == {root, late}
    await require_laws(talk.board)
    await comments.restore_comments(talk.dan, talk.board, [early])
    assert (await talk.said()).keys() == {root, early, late}
    await require_laws(talk.board)


async def test_a_commenter_does_not_remove_a_thread_in_which_others_spoke(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    reply = await talk.reply(talk.dan, root)
    before = await rows_of(talk.board)
    with pytest.raises(Forbidden) as refused:
        await comments.remove_comments(talk.cleo, talk.board, [root])
    assert refused.value.details["ids"] == [str(reply)]
    assert await rows_of(talk.board) == before


async def test_what_an_editor_removed_its_author_does_not_bring_back(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await comments.remove_comments(talk.ed, talk.board, [root])
    before = await rows_of(talk.board)
    with pytest.raises(Forbidden):
        await comments.restore_comments(talk.cleo, talk.board, [root])
    reverted = await history.undo(talk.cleo, talk.board)
    assert reverted.change is None
    with pytest.raises(NothingToUndo):
        await history.redo(talk.cleo, talk.board)
    assert (await rows_of(talk.board)).lines[0] == before.lines[0]
    assert await talk.said() == {}
    mine = await talk.say(talk.cleo)
    await comments.remove_comments(talk.cleo, talk.board, [mine])
    await comments.restore_comments(talk.cleo, talk.board, [mine])
    assert (await talk.said()).keys() == {mine}
    await require_laws(talk.board)


async def test_a_reply_does_not_come_back_without_its_thread(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    reply = await talk.reply(talk.cleo, root)
    await comments.remove_comments(talk.cleo, talk.board, [reply])
    await comments.remove_comments(talk.cleo, talk.board, [root])
    with pytest.raises(BadInput) as refused:
        await comments.restore_comments(talk.cleo, talk.board, [reply])
    assert refused.value.details["ids"] == [str(root)]
    await comments.restore_comments(talk.cleo, talk.board, [reply, root])
    assert (await talk.said()).keys() == {root, reply}
    await require_laws(talk.board)


Command = Callable[[Talk, Viewer, UUID], Awaitable[Change]]
COMMANDS: dict[str, Command] = {
    "add": lambda t, v, c: comments.add_comments(v, t.board, [NewComment("a", HERE)]),
    "reply": lambda t, v, c: comments.add_comments(v, t.board, [NewComment("a", thread_id=c)]),
    "edit": lambda t, v, c: comments.edit_comments(v, t.board, [NewText(c, "b")]),
    "move": lambda t, v, c: comments.move_comments(v, t.board, [NewPin(c, Pin(1, 2))]),
    "resolve": lambda t, v, c: comments.resolve_comments(v, t.board, [c], resolved=True),
    "remove": lambda t, v, c: comments.remove_comments(v, t.board, [c]),
    "restore": lambda t, v, c: comments.restore_comments(v, t.board, [c]),
}


@pytest.mark.parametrize("name", COMMANDS)
async def test_who_may_not_comment_changes_nothing(talk: Talk, name: str) -> None:
    comment = await talk.say(talk.ana)
    if name == "restore":
        await comments.remove_comments(talk.ana, talk.board, [comment])
    script = Viewer(talk.ana.account_id, "Ana", scope=Scope.READ)
    before = await rows_of(talk.board)
    for viewer, error in ((talk.vi, Forbidden), (script, Forbidden), (await a_viewer(), NotFound)):
        with pytest.raises(error):
            await COMMANDS[name](talk, viewer, comment)
    assert await rows_of(talk.board) == before
    await boards.trash_boards(talk.ana, [talk.board])
    before = await rows_of(talk.board)
    with pytest.raises(BoardTrashed):
        await COMMANDS[name](talk, talk.ana, comment)
    assert await rows_of(talk.board) == before
    await require_laws(talk.board)


@pytest.mark.parametrize("name", set(COMMANDS) - {"add"})
async def test_comments_of_another_board_are_not_found(talk: Talk, name: str) -> None:
    other = await a_board(talk.ana)
    comment = await talk.say(talk.ana)
    if name == "restore":
        await comments.remove_comments(talk.ana, talk.board, [comment])
    before = await rows_of(other.id), await rows_of(talk.board)
    elsewhere = Talk()
    elsewhere.board = other.id
    with pytest.raises(NotFound) as missing:
        await COMMANDS[name](elsewhere, talk.ana, comment)
    assert missing.value.details["ids"] == [str(comment)]
    assert (await rows_of(other.id), await rows_of(talk.board)) == before


@pytest.mark.parametrize("name", ["reply", "edit", "move", "resolve", "remove"])
async def test_removed_comments_are_not_found(talk: Talk, name: str) -> None:
    comment = await talk.say(talk.ana)
    await comments.remove_comments(talk.ana, talk.board, [comment])
    before = await rows_of(talk.board)
    with pytest.raises(NotFound):
        await COMMANDS[name](talk, talk.ana, comment)
    assert await rows_of(talk.board) == before


@pytest.mark.parametrize("name", ["move", "resolve"])
async def test_replies_are_neither_moved_nor_resolved(talk: Talk, name: str) -> None:
    reply = await talk.reply(talk.ana, await talk.say(talk.ana))
    before = await rows_of(talk.board)
    with pytest.raises(BadInput):
        await COMMANDS[name](talk, talk.ana, reply)
    assert await rows_of(talk.board) == before


NAN = float("nan")


@pytest.mark.parametrize(
    "comment",
    [
        NewComment("", HERE),
        NewComment(" \n ", HERE),
        NewComment("a" * 10_001, HERE),
        NewComment("a\x00", HERE),
        NewComment("neither"),
        NewComment("both", HERE, thread_id=uuid4()),
        NewComment("far", Pin(2e9, 0)),
        NewComment("nowhere", Pin(0, NAN)),
        NewComment("beside", Pin(1.5, 0, uuid4())),
        NewComment("nil", HERE, id=UUID(int=0)),
    ],
    ids=lambda comment: comment.text[:10].strip() or "empty",
)
async def test_what_is_no_comment_is_refused(talk: Talk, comment: NewComment) -> None:
    before = await rows_of(talk.board)
    with pytest.raises(BadInput):
        await comments.add_comments(talk.ana, talk.board, [NewComment("fine", HERE), comment])
    assert await rows_of(talk.board) == before


async def test_pins_go_to_items_on_this_board_and_not_to_groups(talk: Talk) -> None:
    other = await a_board(talk.ana)
    group, gone, foreign = uuid4(), uuid4(), uuid4()
    await adding.add_items(
        talk.ana, talk.board, [NewItem(id=group, is_group=True), NewItem(id=gone, note=NoteContent())]
    )
    await adding.add_items(talk.ana, other.id, [NewItem(id=foreign, note=NoteContent())])
    await items.remove_items(talk.ana, talk.board, [gone])
    root = await talk.say(talk.ana)
    before = await rows_of(talk.board)
    for item_id, error in ((group, BadInput), (gone, NotFound), (foreign, NotFound), (uuid4(), NotFound)):
        with pytest.raises(error):
            await talk.say(talk.cleo, pin=Pin(item_id=item_id))
        with pytest.raises(error):
            await comments.move_comments(talk.ana, talk.board, [NewPin(root, Pin(item_id=item_id))])
    assert await rows_of(talk.board) == before


async def test_ids_are_taken_once_by_whatever_it_is(talk: Talk) -> None:
    comment = await talk.say(talk.cleo)
    before = await rows_of(talk.board)
    for taken in (comment, talk.note):
        with pytest.raises(AlreadyExists) as refused:
            await comments.add_comments(talk.cleo, talk.board, [NewComment("a", HERE, id=taken)])
        assert refused.value.details["ids"] == [str(taken)]
    with pytest.raises(BadInput):
        await comments.add_comments(talk.cleo, talk.board, [NewComment("a", HERE, id=uuid4())] * 2)
    assert await rows_of(talk.board) == before


async def test_boards_and_threads_have_room_for_so_many(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_COMMENTS", 5)
    monkeypatch.setattr(threads, "MOST_IN_A_THREAD", 3)
    root = await talk.say(talk.cleo)
    replies = [await talk.reply(talk.dan, root) for _ in range(2)]
    with pytest.raises(LimitExceeded) as full:
        await talk.reply(talk.ana, root)
    assert full.value.details == {"limit": 3, "ids": [str(root)]}
    await comments.remove_comments(talk.dan, talk.board, replies[:1])
    third = await talk.reply(talk.ana, root)
    with pytest.raises(LimitExceeded):
        await comments.restore_comments(talk.dan, talk.board, replies[:1])
    with pytest.raises(LimitExceeded):
        await history.undo(talk.dan, talk.board)
    await comments.remove_comments(talk.ana, talk.board, [third])
    await history.undo(talk.dan, talk.board)
    for _ in range(2):
        await talk.say(talk.cleo)
    with pytest.raises(LimitExceeded) as full:
        await talk.say(talk.cleo)
    assert full.value.details == {"limit": 5}
    assert len(await talk.said()) == 5
    await require_laws(talk.board)


async def test_a_retry_says_it_once(talk: Talk) -> None:
    mutation_id = uuid4()
    said = [NewComment("once", HERE)]
    first = await comments.add_comments(talk.cleo, talk.board, said, mutation_id=mutation_id)
    again = await comments.add_comments(talk.cleo, talk.board, said, mutation_id=mutation_id)
    assert again == first
    with pytest.raises(MutationIdConflict):
        await comments.add_comments(
            talk.cleo, talk.board, [NewComment("twice", HERE)], mutation_id=mutation_id
        )
    assert len(await talk.said()) == 1


async def test_undo_and_redo_go_through_all_that_a_commenter_did(talk: Talk) -> None:
    states = [await state_in_rows(talk.board)]
    root = await talk.say(talk.cleo)
    states.append(await state_in_rows(talk.board))
    await comments.edit_comments(talk.cleo, talk.board, [NewText(root, "better")])
    states.append(await state_in_rows(talk.board))
    await comments.move_comments(talk.cleo, talk.board, [NewPin(root, Pin(item_id=talk.note))])
    states.append(await state_in_rows(talk.board))
    await comments.resolve_comments(talk.cleo, talk.board, [root], resolved=True)
    states.append(await state_in_rows(talk.board))
    await talk.reply(talk.cleo, root)
    states.append(await state_in_rows(talk.board))
    await comments.remove_comments(talk.cleo, talk.board, [root])
    states.append(await state_in_rows(talk.board))
    for _ in range(2):
        for earlier in states[-2::-1]:
            assert (await history.undo(talk.cleo, talk.board)).skipped == []
            assert await state_in_rows(talk.board) == earlier
        with pytest.raises(NothingToUndo):
            await history.undo(talk.cleo, talk.board)
        for later in states[1:]:
            assert (await history.redo(talk.cleo, talk.board)).skipped == []
            assert await state_in_rows(talk.board) == later
    await require_laws(talk.board)


async def test_a_thread_that_others_answered_stays_when_it_is_undone(talk: Talk) -> None:
    kept, lone = uuid4(), uuid4()
    await comments.add_comments(
        talk.cleo, talk.board, [NewComment("a", HERE, id=kept), NewComment("b", HERE, id=lone)]
    )
    reply = await talk.reply(talk.dan, kept)
    reverted = await history.undo(talk.cleo, talk.board)
    assert reverted.skipped == [history.Skipped(kept, history.ANSWERED, talk.dan.account_id)]
    assert (await talk.said()).keys() == {kept, reply}
    await require_laws(talk.board)
    await history.redo(talk.cleo, talk.board)
    assert (await talk.said()).keys() == {kept, reply, lone}
    await require_laws(talk.board)


async def test_once_the_replies_are_gone_the_root_can_be_undone(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    reply = await talk.reply(talk.dan, root)
    await comments.remove_comments(talk.dan, talk.board, [reply])
    assert (await history.undo(talk.cleo, talk.board)).skipped == []
    assert await talk.said() == {}
    # Dan takes back his removal, but there is no thread any more to come back to.
    reverted = await history.undo(talk.dan, talk.board)
    assert reverted.change is None
    assert reverted.skipped == [history.Skipped(reply, history.NO_THREAD)]
    await require_laws(talk.board)


async def test_a_resolved_thread_is_resolved_again_when_the_reply_is_undone(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await comments.resolve_comments(talk.dan, talk.board, [root], resolved=True)
    before = await state_in_rows(talk.board)
    await talk.reply(talk.cleo, root)
    assert (await history.undo(talk.cleo, talk.board)).skipped == []
    assert await state_in_rows(talk.board) == before
    await require_laws(talk.board)


async def test_a_resolution_by_somebody_else_since_is_spared(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await comments.resolve_comments(talk.cleo, talk.board, [root], resolved=True)
    await comments.resolve_comments(talk.dan, talk.board, [root], resolved=False)
    reverted = await history.undo(talk.cleo, talk.board)
    assert reverted.skipped == [history.Skipped(root, history.CHANGED, talk.dan.account_id)]
    await require_laws(talk.board)


async def test_who_edits_no_more_does_not_redo_the_removal_of_others_words(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await comments.move_comments(talk.ed, talk.board, [NewPin(root, Pin(1, 2))])
    await comments.remove_comments(talk.ed, talk.board, [root])
    await history.undo(talk.ed, talk.board)
    await a_grant(talk.board, talk.ed, Role.COMMENTER)
    reverted = await history.redo(talk.ed, talk.board)
    assert reverted.skipped == [history.Skipped(root, history.OTHERS)]
    assert (await talk.said()).keys() == {root}
    await require_laws(talk.board)


async def test_an_editor_undoes_items_and_comments_in_their_order_a_commenter_only_comments(
    talk: Talk,
) -> None:
    await talk.say(talk.ed)
    await items.transform_items(talk.ed, talk.board, [Placement(talk.note, Transform(5))])
    await a_grant(talk.board, talk.ed, Role.COMMENTER)
    await history.undo(talk.ed, talk.board)
    assert await talk.said() == {}
    assert (await state_in_rows(talk.board)).items[talk.note].transform == Transform(5)
    assert not await history.can_undo(talk.ed, talk.board)
    await require_laws(talk.board)


async def test_undone_moves_go_back_to_items_that_are_gone(talk: Talk) -> None:
    root = await talk.say(talk.cleo, pin=Pin(item_id=talk.note))
    await comments.move_comments(talk.cleo, talk.board, [NewPin(root, HERE)])
    await items.remove_items(talk.ana, talk.board, [talk.note])
    assert (await history.undo(talk.cleo, talk.board)).skipped == []
    [row] = await talk.rows()
    assert row.pin.item_id == talk.note
    assert row.position is not None
    assert (row.position.x, row.position.y) == (100, 50)
    await require_laws(talk.board)


async def test_a_pin_on_an_item_whose_removal_was_compacted_has_no_place_any_more(talk: Talk) -> None:
    root = await talk.say(talk.cleo, pin=Pin(item_id=talk.note))
    gone = await talk.say(talk.cleo)
    await comments.remove_comments(talk.cleo, talk.board, [gone])
    await items.remove_items(talk.ana, talk.board, [talk.note])
    await compaction.compact(30, now=datetime.now(UTC) + timedelta(days=60))
    [row] = await talk.rows()
    assert (row.state.id, row.pin.item_id, row.position) == (root, talk.note, None)
    assert await comment_reads.comments_by_ids(talk.cleo, [gone]) == [None]
    await talk.reply(talk.dan, root)
    await require_laws(talk.board)


async def test_a_copy_of_a_board_has_no_comments(talk: Talk) -> None:
    await talk.say(talk.cleo, pin=Pin(item_id=talk.note))
    copy = await boards.duplicate_board(talk.vi, talk.board)
    assert (await state_in_rows(copy.id)).comments == {}
    await require_laws(copy.id)


async def test_with_a_board_go_its_comments(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await talk.reply(talk.dan, root)
    await boards.trash_boards(talk.ana, [talk.board])
    assert [row.state.id for row in await talk.rows()] == [root]
    await boards.delete_boards(talk.ana, [talk.board])
    assert await comment_reads.comments_by_ids(talk.cleo, [root]) == [None]


async def test_threads_are_read_in_pages_and_by_what_is_asked(talk: Talk) -> None:
    roots = [await talk.say(talk.cleo, str(n)) for n in range(5)]
    roots.append(await talk.say(talk.dan, pin=Pin(item_id=talk.note)))
    reply = await talk.reply(talk.dan, roots[1])
    await comments.resolve_comments(talk.dan, talk.board, roots[1:3], resolved=True)
    await comments.remove_comments(talk.cleo, talk.board, [roots[0]])
    there = roots[1:]
    seen: list[UUID] = []
    after = None
    while True:
        page = await comment_reads.comments_on(talk.vi, talk.board, first=2, after=after)
        seen += [row.state.id for row in page.nodes]
        assert await page.total() == 5
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == there
    assert [row.state.id for row in await talk.rows(resolved=True)] == roots[1:3]
    assert [row.state.id for row in await talk.rows(resolved=False)] == roots[3:]
    assert [row.state.id for row in await talk.rows(item_id=talk.note)] == roots[5:]
    assert await comment_reads.reply_counts(talk.vi, [roots[1], roots[3]]) == [1, 0]
    assert await comment_reads.comment_counts(talk.vi, [talk.board, uuid4()]) == [Counts(3, 3), Counts()]
    [found, gone, none] = await comment_reads.comments_by_ids(talk.vi, [reply, roots[0], uuid4()])
    assert found is not None
    assert found.resolved_by == talk.dan.account_id
    assert gone is not None
    assert gone.removed_at is not None
    assert none is None


async def test_pages_of_many_threads_are_read_at_once(talk: Talk) -> None:
    one, two = await talk.say(talk.cleo), await talk.say(talk.cleo)
    replies = {root: [await talk.reply(talk.dan, root) for _ in range(3)] for root in (one, two)}
    first, second = await comment_reads.replies_of(
        talk.vi, [replies_to(one, 2, None), replies_to(two, 5, None)]
    )
    assert [row.state.id for row in first.nodes] == replies[one][:2]
    assert (first.has_next, second.has_next) == (True, False)
    assert [row.state.id for row in second.nodes] == replies[two]
    [rest] = await comment_reads.replies_of(talk.vi, [replies_to(one, 2, first.cursors[-1])])
    assert [row.state.id for row in rest.nodes] == replies[one][2:]
    assert await rest.total() == 3
    for wrong in ({"first": 0, "after": None}, {"first": 5, "after": "nonsense"}):
        with pytest.raises(BadInput):
            replies_to(one, **wrong)  # type: ignore[arg-type]


async def test_strangers_read_nothing(talk: Talk) -> None:
    stranger = await a_viewer()
    root = await talk.say(talk.cleo)
    await talk.reply(talk.dan, root)
    with pytest.raises(NotFound):
        await talk.rows(stranger)
    assert await comment_reads.comments_by_ids(stranger, [root]) == [None]
    [page] = await comment_reads.replies_of(stranger, [replies_to(root, 5, None)])
    assert list(page.nodes) == []
    assert await page.total() == 0
    assert await comment_reads.comment_counts(stranger, [talk.board]) == [Counts()]


async def test_whatever_commenters_do_and_undo_every_reply_keeps_its_root(talk: Talk) -> None:
    """Many steps of three people, each one of the commands, an undo or a redo: the laws hold throughout."""
    chance = random.Random(7)
    people = (talk.cleo, talk.dan, talk.ed)
    known: list[UUID] = []
    for step in range(250):
        who = chance.choice(people)
        name = chance.choice(["undo", "undo", "redo", *COMMANDS, "reply", "reply"])
        try:
            if name == "undo":
                await history.undo(who, talk.board)
            elif name == "redo":
                await history.redo(who, talk.board)
            else:
                await COMMANDS[name](talk, who, chance.choice(known or [uuid4()]))
        except DomainError:
            continue
        known = list(dict.fromkeys([*known, *await talk.said()]))
        if step % 10 == 0:
            await require_laws(talk.board)
    assert len(await require_laws(talk.board)) > 100

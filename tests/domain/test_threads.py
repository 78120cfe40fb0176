"""Threads: no reply is ever without its root, whoever removes, restores, undoes or redoes what."""

import random
from uuid import UUID, uuid4

import pytest

from domain import comments, history, items, threads
from domain.access import Role
from domain.comments import NewComment, NewPin, NewText, Pin
from domain.errors import (
    BadInput,
    DomainError,
    Forbidden,
    LimitExceeded,
    NothingToUndo,
)
from domain.operations import (
    Placement,
    RemoveComments,
    RestoreComments,
    Transform,
)
from tests.factories import a_grant, rows_of
from tests.laws import require_laws, state_in_rows
from tests.talk import COMMANDS, HERE, Talk

pytestmark = pytest.mark.usefixtures("database")


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


async def test_a_thread_that_others_replied_to_is_not_settled_again_by_undoing(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await comments.resolve_comments(talk.ed, talk.board, [root], resolved=True)
    mine = await talk.reply(talk.cleo, root)
    theirs = await talk.reply(talk.dan, root)
    reverted = await history.undo(talk.cleo, talk.board)
    assert reverted.skipped == [history.Skipped(root, history.REPLIED, talk.dan.account_id)]
    said = await talk.said()
    assert mine not in said
    assert said.keys() == {root, theirs}
    assert said[root].resolved_by is None
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

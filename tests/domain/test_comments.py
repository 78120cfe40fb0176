"""Comments: what people say on a board; each command is one change, all or nothing."""

from uuid import UUID, uuid4

import pytest

from domain import adding, boards, comment_reads, comments, items
from domain.access import Scope, Viewer
from domain.adding import NewItem
from domain.comments import NewComment, NewPin, NewText, Pin
from domain.errors import (
    AlreadyExists,
    BadInput,
    BoardTrashed,
    Forbidden,
    MutationIdConflict,
    NotFound,
)
from domain.operations import (
    AddComments,
    Compound,
    NoteContent,
    ResolveComments,
)
from tests.factories import a_board, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows
from tests.talk import COMMANDS, HERE, Talk

pytestmark = pytest.mark.usefixtures("database")


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


async def test_a_commenter_does_not_remove_a_thread_in_which_others_spoke(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    reply = await talk.reply(talk.dan, root)
    before = await rows_of(talk.board)
    with pytest.raises(Forbidden) as refused:
        await comments.remove_comments(talk.cleo, talk.board, [root])
    assert refused.value.details["ids"] == [str(reply)]
    assert await rows_of(talk.board) == before


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


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"add"}))
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
    with pytest.raises(AlreadyExists) as refused:
        await comments.add_comments(talk.cleo, talk.board, [NewComment("a", thread_id=comment, id=comment)])
    assert refused.value.details["ids"] == [str(comment)], "an answer to itself is what is there already"
    with pytest.raises(BadInput):
        await comments.add_comments(talk.cleo, talk.board, [NewComment("a", HERE, id=uuid4())] * 2)
    with pytest.raises(AlreadyExists):
        await adding.add_items(talk.ana, talk.board, [NewItem(id=comment, note=NoteContent())])
    assert await rows_of(talk.board) == before


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

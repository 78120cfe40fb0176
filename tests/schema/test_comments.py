"""Comments over the schema: read in few statements, written by lists, followed live."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from domain import comments, items
from domain.access import Viewer
from domain.comments import NewComment, Pin
from domain.live import Hub
from schema.execution import Request
from tests.laws import require_laws
from tests.schema.asking import Asking, Told, answers_of
from tests.schema.test_execution import statements
from tests.talk import Talk

pytestmark = pytest.mark.usefixtures("database")

THREADS = """
query($id: ID!, $first: Int = 50, $resolved: Boolean, $item: ID) {
  board(id: $id) { commentCount comments(first: $first, resolved: $resolved, itemId: $item) {
    totalCount pageInfo { endCursor hasNextPage } nodes {
      id text at editedAt isResolved isRemoved x y itemId position { x y }
      author { name } resolvedBy { name } item { id isRemoved } board { title } thread { id }
      replyCount replies(first: 10) { totalCount nodes {
        id text author { name } thread { id } isResolved position { x y } } } } } } }
"""
NODES = """
query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Comment { text isRemoved thread { text } } } }
"""
UNDO = """
mutation($id: ID!) { undo(input: {boardId: $id}) { change { seq } skipped { id reason by { name } } } }
"""
FOLLOW = """
subscription($id: ID!) { boardChanges(boardId: $id, after: 2) { seq operation { ...Facts
  ... on Compound { operations { ...Facts } } } } }
fragment Facts on SimpleOperation { __typename
  ... on AddComments { comments {
    id text at editedAt threadId itemId x y isResolved author { name } resolvedBy { name } } }
  ... on EditComments { comments { id text editedAt } }
  ... on MoveComments { comments { id itemId x y } }
  ... on ResolveComments { comments { id isResolved resolvedBy { name } } }
  ... on RemoveComments { ids }
  ... on RestoreComments { comments { id text threadId } } }
"""


@pytest.fixture
async def talk() -> Talk:
    return await Talk().begin()


async def done(viewer: Viewer, name: str, talk: Talk, **values: Any) -> Told:
    kind = f"{name[0].upper()}{name[1:]}Input!"
    document = (
        f"mutation($v: {kind}) {{ {name}(input: $v) {{ "
        "board { seq } change { seq operation { __typename } } comments { id text isRemoved isResolved } } }"
    )
    return await Asking().ask(viewer, document, {"v": {"boardId": str(talk.board), **values}})


async def threads(viewer: Viewer, talk: Talk, **variables: Any) -> Any:
    told = await Asking().ask(viewer, THREADS, {"id": str(talk.board), **variables})
    assert told.errors == []
    return told.data["board"]


async def test_a_thread_is_written_and_read_in_the_words_of_the_schema(talk: Talk) -> None:
    root, reply = str(uuid4()), str(uuid4())
    pin = {"item": {"id": str(talk.note), "x": 1.0, "y": 0.0}}
    told = await done(
        talk.cleo,
        "addComments",
        talk,
        comments=[
            {"id": root, "text": "an *item*", "place": pin},
            {"id": reply, "text": "indeed", "place": {"threadId": root}},
        ],
    )
    assert told.errors == []
    assert [comment["id"] for comment in told.data["addComments"]["comments"]] == [root, reply]
    await done(talk.dan, "resolveComments", talk, ids=[root])
    board = await threads(talk.vi, talk)
    [thread] = board["comments"]["nodes"]
    assert board["commentCount"] == 2
    assert (thread["text"], thread["itemId"], thread["x"], thread["y"]) == (
        "an *item*",
        str(talk.note),
        1.0,
        0.0,
    )
    assert thread["position"] == {"x": 120.0, "y": 40.0}
    assert (thread["author"]["name"], thread["resolvedBy"]["name"]) == ("Cleo", "Dan")
    assert (thread["isResolved"], thread["thread"], thread["replyCount"]) == (True, None, 1)
    assert thread["item"] == {"id": str(talk.note), "isRemoved": False}
    [answer] = thread["replies"]["nodes"]
    assert answer["thread"] == {"id": root}
    assert (answer["isResolved"], answer["position"]) == (True, thread["position"])

    told = await done(
        talk.cleo, "addComments", talk, comments=[{"text": "but", "place": {"threadId": reply}}]
    )
    payload = told.data["addComments"]
    assert payload["change"]["operation"]["__typename"] == "Compound"
    assert [comment["text"] for comment in payload["comments"]] == ["but", "an *item*"]
    assert not payload["comments"][1]["isResolved"]
    moved = [{"id": root, "pin": {"at": {"x": 3.0, "y": 4.0}}}]
    assert (await done(talk.cleo, "moveComments", talk, comments=moved)).errors == []
    await items.remove_items(talk.ana, talk.board, [talk.note])
    [thread] = (await threads(talk.vi, talk))["comments"]["nodes"]
    assert (thread["itemId"], thread["item"], thread["position"]) == (None, None, {"x": 3.0, "y": 4.0})
    edited = await done(talk.cleo, "editComments", talk, comments=[{"id": root, "text": "other"}])
    assert edited.data["editComments"]["comments"][0]["text"] == "other"
    assert (await done(talk.ed, "removeComments", talk, ids=[root])).data["removeComments"]["comments"][2][
        "isRemoved"
    ]
    assert (await threads(talk.vi, talk))["commentCount"] == 0
    back = await done(talk.ed, "restoreComments", talk, ids=[root])
    assert [c["isRemoved"] for c in back.data["restoreComments"]["comments"]] == [False] * 3
    await require_laws(talk.board)


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"at": {"x": 1.0, "y": 2.0}, "threadId": str(UUID(int=1))},
        {"item": None},
        {"at": {"x": 1.0}},
    ],
)
async def test_a_comment_has_one_place(talk: Talk, place: Any) -> None:
    told = await done(talk.cleo, "addComments", talk, comments=[{"text": "a", "place": place}])
    assert told.code == "INVALID_VARIABLES"


async def test_refusals_name_what_they_are_about(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    told = await done(talk.ed, "editComments", talk, comments=[{"id": str(root), "text": "x"}])
    assert (told.code, told.errors[0]["extensions"]["ids"]) == ("FORBIDDEN", [str(root)])
    told = await done(talk.dan, "removeComments", talk, ids=[str(root)])
    assert (told.code, told.errors[0]["extensions"]["required"]) == ("FORBIDDEN", "EDITOR")
    told = await done(
        talk.dan, "addComments", talk, comments=[{"text": " ", "place": {"threadId": str(root)}}]
    )
    assert (told.code, told.errors[0]["extensions"]["field"]) == ("BAD_INPUT", "comments.0.text")


async def test_undo_says_why_a_thread_stays(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    await talk.reply(talk.dan, root)
    told = await Asking().ask(talk.cleo, UNDO, {"id": str(talk.board)})
    [skipped] = told.data["undo"]["skipped"]
    assert (skipped["id"], skipped["by"]["name"]) == (str(root), "Dan")
    assert "replies" in skipped["reason"]
    assert told.data["undo"]["change"] is None


async def test_threads_take_as_many_statements_as_one(talk: Talk) -> None:
    async def asked() -> int:
        with statements() as seen:
            await threads(talk.vi, talk)
        return len(seen)

    first = await talk.say(talk.cleo, pin=Pin(item_id=talk.note))
    await talk.reply(talk.dan, first)
    one = await asked()
    for _ in range(8):
        root = await talk.say(talk.dan, pin=Pin(item_id=talk.note))
        for _ in range(3):
            await talk.reply(talk.cleo, root)
        await comments.resolve_comments(talk.ed, talk.board, [root], resolved=True)
    assert await asked() <= one + 1  # who resolved it
    with statements() as seen:
        document = "{ boards { nodes { commentCount open: commentCount(resolved: false) } } }"
        told = await Asking().ask(talk.vi, document)
    assert told.data["boards"]["nodes"] == [{"commentCount": 34, "open": 2}]
    assert len(seen) == 2


async def test_lists_are_read_by_what_is_asked(talk: Talk) -> None:
    open_, settled = await talk.say(talk.cleo), await talk.say(talk.cleo, pin=Pin(item_id=talk.note))
    await comments.resolve_comments(talk.ed, talk.board, [settled], resolved=True)

    async def found(**variables: Any) -> list[str]:
        return [node["id"] for node in (await threads(talk.vi, talk, **variables))["comments"]["nodes"]]

    assert await found() == [str(open_), str(settled)]
    assert await found(resolved=False) == [str(open_)]
    assert await found(resolved=True) == [str(settled)]
    assert await found(item=str(talk.note)) == [str(settled)]
    assert await found(first=1) == [str(open_)]
    told = await Asking().ask(talk.vi, THREADS, {"id": str(talk.board), "item": "nonsense"})
    assert told.code == "BAD_INPUT"


async def test_comments_are_found_by_their_ids(talk: Talk) -> None:
    root = await talk.say(talk.cleo, "first")
    reply = await talk.reply(talk.dan, root)
    gone = await talk.say(talk.cleo)
    await comments.remove_comments(talk.cleo, talk.board, [gone])
    ids = {"ids": [str(root), str(reply), str(gone), str(talk.note)]}
    told = await Asking().ask(talk.vi, NODES, ids)
    assert [node["__typename"] for node in told.data["nodes"]] == ["Comment"] * 3 + ["NoteItem"]
    assert told.data["nodes"][1]["thread"] == {"text": "first"}
    assert told.data["nodes"][2]["isRemoved"]
    stranger = (await Talk().begin()).ana
    assert (await Asking().ask(stranger, NODES, ids)).data["nodes"] == [None] * 4


async def test_a_board_of_then_shows_the_comments_of_then(talk: Talk) -> None:
    await talk.say(talk.cleo)
    for at, count in ((1, 0), (None, 1)):
        told = await Asking().ask(
            talk.vi,
            "query($id: ID!, $at: Long) { board(id: $id, at: $at) { commentCount } }",
            {"id": str(talk.board), "at": at},
        )
        assert told.data == {"board": {"commentCount": count}}


async def test_who_follows_hears_every_word(talk: Talk) -> None:
    async with Hub() as hub:
        heard: list[Any] = []

        async def listen() -> None:
            request = Request(FOLLOW, {"id": str(talk.board)})
            async for answer in answers_of(request, Asking(hub).context(talk.vi)):
                assert not answer.codes, answer.payload
                heard.append(orjson.loads(answer.payload)["data"]["boardChanges"]["operation"])
                if len(heard) == 7:
                    return

        root, reply = uuid4(), uuid4()
        listening = asyncio.create_task(listen())
        said = [NewComment("a", Pin(item_id=talk.note), id=root)]
        await comments.add_comments(talk.cleo, talk.board, said)
        await comments.edit_comments(talk.cleo, talk.board, [comments.NewText(root, "b")])
        await comments.move_comments(talk.cleo, talk.board, [comments.NewPin(root, Pin(1, 2))])
        await comments.resolve_comments(talk.dan, talk.board, [root], resolved=True)
        await comments.add_comments(talk.dan, talk.board, [NewComment("c", thread_id=root, id=reply)])
        await comments.remove_comments(talk.ed, talk.board, [root])
        await comments.restore_comments(talk.ed, talk.board, [root])
        async with asyncio.timeout(10):
            await listening
    added, edited, moved, settled, answered, gone, back = heard
    [comment] = added["comments"]
    assert (comment["id"], comment["text"], comment["author"]["name"]) == (str(root), "a", "Cleo")
    assert (comment["itemId"], comment["x"], comment["y"]) == (str(talk.note), 0.5, 0.5)
    assert (comment["threadId"], comment["isResolved"], comment["resolvedBy"]) == (None, False, None)
    assert edited["comments"][0]["text"] == "b"
    assert edited["comments"][0]["editedAt"] is not None
    assert moved["comments"] == [{"id": str(root), "itemId": None, "x": 1.0, "y": 2.0}]
    assert settled["comments"] == [{"id": str(root), "isResolved": True, "resolvedBy": {"name": "Dan"}}]
    assert [part["__typename"] for part in answered["operations"]] == ["AddComments", "ResolveComments"]
    assert answered["operations"][0]["comments"][0]["threadId"] == str(root)
    assert answered["operations"][1]["comments"][0] == {
        "id": str(root),
        "isResolved": False,
        "resolvedBy": None,
    }
    assert gone["ids"] == [str(root), str(reply)]
    assert [comment["id"] for comment in back["comments"]] == [str(root), str(reply)]

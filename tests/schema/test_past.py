"""The past as the schema shows it: the same words for a board of then."""

from typing import get_args
from uuid import uuid4

import pytest

from domain import adding, boards, history, items, past
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.compaction import compact
from domain.database import execute
from domain.operations import NoteContent, Placement, Simple, Transform
from schema.activity import Deed, counts_of
from schema.items import ItemKind
from tests.factories import a_board, a_member, a_viewer, an_image
from tests.schema.asking import Asking

pytestmark = pytest.mark.usefixtures("database")

BOARD = """
query($id: ID!, $at: Long) { board(id: $id, at: $at) {
  id title description seq itemCount viewerRole canUndo canRedo createdAt updatedAt trashedAt historyStart
  cover { id } createdBy { name }
  items(first: 2) { totalCount nodes {
    __typename id x isRemoved addedAt addedBy { name } board { id seq }
    ... on ImageItem { image { id } } ... on NoteItem { text }
  } pageInfo { hasNextPage endCursor } } } }
"""
MORE = """
query($id: ID!, $at: Long, $after: String) {
  board(id: $id, at: $at) { items(after: $after) { nodes { id } } } }
"""


async def told(viewer: Viewer | None, board_id: object, at: object, document: str = BOARD, **more: object):  # type: ignore[no-untyped-def]
    return await Asking().ask(viewer, document, {"id": str(board_id), "at": at, **more})


async def test_a_board_of_then_is_told_in_the_words_of_today() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana, title="First")
    image, note, other = await an_image(ana), uuid4(), uuid4()
    new = [
        NewItem(id=note, note=NoteContent("then")),
        NewItem(image_id=image),
        NewItem(id=other, image_id=image),
    ]
    await adding.add_items(ana, board.id, new)
    await items.transform_items(ana, board.id, [Placement(note, Transform(5))])
    await items.remove_items(ana, board.id, [note])
    await boards.edit_board(ana, board.id, title="Second")
    await history.undo(ana, board.id)

    answer = await told(ana, board.id, 3)
    assert answer.errors == []
    then = answer.data["board"]
    assert (then["title"], then["seq"], then["itemCount"], then["trashedAt"]) == ("First", 3, 3, None)
    assert (then["canUndo"], then["canRedo"], then["viewerRole"]) == (False, False, "OWNER")
    assert then["cover"] == {"id": str(image)}
    first = then["items"]["nodes"][0]
    assert (first["id"], first["x"], first["text"], first["isRemoved"]) == (str(note), 5, "then", False)
    assert first["addedBy"] == {"name": "Ana"}
    assert first["board"]["seq"] == 3
    page = then["items"]["pageInfo"]
    assert (then["items"]["totalCount"], page["hasNextPage"]) == (3, True)
    rest = await told(ana, board.id, 3, MORE, after=page["endCursor"])
    assert [node["id"] for node in rest.data["board"]["items"]["nodes"]] == [str(other)]

    start = (await told(ana, board.id, 0)).data["board"]
    assert (start["title"], start["items"]["nodes"], start["cover"]) == ("", [], None)
    assert start["updatedAt"] == start["createdAt"]
    now = (await told(ana, board.id, 6)).data["board"]
    today = (await told(ana, board.id, None)).data["board"]
    assert {**now, "canUndo": 0, "canRedo": 0} == {**today, "canUndo": 0, "canRedo": 0}
    assert today["canUndo"]


async def test_what_is_no_part_of_the_history_is_not_told_as_it_is_today() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    for document in (
        "query($id: ID!, $at: Long) { board(id: $id, at: $at) { members { totalCount } } }",
        "query($id: ID!, $at: Long) { board(id: $id, at: $at) { items { nodes { "
        "board { members { totalCount } } } } } }",
    ):
        await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
        answer = await told(ana, board.id, 2, document)
        assert (answer.code, answer.data) == ("ONLY_NOW", {"board": None})
        assert "without `at`" in answer.errors[0]["message"]
        assert (await told(ana, board.id, None, document)).errors == []


@pytest.mark.parametrize("at", [2, -1])
async def test_what_has_not_happened_can_not_be_read(at: int) -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    answer = await told(ana, board.id, at)
    assert (answer.code, answer.data) == ("BAD_INPUT", {"board": None})
    assert answer.errors[0]["extensions"]["latest"] == 1


async def test_history_that_was_compacted_is_said_to_be_gone() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana, title="One")
    for title in ("Two", "Three"):
        await boards.edit_board(ana, board.id, title=title)
    await execute("UPDATE change SET at = at - interval '40 days' WHERE seq <= 2")
    await compact(30)
    past.forget()
    answer = await told(ana, board.id, 1)
    assert (answer.code, answer.data) == ("HISTORY_COMPACTED", {"board": None})
    assert answer.errors[0]["extensions"]["earliest"] == 2
    kept = (await told(ana, board.id, 2)).data["board"]
    assert (kept["title"], kept["historyStart"]) == ("Two", 2)
    log = "query($id: ID!) { board(id: $id) { historyStart changes(since: 0) { totalCount nodes { seq } } } }"
    found = (await Asking().ask(ana, log, {"id": str(board.id)})).data["board"]
    assert found == {"historyStart": 2, "changes": {"totalCount": 1, "nodes": [{"seq": 3}]}}


async def test_strangers_are_told_that_there_is_no_board() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    for at in (0, 1, 99):
        for stranger in (await a_viewer(), await a_viewer(is_owner=True)):
            answer = await told(stranger, board.id, at)
            assert (answer.data, answer.errors) == ({"board": None}, [])
    assert (await told(None, board.id, 1)).code == "UNAUTHENTICATED"
    for role in Role:
        reader = await a_member(board.id, role)
        assert (await told(reader, board.id, 1)).data["board"]["viewerRole"] == role.value


ACTIVITY = """
query($id: ID!) { board(id: $id) { thumbnail
  activity { totalCount nodes { about fromSeq toSeq changeCount undoCount redoCount undoneCount itemIds
    thumbnail beganAt endedAt actor { name } counts { deed itemKind count } } }
  moments(most: 2) { seq at itemCount thumbnail actors { name } } } }
"""


async def test_activity_and_moments_are_told() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana)
    image, note = await an_image(ana), uuid4()
    await adding.add_items(ana, board.id, [NewItem(image_id=image), NewItem(id=note, note=NoteContent())])
    await items.remove_items(ana, board.id, [note])
    await history.undo(ana, board.id)
    answer = await told(ana, board.id, None, ACTIVITY)
    assert answer.errors == []
    found = answer.data["board"]
    did, made = found["activity"]["nodes"]
    assert (did["about"], did["fromSeq"], did["toSeq"], did["actor"]) == ("ITEMS", 2, 4, {"name": "Ana"})
    assert [did[key] for key in ("changeCount", "undoCount", "redoCount", "undoneCount")] == [3, 1, 0, 1]
    assert did["counts"] == [
        {"deed": "ADD_ITEMS", "itemKind": "IMAGE", "count": 1},
        {"deed": "ADD_ITEMS", "itemKind": "NOTE", "count": 1},
        {"deed": "REMOVE_ITEMS", "itemKind": None, "count": 1},
    ]
    assert str(note) in did["itemIds"]
    assert (did["thumbnail"], made["thumbnail"]) == (
        f"/files/boards/{board.id}/4",
        f"/files/boards/{board.id}/1",
    )
    assert made["counts"] == [{"deed": "EDIT_BOARD", "itemKind": None, "count": 1}]
    assert [(moment["seq"], moment["itemCount"]) for moment in found["moments"]] == [(2, 2), (4, 2)]
    assert [moment["actors"] for moment in found["moments"]] == [[{"name": "Ana"}]] * 2
    assert found["moments"][1]["thumbnail"] == found["thumbnail"] == f"/files/boards/{board.id}/4"
    then = await told(
        ana, board.id, 2, "query($id: ID!, $at: Long) { board(id: $id, at: $at) { thumbnail } }"
    )
    assert then.data["board"]["thumbnail"] == f"/files/boards/{board.id}/2"


def test_every_operation_has_its_deed() -> None:
    kinds = {str(kind.__struct_config__.tag) for kind in get_args(Simple)}
    assert {deed.name.lower() for deed in Deed} == kinds
    assert counts_of({"transform_items": 2, "add_items:GROUP": 1})[0].item_kind is ItemKind.GROUP


REVERT = """
mutation($v: RevertBoardInput!) { revertBoard(input: $v) {
  board { title seq canUndo } change { seq kind operation { __typename } } } }
"""


async def test_reverting_answers_the_board_and_its_one_change() -> None:
    ana = await a_viewer("Ana")
    board = await a_board(ana, title="One")
    await adding.add_items(ana, board.id, [NewItem(note=NoteContent())])
    await boards.edit_board(ana, board.id, title="Two")
    wanted = {"boardId": str(board.id), "to": 1, "clientMutationId": str(uuid4())}
    answers = [await Asking().ask(ana, REVERT, {"v": wanted}) for _ in range(2)]
    assert answers[0].errors == []
    assert answers[0].data == answers[1].data
    reverted = answers[0].data["revertBoard"]
    assert reverted["board"] == {"title": "One", "seq": 4, "canUndo": True}
    assert (reverted["change"]["seq"], reverted["change"]["kind"]) == (4, "DO")
    again = await Asking().ask(ana, REVERT, {"v": {"boardId": str(board.id), "to": 4}})
    assert again.code == "NOTHING_TO_CHANGE"

"""Items as the schema shows and takes them: every kind, every look, every operation."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.access import BoardRow, Role, Viewer
from domain.database import execute
from tests.factories import a_board, a_member, a_viewer, an_image, rows_of
from tests.laws import require_laws
from tests.schema.asking import Asking, Told

pytestmark = pytest.mark.usefixtures("database")

FACTS = """
fragment Facts on Item {
  __typename id kind transform { x y rotation } width height opacity grayscale brightness contrast saturation
  sampling locked hidden name tags link parentId parent { id ... on Container { items { totalCount } } }
  ... on ImageItem { image { id } crop { left top right bottom } }
  ... on NoteItem { text background }
  ... on DrawingItem { shape points { x y } pressures stroke strokeWidth fill }
  ... on FrameItem { background }
  ... on Container { items { totalCount nodes { id parentId } } }
}
"""
BOARD = "query($id: ID!) { board(id: $id) { items(first: 20) { nodes { ...Facts } } } }" + FACTS
OPERATION = """
fragment Simple on SimpleOperation {
  __typename
  ... on AddItems { items { ...Snapshot } }
  ... on RemoveItems { ids }
  ... on RestoreItems { items { ...Snapshot } }
  ... on TransformItems { placements: items { id transform { x y } } }
  ... on RestyleItems { styles: items {
    id opacity grayscale brightness contrast saturation sampling locked hidden name tags link } }
  ... on ReorderItems { ranks: items { id z } }
  ... on RegroupItems { memberships: items { id parentId } }
  ... on EditItems { edits: items { id width height image { id } crop { left top right bottom }
    note { text } drawing { shape points { x y } } frame { background } } }
  ... on EditBoard { title }
}
fragment Snapshot on ItemSnapshot {
  id kind width height brightness sampling tags link parentId crop { left } note { text }
  drawing { shape points { x y } pressures stroke strokeWidth fill } frame { background } image { id }
}
fragment Done on Change { operation { __typename ...Simple ... on Compound { operations { ...Simple } } } }
"""
CROP = {"left": 0.5, "top": 0.0, "right": 1.0, "bottom": 1.0}


async def did(viewer: Viewer, mutation: str, board_id: UUID, items: list[dict[str, Any]]) -> Told:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ change {{ ...Done }} }} }}"
    values = {"input": {"boardId": str(board_id), "items": items}}
    return await Asking().ask(viewer, document + OPERATION, values)


async def done(viewer: Viewer, mutation: str, board_id: UUID, items: list[dict[str, Any]]) -> dict[str, Any]:
    """The operation that the mutation wrote into the log."""
    told = await did(viewer, mutation, board_id, items)
    assert told.errors == [], told.text
    operation: dict[str, Any] = told.data[mutation]["change"]["operation"]
    return operation


async def lying(viewer: Viewer, board_id: UUID) -> dict[str, dict[str, Any]]:
    """What is read of the board, by names."""
    told = await Asking().ask(viewer, BOARD, {"id": str(board_id)})
    assert told.errors == [], told.text
    return {item["name"]: item for item in told.data["board"]["items"]["nodes"]}


async def a_full_board() -> tuple[Viewer, BoardRow, dict[str, dict[str, Any]]]:
    """One item of every kind, the picture and the group in the frame, the drawing in the group."""
    ana = await a_viewer()
    board = await a_board(ana)
    frame, group, image = str(uuid4()), str(uuid4()), await an_image(ana)
    pen = {"shape": "PEN", "points": [{"x": -10, "y": -5}, {"x": 10, "y": 5}], "pressures": [0, 1]}
    await done(
        ana,
        "addItems",
        board.id,
        [
            {"id": frame, "name": "frame", "content": {"frame": {"background": "#112233", "width": 500}}},
            {"id": group, "name": "group", "content": {"group": True}, "parentId": frame},
            {
                "name": "picture",
                "content": {"imageId": str(image)},
                "parentId": frame,
                "width": 100,
                "crop": CROP,
                "transform": {"x": 0, "y": 0, "rotation": 90},
                "sampling": "NEAREST",
            },
            {"name": "drawing", "content": {"drawing": pen}, "parentId": group, "brightness": 1.5},
            {"name": "note", "content": {"note": {"text": "hello"}}, "tags": ["sea"], "link": "https://x.y"},
        ],
    )
    return ana, board, await lying(ana, board.id)


async def test_every_kind_of_item_is_added_and_read() -> None:
    _ana, board, found = await a_full_board()
    frame, group, picture, drawing, note = (
        found[name] for name in ("frame", "group", "picture", "drawing", "note")
    )
    assert [found[name]["__typename"] for name in found] == [
        "FrameItem",
        "GroupItem",
        "ImageItem",
        "DrawingItem",
        "NoteItem",
    ]
    assert (frame["background"], frame["width"], frame["height"]) == ("#112233", 500, 900)
    inside = {"totalCount": 2, "nodes": [{"id": i["id"], "parentId": frame["id"]} for i in (group, picture)]}
    assert (frame["items"], frame["parent"]) == (inside, None)
    assert (group["width"], group["items"]["totalCount"]) == (1, 1)
    assert drawing["parent"] == {"id": group["id"], "items": {"totalCount": 1}}
    assert (picture["crop"], picture["width"], picture["height"]) == (CROP, 100, 150)
    assert (picture["sampling"], picture["parentId"]) == ("NEAREST", frame["id"])
    assert (drawing["shape"], drawing["pressures"], drawing["strokeWidth"]) == ("PEN", [0, 1], 4)
    assert drawing["points"] == [{"x": -10, "y": -5}, {"x": 10, "y": 5}]
    assert (drawing["width"], drawing["brightness"], drawing["fill"]) == (24, 1.5, None)
    assert (note["tags"], note["link"], note["parent"]) == (["sea"], "https://x.y", None)
    await require_laws(board.id)


LAST = """
query($id: ID!, $at: Long) { board(id: $id, at: $at) {
  items { nodes { name lastChange { seq kind actor { name } operation { __typename } } } } } }
"""


async def test_an_item_tells_who_touched_it_last_as_far_as_history_is_kept() -> None:
    ana, board, found = await a_full_board()
    ben = await a_member(board.id, Role.EDITOR, name="Ben")
    await done(ben, "restyleItems", board.id, [{"id": found["note"]["id"], "opacity": 0.5}])

    async def last(at: int | None = None) -> dict[str, Any]:
        answer = await Asking().ask(ana, LAST, {"id": str(board.id), "at": at})
        assert answer.errors == []
        return {node["name"]: node["lastChange"] for node in answer.data["board"]["items"]["nodes"]}

    now = await last()
    placed = now["frame"]["seq"]
    assert now["note"] == {
        "seq": placed + 1,
        "kind": "DO",
        "actor": {"name": "Ben"},
        "operation": {"__typename": "RestyleItems"},
    }
    assert now["frame"]["actor"]["name"] != "Ben"
    assert set((await last(placed)).values()) == {None}
    await execute("DELETE FROM change WHERE board = $1 AND seq <= $2", board.id, placed)
    assert (await last())["frame"] is None


async def test_a_crop_is_told_as_one_deed_of_two_parts() -> None:
    ana, board, found = await a_full_board()
    item = found["picture"]["id"]
    operation = await done(ana, "cropItems", board.id, [{"id": item, "crop": None}])
    edit, move = operation["operations"]
    assert operation["__typename"] == "Compound"
    [content] = edit["edits"]
    assert (content["crop"], content["width"], content["height"]) == (None, 200, 150)
    [place] = move["placements"]
    assert place["transform"] == {"x": pytest.approx(0), "y": pytest.approx(-50)}
    inside = {"id": item, "crop": CROP, "keep": "BOX"}
    operation = await done(ana, "cropItems", board.id, [inside])
    assert operation["__typename"] == "EditItems"
    assert operation["edits"][0]["crop"] == CROP
    await require_laws(board.id)


async def test_contents_are_rewritten_and_pictures_replaced() -> None:
    ana, board, found = await a_full_board()
    arrow = {"shape": "ARROW", "points": [{"x": 0, "y": 0}, {"x": 5, "y": 5}], "fill": None, "height": 99}
    [edit] = (await done(ana, "editDrawings", board.id, [{"id": found["drawing"]["id"], "drawing": arrow}]))[
        "edits"
    ]
    assert (edit["drawing"]["shape"], edit["width"], edit["height"]) == ("ARROW", 14, 99)
    plain = {"background": None, "width": 5, "height": 6}
    [edit] = (await done(ana, "editFrames", board.id, [{"id": found["frame"]["id"], "frame": plain}]))[
        "edits"
    ]
    assert (edit["frame"], edit["width"]) == ({"background": None}, 5)
    tall = str(await an_image(ana, width=10, height=300))
    [edit] = (await done(ana, "replaceImages", board.id, [{"id": found["picture"]["id"], "imageId": tall}]))[
        "edits"
    ]
    assert (edit["image"], edit["crop"], edit["width"], edit["height"]) == ({"id": tall}, None, 5, 150)
    await require_laws(board.id)


async def test_looks_are_changed_one_by_one_and_cleared() -> None:
    ana, board, found = await a_full_board()
    note = found["note"]["id"]
    patch = {"id": note, "contrast": 0.5, "sampling": "NEAREST", "tags": None, "opacity": None}
    [style] = (await done(ana, "restyleItems", board.id, [patch]))["styles"]
    told = {name: value for name, value in style.items() if value is not None}
    assert told == {"id": note, "contrast": 0.5, "sampling": "NEAREST"}
    assert (await lying(ana, board.id))["note"]["tags"] == ["sea"]
    await done(ana, "restyleItems", board.id, [{"id": note, "tags": [], "link": ""}])
    cleared = (await lying(ana, board.id))["note"]
    assert (cleared["tags"], cleared["link"], cleared["contrast"]) == ([], "", 0.5)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"content": {"group": False}}, "BAD_INPUT"),
        ({"content": {"note": {"text": ""}}, "width": 10}, "BAD_INPUT"),
        ({"content": {"group": True}, "crop": CROP}, "BAD_INPUT"),
        ({"content": {"note": {"text": ""}}, "link": "javascript:alert(1)"}, "BAD_INPUT"),
        ({"content": {"note": {"text": ""}}, "parentId": str(UUID(int=7))}, "BAD_INPUT"),
        ({"content": {"drawing": {"shape": "LINE"}}}, "BAD_INPUT"),
        ({"content": {"note": {"text": ""}, "group": True}}, "INVALID_VARIABLES"),
        ({"content": {"imageId": None}}, "INVALID_VARIABLES"),
        ({"content": {"frame": {"background": "red"}}}, "INVALID_VARIABLES"),
    ],
)
async def test_what_is_no_item_is_refused(item: dict[str, Any], code: str) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    before = await rows_of(board.id)
    assert (await did(ana, "addItems", board.id, [item])).code == code
    assert await rows_of(board.id) == before


async def test_a_picture_of_no_width_is_refused() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    item = {"content": {"imageId": str(await an_image(ana))}, "width": 0}
    assert (await did(ana, "addItems", board.id, [item])).code == "BAD_INPUT"


async def test_only_what_is_a_picture_is_cropped() -> None:
    ana, board, found = await a_full_board()
    for name in ("frame", "group", "drawing", "note"):
        told = await did(ana, "cropItems", board.id, [{"id": found[name]["id"], "crop": CROP}])
        assert told.code == "BAD_INPUT", name

"""A client's own copy of a board: read once, then kept by the words of `boardChanges` alone."""

from collections.abc import Mapping
from typing import Any

from domain.operations import BoardState, ItemState

Item = dict[str, Any]

_PLACE = "transform { x y scale rotation flipX flipY }"
_LOOK = "opacity grayscale locked hidden name tags"
_CONTENT = "note { text fontSize colour background } frame { background }"
_SNAPSHOT = f"id kind {_PLACE} width height z {_LOOK} parentId {_CONTENT}"
_SIMPLE = f"""
  ... on AddItems {{ items {{ {_SNAPSHOT} }} }}
  ... on RestoreItems {{ items {{ {_SNAPSHOT} }} }}
  ... on RemoveItems {{ ids }}
  ... on TransformItems {{ items {{ id {_PLACE} }} }}
  ... on RestyleItems {{ styles: items {{ id {_LOOK} }} }}
  ... on ReorderItems {{ items {{ id z }} }}
  ... on EditItems {{ items {{ id width height {_CONTENT} }} }}
  ... on RegroupItems {{ items {{ id parentId }} }}
  ... on EditBoard {{ title }}
"""
FOLLOW = f"""subscription ($board: ID!, $after: Long) {{ boardChanges(boardId: $board, after: $after) {{
  seq clientMutationId operation {{ __typename {_SIMPLE}
    ... on Compound {{ operations {{ __typename {_SIMPLE} }} }} }} }} }}"""
READ = f"""query ($board: ID!, $since: Long) {{ board(id: $board) {{ title seq
  items(first: 10000, changedSince: $since) {{ nodes {{
    id kind {_PLACE} width height z {_LOOK} parentId isRemoved
    ... on NoteItem {{ text fontSize colour background }} ... on FrameItem {{ frameBackground: background }}
  }} }} }} }}"""


class Copy:
    """seq: of the last change that is in it."""

    def __init__(self) -> None:
        self.seq = 0
        self.title = ""
        self.items: dict[str, Item] = {}

    def read(self, board: Mapping[str, Any], *, since: int | None) -> None:
        """What `READ` answered: the whole board, or what has changed since."""
        if since is None:
            self.items.clear()
        self.title, self.seq = board["title"], board["seq"]
        for node in board["items"]["nodes"]:
            self.items.pop(node["id"], None)
            if not node["isRemoved"]:
                self.items[node["id"]] = _of_node(node)

    def apply(self, operation: Mapping[str, Any]) -> None:
        kind = operation["__typename"]
        if kind == "Compound":
            for part in operation["operations"]:
                self.apply(part)
        elif kind in ("AddItems", "RestoreItems"):
            for item in operation["items"]:
                assert item["id"] not in self.items
                self.items[item["id"]] = dict(item)
        elif kind == "RemoveItems":
            for item_id in operation["ids"]:
                del self.items[item_id]
        elif kind == "RestyleItems":
            for patch in operation["styles"]:
                written = {name: value for name, value in patch.items() if value is not None}
                self.items[patch["id"]] |= written
        elif kind == "EditBoard":
            self.title = self.title if operation["title"] is None else operation["title"]
        else:
            assert kind in ("TransformItems", "ReorderItems", "EditItems", "RegroupItems")
            for written in operation["items"]:
                self.items[written["id"]] |= written


def _of_node(node: Mapping[str, Any]) -> Item:
    item = {name: node[name] for name in _SHARED}
    words = ("text", "fontSize", "colour", "background")
    item["note"] = {name: node[name] for name in words} if node["kind"] == "NOTE" else None
    item["frame"] = {"background": node["frameBackground"]} if node["kind"] == "FRAME" else None
    return item


_SHARED = ("id", "kind", "transform", "width", "height", "z", *_LOOK.split(), "parentId")


def copy_of_rows(state: BoardState) -> dict[str, Item]:
    """The items of the rows as a client would hold them."""
    return {str(item.id): _of_state(item) for item in state.items.values()}


def _of_state(item: ItemState) -> Item:
    place, look, note, frame = item.transform, item.style, item.note, item.frame
    return {
        "id": str(item.id),
        "kind": item.kind.value,
        "transform": {
            "x": place.x,
            "y": place.y,
            "scale": place.scale,
            "rotation": place.rotation,
            "flipX": place.flip_x,
            "flipY": place.flip_y,
        },
        "width": item.width,
        "height": item.height,
        "z": item.z,
        **{name: getattr(look, name) for name in _LOOK.split()},
        "parentId": None if item.parent_id is None else str(item.parent_id),
        "note": note
        and {
            "text": note.text,
            "fontSize": note.font_size,
            "colour": note.colour,
            "background": note.background,
        },
        "frame": frame and {"background": frame.background},
    }

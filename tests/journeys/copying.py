"""A client's own copy of a board: read once, then kept by the words of `boardChanges` alone."""

from collections.abc import Mapping
from typing import Any

from domain.operations import BoardState, CommentState, ItemState
from schema.scalars import moment_text

Item = dict[str, Any]
Comment = dict[str, Any]

_PLACE = "transform { x y scale rotation flipX flipY }"
_LOOK = "opacity grayscale locked hidden name tags"
_CROP = "crop { left top right bottom }"
_CONTENT = f"note {{ text fontSize colour background }} frame {{ background }} image {{ id }} {_CROP}"
_SNAPSHOT = f"id kind {_PLACE} width height z {_LOOK} parentId {_CONTENT}"
_SAID = "id text at editedAt itemId x y isResolved author { id } resolvedBy { id }"
_SIMPLE = f"""
  ... on AddItems {{ items {{ {_SNAPSHOT} }} }}
  ... on RestoreItems {{ items {{ {_SNAPSHOT} }} }}
  ... on RemoveItems {{ ids }}
  ... on TransformItems {{ items {{ id {_PLACE} }} }}
  ... on RestyleItems {{ styles: items {{ id {_LOOK} }} }}
  ... on ReorderItems {{ items {{ id z }} }}
  ... on EditItems {{ items {{ id width height {_CONTENT} }} }}
  ... on RegroupItems {{ items {{ id parentId }} }}
  ... on AddComments {{ comments {{ {_SAID} threadId }} }}
  ... on RestoreComments {{ comments {{ {_SAID} threadId }} }}
  ... on RemoveComments {{ ids }}
  ... on EditComments {{ words: comments {{ id text editedAt }} }}
  ... on MoveComments {{ pins: comments {{ id itemId x y }} }}
  ... on ResolveComments {{ settled: comments {{ id isResolved resolvedBy {{ id }} }} }}
  ... on EditBoard {{ title }}
"""
FOLLOW = f"""subscription ($board: ID!, $after: Long) {{ boardChanges(boardId: $board, after: $after) {{
  seq clientMutationId operation {{ __typename {_SIMPLE}
    ... on Compound {{ operations {{ __typename {_SIMPLE} }} }} }} }} }}"""
READ = f"""query ($board: ID!, $since: Long) {{ board(id: $board) {{ title seq
  items(first: 10000, changedSince: $since) {{ nodes {{
    id kind {_PLACE} width height z {_LOOK} parentId isRemoved
    ... on NoteItem {{ text fontSize colour background }} ... on FrameItem {{ frameBackground: background }}
    ... on ImageItem {{ image {{ id }} {_CROP} }}
  }} }} }} }}"""
TALK = f"""query ($board: ID!, $at: Long!) {{ board(id: $board, at: $at) {{ seq
  comments(first: 200) {{ pageInfo {{ hasNextPage }} nodes {{ {_SAID}
    replies(first: 40) {{ pageInfo {{ hasNextPage }} nodes {{ {_SAID} }} }} }} }} }} }}"""


class Copy:
    """seq: of the last change that is in it."""

    def __init__(self) -> None:
        self.seq = 0
        self.title = ""
        self.items: dict[str, Item] = {}
        self.comments: dict[str, Comment] = {}

    def read(self, board: Mapping[str, Any], *, since: int | None) -> None:
        """What `READ` answered: the whole board, or what has changed since."""
        if since is None:
            self.items.clear()
        self.title, self.seq = board["title"], board["seq"]
        for node in board["items"]["nodes"]:
            self.items.pop(node["id"], None)
            if not node["isRemoved"]:
                self.items[node["id"]] = _of_node(node)

    def hear(self, board: Mapping[str, Any]) -> None:
        """What `TALK` answered of the same moment."""
        assert board["seq"] == self.seq
        assert not board["comments"]["pageInfo"]["hasNextPage"]
        self.comments = {}
        for root in board["comments"]["nodes"]:
            replies = root.pop("replies")
            assert not replies["pageInfo"]["hasNextPage"]
            self.comments[root["id"]] = {**root, "threadId": None}
            for reply in replies["nodes"]:
                self.comments[reply["id"]] = {**reply, **_OF_A_REPLY, "threadId": root["id"]}

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
        elif kind in ("AddComments", "RestoreComments"):
            for comment in operation["comments"]:
                assert comment["id"] not in self.comments
                self.comments[comment["id"]] = dict(comment)
        elif kind == "RemoveComments":
            for comment_id in operation["ids"]:
                del self.comments[comment_id]
        elif kind in _ON_COMMENTS:
            for written in operation[_ON_COMMENTS[kind]]:
                self.comments[written["id"]] |= written
        elif kind == "EditBoard":
            self.title = self.title if operation["title"] is None else operation["title"]
        else:
            assert kind in ("TransformItems", "ReorderItems", "EditItems", "RegroupItems")
            for written in operation["items"]:
                self.items[written["id"]] |= written


_ON_COMMENTS = {"EditComments": "words", "MoveComments": "pins", "ResolveComments": "settled"}
# The log says of a reply what is its own; who reads it is told of its thread.
_OF_A_REPLY = {"itemId": None, "x": 0.0, "y": 0.0, "isResolved": False, "resolvedBy": None}


def _of_node(node: Mapping[str, Any]) -> Item:
    item = {name: node[name] for name in _SHARED}
    words = ("text", "fontSize", "colour", "background")
    item["note"] = {name: node[name] for name in words} if node["kind"] == "NOTE" else None
    item["frame"] = {"background": node["frameBackground"]} if node["kind"] == "FRAME" else None
    item["image"], item["crop"] = node.get("image"), node.get("crop")
    return item


_SHARED = ("id", "kind", "transform", "width", "height", "z", *_LOOK.split(), "parentId")


def copy_of_rows(state: BoardState) -> dict[str, Item]:
    """The items of the rows as a client would hold them."""
    return {str(item.id): _of_state(item) for item in state.items.values()}


def talk_of_rows(state: BoardState) -> dict[str, Comment]:
    """The comments of the rows as a client would hold them."""
    return {str(comment.id): _of_comment(comment) for comment in state.comments.values()}


def _of_comment(comment: CommentState) -> Comment:
    item, thread, by = comment.item_id, comment.thread_id, comment.resolved_by
    return {
        "id": str(comment.id),
        "text": comment.text,
        "at": moment_text(comment.at),
        "editedAt": comment.edited_at and moment_text(comment.edited_at),
        "itemId": item and str(item),
        "x": comment.x,
        "y": comment.y,
        "isResolved": by is not None,
        "author": {"id": str(comment.author_id)},
        "resolvedBy": by and {"id": str(by)},
        "threadId": thread and str(thread),
    }


def _of_state(item: ItemState) -> Item:
    place, look, note, frame, crop = item.transform, item.style, item.note, item.frame, item.crop
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
        "image": item.image_id and {"id": str(item.image_id)},
        "crop": crop and {"left": crop.left, "top": crop.top, "right": crop.right, "bottom": crop.bottom},
    }

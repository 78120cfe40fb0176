"""Who may ask what: every root field and every edge of the schema, by everybody.

The list of fields is taken from the schema: a new one without a row here fails.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type

from domain import sessions
from domain.access import Viewer
from domain.live import Hub
from domain.settings import Settings
from schema.execution import Request, Stage
from schema.root import GRAPH
from tests.schema.asking import Asking, answers_of
from tests.schema.scene import ACTORS, MEMBERS, SECRETS, Scene, a_scene, everything

OK = "OK"


@dataclass(frozen=True)
class Row:
    """What is asked, and what each actor is told: OK or a code. data_for: who gets more than null."""

    document: str
    told: dict[str, str]
    data_for: frozenset[str] = frozenset(ACTORS)


def _told(default: str, **others: str) -> dict[str, str]:
    return {"anonymous": "UNAUTHENTICATED"} | dict.fromkeys(ACTORS[1:], default) | others


EVERYBODY = _told(OK, anonymous=OK)
SIGNED_IN = _told(OK)
SELF_WRITE = _told(OK, read_token="FORBIDDEN")
SERVER_OWNER = _told("FORBIDDEN", server_owner=OK)
STRANGERS = {"outsider": "NOT_FOUND", "server_owner": "NOT_FOUND"}
READERS = _told(OK, **STRANGERS)
EDITORS = _told("FORBIDDEN", editor=OK, owner=OK, **STRANGERS)
COMMENTERS = _told("FORBIDDEN", commenter=OK, editor=OK, owner=OK, **STRANGERS)
OWNERS = _told("FORBIDDEN", owner=OK, **STRANGERS)
# Of a picture that lies on no board nobody else learns.
NOT_SEEN = _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN")
# Only its owner may change a picture, wherever it is placed.
IMAGE_OWNER = _told("FORBIDDEN", owner=OK, **STRANGERS)


def _mutation(name: str, answer: str) -> str:
    return f"mutation($v: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $v) {{ {answer} }} }}"


QUERIES: dict[str, Row] = {
    "instance": Row("{ instance { version hasOwner registration uploads { url formats } } }", EVERYBODY),
    "viewer": Row(
        "{ viewer { email account { name } scope } }", EVERYBODY, frozenset(ACTORS) - {"anonymous"}
    ),
    "node": Row("query($board: ID!) { node(id: $board) { id } }", SIGNED_IN, MEMBERS),
    "nodes": Row("query($board: ID!) { nodes(ids: [$board]) { id } }", SIGNED_IN),
    "board": Row("query($board: ID!) { board(id: $board) { title } }", SIGNED_IN, MEMBERS),
    "boards": Row("{ boards { nodes { title } totalCount } }", SIGNED_IN),
    "image": Row("query($image: ID!) { image(id: $image) { name } }", SIGNED_IN, MEMBERS),
    "savedSearches": Row("{ savedSearches { name filter { text } images { totalCount } } }", SIGNED_IN),
    "trash": Row("{ trash { nodes { name keptUntil } totalCount } }", SIGNED_IN),
    "renamedImages": Row(
        'query($image: ID!) { renamedImages(ids: [$image], pattern: "{n}") }', READERS, MEMBERS
    ),
    "imagesZip": Row("{ imagesZip { url count sizeBytes } }", SIGNED_IN),
    "images": Row(
        '{ images(filter: { text: "canary", whose: ALL }, sort: RELEVANCE) { nodes { name } totalCount } }',
        SIGNED_IN,
    ),
    "duplicates": Row(
        "{ duplicates { nodes { likeness images { nodes { name } } } totalCount } }", SIGNED_IN
    ),
    "similarImages": Row(
        "query($image: ID!) { similarImages(to: $image) { nodes { likeness image { name } } totalCount } }",
        READERS,
    ),
    "jobs": Row("{ jobs { nodes { kind } totalCount } }", SERVER_OWNER),
    "jobReport": Row(
        "{ jobReport { queues { kind waiting } failures { code } minutes { done } } }", SERVER_OWNER
    ),
    "picturesOnPage": Row(
        '{ picturesOnPage(url: "http://127.0.0.1/") { title } }',
        _told("URL_REFUSED", read_token="FORBIDDEN"),
        frozenset(),
    ),
}

CONTENT = "board { id } change { seq } items { id }"
TALK = "board { id } change { seq } comments { id }"
PLACE = {"x": 1.0, "y": 2.0}

# name -> (input made of the scene's ids, what is read of the payload, who is told what)
MUTATIONS: dict[str, tuple[Any, str, dict[str, str]]] = {
    "register": (
        lambda i: {"name": "New", "email": "new@example.org", "password": "a long password"},
        "accessExpiresAt",
        dict.fromkeys(ACTORS, "REGISTRATION_CLOSED"),
    ),
    "signIn": (
        lambda i: {"email": "nobody@example.org", "password": "a wrong password"},
        "accessExpiresAt",
        dict.fromkeys(ACTORS, "WRONG_CREDENTIALS"),
    ),
    "refreshSession": (
        lambda i: {"refreshToken": "made up"},
        "accessExpiresAt",
        dict.fromkeys(ACTORS, "UNAUTHENTICATED"),
    ),
    "signOut": (lambda i: {}, "signedOut", EVERYBODY),
    "changePassword": (
        lambda i: {"currentPassword": "wrong", "newPassword": "another password"},
        "viewer { email }",
        _told("WRONG_CREDENTIALS", read_token="FORBIDDEN"),
    ),
    "editProfile": (lambda i: {"name": "Other"}, "viewer { account { name } }", SELF_WRITE),
    "setPreferences": (lambda i: {"wheel": "ZOOM"}, "preferences { wheel }", SELF_WRITE),
    "revokeSessions": (
        lambda i: {"ids": [i["session"]]},
        "revokedIds",
        SELF_WRITE,
    ),
    "createToken": (lambda i: {"name": "mine"}, "secret token { id }", SELF_WRITE),
    "revokeTokens": (lambda i: {"ids": [i["token"]]}, "revokedIds", SELF_WRITE),
    "setRegistration": (lambda i: {"registration": "OPEN"}, "instance { registration }", SERVER_OWNER),
    "createInvite": (lambda i: {}, "code invite { id }", SERVER_OWNER),
    "revokeInvites": (lambda i: {"ids": [i["invite"]]}, "revokedIds", SERVER_OWNER),
    "createBoard": (lambda i: {"title": "Mine"}, "board { viewerRole }", SELF_WRITE),
    "editBoard": (
        lambda i: {"id": i["board"], "title": "canary title 2"},
        "board { title } change { seq }",
        EDITORS,
    ),
    "duplicateBoard": (
        lambda i: {"id": i["board"]},
        "board { itemCount }",
        _told(OK, read_token="FORBIDDEN", **STRANGERS),
    ),
    "trashBoards": (lambda i: {"ids": [i["board"]]}, "boards { trashedAt }", OWNERS),
    "restoreBoards": (
        lambda i: {"ids": [i["trashed"]]},
        "boards { trashedAt }",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "deleteBoards": (
        lambda i: {"ids": [i["trashed"]]},
        "deletedIds",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "grantRoles": (
        lambda i: {"boardId": i["board"], "grants": [{"email": "newcomer@example.org", "role": "EDITOR"}]},
        "board { members { totalCount } }",
        OWNERS,
    ),
    "revokeGrants": (
        lambda i: {"boardId": i["board"], "accountIds": [i["member"]]},
        "board { id }",
        # The viewer of the scene is the one named: everybody may leave.
        {**OWNERS, "viewer": OK},
    ),
    "undo": (
        lambda i: {"boardId": i["board"]},
        "board { seq } change { kind reverts } skipped { id }",
        {**EDITORS, "commenter": "NOTHING_TO_UNDO"},
    ),
    "redo": (
        lambda i: {"boardId": i["board"]},
        "board { seq } change { kind } skipped { id }",
        {**EDITORS, "commenter": "NOTHING_TO_UNDO"},
    ),
    "revertBoard": (lambda i: {"boardId": i["board"], "to": 2}, "board { seq } change { seq }", EDITORS),
    "addItems": (
        lambda i: {"boardId": i["board"], "items": [{"content": {"note": {"text": "hello"}}}]},
        CONTENT,
        EDITORS,
    ),
    "transformItems": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["note"], "transform": PLACE}]},
        CONTENT,
        EDITORS,
    ),
    "restyleItems": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["note"], "opacity": 0.5}]},
        CONTENT,
        EDITORS,
    ),
    "reorderItems": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["note"], "z": "a9"}]},
        CONTENT,
        EDITORS,
    ),
    "editNotes": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["note"], "note": {"text": "hello"}}]},
        CONTENT,
        EDITORS,
    ),
    "editDrawings": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["drawing"], "drawing": {"shape": "RECTANGLE"}}]},
        CONTENT,
        EDITORS,
    ),
    "editFrames": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["frame"], "frame": {"width": 9.0}}]},
        CONTENT,
        EDITORS,
    ),
    "cropItems": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["picture"], "crop": None}]},
        CONTENT,
        EDITORS,
    ),
    "changeItems": (
        lambda i: {
            "boardId": i["board"],
            "styles": [{"id": i["note"], "opacity": 0.5}],
            "homes": [{"id": i["note"], "parentId": i["frame"]}],
        },
        CONTENT,
        EDITORS,
    ),
    "replaceImages": (
        lambda i: {"boardId": i["board"], "items": [{"id": i["picture"], "imageId": i["image"]}]},
        CONTENT,
        EDITORS,
    ),
    "removeItems": (lambda i: {"boardId": i["board"], "ids": [i["note"]]}, CONTENT, EDITORS),
    "restoreItems": (lambda i: {"boardId": i["board"], "ids": [i["removed"]]}, CONTENT, EDITORS),
    "addComments": (
        lambda i: {"boardId": i["board"], "comments": [{"text": "hello", "place": {"threadId": i["reply"]}}]},
        TALK,
        COMMENTERS,
    ),
    # What there is to read is the owner's: nobody else rewrites it.
    "editComments": (
        lambda i: {"boardId": i["board"], "comments": [{"id": i["comment"], "text": "hello"}]},
        TALK,
        OWNERS,
    ),
    "moveComments": (
        lambda i: {
            "boardId": i["board"],
            "comments": [{"id": i["comment"], "pin": {"item": {"id": i["note"]}}}],
        },
        TALK,
        EDITORS,
    ),
    "resolveComments": (lambda i: {"boardId": i["board"], "ids": [i["comment"]]}, TALK, COMMENTERS),
    "removeComments": (lambda i: {"boardId": i["board"], "ids": [i["comment"]]}, TALK, EDITORS),
    "restoreComments": (lambda i: {"boardId": i["board"], "ids": [i["silent"]]}, TALK, EDITORS),
    "groupItems": (
        lambda i: {"boardId": i["board"], "ids": [i["note"], i["frame"]], "name": "canary title"},
        CONTENT,
        EDITORS,
    ),
    "ungroupItems": (lambda i: {"boardId": i["board"], "ids": [i["group"], i["frame"]]}, CONTENT, EDITORS),
    "regroupItems": (
        lambda i: {"boardId": i["board"], "ids": [i["note"]], "parentId": i["frame"]},
        CONTENT,
        EDITORS,
    ),
    "orderItems": (
        lambda i: {"boardId": i["board"], "ids": [i["frame"], i["note"]], "to": "FRONT"},
        CONTENT,
        EDITORS,
    ),
    "moveItems": (lambda i: {"boardId": i["board"], "ids": [i["frame"]], "dx": 5.0}, CONTENT, EDITORS),
    "scaleItems": (lambda i: {"boardId": i["board"], "ids": [i["group"]], "factor": 2.0}, CONTENT, EDITORS),
    "rotateItems": (
        lambda i: {"boardId": i["board"], "ids": [i["note"]], "degrees": 90.0, "about": PLACE},
        CONTENT,
        EDITORS,
    ),
    "flipItems": (
        lambda i: {"boardId": i["board"], "ids": [i["picture"]], "axis": "HORIZONTAL"},
        CONTENT,
        EDITORS,
    ),
    "resetItems": (
        lambda i: {"boardId": i["board"], "ids": [i["drawing"]], "what": ["SCALE", "ROTATION"]},
        CONTENT,
        EDITORS,
    ),
    "alignItems": (lambda i: {"boardId": i["board"], "edge": "BOTTOM"}, CONTENT, EDITORS),
    "distributeItems": (
        lambda i: {"boardId": i["board"], "axis": "HORIZONTAL"},
        CONTENT,
        EDITORS,
    ),
    "normalizeItems": (lambda i: {"boardId": i["board"], "by": "HEIGHT"}, CONTENT, EDITORS),
    "stackItems": (
        lambda i: {"boardId": i["board"], "ids": [i["note"], i["picture"]]},
        CONTENT,
        EDITORS,
    ),
    "packItems": (lambda i: {"boardId": i["board"], "margin": 10.0}, CONTENT, EDITORS),
    "arrangeItems": (
        lambda i: {"boardId": i["board"], "layout": "ROW", "order": "SIZE", "margin": 3.0},
        CONTENT,
        EDITORS,
    ),
    "fitToFrame": (
        lambda i: {"boardId": i["board"], "ids": [i["note"]], "into": {"frameId": i["frame"]}},
        CONTENT,
        EDITORS,
    ),
    "compareOverlay": (
        lambda i: {"boardId": i["board"], "ids": [i["picture"], i["note"]]},
        CONTENT,
        EDITORS,
    ),
    "dragItems": (
        lambda i: {
            "boardId": i["board"],
            "gestureId": i["fresh"],
            "items": [{"id": i["note"], "transform": PLACE}],
        },
        "accepted",
        EDITORS,
    ),
    "showPresence": (
        lambda i: {"boardId": i["board"], "clientId": i["fresh"], "cursor": {"x": 1.0, "y": 2.0}},
        "accepted",
        _told(OK, **STRANGERS, read_token="FORBIDDEN"),
    ),
    "leaveBoard": (
        lambda i: {"boardId": i["board"], "clientId": i["fresh"]},
        "accepted",
        _told(OK, **STRANGERS, read_token="FORBIDDEN"),
    ),
    "editImages": (
        lambda i: {"images": [{"id": i["image"], "title": "canary title 2"}]},
        "images { title }",
        IMAGE_OWNER,
    ),
    "dismissDuplicates": (lambda i: {"ids": [i["image"], i["failed"]]}, "images { name }", NOT_SEEN),
    "restoreDuplicates": (lambda i: {"ids": [i["image"], i["failed"]]}, "images { name }", NOT_SEEN),
    "mergeImages": (
        lambda i: {"keepId": i["failed"], "ids": [i["image"]]},
        "image { name } merged { name } changes { seq } leftOn { title }",
        NOT_SEEN,
    ),
    "retryImages": (
        lambda i: {"ids": [i["failed"]]},
        "images { state }",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "addImagesFromUrls": (
        lambda i: {"urls": [{"url": "http://127.0.0.1/"}]},
        "results { url code image { id } }",
        SELF_WRITE,
    ),
    "extractPages": (
        lambda i: {"imageId": i["image"], "pages": [1]},
        "images { id }",
        # Whoever sees the document: the scene keeps no file of it.
        _told("STORAGE_UNAVAILABLE", **STRANGERS, read_token="FORBIDDEN"),
    ),
    "lookAtImages": (lambda i: {"ids": [i["image"]]}, "waiting", SELF_WRITE),
    "saveSearch": (
        lambda i: {"name": "Warm", "filter": {"tags": ["warm"]}},
        "savedSearch { name filter { text } }",
        SELF_WRITE,
    ),
    "editSavedSearch": (
        lambda i: {"id": i["saved"], "name": "canary words 2"},
        "savedSearch { name }",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "orderSavedSearches": (
        lambda i: {"ids": [i["saved"]]},
        "savedSearches { name }",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "deleteSavedSearches": (
        lambda i: {"ids": [i["saved"]]},
        "deletedIds",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "tagImages": (
        lambda i: {"ids": [i["image"]], "add": ["canary words"]},
        "images { tags }",
        IMAGE_OWNER,
    ),
    "renameImages": (
        lambda i: {"ids": [i["image"]], "pattern": "canary picture {n}"},
        "images { name }",
        IMAGE_OWNER,
    ),
    "trashImages": (lambda i: {"ids": [i["image"]]}, "images { trashedAt isNeeded }", IMAGE_OWNER),
    "restoreImages": (
        lambda i: {"ids": [i["thrown"]]},
        "images { trashedAt }",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "deleteImages": (
        lambda i: {"ids": [i["thrown"]]},
        "deletedIds kept { name }",
        _told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "retryJobs": (lambda i: {"ids": [i["job"]]}, "jobs { state }", SERVER_OWNER),
    "cancelJobs": (lambda i: {"ids": [i["job"]]}, "jobs { state }", SERVER_OWNER),
}

SUBSCRIPTIONS: dict[str, Row] = {
    "boardChanges": Row(
        "subscription($board: ID!) { boardChanges(boardId: $board, after: 0) { seq } }",
        READERS,
    ),
    "imageProgress": Row(
        "subscription($board: ID!) { imageProgress(boardId: $board) { image { name } done total } }", READERS
    ),
    "presence": Row(
        "subscription($board: ID!) { presence(boardId: $board) { here { account { name } } left } }",
        READERS,
    ),
    "transforms": Row(
        "subscription($board: ID!) { transforms(boardId: $board) { phase items { id } } }", READERS
    ),
}


def _in_board(fields: str) -> str:
    return f"query($board: ID!) {{ board(id: $board) {{ {fields} }} }}"


def _in_items(fields: str) -> str:
    return _in_board(f"items {{ nodes {{ {fields} }} }}")


def _in_comments(fields: str) -> str:
    return _in_board(f"comments {{ nodes {{ {fields} }} }}")


def _in_changes(fields: str) -> str:
    return _in_board(f"changes(first: 100) {{ nodes {{ operation {{ __typename {fields} }} }} }}")


def _in_image(fields: str) -> str:
    return f"query($image: ID!) {{ image(id: $image) {{ {fields} }} }}"


def _in_viewer(fields: str) -> str:
    return f"{{ viewer {{ {fields} }} }}"


# Edges that lead from what somebody may see to something else. Each is asked by everybody; what a stranger
# gets holds none of the secret words.
EDGES: dict[str, str] = {
    "SavedSearch.images": "{ savedSearches { images { nodes { name } } } }",
    "SavedSearch.filter": "{ savedSearches { filter { text tags width { least most } taken { since } } } }",
    **{
        f"SavedFilter.{name}": f"{{ savedSearches {{ filter {{ {name} {{ {ends} }} }} }} }}"
        for ends, names in (
            ("least most", ("width", "height", "pixels", "sizeBytes", "aspect")),
            ("since until", ("added", "taken")),
        )
        for name in names
    },
    "SavedSearch.zip": "{ savedSearches { zip { url count sizeBytes } } }",
    "Board.cover": _in_board("cover { name }"),
    "Board.atlas": _in_board("atlas { cellSize }"),
    "Atlas.pages": _in_board("atlas { pages { url images } }"),
    "Board.createdBy": _in_board("createdBy { name }"),
    "Board.items": _in_board("items { totalCount nodes { name } edges { node { name } cursor } }"),
    "Board.comments": _in_board("commentCount comments { totalCount nodes { text } edges { cursor } }"),
    "Comment.author": _in_comments("author { name }"),
    "Comment.resolvedBy": _in_comments("resolvedBy { name }"),
    "Comment.board": _in_comments("board { title }"),
    "Comment.item": _in_comments("item { name ... on ImageItem { image { name } } }"),
    "Comment.position": _in_comments("position { x y }"),
    "Comment.thread": _in_comments("replies { nodes { thread { text } } }"),
    "Comment.replies": _in_comments("replyCount replies { totalCount nodes { text author { name } } }"),
    "Board.members": _in_board("members { totalCount nodes { role account { name } } }"),
    "Board.changes": _in_board("changes { totalCount nodes { seq } }"),
    "Board.activity": _in_board("activity { totalCount nodes { changeCount itemIds } }"),
    "Board.moments": _in_board("moments { seq at itemCount thumbnail }"),
    "Activity.actor": _in_board("activity { nodes { actor { name } } }"),
    "Activity.counts": _in_board("activity { nodes { counts { deed itemKind count } } }"),
    "BoardMoment.actors": _in_board("moments { actors { name } }"),
    "Member.account": _in_board("members { nodes { account { name } } }"),
    "Member.grantedBy": _in_board("members { nodes { grantedBy { name } } }"),
    "Item.transform": _in_items("transform { x }"),
    "Item.addedBy": _in_items("addedBy { name }"),
    "Item.lastChange": _in_items("lastChange { seq actor { name } }"),
    "Item.board": _in_items("board { title }"),
    "Item.parent": _in_items("parent { name kind items { nodes { name } } }"),
    "Container.items": _in_items("... on Container { items { totalCount nodes { parentId } } }"),
    "ImageItem.image": _in_items("... on ImageItem { image { name } }"),
    "ImageItem.crop": _in_items("... on ImageItem { crop { left top right bottom } }"),
    "DrawingItem.points": _in_items("... on DrawingItem { points { x y } }"),
    "Change.actor": _in_board("changes { nodes { actor { name } } }"),
    "Change.board": _in_board("changes { nodes { board { title } } }"),
    "Change.operation": _in_changes(""),
    "AddItems.items": _in_changes("... on AddItems { items { id note { text } image { name } } }"),
    "RestoreItems.items": _in_changes("... on RestoreItems { items { id } }"),
    "TransformItems.items": _in_changes("... on TransformItems { items { id transform { x } } }"),
    "RestyleItems.items": _in_changes("... on RestyleItems { items { id } }"),
    "ReorderItems.items": _in_changes("... on ReorderItems { items { id } }"),
    "EditItems.items": _in_changes("... on EditItems { items { id note { text } } }"),
    "RegroupItems.items": _in_changes("... on RegroupItems { items { id parentId } }"),
    "Compound.operations": _in_changes(
        "... on Compound { operations { __typename ... on EditItems { items { image { name } } } } }"
    ),
    "AddComments.comments": _in_changes("... on AddComments { comments { text } }"),
    "RestoreComments.comments": _in_changes("... on RestoreComments { comments { text } }"),
    "EditComments.comments": _in_changes("... on EditComments { comments { text } }"),
    "MoveComments.comments": _in_changes("... on MoveComments { comments { id itemId x y } }"),
    "ResolveComments.comments": _in_changes("... on ResolveComments { comments { id isResolved } }"),
    "CommentSnapshot.author": _in_changes("... on AddComments { comments { author { name } } }"),
    "CommentSnapshot.resolvedBy": _in_changes("... on RestoreComments { comments { resolvedBy { name } } }"),
    "CommentResolution.resolvedBy": _in_changes(
        "... on ResolveComments { comments { resolvedBy { name } } }"
    ),
    "EditBoard.cover": _in_changes("... on EditBoard { title cover { name } }"),
    "TrashBoard.by": _in_changes("... on TrashBoard { by { name } }"),
    "RestoreBoard.by": _in_changes("... on RestoreBoard { by { name } }"),
    "ItemSnapshot.transform": _in_changes("... on AddItems { items { transform { x } } }"),
    "ItemSnapshot.note": _in_changes("... on AddItems { items { note { text } } }"),
    "ItemSnapshot.image": _in_changes("... on AddItems { items { image { name } } }"),
    "ItemSnapshot.crop": _in_changes("... on AddItems { items { crop { left } } }"),
    "ItemSnapshot.drawing": _in_changes("... on AddItems { items { drawing { shape } } }"),
    "ItemSnapshot.frame": _in_changes("... on AddItems { items { frame { background } } }"),
    "ItemPlacement.transform": _in_changes("... on TransformItems { items { transform { x } } }"),
    "ItemEdit.note": _in_changes("... on EditItems { items { note { text } } }"),
    "ItemEdit.image": _in_changes("... on EditItems { items { image { name } } }"),
    "ItemEdit.crop": _in_changes("... on EditItems { items { crop { left } } }"),
    "ItemEdit.drawing": _in_changes("... on EditItems { items { drawing { shape points { x } } } }"),
    "ItemEdit.frame": _in_changes("... on EditItems { items { frame { background } } }"),
    "Drawing.points": _in_changes("... on AddItems { items { drawing { points { x y } } } }"),
    "Image.owner": _in_image("owner { name }"),
    "Image.renditions": _in_image("renditions { url } url(atLeast: 1)"),
    "Image.boards": _in_image("boards { totalCount nodes { title } }"),
    "Image.uses": _in_image("uses { totalCount nodes { itemCount itemIds } }"),
    "Image.tiles": _in_image("tiles { tileSize }"),
    "Tiles.levels": _in_image("tiles { levels { columns rows } }"),
    "Image.animation": _in_image("animation { url frames }"),
    "Image.colours": _in_image("colours { colour share }"),
    "ImageUse.board": _in_image("uses { nodes { board { title } } }"),
    "DuplicateGroup.images": "{ duplicates { nodes { images { totalCount nodes { name } } } } }",
    "SimilarImage.image": "{ duplicates { nodes { images { nodes { name owner { name } } } } } }",
    "Viewer.account": _in_viewer("account { name }"),
    "Viewer.sessions": _in_viewer("sessions { id isCurrent }"),
    "Viewer.tokens": _in_viewer("tokens { id }"),
    "Viewer.preferences": _in_viewer("preferences { keyPreset wheel snapping }"),
    "Preferences.keys": _in_viewer("preferences { keys { command keys } }"),
    "Viewer.invites": _in_viewer("invites { id usedBy { name } }"),
    "Invite.usedBy": _in_viewer("invites { usedBy { name } }"),
    "Instance.uploads": "{ instance { uploads { url } } }",
    "Instance.formats": "{ instance { formats { name available missing } } }",
}

# What only wraps: pages, payloads and events, whose parts are reached through the roots above.
WRAPPERS = ("Connection", "Edge", "Payload", "Report", "ImageFromUrl", "WebPage")
EVENTS = frozenset({"ImageProgress", "Presence", "PresenceEvent", "TransformEvent", "SkippedItem"})


def _edges_of_the_schema() -> set[str]:
    found = set()
    roots = {GRAPH.query_type, GRAPH.mutation_type, GRAPH.subscription_type}
    for kind in GRAPH.type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or kind.name.startswith("__"):
            continue
        if kind in roots or kind.name.endswith(WRAPPERS) or kind.name in EVENTS:
            continue
        inherited = {field for parent in kind.interfaces for field in parent.fields}
        for name, field in kind.fields.items():
            leads_to = get_named_type(field.type)
            composite = isinstance(leads_to, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
            if composite and name not in inherited:
                found.add(f"{kind.name}.{name}")
    return found


def test_every_field_of_the_schema_has_its_row() -> None:
    assert GRAPH.query_type is not None
    assert GRAPH.mutation_type is not None
    assert GRAPH.subscription_type is not None
    assert set(QUERIES) == set(GRAPH.query_type.fields)
    assert set(MUTATIONS) == set(GRAPH.mutation_type.fields)
    assert set(SUBSCRIPTIONS) == set(GRAPH.subscription_type.fields)
    assert set(EDGES) == _edges_of_the_schema()


@pytest.fixture
async def asking(database: str, settings: Settings) -> AsyncIterator[Asking]:
    sessions.sign_with(settings)
    async with Hub() as hub:
        yield Asking(hub, settings)


def _variables(document: str, scene: Scene) -> dict[str, str]:
    return {name: value for name, value in scene.ids.items() if f"${name}:" in document}


def _keeps_secrets(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("name", QUERIES)
async def test_queries(asking: Asking, name: str) -> None:
    row, scene = QUERIES[name], await a_scene()
    before = await everything()
    for actor in ACTORS:
        told = await asking.ask(scene.people[actor], row.document, _variables(row.document, scene))
        assert (told.code or OK) == row.told[actor], (actor, told.text)
        if told.code is None:
            assert (told.data[name] is not None) == (actor in row.data_for), (actor, told.text)
        if actor not in MEMBERS:
            assert _keeps_secrets(told.text), (actor, told.text)
    assert await everything() == before


@pytest.mark.parametrize("name", EDGES)
async def test_edges(asking: Asking, name: str) -> None:
    document, scene = EDGES[name], await a_scene()
    for actor in ACTORS:
        told = await asking.ask(scene.people[actor], document, _variables(document, scene))
        if actor in MEMBERS:
            assert told.errors == [], (actor, told.text)
            assert None not in told.data.values(), (actor, told.text)
        else:
            assert told.code in (None, "UNAUTHENTICATED"), (actor, told.text)
            assert _keeps_secrets(told.text), (actor, told.text)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_refused_mutations_change_nothing(asking: Asking, name: str) -> None:
    variables, answer, expected = MUTATIONS[name]
    scene = await a_scene()
    document = _mutation(name, answer)
    before = await everything()
    for actor in ACTORS:
        if expected[actor] == OK:
            continue
        told = await asking.ask(scene.people[actor], document, {"v": variables(scene.ids)})
        assert told.code == expected[actor], (actor, told.text)
        assert told.data is None, (actor, told.text)
        assert await everything() == before, actor


@pytest.mark.parametrize(
    ("name", "actor"),
    [(name, actor) for name, row in MUTATIONS.items() for actor in ACTORS if row[2][actor] == OK],
)
async def test_allowed_mutations_answer(asking: Asking, name: str, actor: str) -> None:
    variables, answer, _ = MUTATIONS[name]
    scene = await a_scene()
    told = await asking.ask(scene.people[actor], _mutation(name, answer), {"v": variables(scene.ids)})
    assert told.errors == [], told.text
    assert told.data[name] is not None


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_subscriptions(asking: Asking, name: str) -> None:
    row, scene = SUBSCRIPTIONS[name], await a_scene()
    for actor in ACTORS:
        silent = name == "transforms" and row.told[actor] == OK  # nothing moves: silence is the answer
        try:
            async with asyncio.timeout(0.2 if silent else 5):
                told = await asking.first_event(
                    scene.people[actor], row.document, _variables(row.document, scene)
                )
        except TimeoutError:
            assert silent, actor
            continue
        assert not silent, (actor, told.text)
        assert (told.code or OK) == row.told[actor], (actor, told.text)
        if actor not in MEMBERS:
            assert _keeps_secrets(told.text), (actor, told.text)


async def test_a_revoked_grant_ends_every_stream_within_two_seconds(asking: Asking) -> None:
    scene = await a_scene()
    reader, owner = scene.people["viewer"], scene.people["owner"]
    assert isinstance(owner, Viewer)
    revoke = _mutation("revokeGrants", "board { id }")

    async def last_word(document: str) -> str | None:
        request = Request(document, _variables(document, scene))
        async for answer in answers_of(request, asking.context(reader)):
            if answer.stage is Stage.ENDED:
                return answer.codes[0]
        return None

    streams = [asyncio.create_task(last_word(row.document)) for row in SUBSCRIPTIONS.values()]
    await asyncio.sleep(0.3)
    variables = {"v": {"boardId": scene.ids["board"], "accountIds": [scene.ids["member"]]}}
    assert (await asking.ask(owner, revoke, variables)).errors == []
    async with asyncio.timeout(2):
        assert await asyncio.gather(*streams) == ["NOT_FOUND"] * len(streams)

"""A row for every mutation: what is sent, what is read of the answer, and who is told what."""

from typing import Any

from tests.schema.matrix import (
    COMMENTERS,
    EDITORS,
    EVERYBODY,
    IMAGE_OWNER,
    NOT_SEEN,
    OK,
    OWNERS,
    SELF_WRITE,
    SERVER_OWNER,
    STRANGERS,
    told,
)
from tests.schema.scene import ACTORS

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
    "requestRegistration": (
        lambda i: {"email": "new@example.org"},
        "requested",
        dict.fromkeys(ACTORS, "REGISTRATION_CLOSED"),
    ),
    "requestPasswordReset": (
        lambda i: {"email": "newcomer@example.org"},
        "requested",
        dict.fromkeys(ACTORS, "MAIL_UNAVAILABLE"),
    ),
    "resetPassword": (
        lambda i: {"code": "made up", "newPassword": "another password"},
        "accessExpiresAt",
        dict.fromkeys(ACTORS, "LINK_OVER"),
    ),
    "verifyEmail": (lambda i: {"code": "made up"}, "email", dict.fromkeys(ACTORS, "LINK_OVER")),
    "sendVerification": (lambda i: {}, "email", told("MAIL_UNAVAILABLE", read_token="FORBIDDEN")),
    "changeEmail": (
        lambda i: {"email": "new@example.org", "password": "a wrong password"},
        "viewer { email }",
        told("MAIL_UNAVAILABLE", read_token="FORBIDDEN"),
    ),
    "inviteToBoard": (
        lambda i: {"boardId": i["board"], "email": "new@example.org", "role": "EDITOR"},
        "board { id } invite { email role } code isMailed",
        # New people join by invite of the server's owner, who has no role on this board.
        told("FORBIDDEN", **STRANGERS),
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
        told("WRONG_CREDENTIALS", read_token="FORBIDDEN"),
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
    "unlinkIdentities": (lambda i: {"ids": [i["image"]]}, "unlinkedIds", SELF_WRITE),
    "linkDirectory": (
        lambda i: {"login": "ana", "password": "any"},
        "viewer { email }",
        told("SIGN_IN_REFUSED", read_token="FORBIDDEN"),
    ),
    "setRegistration": (lambda i: {"registration": "OPEN"}, "instance { registration }", SERVER_OWNER),
    "createInvite": (lambda i: {}, "code invite { id }", SERVER_OWNER),
    "revokeInvites": (lambda i: {"ids": [i["invite"]]}, "revokedIds", SELF_WRITE),
    "createBoard": (lambda i: {"title": "Mine"}, "board { viewerRole }", SELF_WRITE),
    "editBoard": (
        lambda i: {"id": i["board"], "title": "canary title 2"},
        "board { title } change { seq }",
        EDITORS,
    ),
    "duplicateBoard": (
        lambda i: {"id": i["board"]},
        "board { itemCount }",
        told(OK, read_token="FORBIDDEN", **STRANGERS),
    ),
    "trashBoards": (lambda i: {"ids": [i["board"]]}, "boards { trashedAt }", OWNERS),
    "restoreBoards": (
        lambda i: {"ids": [i["trashed"]]},
        "boards { trashedAt }",
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "deleteBoards": (
        lambda i: {"ids": [i["trashed"]]},
        "deletedIds",
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
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
        told(OK, **STRANGERS, read_token="FORBIDDEN"),
    ),
    "leaveBoard": (
        lambda i: {"boardId": i["board"], "clientId": i["fresh"]},
        "accepted",
        told(OK, **STRANGERS, read_token="FORBIDDEN"),
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
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
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
        told("STORAGE_UNAVAILABLE", **STRANGERS, read_token="FORBIDDEN"),
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
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "orderSavedSearches": (
        lambda i: {"ids": [i["saved"]]},
        "savedSearches { name }",
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "deleteSavedSearches": (
        lambda i: {"ids": [i["saved"]]},
        "deletedIds",
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
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
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "deleteImages": (
        lambda i: {"ids": [i["thrown"]]},
        "deletedIds kept { name }",
        told("NOT_FOUND", owner=OK, read_token="FORBIDDEN"),
    ),
    "retryJobs": (lambda i: {"ids": [i["job"]]}, "jobs { state }", SERVER_OWNER),
    "cancelJobs": (lambda i: {"ids": [i["job"]]}, "jobs { state }", SERVER_OWNER),
}

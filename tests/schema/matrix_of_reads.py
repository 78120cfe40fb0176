"""A row for every query and subscription, and for every edge that leads from one thing to another."""

from tests.schema.matrix import EVERYBODY, READERS, SERVER_OWNER, SIGNED_IN, Row, told
from tests.schema.scene import ACTORS, MEMBERS

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
        told("URL_REFUSED", read_token="FORBIDDEN"),
        frozenset(),
    ),
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
    "Viewer.identities": _in_viewer("identities { id issuer email }"),
    "Viewer.tokens": _in_viewer("tokens { id }"),
    "Viewer.preferences": _in_viewer("preferences { keyPreset wheel snapping sharingMail }"),
    "Preferences.keys": _in_viewer("preferences { keys { command keys } }"),
    "Board.invites": _in_board("invites { email role }"),
    "Viewer.usage": _in_viewer("usage { kind used limit }"),
    "Viewer.invites": _in_viewer("invites { id usedBy { name } }"),
    "Invite.usedBy": _in_viewer("invites { usedBy { name } }"),
    "Instance.providers": "{ instance { providers { name url linkUrl issuer } } }",
    "Instance.uploads": "{ instance { uploads { url } } }",
    "Instance.formats": "{ instance { formats { name available missing } } }",
}

"""Random documents: what somebody may ask of a board, a little more than what is compiled."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

LEAVES: dict[str, tuple[str, ...]] = {
    "Query": ("__typename",),
    "Board": (
        *("__typename", "id", "title", "description", "seq", "viewerRole", "createdAt", "updatedAt"),
        *("trashedAt", "itemCount", "canUndo", "canRedo", "historyStart", "thumbnail"),
    ),
    "ItemConnection": ("__typename", "totalCount"),
    "ItemEdge": ("__typename", "cursor"),
    "PageInfo": ("__typename", "hasNextPage", "hasPreviousPage", "startCursor", "endCursor"),
    "Node": ("__typename", "id"),
    "Item": (
        *("__typename", "id", "kind", "x", "y", "scale", "rotation", "width", "height", "z", "opacity"),
        *("grayscale", "locked", "hidden", "name", "addedAt", "isRemoved", "brightness", "contrast"),
        *("saturation", "sampling", "tags", "link", "parentId"),
    ),
    "Crop": ("__typename", "left", "top", "right", "bottom"),
    "Point": ("__typename", "x", "y"),
    "Transform": ("__typename", "x", "y", "scale", "rotation", "flipX", "flipY"),
    "Account": ("__typename", "id", "name", "colour"),
    "Image": (
        *("__typename", "id", "name", "title", "tags", "format", "mime", "width", "height", "frames"),
        *("pages", "durationMs"),
        *("hasAlpha", "sizeBytes", "digest", "takenAt", "camera", "placeholder", "palette", "state"),
        *("failure", "createdAt", "originalUrl", "fullUrl", "url"),
    ),
    "Tiles": ("__typename", "tileSize", "url"),
    "Animation": ("__typename", "url", "width", "height", "frames", "durationMs", "sizeBytes"),
    "TileLevel": ("__typename", "width", "height", "columns", "rows"),
    "Rendition": ("__typename", "size", "width", "height", "sizeBytes", "url"),
    "MemberConnection": ("__typename", "totalCount"),
    "Atlas": ("__typename", "cellSize", "columns", "step", "margin"),
}
LEAVES["ImageItem"] = LEAVES["Item"]
LEAVES["NoteItem"] = (*LEAVES["Item"], "text", "fontSize", "colour", "background")
LEAVES["DrawingItem"] = (*LEAVES["Item"], "shape", "pressures", "stroke", "strokeWidth", "fill")
LEAVES["FrameItem"] = (*LEAVES["Item"], "background")
LEAVES["GroupItem"] = LEAVES["Container"] = LEAVES["Item"]
BRANCHES: dict[str, dict[str, str]] = {
    "Query": {"board": "Board"},
    "Board": {"createdBy": "Account", "cover": "Image", "items": "ItemConnection"},
    "ItemConnection": {"nodes": "Item", "edges": "ItemEdge", "pageInfo": "PageInfo"},
    "ItemEdge": {"node": "Item"},
    "Item": {"transform": "Transform", "addedBy": "Account"},
    "NoteItem": {"transform": "Transform", "addedBy": "Account"},
    "ImageItem": {"transform": "Transform", "addedBy": "Account", "image": "Image", "crop": "Crop"},
    "DrawingItem": {"transform": "Transform", "points": "Point"},
    "FrameItem": {"addedBy": "Account"},
    "Container": {"addedBy": "Account"},
    "Image": {"owner": "Account", "renditions": "Rendition", "tiles": "Tiles", "animation": "Animation"},
    "Tiles": {"levels": "TileLevel"},
}
BEYOND = {
    "Board": {"members": "MemberConnection", "atlas": "Atlas"},
    "Item": {"board": "Board", "parent": "Container"},
    "Container": {"items": "ItemConnection"},
}
CONDITIONS = {
    "Board": ("Board", "Node"),
    "Item": ("Item", "ImageItem", "NoteItem", "DrawingItem", "FrameItem", "GroupItem", "Container", "Node"),
    "ImageItem": ("ImageItem", "Item", "Node"),
    "NoteItem": ("NoteItem", "Item"),
    "DrawingItem": ("DrawingItem", "Item"),
    "FrameItem": ("FrameItem", "Container", "Item"),
    "GroupItem": ("GroupItem", "Container"),
    "Container": ("Container", "FrameItem", "GroupItem", "Item"),
    "Image": ("Image", "Node"),
    "Account": ("Account", "Node"),
    "Node": ("Board", "Item", "Image"),
}
MAYBE = ("@skip(if: $no)", "@include(if: $yes)", "@skip(if: $yes)", "@include(if: false)", "@skip(if: false)")
VARIABLES = {
    "board": "ID!",
    "other": 'ID = "not an id"',
    "yes": "Boolean!",
    "no": "Boolean = false",
    "first": "Int = 3",
    "least": "Int! = 321",
    "after": "String",
    "at": "Long",
    "within": "RectInput",
    "since": "Long",
}


RECTANGLES: tuple[dict[str, float] | None, ...] = (
    None,
    {"left": -1e9, "top": -1e9, "right": 1e9, "bottom": 1e9},
    {"left": 0, "top": 0, "right": 300, "bottom": 200},
    {"left": 10, "top": 10, "right": 10, "bottom": 10},
    {"left": 9, "top": 0, "right": 3, "bottom": 2},
)


@dataclass(frozen=True)
class Asked:
    """A document and its variables; actor: who asks."""

    text: str
    variables: dict[str, Any]
    actor: str


@dataclass
class _Document:
    """One on its way. Arguments and aliases repeat, so that fields merge more often than they conflict."""

    draw: DrawFn
    beyond: bool
    items: str
    fragments: list[tuple[str, str, str]] = field(default_factory=list)
    names: int = 0

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    def selections(self, kind: str, depth: int) -> str:
        found = [self.one(kind, depth) for _ in range(self.draw(st.integers(1, 4)))]
        return "{ " + " ".join(found) + " }"

    def one(self, kind: str, depth: int) -> str:
        branches = {**BRANCHES.get(kind, {}), **(BEYOND.get(kind, {}) if self.beyond else {})}
        if kind in CONDITIONS and depth < 9 and self.chance(4):
            return self.fragment(kind, depth)
        if branches and depth < 7 and self.chance(2):
            name = self.draw(st.sampled_from(sorted(branches)))
            return self.field(name) + self.maybe() + " " + self.selections(branches[name], depth + 1)
        return self.field(self.draw(st.sampled_from(LEAVES[kind]))) + self.maybe()

    def field(self, name: str) -> str:
        arguments = ""
        if name == "items":
            arguments = self.items if not self.chance(12) else self.draw(ITEMS_ARGUMENTS)
        elif name == "url" and self.chance(2):
            arguments = self.draw(st.sampled_from(("(atLeast: 800)", "(atLeast: $least)", "(atLeast: -1)")))
            if self.chance(2):
                return f"large: {name}(atLeast: 1600)"
            alias = {"(atLeast: 800)": "plain", "(atLeast: -1)": "least"}.get(arguments, "varied")
            return f"{alias}: {name}{arguments}"
        elif name == "board":
            return self.draw(st.sampled_from(("board(id: $board)", "again: board(id: $board)")))
        if self.chance(10) and name not in ("items",):
            return f"{name}_too: {name}{arguments}"
        return name + arguments

    def maybe(self) -> str:
        return " " + self.draw(st.sampled_from(MAYBE)) if self.chance(8) else ""

    def fragment(self, kind: str, depth: int) -> str:
        condition = self.draw(st.sampled_from(CONDITIONS[kind]))
        if self.chance(6):
            return f"...{self.maybe()} {self.selections(kind, depth + 1)}"
        if self.chance(2):
            return f"... on {condition}{self.maybe()} {self.selections(condition, depth + 1)}"
        known = [name for name, of, _ in self.fragments if of == condition]
        if known and self.chance(2):
            return f"...{self.draw(st.sampled_from(known))}{self.maybe()}"
        self.names += 1
        name = f"F{self.names}"
        below = self.selections(condition, depth + 1)
        self.fragments.append((name, condition, below))
        return f"...{name}{self.maybe()}"


ITEMS_ARGUMENTS = st.sampled_from(
    (
        *("", "(first: 10)", "(first: $first)", "(first: 2, after: $after)", "(after: null)"),
        *("(first: 4, after: $after)", "(first: 3)", "(first: 7)", "(first: 0)"),
        *("(within: $within)", "(first: 2, within: $within, after: $after)", "(changedSince: $since)"),
        *("(within: {left: -9, top: -9, right: 500, bottom: 500})", "(first: 2, changedSince: $since)"),
        "(within: $within, changedSince: $since)",
    )
)


@st.composite
def documents(
    draw: DrawFn, *, boards: list[str], cursors: list[str | None], actors: tuple[str, ...]
) -> Asked:
    made = _Document(draw, beyond=draw(st.integers(1, 12)) == 12, items=draw(ITEMS_ARGUMENTS))
    roots = []
    for number in range(draw(st.sampled_from((1, 1, 1, 2)))):
        alias = draw(st.sampled_from(("", "b: "))) if number == 0 else "second: "
        name = draw(st.sampled_from(("$board",) * 8 + ("$other", '"00000000-0000-4000-8000-000000000000"')))
        # One of the branches always stands: most of what is asked is about items.
        below = made.selections("Board", 2)
        page = made.field("items") + " " + made.selections("ItemConnection", 3)
        below = below[:-1] + page + " }" if made.chance(2) else "{ " + page + " " + below[1:]
        past = ", at: $at" if made.chance(8) else ""
        roots.append(f"{alias}board(id: {name}{past}){made.maybe()} {below}")
    if made.chance(8):
        roots.append("__typename")
    body = "{ " + " ".join(roots) + " }"
    fragments = "".join(f" fragment {name} on {of} {below}" for name, of, below in made.fragments)
    used = [name for name in VARIABLES if f"${name}" in body + fragments]
    defined = ", ".join(f"${name}: {VARIABLES[name]}" for name in used)
    values: dict[str, Any] = {
        "board": draw(st.sampled_from(boards)),
        "other": draw(st.sampled_from([*boards, None, "nonsense"])),
        "yes": draw(st.booleans()),
        "no": draw(st.sampled_from((True, False, False, None))),
        "first": draw(st.sampled_from((1, 2, 5, 100, 0, None))),
        "least": draw(st.sampled_from((0, 320, 321, 800, 1600, 9000))),
        "after": draw(st.sampled_from(cursors)),
        "at": draw(st.sampled_from((None, None, 0, 1, 2, 3, 99))),
        "within": draw(st.sampled_from(RECTANGLES)),
        "since": draw(st.sampled_from((None, 0, 1, 2, 4, 99, -1))),
    }
    optional = {"other", "no", "first", "least", "after", "at", "within", "since"}
    variables = {
        name: values[name]
        for name in used
        if name not in optional or draw(st.sampled_from((True, True, False)))
    }
    return Asked(
        f"query Q{f'({defined})' if defined else ''} {body}{fragments}",
        variables,
        draw(st.sampled_from(actors)),
    )

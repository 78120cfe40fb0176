"""Writes tests/vectors/operations.json: boards that live on from operation to operation, and what changes.

States and operations are as the log keeps them; of every state after, only what differs is written. The
browser's fold must come to the same items, which its own tests say. After a change that is meant:
`python -m tests.operation_vectors`.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.operations import (
    AddComments,
    AddItems,
    BoardState,
    CommentEdit,
    CommentPin,
    CommentState,
    Compound,
    Crop,
    DrawingContent,
    EditBoard,
    EditComments,
    EditItems,
    FrameContent,
    ItemKind,
    ItemState,
    Membership,
    MoveComments,
    NoteContent,
    Operation,
    Placement,
    Rank,
    RegroupItems,
    RemoveComments,
    RemoveItems,
    ReorderItems,
    Resolution,
    ResolveComments,
    RestyleItems,
    Sampling,
    Shape,
    Simple,
    Style,
    StylePatch,
    Transform,
    TransformItems,
    TrashBoard,
    apply,
    edit_of,
    inverse,
    replay,
)

FILE = Path(__file__).parent / "vectors" / "operations.json"
RANDOM_STEPS = 40

Run = dict[str, Any]
Named = tuple[str, Operation]

PICTURE, NOTE, STROKE, BOX, FRAME, GROUP, INNER, LATER = (UUID(int=n) for n in range(1, 9))
IMAGES = UUID(int=101), UUID(int=102)
AUTHOR = UUID(int=201)
REMARK, REPLY = UUID(int=301), UUID(int=302)
AT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
ALL_LOOKS = Style(
    opacity=0.25,
    grayscale=True,
    brightness=1.5,
    contrast=0.5,
    saturation=2.0,
    sampling=Sampling.NEAREST,
    locked=True,
    hidden=True,
    name="Hands",
    tags=["hand", "study"],
    link="https://example.org/hands",
)
PLACE = Transform(12.5, -40.0, 0.5, 30.0, True, False)


def main() -> None:
    text = ",\n".join(_lines(run) for run in runs())
    FILE.write_text(f"[\n{text}\n]\n")


def runs() -> list[Run]:
    scene = _scene()
    everything = AddItems(list(scene.items.values()))
    return [
        _run(
            "from nothing", BoardState(), _there_and_back(BoardState(), [("all kinds are added", everything)])
        ),
        _run("one by one", scene, _there_and_back(scene, _by_hand())),
        _run("by chance", scene, _by_seed()),
    ]


def _lines(run: Run) -> str:
    steps = ",\n".join(json.dumps(step) for step in run["steps"])
    return (
        f'{{"name": {json.dumps(run["name"])}, "start": {json.dumps(run["start"])}, "steps": [\n{steps}\n]}}'
    )


def _run(name: str, start: BoardState, steps: Iterable[Named]) -> Run:
    state, told = start, []
    for step, operation in steps:
        after = apply(operation, state)
        told.append({"name": step, "operation": _plain(operation), "changed": _changed(state, after)})
        state = after
    return {"name": name, "start": _plain(start), "steps": told}


def _changed(before: BoardState, after: BoardState) -> dict[str, Any]:
    """What differs after: of items and comments by id, null for what is gone; else by field."""
    old, new = _plain(before), _plain(after)
    found = {
        kind: {
            key: new[kind].get(key)
            for key in {**old[kind], **new[kind]}
            if old[kind].get(key) != new[kind].get(key)
        }
        for kind in ("items", "comments")
    }
    return found | {key: new[key] for key in new if key not in found and old[key] != new[key]}


def _plain(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def _there_and_back(start: BoardState, steps: Iterable[Named]) -> Iterator[Named]:
    for name, operation in steps:
        yield name, operation
        yield f"{name}, taken back", inverse(operation, start)


def _scene() -> BoardState:
    """A board with one item of each kind, a group in a frame, and a thread."""
    pen = DrawingContent(
        Shape.PEN, [(-10.0, 0.0), (0.0, 5.5), (10.0, 0.0)], [0.2, 1.0, 0.4], "#ff8800", 3.0, "#112233"
    )
    items = [
        ItemState(PICTURE, ItemKind.IMAGE, 640.0, 480.0, "a0", PLACE, Style(name="One"), image_id=IMAGES[0]),
        ItemState(NOTE, ItemKind.NOTE, 280.0, 180.0, "a1", parent_id=GROUP, note=NoteContent("# Light")),
        ItemState(STROKE, ItemKind.DRAWING, 23.0, 14.0, "a2", parent_id=GROUP, drawing=pen),
        ItemState(
            BOX,
            ItemKind.DRAWING,
            200.0,
            100.0,
            "a2V",
            style=ALL_LOOKS,
            drawing=DrawingContent(Shape.RECTANGLE),
        ),
        ItemState(FRAME, ItemKind.FRAME, 1600.0, 900.0, "Zz", frame=FrameContent("#202020")),
        ItemState(GROUP, ItemKind.GROUP, 1.0, 1.0, "a3", parent_id=FRAME, style=Style(name="Pair")),
    ]
    comments = [
        CommentState(REMARK, AUTHOR, AT, "Warmer?", item_id=PICTURE, x=0.5, y=0.25),
        CommentState(REPLY, AUTHOR, AT, "Yes.", thread_id=REMARK),
    ]
    return replay([AddItems(items), AddComments(comments)], BoardState(title="Studies"))


def _by_hand() -> Iterator[Named]:
    scene = _scene()
    items = scene.items
    shown = Crop(0.25, 0.0, 0.75, 0.5)
    group = ItemState(INNER, ItemKind.GROUP, 1.0, 1.0, "a4", parent_id=FRAME)
    cropped = replace(edit_of(items[PICTURE]), width=320.0, height=240.0, crop=shown)
    moved = TransformItems([Placement(PICTURE, Transform()), Placement(FRAME, PLACE)])
    yield "a picture is added, cropped", AddItems([replace(items[PICTURE], id=LATER, crop=shown)])
    yield "nothing is added", AddItems([])
    yield "an item is removed", RemoveItems([BOX])
    yield "a frame is removed with all that is in it", RemoveItems([FRAME, GROUP, NOTE, STROKE])
    yield "items are moved", moved
    yield "an item is moved twice", TransformItems([*moved.items, Placement(PICTURE, PLACE)])
    yield "items come to the front", ReorderItems([Rank(PICTURE, "a5"), Rank(NOTE, "a6")])
    yield "a picture is cropped", Compound([EditItems([cropped]), TransformItems([moved.items[0]])])
    replaced = replace(edit_of(items[PICTURE]), image_id=IMAGES[1], width=100.0, height=100.0)
    yield "a picture is replaced", EditItems([replaced])
    note = NoteContent("New\nwords", 32.0, "#101010", None)
    yield "a note is rewritten", EditItems([replace(edit_of(items[NOTE]), note=note, height=260.0)])
    ellipse = DrawingContent(Shape.ELLIPSE, stroke="#00ff00", stroke_width=9.0, fill="#334455")
    yield "a drawing is redrawn", EditItems([replace(edit_of(items[STROKE]), drawing=ellipse)])
    arrow = DrawingContent(Shape.ARROW, [(-50.0, 0.0), (50.0, 1.0)])
    yield "a drawing loses its pressures", EditItems([replace(edit_of(items[STROKE]), drawing=arrow)])
    ground = replace(edit_of(items[FRAME]), frame=FrameContent(None), width=800.0)
    yield "a frame becomes transparent", EditItems([ground])
    yield "an item goes into a frame", RegroupItems([Membership(PICTURE, FRAME)])
    yield "items go out", RegroupItems([Membership(NOTE, None), Membership(GROUP, None)])
    grouped: list[Simple] = [
        AddItems([group]),
        RegroupItems([Membership(PICTURE, INNER), Membership(BOX, INNER)]),
    ]
    yield "items are grouped", Compound(grouped)
    dissolved: list[Simple] = [
        RegroupItems([Membership(NOTE, FRAME), Membership(STROKE, FRAME)]),
        RemoveItems([GROUP]),
    ]
    yield "a group is dissolved", Compound(dissolved)
    mixed: list[Simple] = [
        *grouped,
        moved,
        RestyleItems([StylePatch(PICTURE, opacity=0.5)]),
        RemoveItems([BOX]),
    ]
    yield "several operations are one", Compound(mixed)
    yield "a compound of items and words", Compound([EditBoard(title="Other"), moved])
    for name in ALL_LOOKS.__struct_fields__:
        patch = StylePatch(PICTURE, **{name: getattr(ALL_LOOKS, name)})
        yield f"{name} is changed", RestyleItems([patch])
        plain = StylePatch(BOX, **{name: getattr(Style(), name)})
        yield f"{name} is reset", RestyleItems([plain])
    yield "a patch that says nothing", RestyleItems([StylePatch(BOX)])
    yield from _without_items(scene)


def _without_items(scene: BoardState) -> Iterator[Named]:
    remark = scene.comments[REMARK]
    yield "a comment is written", AddComments([replace(remark, id=UUID(int=303))])
    yield "a thread is removed", RemoveComments([REMARK, REPLY])
    yield "a comment is rewritten", EditComments([CommentEdit(REMARK, "Cooler?", AT)])
    yield "a pin is moved", MoveComments([CommentPin(REMARK, None, 40.0, 50.0)])
    yield "a thread is settled", ResolveComments([Resolution(REMARK, AUTHOR)])
    yield "the board gets other words", EditBoard(title="Hands", description="Of light")
    yield "a cover is chosen", EditBoard(cover_id=IMAGES[0])
    yield "the board goes to the trash", TrashBoard()


def _by_seed() -> Iterator[Named]:
    chance = Random(20260501)
    state = _scene()
    back: list[Named] = []
    for n in range(RANDOM_STEPS):
        operation = _some(chance, state, n)
        yield f"step {n}", operation
        back.append((f"step {n}, taken back", inverse(operation, state)))
        state = apply(operation, state)
    yield from reversed(back)


def _some(chance: Random, state: BoardState, n: int) -> Operation:
    parts: list[Simple] = []
    for step in range(chance.randint(1, 3)):
        part = _simple(chance, state, UUID(int=1000 + 10 * n + step))
        parts.append(part)
        state = apply(part, state)
    return parts[0] if len(parts) == 1 else Compound(parts)


def _simple(chance: Random, state: BoardState, fresh: UUID) -> Simple:
    ids = list(state.items)
    some = chance.sample(ids, chance.randint(1, min(3, len(ids))))
    match chance.randrange(7):
        case 0:
            template = state.items[some[0]]
            return AddItems([replace(template, id=fresh, z=f"b0{_digit(chance)}", transform=_place(chance))])
        case 1:
            return RemoveItems(some[:1]) if len(ids) > 4 else ReorderItems([Rank(some[0], "b1")])
        case 2:
            return TransformItems([Placement(item, _place(chance)) for item in some])
        case 3:
            return RestyleItems([_patch(chance, item) for item in some])
        case 4:
            return ReorderItems([Rank(item, f"c0{_digit(chance)}") for item in some])
        case 5:
            edits = [edit_of(state.items[item]) for item in some]
            return EditItems([replace(edit, width=round(chance.uniform(1, 900), 2)) for edit in edits])
        case _:
            parents: Sequence[UUID | None] = [None, *some]
            return RegroupItems([Membership(item, chance.choice(parents)) for item in some])


def _digit(chance: Random) -> str:
    return chance.choice("123456789VWXYZ")


def _place(chance: Random) -> Transform:
    return Transform(
        round(chance.uniform(-2000, 2000), 3),
        round(chance.uniform(-2000, 2000), 3),
        round(chance.uniform(0.1, 4), 3),
        round(chance.uniform(0, 359), 1),
        chance.random() < 0.5,
        chance.random() < 0.5,
    )


def _patch(chance: Random, item: UUID) -> StylePatch:
    names = chance.sample(list(ALL_LOOKS.__struct_fields__), 3)
    source = chance.choice([ALL_LOOKS, Style()])
    return StylePatch(item, **{name: getattr(source, name) for name in names})


if __name__ == "__main__":
    main()

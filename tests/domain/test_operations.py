"""The words of the log: applying, taking back, keeping."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from domain import checks
from domain.errors import BadInput, LimitExceeded
from domain.operations import (
    AddComments,
    AddItems,
    Aspect,
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
    ItemEdit,
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
    RestoreBoard,
    RestoreComments,
    RestoreItems,
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
    decode,
    encode,
    inverse,
    replay,
    restricted_to,
    touches_of,
)

numbers = st.floats(-1e9, 1e9, allow_nan=False)
words = st.text(max_size=12)
transforms = st.builds(
    Transform,
    x=numbers,
    y=numbers,
    scale=st.floats(1e-4, 1e4),
    rotation=st.floats(0, 360, exclude_max=True),
    flip_x=st.booleans(),
    flip_y=st.booleans(),
)
factors = st.floats(0, 4)
looks: dict[str, st.SearchStrategy[Any]] = {
    "opacity": st.floats(0, 1),
    "grayscale": st.booleans(),
    "brightness": factors,
    "contrast": factors,
    "saturation": factors,
    "sampling": st.sampled_from(Sampling),
    "locked": st.booleans(),
    "hidden": st.booleans(),
    "name": words,
    "tags": st.lists(words, max_size=3),
    "link": words,
}
styles = st.builds(Style, **looks)
sides = st.floats(1e-3, 1e6)
ranks = st.integers(0, 61).map(lambda n: f"a{n % 10}")
ids = st.integers(1, 30).map(lambda n: UUID(int=n))
comment_ids = st.integers(31, 60).map(lambda n: UUID(int=n))
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1))
crops = st.builds(Crop, st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0.5, 1), st.floats(0.5, 1))
contents: dict[ItemKind, dict[str, st.SearchStrategy[Any]]] = {
    ItemKind.IMAGE: {"image_id": st.uuids(), "crop": st.none() | crops},
    ItemKind.NOTE: {"note": st.builds(NoteContent, text=words, font_size=st.floats(1, 100))},
    ItemKind.DRAWING: {
        "drawing": st.builds(
            DrawingContent,
            shape=st.sampled_from(Shape),
            points=st.lists(st.tuples(numbers, numbers), max_size=4),
            stroke_width=st.floats(0.1, 10),
        )
    },
    ItemKind.FRAME: {"frame": st.builds(FrameContent, st.none() | st.just("#112233"))},
    ItemKind.GROUP: {},
}


@st.composite
def items(draw: st.DrawFn, item_id: UUID) -> ItemState:
    kind = draw(st.sampled_from(ItemKind))
    return ItemState(
        id=item_id,
        kind=kind,
        width=draw(sides),
        height=draw(sides),
        z=draw(ranks),
        transform=draw(transforms),
        style=draw(styles),
        parent_id=draw(st.none() | ids),
        **{name: draw(content) for name, content in contents[kind].items()},
    )


@st.composite
def edits(draw: st.DrawFn, item: ItemState) -> ItemEdit:
    made = {name: draw(content) for name, content in contents[item.kind].items()}
    return ItemEdit(item.id, draw(sides), draw(sides), **made)


@st.composite
def comments(draw: st.DrawFn, comment_id: UUID) -> CommentState:
    return CommentState(
        id=comment_id,
        author_id=draw(st.uuids()),
        at=draw(moments),
        text=draw(words),
        item_id=draw(st.none() | ids),
        x=draw(numbers),
        y=draw(numbers),
        thread_id=draw(st.none() | comment_ids),
        resolved_by=draw(st.none() | st.uuids()),
        edited_at=draw(st.none() | moments),
    )


@st.composite
def boards(draw: st.DrawFn) -> BoardState:
    return BoardState(
        title=draw(words),
        description=draw(words),
        cover_id=draw(st.none() | st.uuids()),
        trashed=draw(st.booleans()),
        items={item_id: draw(items(item_id)) for item_id in draw(st.sets(ids, max_size=8))},
        comments={
            comment_id: draw(comments(comment_id)) for comment_id in draw(st.sets(comment_ids, max_size=4))
        },
    )


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(UNSET) | values


def each(values: list[Any], kind: type, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.tuples(*(st.builds(kind, st.just(value), **parts) for value in values)).map(list)


@st.composite
def simple_on(draw: st.DrawFn, board: BoardState) -> Simple:
    def absent(there: object, low: int, high: int) -> st.SearchStrategy[list[UUID]]:
        free = [UUID(int=n) for n in range(low, high) if UUID(int=n) not in there]  # type: ignore[operator]
        return st.lists(st.sampled_from(free), unique=True, max_size=5)

    new = st.tuples(*(items(item_id) for item_id in draw(absent(board.items, 1, 31)))).map(list)
    said = st.tuples(*(comments(one) for one in draw(absent(board.comments, 31, 61)))).map(list)
    choices: list[st.SearchStrategy[Any]] = [
        st.builds(AddItems, new),
        st.builds(RestoreItems, new),
        st.builds(AddComments, said),
        st.builds(RestoreComments, said),
        st.builds(
            EditBoard,
            title=optional(words),
            description=optional(words),
            cover_id=optional(st.none() | st.uuids()),
        ),
        st.just(TrashBoard()),
        st.just(RestoreBoard()),
    ]
    if board.items:
        some = draw(st.lists(st.sampled_from(sorted(board.items)), unique=True, min_size=1))
        written = st.tuples(*(edits(board.items[item_id]) for item_id in some)).map(list)
        patches = {name: optional(values) for name, values in looks.items()}
        choices += [
            st.just(RemoveItems(some)),
            st.builds(TransformItems, each(some, Placement, transform=transforms)),
            st.builds(RestyleItems, each(some, StylePatch, **patches)),
            st.builds(ReorderItems, each(some, Rank, z=ranks)),
            st.builds(EditItems, written),
            st.builds(RegroupItems, each(some, Membership, parent_id=st.none() | ids)),
        ]
    if board.comments:
        some = draw(st.lists(st.sampled_from(sorted(board.comments)), unique=True, min_size=1))
        choices += [
            st.just(RemoveComments(some)),
            st.builds(EditComments, each(some, CommentEdit, text=words, edited_at=st.none() | moments)),
            st.builds(MoveComments, each(some, CommentPin, item_id=st.none() | ids, x=numbers, y=numbers)),
            st.builds(ResolveComments, each(some, Resolution, resolved_by=st.none() | st.uuids())),
        ]
    return draw(st.one_of(choices))  # type: ignore[no-any-return]


@st.composite
def operations_on(draw: st.DrawFn, board: BoardState) -> Operation:
    parts: list[Simple] = []
    for _ in range(draw(st.sampled_from((1, 1, 2, 3)))):
        parts.append(draw(simple_on(board)))
        board = apply(parts[-1], board)
    return parts[0] if len(parts) == 1 else Compound(parts)


pairs = boards().flatmap(lambda board: st.tuples(st.just(board), operations_on(board)))
simple_pairs = boards().flatmap(lambda board: st.tuples(st.just(board), simple_on(board)))


@given(pairs)
def test_the_inverse_takes_back(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    assert apply(inverse(operation, board), apply(operation, board)) == board


@given(pairs)
def test_applying_leaves_the_old_state_alone(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    before = replace(board, items=dict(board.items), comments=dict(board.comments))
    apply(operation, board)
    assert board == before


@given(pairs)
def test_what_the_log_keeps_is_what_it_gives(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    assert decode(encode(operation)) == operation
    back = inverse(operation, board)
    assert decode(encode(back)) == back


@given(pairs)
def test_an_inverse_touches_the_same_registers(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    assert touches_of(inverse(operation, board)) == touches_of(operation)


@given(pairs)
def test_what_an_operation_does_not_touch_it_does_not_change(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    after = apply(operation, board)
    touches = touches_of(operation)
    for item_id, item in board.items.items():
        aspects = touches.get(item_id, Aspect(0))
        if Aspect.EXISTENCE in aspects:
            continue
        now = after.items[item_id]
        for aspect, name in (
            (Aspect.TRANSFORM, "transform"),
            (Aspect.ORDER, "z"),
            (Aspect.PARENT, "parent_id"),
        ):
            assert aspect in aspects or getattr(now, name) == getattr(item, name)
        for name in looks:
            assert Aspect[name.upper()] in aspects or getattr(now.style, name) == getattr(item.style, name)


@given(simple_pairs, st.sets(ids | comment_ids))
def test_an_operation_is_its_parts(pair: tuple[BoardState, Simple], some: set[UUID]) -> None:
    board, operation = pair
    whole = set(touches_of(operation))
    parts = [part for chosen in (whole & some, whole - some) if (part := restricted_to(operation, chosen))]
    assert set().union(*(touches_of(part) for part in parts)) == whole
    assert replay(parts, board) == apply(operation, board)


def test_an_operation_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="not there"):
        apply(RemoveItems([UUID(int=1)]), BoardState())


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (Transform(x=float("nan")), "transform.x"),
        (Transform(y=float("inf")), "transform.y"),
        (Transform(x=1.1e9), "transform.x"),
        (Transform(scale=0.0), "transform.scale"),
        (Transform(scale=-1.0), "transform.scale"),
        (Transform(scale=20_000.0), "transform.scale"),
        (Transform(rotation=float("-inf")), "transform.rotation"),
    ],
)
def test_a_bad_transform_names_its_field(place: Transform, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        checks.transform(place)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize(("given", "kept"), [(-90.0, 270.0), (720.0, 0.0), (-1e-20, 0.0), (359.5, 359.5)])
def test_rotation_is_turned_into_one_circle(given: float, kept: float) -> None:
    assert checks.transform(Transform(rotation=given)).rotation == kept


@pytest.mark.parametrize(
    "note",
    [
        NoteContent(text="x" * 20_001),
        NoteContent(text="a\x00b"),
        NoteContent(text="\ud800"),
        NoteContent(font_size=0.0),
        NoteContent(colour="red"),
        NoteContent(colour="#12345"),
        NoteContent(background="#gggggg"),
    ],
)
def test_a_bad_note_is_refused(note: NoteContent) -> None:
    with pytest.raises(BadInput):
        checks.note(note)


def test_colours_are_kept_in_lower_case() -> None:
    assert checks.note(NoteContent(colour="#ABCDEF")).colour == "#abcdef"


def test_lists_are_bounded_and_name_each_item_once() -> None:
    one = Placement(UUID(int=1), Transform())
    with pytest.raises(BadInput):
        checks.placements([])
    with pytest.raises(BadInput):
        checks.placements([one, one])
    with pytest.raises(LimitExceeded):
        checks.placements([Placement(UUID(int=n), Transform()) for n in range(501)])
    with pytest.raises(BadInput):
        checks.patches([StylePatch(UUID(int=1))])
    with pytest.raises(BadInput):
        checks.patches([StylePatch(UUID(int=1), opacity=1.5)])
    with pytest.raises(BadInput):
        checks.patches([StylePatch(UUID(int=1), name="x" * 201)])
    with pytest.raises(BadInput):
        checks.ranks([Rank(UUID(int=1), "a00")])

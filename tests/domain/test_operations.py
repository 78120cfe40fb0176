"""The words of the log: applying, taking back, keeping."""

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
    AddItems,
    BoardState,
    EditBoard,
    EditNotes,
    ItemKind,
    ItemState,
    NoteContent,
    NoteEdit,
    Operation,
    Placement,
    Rank,
    RemoveItems,
    ReorderItems,
    RestoreBoard,
    RestoreItems,
    RestyleItems,
    Style,
    StylePatch,
    Transform,
    TransformItems,
    TrashBoard,
    apply,
    aspect_of,
    decode,
    encode,
    inverse,
    replay,
    restricted_to,
    subjects_of,
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
styles = st.builds(
    Style,
    opacity=st.floats(0, 1),
    grayscale=st.booleans(),
    locked=st.booleans(),
    hidden=st.booleans(),
    name=words,
)
notes = st.builds(NoteContent, text=words, font_size=st.floats(1, 100))
sides = st.floats(1e-3, 1e6)
ranks = st.integers(0, 61).map(lambda n: f"a{n % 10}")
ids = st.integers(0, 30).map(lambda n: UUID(int=n))


@st.composite
def items(draw: st.DrawFn, item_id: UUID) -> ItemState:
    is_note = draw(st.booleans())
    return ItemState(
        id=item_id,
        kind=ItemKind.NOTE if is_note else ItemKind.IMAGE,
        width=draw(sides),
        height=draw(sides),
        z=draw(ranks),
        transform=draw(transforms),
        style=draw(styles),
        image_id=None if is_note else draw(st.uuids()),
        note=draw(notes) if is_note else None,
    )


@st.composite
def boards(draw: st.DrawFn) -> BoardState:
    there = draw(st.sets(ids, max_size=8))
    return BoardState(
        title=draw(words),
        description=draw(words),
        cover_id=draw(st.none() | st.uuids()),
        trashed=draw(st.booleans()),
        items={item_id: draw(items(item_id)) for item_id in there},
    )


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(UNSET) | values


@st.composite
def operations_on(draw: st.DrawFn, board: BoardState) -> Operation:
    absent = [UUID(int=n) for n in range(31) if UUID(int=n) not in board.items]
    new = draw(st.lists(st.sampled_from(absent), unique=True, max_size=5))
    choices: list[st.SearchStrategy[Any]] = [
        st.tuples(*(items(item_id) for item_id in new)).map(lambda v: AddItems(list(v))),
        st.tuples(*(items(item_id) for item_id in new)).map(lambda v: RestoreItems(list(v))),
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
        written = [item_id for item_id in some if board.items[item_id].note is not None]
        choices += [
            st.just(RemoveItems(some)),
            st.tuples(*(st.builds(Placement, st.just(i), transforms) for i in some)).map(
                lambda v: TransformItems(list(v))
            ),
            st.tuples(
                *(
                    st.builds(
                        StylePatch,
                        st.just(i),
                        opacity=optional(st.floats(0, 1)),
                        grayscale=optional(st.booleans()),
                        locked=optional(st.booleans()),
                        hidden=optional(st.booleans()),
                        name=optional(words),
                    )
                    for i in some
                )
            ).map(lambda v: RestyleItems(list(v))),
            st.tuples(*(st.builds(Rank, st.just(i), ranks) for i in some)).map(
                lambda v: ReorderItems(list(v))
            ),
            st.tuples(*(st.builds(NoteEdit, st.just(i), notes, sides, sides) for i in written)).map(
                lambda v: EditNotes(list(v))
            ),
        ]
    return draw(st.one_of(choices))  # type: ignore[no-any-return]


pairs = boards().flatmap(lambda board: st.tuples(st.just(board), operations_on(board)))


@given(pairs)
def test_the_inverse_takes_back(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    assert apply(inverse(operation, board), apply(operation, board)) == board


@given(pairs)
def test_applying_leaves_the_old_state_alone(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    before = replace(board, items=dict(board.items))
    apply(operation, board)
    assert board == before


@given(pairs)
def test_what_the_log_keeps_is_what_it_gives(pair: tuple[BoardState, Operation]) -> None:
    board, operation = pair
    assert decode(encode(operation)) == operation
    back = inverse(operation, board)
    assert decode(encode(back)) == back


@given(pairs, st.sets(ids))
def test_an_operation_is_its_parts(pair: tuple[BoardState, Operation], some: set[UUID]) -> None:
    board, operation = pair
    if aspect_of(operation) == "board":
        return
    part, rest = restricted_to(operation, some), restricted_to(operation, set(subjects_of(operation)) - some)
    assert set(subjects_of(part)) == set(subjects_of(operation)) & some
    assert replay([part, rest], board) == apply(operation, board)


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

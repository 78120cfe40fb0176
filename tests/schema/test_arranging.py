"""Grouping, z-order, movements and arrangements as scripts ask for them: one change, told in full."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import adding
from domain.access import Viewer
from domain.adding import NewItem
from domain.operations import FrameContent, NoteContent, Transform
from tests.factories import a_board, a_viewer, rows_of
from tests.laws import require_laws, state_in_rows
from tests.schema.asking import Asking, Told

pytestmark = pytest.mark.usefixtures("database")

CHANGE = """
board { seq } items { id parentId z opacity transform { x y scale rotation flipX flipY } }
change { seq kind operation { __typename ... on Compound { operations { __typename } } } }
"""


class Script:
    """Somebody with a board of four notes in a row, and a frame; says one mutation after the other."""

    def __init__(self, viewer: Viewer, board: UUID, notes: list[UUID], frame: UUID) -> None:
        self.viewer, self.board, self.frame = viewer, board, str(frame)
        self.notes = [str(note) for note in notes]

    async def ask(self, name: str, /, **values: Any) -> Told:
        kind = f"{name[0].upper()}{name[1:]}Input"
        document = f"mutation($v: {kind}!) {{ {name}(input: $v) {{ {CHANGE} }} }}"
        return await Asking().ask(self.viewer, document, {"v": {"boardId": str(self.board), **values}})

    async def do(self, name: str, /, **values: Any) -> dict[str, Any]:
        told = await self.ask(name, **values)
        assert told.errors == [], told.text
        await require_laws(self.board)
        payload: dict[str, Any] = told.data[name]
        return payload

    async def place(self, item_id: str) -> Transform:
        return (await state_in_rows(self.board)).items[UUID(item_id)].transform


@pytest.fixture
async def script(database: str) -> Script:
    ana = await a_viewer()
    board = await a_board(ana)
    notes, frame = [uuid4() for _ in range(4)], uuid4()
    new = [
        NewItem(
            id=note, note=NoteContent(), width=100, height=50.0 + n, transform=Transform(200.0 * n, n * n)
        )
        for n, note in enumerate(notes)
    ]
    area = NewItem(id=frame, frame=FrameContent(), width=300, height=300, transform=Transform(0, 2000))
    await adding.add_items(ana, board.id, [*new, area])
    return Script(ana, board.id, notes, frame)


def parts(payload: dict[str, Any]) -> list[str]:
    return [part["__typename"] for part in payload["change"]["operation"]["operations"]]


async def test_grouping_entering_leaving_and_dissolving(script: Script) -> None:
    a, b, c, _ = script.notes
    group = str(uuid4())
    made = await script.do("groupItems", ids=[a, b], id=group, name="two")
    assert parts(made) == ["AddItems", "RegroupItems"]
    assert [item["id"] for item in made["items"]] == [group, a, b]
    assert [item["parentId"] for item in made["items"]] == [None, group, group]
    entered = await script.do("regroupItems", ids=[c], parentId=group)
    assert [(item["id"], item["parentId"]) for item in entered["items"]] == [(c, group)]
    left = await script.do("regroupItems", ids=[c], parentId=None)
    assert left["items"][0]["parentId"] is None
    dissolved = await script.do("ungroupItems", ids=[group])
    assert parts(dissolved) == ["RegroupItems", "RemoveItems"]
    anonymous = await script.do("groupItems", ids=[a, script.frame])
    assert anonymous["items"][0]["id"] not in {a, group}


async def test_ordering(script: Script) -> None:
    a, *_ = script.notes
    front = await script.do("orderItems", ids=[a], to="FRONT")
    assert front["items"][0]["z"] > "a4"
    again = await script.ask("orderItems", ids=[a], to="FRONT")
    assert again.code == "NOTHING_TO_CHANGE"


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("moveItems", {"dx": 5}, Transform(5, 0)),
        ("moveItems", {"dy": -1.5}, Transform(0, -1.5)),
        ("scaleItems", {"factor": 2, "about": {"x": 10, "y": 0}}, Transform(-10, 0, 2)),
        ("scaleItems", {"factor": 3}, Transform(0, 0, 3)),
        ("rotateItems", {"degrees": -90, "about": None}, Transform(0, 0, 1, 270)),
        ("flipItems", {"axis": "HORIZONTAL", "about": {"x": 1, "y": 1}}, Transform(2, 0, flip_x=True)),
        ("flipItems", {"axis": "VERTICAL"}, Transform(0, 0, flip_y=True)),
    ],
)
async def test_movements(script: Script, name: str, values: dict[str, Any], expected: Transform) -> None:
    first = script.notes[0]
    payload = await script.do(name, ids=[first], **values)
    assert payload["change"]["operation"]["__typename"] == "TransformItems"
    assert await script.place(first) == expected
    if name != "moveItems":
        await script.do("resetItems", ids=[first], what=["SCALE", "ROTATION", "FLIP"])
    after = await script.place(first)
    assert (after.scale, after.rotation, after.flip_x, after.flip_y) == (1, 0, False, False)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("alignItems", {"edge": "TOP"}),
        ("distributeItems", {"axis": "VERTICAL"}),
        ("normalizeItems", {"by": "AREA"}),
        ("stackItems", {}),
        ("packItems", {"margin": 4}),
        ("packItems", {}),
        ("arrangeItems", {"layout": "COLUMN"}),
        ("arrangeItems", {"layout": "GRID", "order": "RANDOM", "margin": 9, "seed": -5}),
        ("arrangeItems", {"layout": "ROW", "order": "COLOUR", "ids": None}),
        (
            "fitToFrame",
            {"into": {"rect": {"left": 0, "top": 0, "right": 50, "bottom": 50}}, "mode": "ARRANGE"},
        ),
    ],
)
async def test_arrangements_of_all_and_of_some(script: Script, name: str, values: dict[str, Any]) -> None:
    if "ids" not in values:
        some = await script.do(name, **values, ids=script.notes[::-1][:3])
        assert {item["id"] for item in some["items"]} <= set(script.notes[1:])
    payload = await script.do(name, **values)
    assert payload["items"]
    assert payload["change"]["seq"] == payload["board"]["seq"]


async def test_fitting_into_a_frame_takes_what_is_in_it(script: Script) -> None:
    a, b, c, _ = script.notes
    await script.do("regroupItems", ids=[a, b], parentId=script.frame)
    fitted = await script.do("fitToFrame", into={"frameId": script.frame}, margin=30)
    assert {item["id"] for item in fitted["items"]} == {a, b}
    assert (await script.place(a)).y == pytest.approx(2000, abs=2)
    assert (await script.place(c)).y == 4
    empty = {"left": 0, "top": 0, "right": 0, "bottom": 9}
    assert (await script.ask("fitToFrame", into={"rect": empty})).code == "BAD_INPUT"
    assert (await script.ask("fitToFrame", into={"frameId": a})).code == "BAD_INPUT"


async def test_comparing(script: Script) -> None:
    a, b, *_ = script.notes
    payload = await script.do("compareOverlay", ids=[a, b])
    assert parts(payload) == ["TransformItems", "RestyleItems", "ReorderItems"]
    over = next(item for item in payload["items"] if item["id"] == b)
    assert (over["opacity"], over["transform"]["x"]) == (0.5, 0)


async def test_what_is_refused_says_why_and_changes_nothing(script: Script) -> None:
    a, b, *_ = script.notes
    before = await rows_of(script.board)
    for name, values, code in (
        ("moveItems", {"ids": [a], "dx": 1e12}, "BAD_INPUT"),
        ("moveItems", {"ids": [a]}, "NOTHING_TO_CHANGE"),
        ("moveItems", {"ids": [a, str(uuid4())], "dx": 1}, "NOT_FOUND"),
        ("moveItems", {"ids": ["a"], "dx": 1}, "BAD_INPUT"),
        ("moveItems", {"ids": [], "dx": 1}, "BAD_INPUT"),
        ("scaleItems", {"ids": [a], "factor": -1}, "BAD_INPUT"),
        ("resetItems", {"ids": [a], "what": []}, "BAD_INPUT"),
        ("packItems", {"margin": -1}, "BAD_INPUT"),
        ("groupItems", {"ids": [a, b], "id": a}, "ALREADY_EXISTS"),
        ("regroupItems", {"ids": [a], "parentId": b}, "BAD_INPUT"),
        ("ungroupItems", {"ids": [a]}, "BAD_INPUT"),
        ("compareOverlay", {"ids": [a]}, "BAD_INPUT"),
        ("orderItems", {"ids": [str(uuid4()) for _ in range(501)], "to": "FORWARD"}, "LIMIT_EXCEEDED"),
    ):
        told = await script.ask(name, **values)
        assert told.code == code, (name, values, told.text)
    assert await rows_of(script.board) == before


async def test_a_repeat_gets_the_stored_answer(script: Script) -> None:
    mutation_id = str(uuid4())
    first = await script.do("packItems", clientMutationId=mutation_id)
    assert await script.do("packItems", clientMutationId=mutation_id) == first
    told = await script.ask("packItems", margin=1, clientMutationId=mutation_id)
    assert told.code == "MUTATION_ID_CONFLICT"

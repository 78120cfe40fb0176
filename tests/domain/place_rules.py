"""What moves things: by a distance, to the front, into an order."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule

from domain import arrangements, layering, movements
from domain.access import Viewer
from domain.arranging import Axis, Edge, Fit, Layout, Measure, Order, Reset
from domain.changes import Change
from domain.layering import Layering
from tests.domain import predictions
from tests.domain.choices import BOARDS, LEVELS, PEOPLE, PICKS, SELDOM
from tests.domain.trial import Trial


class PlaceRules(Trial):
    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, dx=LEVELS, dy=LEVELS, how=st.integers(0, 5))
    def move(self, person: int, board: int, picks: list[int], dx: float, dy: float, how: int) -> None:
        ids, board_id = self.some(board, picks), self.boards[board].id
        if how < 2:
            self.do(
                person,
                board,
                lambda b, who: predictions.move(b, who, ids, dx, dy),
                lambda viewer, key: movements.move_items(viewer, board_id, ids, dx, dy, mutation_id=key),
            )
            return
        calls: list[Callable[[Viewer, UUID], Awaitable[Change]]] = [
            lambda viewer, key: movements.scale_items(viewer, board_id, ids, 1.5, mutation_id=key),
            lambda viewer, key: movements.rotate_items(viewer, board_id, ids, 45.0, mutation_id=key),
            lambda viewer, key: movements.flip_items(viewer, board_id, ids, Axis.HORIZONTAL, mutation_id=key),
            lambda viewer, key: movements.reset_items(
                viewer, board_id, ids, [Reset.SCALE, Reset.ROTATION], mutation_id=key
            ),
        ]
        self.do(person, board, lambda b, who: predictions.turn(b, who, ids), calls[how - 2])

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, to=st.sampled_from(Layering))
    def layer(self, person: int, board: int, picks: list[int], to: Layering) -> None:
        ids = self.some(board, picks)
        self.do(
            person,
            board,
            lambda b, who: predictions.layer(b, who, ids, to.value),
            lambda viewer, key: layering.order_items(viewer, self.boards[board].id, ids, to, mutation_id=key),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=st.none() | PICKS, how=st.integers(0, 5))
    def arrange(self, person: int, board: int, picks: list[int] | None, how: int) -> None:
        ids = None if picks is None else self.some(board, picks)
        on = self.boards[board].id
        calls: list[Callable[[Viewer, UUID], Awaitable[Change]]] = [
            lambda viewer, key: arrangements.align_items(viewer, on, ids, Edge.LEFT, mutation_id=key),
            lambda viewer, key: arrangements.distribute_items(
                viewer, on, ids, Axis.VERTICAL, mutation_id=key
            ),
            lambda viewer, key: arrangements.normalize_items(viewer, on, ids, Measure.AREA, mutation_id=key),
            lambda viewer, key: arrangements.stack_items(viewer, on, ids, mutation_id=key),
            lambda viewer, key: arrangements.pack_items(viewer, on, ids, 10.0, mutation_id=key),
            lambda viewer, key: arrangements.arrange_items(
                viewer, on, ids, Layout.GRID, Order.NAME, margin=5.0, mutation_id=key
            ),
        ]
        self.do(person, board, lambda b, who: predictions.arrange(b, who, ids), calls[how])

    @rule(person=PEOPLE, board=BOARDS, picks=st.none() | PICKS, frame=st.integers(0, 40), odd=SELDOM)
    def fit(self, person: int, board: int, picks: list[int] | None, frame: int, odd: bool) -> None:
        ids = None if picks is None else self.some(board, picks)
        [into] = self.some(board, [frame], *([] if odd else ["FRAME"]))
        self.do(
            person,
            board,
            lambda b, who: predictions.fit(b, who, ids, into),
            lambda viewer, key: arrangements.fit_to_frame(
                viewer, self.boards[board].id, ids, into, mode=Fit.CONTAIN, mutation_id=key
            ),
        )

    @rule(person=PEOPLE, board=BOARDS, picks=PICKS)
    def compare(self, person: int, board: int, picks: list[int]) -> None:
        ids = self.some(board, picks)
        self.do(
            person,
            board,
            lambda b, who: predictions.compare(b, who, ids),
            lambda viewer, key: arrangements.compare_overlay(
                viewer, self.boards[board].id, ids, mutation_id=key
            ),
        )

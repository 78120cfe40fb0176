"""Placing: pictures that come in for a board lie on it once, as a change of whoever sent them."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from domain import access, adding
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.deeds import require_room
from domain.entries import MOST_AT_ONCE
from domain.errors import DomainError
from domain.operations import AddItems, parts_of


class Placed(Struct, frozen=True):
    """What became of a wish to lie on a board: item_ids, in the order of the pictures; or code and words
    why the board has none of them. They are in the library then."""

    board_id: UUID
    item_ids: list[UUID] = []
    code: str = ""
    message: str = ""


async def require_board(viewer: Viewer, board_id: UUID | None) -> None:
    """Before a byte comes: whether one more picture may lie there. None: it is meant for no board.

    Raises NotFound, Forbidden, BoardTrashed, LimitExceeded.
    """
    if board_id is not None:
        require_room(await access.board(viewer, board_id, Role.EDITOR), 1)


async def place_images(
    viewer: Viewer, board_id: UUID, image_ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> Placed:
    """Lays them beside what is there, in rows, each once: one change for every 500 of them.

    The same mutation id and pictures again lay nothing. What the board refuses, because it went or was
    taken from the viewer meanwhile, is in the answer: what came is not lost for that. Raises what passes,
    such as DatabaseUnavailable.
    """
    wanted = list(dict.fromkeys(image_ids))
    item_ids: list[UUID] = []
    try:
        for start in range(0, len(wanted), MOST_AT_ONCE):
            items = [NewItem(image_id=image_id) for image_id in wanted[start : start + MOST_AT_ONCE]]
            once = None if mutation_id is None else UUID(int=mutation_id.int ^ start)
            change = await adding.add_items(viewer, board_id, items, mutation_id=once)
            added = [part for part in parts_of(change.operation) if isinstance(part, AddItems)]
            item_ids += [item.id for part in added for item in part.items]
    except DomainError as error:
        if error.http_status >= 500 or error.http_status == 429:
            raise
        return Placed(board_id, item_ids, error.code, error.message)
    return Placed(board_id, item_ids)

"""What each command on comments will do to the model's board, or why it will be refused."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from domain.comments import NewComment, NewPin, NewText, Pin
from tests.domain.model import TOLD, Board, Plan, Refusal, Thing, distinct
from tests.domain.predictions import kind_of, require, require_items


def add(board: Board, person: UUID, said: Sequence[NewComment], taken: Mapping[UUID, bool]) -> Plan:
    """taken: ids of all there is anywhere, and whether it is a comment."""
    require(board, person, "COMMENTER")
    pins = [one.pin for one in said if one.pin is not None]
    _require_pins(board, pins)
    known = [taken[one.id] for one in said if one.id is not None and one.id in taken]
    if False in known:
        raise Refusal("ALREADY_EXISTS")
    plan = Plan()
    answered: list[UUID] = []
    for one in said:
        assert one.id is not None
        pin = one.pin or Pin(0.0, 0.0)
        root = None
        if one.thread_id is not None:
            _require_there(board, [one.thread_id])
            root = board.things[one.thread_id]["thread"] or one.thread_id
            answered.append(root)
        plan.new[one.id] = {
            "kind": "COMMENT",
            "author": person,
            "at": TOLD,
            "thread": root,
            "text": (one.text, None),
            "transform": (pin.item_id, pin.x, pin.y),
            "resolution": None,
        }
        plan.writes.append((one.id, "there", True))
    if known:
        raise Refusal("ALREADY_EXISTS")
    settled = [root for root in distinct(answered) if board.things[root]["resolution"] is not None]
    plan.writes += [(root, "resolution", None) for root in settled]
    return plan


def _require_pins(board: Board, pins: Sequence[Pin]) -> None:
    pinned = [pin.item_id for pin in pins if pin.item_id is not None]
    require_items(board, pinned)
    if any(kind_of(board, item) == "GROUP" for item in pinned):
        raise Refusal("BAD_INPUT")


def _require_there(board: Board, ids: Collection[UUID]) -> None:
    if not set(ids) <= set(board.comments()):
        raise Refusal("NOT_FOUND")


def _require_own(board: Board, person: UUID, doers: Collection[UUID], *, editors: bool = True) -> None:
    if set(doers) - {person} and not (editors and board.allows(person, "EDITOR")):
        raise Refusal("FORBIDDEN")


def edit(board: Board, person: UUID, texts: Sequence[NewText]) -> Plan:
    require(board, person, "COMMENTER")
    _require_there(board, [new.id for new in texts])
    _require_own(board, person, [board.things[new.id]["author"] for new in texts], editors=False)
    plan = Plan([(new.id, "text", TOLD) for new in texts])
    plan.holds.append(lambda view: all(view[new.id]["text"][0] == new.text for new in texts))
    return plan


def move(board: Board, person: UUID, pins: Sequence[NewPin]) -> Plan:
    require(board, person, "COMMENTER")
    _require_there(board, [new.id for new in pins])
    _require_roots(board, [new.id for new in pins])
    _require_own(board, person, [board.things[new.id]["author"] for new in pins])
    _require_pins(board, [new.pin for new in pins])
    return Plan([(new.id, "transform", (new.pin.item_id, new.pin.x, new.pin.y)) for new in pins])


def _require_roots(board: Board, ids: Sequence[UUID]) -> None:
    if any(board.things[one]["thread"] is not None for one in ids):
        raise Refusal("BAD_INPUT")


def resolve(board: Board, person: UUID, ids: Sequence[UUID], resolved: bool) -> Plan:
    require(board, person, "COMMENTER")
    _require_there(board, ids)
    _require_roots(board, ids)
    plan = Plan()
    for one in ids:
        first = board.things[one]["resolution"] or person
        plan.writes.append((one, "resolution", first if resolved else None))
    return plan


def remove(board: Board, person: UUID, ids: Sequence[UUID]) -> Plan:
    require(board, person, "COMMENTER")
    _require_there(board, ids)
    going = distinct([*ids, *(reply for one in ids for reply in board.replies(one))])
    _require_own(board, person, [board.things[one]["author"] for one in going])
    return Plan([(one, "there", False) for one in going])


def restore(board: Board, person: UUID, ids: Sequence[UUID]) -> Plan:
    require(board, person, "COMMENTER")
    gone = {s: t for s, t in board.things.items() if t["kind"] == "COMMENT" and not t["there"]}
    if not set(ids) <= gone.keys():
        raise Refusal("NOT_FOUND")
    with_roots = [s for s, t in gone.items() if t["thread"] in ids and _went_with(t, gone[t["thread"]])]
    coming = distinct([*ids, *with_roots])
    _require_own(board, person, [gone[one]["removed_by"] for one in coming])
    roots = {gone[one]["thread"] for one in coming} - {None}
    if any(root not in coming and not board.is_there(root) for root in roots):
        raise Refusal("BAD_INPUT")
    return Plan([(one, "there", True) for one in coming])


def _went_with(reply: Thing, root: Thing) -> bool:
    return bool(reply["touched"] == root["touched"])

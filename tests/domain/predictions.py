"""What each command will do to the model's board, or why it will be refused: one function a command."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from domain.adding import NewItem
from domain.contents import CropEdit, Replacement
from domain.geometry import CropKeep, Size, contained, cropped
from domain.operations import Shape, StylePatch, Transform
from tests.domain.model import (
    BOARD,
    CONTAINER_KINDS,
    LOOKS,
    TOLD,
    Board,
    Plan,
    Refusal,
    Thing,
    View,
    Write,
    distinct,
)

# Access


def require(board: Board, person: UUID, role: str, *, trashed_ok: bool = False) -> None:
    if not board.allows(person, role):
        raise Refusal("FORBIDDEN")
    if not board.things[BOARD]["there"] and not trashed_ok:
        raise Refusal("BOARD_TRASHED")


def require_items(board: Board, ids: Collection[UUID]) -> None:
    if not set(ids) <= set(board.items()):
        raise Refusal("NOT_FOUND")


def _require_unlocked(board: Board, ids: Collection[UUID]) -> None:
    if any(board.is_locked(item) for item in ids):
        raise Refusal("ITEMS_LOCKED")


def kind_of(board: Board, subject: UUID) -> str:
    return str(board.things[subject]["kind"])


# Adding


def add(
    board: Board,
    person: UUID,
    items: Sequence[NewItem],
    sizes: Mapping[UUID, tuple[float, float]],
    visible: Collection[UUID],
    taken: Collection[UUID],
) -> Plan:
    """sizes: of all pictures; visible: those that the person sees; taken: ids of other items anywhere."""
    require(board, person, "EDITOR")
    if any(item.image_id is not None and item.image_id not in visible for item in items):
        raise Refusal("NOT_FOUND")
    plan = Plan()
    for item in items:
        assert item.id is not None
        plan.new[item.id] = _registers(item, sizes)
        plan.writes.append((item.id, "there", True))
    homes = {item.parent_id for item in items if item.parent_id is not None}
    if any(not _can_hold(board, plan.new, home) for home in homes):
        raise Refusal("BAD_INPUT")
    if any(board.is_shut(home) for home in homes - plan.new.keys()):
        raise Refusal("ITEMS_LOCKED")
    if any(item.id in taken for item in items):
        raise Refusal("ALREADY_EXISTS")
    unranked = [item.id for item in items if item.z is None and item.id is not None]
    ranks = [thing["z"] for thing in board.things.values() if "z" in thing]

    def on_top(view: View) -> bool:
        given = [str(view[item]["z"]) for item in unranked]
        return given == sorted(set(given)) and all(rank < z for z in given for rank in ranks)

    plan.holds.append(on_top)
    return plan


def _can_hold(board: Board, new: Mapping[UUID, Thing], home: UUID) -> bool:
    if home not in new and not board.is_there(home):
        return False
    return (new.get(home) or board.things[home])["kind"] in CONTAINER_KINDS


def _registers(item: NewItem, sizes: Mapping[UUID, tuple[float, float]]) -> Thing:
    place: object = TOLD if item.transform is None else _place(item.transform)
    width, height = 280.0, 180.0
    kind, crop = "NOTE", item.crop
    if item.is_group:
        kind, width, height, place = "GROUP", 1.0, 1.0, _place(Transform())
    elif item.frame is not None:
        kind, width, height = "FRAME", 1600.0, 900.0
    elif item.drawing is not None:
        kind, width, height = "DRAWING", 200.0, 200.0
        if item.drawing.shape is not Shape.RECTANGLE:
            width = 2 * max(abs(x) for x, _ in item.drawing.points) + item.drawing.stroke_width
            height = 2 * max(abs(y) for _, y in item.drawing.points) + item.drawing.stroke_width
    elif item.image_id is not None:
        kind, (width, height) = "IMAGE", sizes[item.image_id]
        if crop is not None:
            width, height = width * (crop.right - crop.left), height * (crop.bottom - crop.top)
    return {
        "kind": kind,
        "transform": place,
        "content": (width, height, item.image_id, crop, item.note, item.drawing, item.frame),
        "z": TOLD if item.z is None else item.z,
        "parent": item.parent_id,
        **{name: getattr(item.style, name) for name in LOOKS},
    }


def _place(transform: Transform) -> tuple[float, float, float, float, bool, bool]:
    return (transform.x, transform.y, transform.scale, transform.rotation, transform.flip_x, transform.flip_y)


# Registers of items


def transform(board: Board, person: UUID, places: Mapping[UUID, Transform]) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, places)
    _require_unlocked(board, places)
    if any(kind_of(board, item) == "GROUP" for item in places):
        raise Refusal("BAD_INPUT")
    return Plan([(item, "transform", _place(place)) for item, place in places.items()])


def restyle(board: Board, person: UUID, patches: Sequence[StylePatch]) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, [patch.id for patch in patches])
    given = StylePatch(UUID(int=0))
    return Plan(
        [
            (patch.id, name, getattr(patch, name))
            for patch in patches
            for name in sorted(LOOKS)
            if getattr(patch, name) is not getattr(given, name)
        ]
    )


def reorder(board: Board, person: UUID, ranks: Mapping[UUID, str]) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, ranks)
    _require_unlocked(board, ranks)
    return Plan([(item, "z", rank) for item, rank in ranks.items()])


def edit(board: Board, person: UUID, kind: str, contents: Mapping[UUID, tuple[object, ...]]) -> Plan:
    """Notes, drawings, frames."""
    require(board, person, "EDITOR")
    require_items(board, contents)
    _require_unlocked(board, contents)
    if any(kind_of(board, item) != kind for item in contents):
        raise Refusal("BAD_INPUT")
    return Plan([(item, "content", content) for item, content in contents.items()])


def crop(board: Board, person: UUID, edits: Sequence[CropEdit]) -> Plan:
    require(board, person, "EDITOR")
    ids = [edit.id for edit in edits]
    _require_pictures(board, ids)
    _require_unlocked(board, ids)
    plan = Plan()
    for edit in edits:
        thing = board.things[edit.id]
        width, height, image, before, *rest = thing["content"]
        place, box = cropped(
            Transform(*thing["transform"]), Size(width, height), before, edit.crop, edit.keep
        )
        plan.writes.append((edit.id, "content", (box.width, box.height, image, edit.crop, *rest)))
        if edit.keep is CropKeep.PICTURE and _place(place) != thing["transform"]:
            plan.writes.append((edit.id, "transform", _place(place)))
    return plan


def replace_images(
    board: Board,
    person: UUID,
    edits: Sequence[Replacement],
    sizes: Mapping[UUID, tuple[float, float]],
    visible: Collection[UUID],
) -> Plan:
    require(board, person, "EDITOR")
    ids = [edit.id for edit in edits]
    _require_pictures(board, ids)
    if any(edit.image_id not in visible for edit in edits):
        raise Refusal("NOT_FOUND")
    _require_unlocked(board, ids)
    plan = Plan()
    for edit in edits:
        width, height, *_ = board.things[edit.id]["content"]
        box = contained(Size(*sizes[edit.image_id]), Size(width, height))
        content = (box.width, box.height, edit.image_id, None, None, None, None)
        plan.writes.append((edit.id, "content", content))
    return plan


def _require_pictures(board: Board, ids: Collection[UUID]) -> None:
    require_items(board, ids)
    if any(kind_of(board, item) != "IMAGE" for item in ids):
        raise Refusal("BAD_INPUT")


# Coming and going


def remove(board: Board, person: UUID, ids: Sequence[UUID]) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, ids)
    going = distinct([*ids, *(inner for item in ids for inner in board.contents(item))])
    going += _emptied(board, going)
    _require_unlocked(board, going)
    return Plan([(item, "there", False) for item in going])


def restore(board: Board, person: UUID, ids: Sequence[UUID]) -> Plan:
    """Locked or not, as they were; to the top of the board where what they were in is gone."""
    require(board, person, "EDITOR")
    if any(item not in board.things or _is_no_item(board, item) or board.is_there(item) for item in ids):
        raise Refusal("NOT_FOUND")
    writes: list[Write] = [(item, "there", True) for item in ids]
    for item in ids:
        home = board.things[item]["parent"]
        if home is not None and not board.is_there(home) and home not in ids:
            writes.append((item, "parent", None))
    return Plan(writes)


def _is_no_item(board: Board, subject: UUID) -> bool:
    return kind_of(board, subject) in ("BOARD", "COMMENT")


def _emptied(board: Board, leaving: Sequence[UUID], arriving: Collection[UUID | None] = ()) -> list[UUID]:
    """Groups that hold nothing more once these have left; a group that something comes into stays."""
    gone: list[UUID] = []
    left = list(leaving)
    for item in left:  # grows while it is walked
        home = board.things[item]["parent"]
        if home is None or home in arriving or home in left or kind_of(board, home) != "GROUP":
            continue
        if set(board.children(home)) <= set(left):
            gone.append(home)
            left.append(home)
    return gone


# Grouping


def group(board: Board, person: UUID, ids: Sequence[UUID], group_id: UUID, name: str, is_taken: bool) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, ids)
    members = [item for item in ids if not set(board.above(item)) & set(ids)]
    homes = {board.things[member]["parent"] for member in members}
    home = homes.pop() if len(homes) == 1 else None
    if is_taken:
        raise Refusal("ALREADY_EXISTS")
    _require_unlocked(board, members)
    plan = Plan(new={group_id: _registers(NewItem(is_group=True, parent_id=home), {}) | {"name": name}})
    plan.writes = [(group_id, "there", True), *((member, "parent", group_id) for member in members)]
    plan.writes += [(one, "there", False) for one in _emptied(board, members, [home])]
    highest = max(board.things[member]["z"] for member in members)
    others = [thing["z"] for thing in board.things.values() if "z" in thing and thing["z"] > highest]
    plan.holds.append(lambda view: highest < view[group_id]["z"] < min(others, default="~"))
    return plan


def ungroup(board: Board, person: UUID, ids: Sequence[UUID]) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, ids)
    if any(kind_of(board, item) not in CONTAINER_KINDS for item in ids):
        raise Refusal("BAD_INPUT")
    homes = {
        member: next((above for above in board.above(member) if above not in ids), None)
        for container in ids
        for member in board.children(container)
        if member not in ids
    }
    left = _emptied(board, [*ids, *homes], homes.values())
    _require_unlocked(board, [*homes, *ids, *left])
    plan = Plan([(member, "parent", home) for member, home in homes.items()])
    plan.writes += [(one, "there", False) for one in (*ids, *left)]
    return plan


def regroup(board: Board, person: UUID, ids: Sequence[UUID], home: UUID | None) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, [*ids, *([] if home is None else [home])])
    if home is not None:
        if kind_of(board, home) not in CONTAINER_KINDS or set(ids) & {home, *board.above(home)}:
            raise Refusal("BAD_INPUT")
        if board.is_shut(home):
            raise Refusal("ITEMS_LOCKED")
    going = [
        item for item in ids if not set(board.above(item)) & set(ids) and board.things[item]["parent"] != home
    ]
    if not going:
        raise Refusal("NOTHING_TO_CHANGE")
    _require_unlocked(board, going)
    plan = Plan([(item, "parent", home) for item in going])
    plan.writes += [(one, "there", False) for one in _emptied(board, going, [home])]
    return plan


def carry(board: Board, person: UUID, ids: Sequence[UUID], home: UUID | None, place: Transform) -> Plan:
    """Items that hold nothing, put somewhere and into something at once."""
    require(board, person, "EDITOR")
    require_items(board, ids)
    if home is not None and board.is_there(home) and board.is_shut(home):
        raise Refusal("ITEMS_LOCKED")
    if home is not None and not _can_hold(board, {}, home):
        raise Refusal("BAD_INPUT")
    _require_unlocked(board, ids)
    plan = Plan([(item, "transform", _place(place)) for item in ids])
    plan.writes += [(item, "parent", home) for item in ids]
    plan.writes += [(one, "there", False) for one in _emptied(board, ids, [home])]
    return plan


# Places that are computed (tests/vectors says how); here: who may be moved, and that nothing else is


def move(board: Board, person: UUID, ids: Sequence[UUID], dx: float, dy: float) -> Plan:
    require(board, person, "EDITOR")
    parts = _parts(board, ids)
    _require_unlocked(board, parts)
    moved = [part for part in parts if kind_of(board, part) != "GROUP"]
    if not moved or not (dx or dy):
        raise Refusal("NOTHING_TO_CHANGE")
    places = {part: board.things[part]["transform"] for part in moved}
    return Plan([(part, "transform", (p[0] + dx, p[1] + dy, *p[2:])) for part, p in places.items()])


def turn(board: Board, person: UUID, ids: Sequence[UUID]) -> Plan:
    """Scaling, rotating, flipping, resetting."""
    require(board, person, "EDITOR")
    parts = _parts(board, ids)
    _require_unlocked(board, parts)
    return Plan(may=_places_of(board, parts), idle_ok=True)


def layer(board: Board, person: UUID, ids: Sequence[UUID], to: str) -> Plan:
    """A step ranks anew those that share a rank, where they lie."""
    require(board, person, "EDITOR")
    parts = _parts(board, ids)
    _require_unlocked(board, parts)
    plan = Plan(may={part: {"z"} for part in parts}, idle_ok=True)
    before = {item: str(board.things[item]["z"]) for item in board.items()}
    others = [item for item in before if item not in parts and kind_of(board, item) != "GROUP"]
    if to in ("FORWARD", "BACKWARD"):
        ranks = list(before.values())
        plan.may |= {item: {"z"} for item in others if ranks.count(before[item]) > 1}

    def in_order(view: View) -> bool:
        after = {item: str(view[item]["z"]) for item in before}
        same = _stacked(others, after) == _stacked(others, before)
        if to in ("FORWARD", "BACKWARD"):
            return same
        own, all_of_them = _stacked(parts, before), _stacked([*parts, *others], after)
        front = all_of_them[len(others) :] if to == "FRONT" else all_of_them[: len(parts)]
        return same and front == own

    plan.holds.append(in_order)
    return plan


def _stacked(ids: Sequence[UUID], ranks: Mapping[UUID, str]) -> list[UUID]:
    """From back to front."""
    return sorted(ids, key=lambda item: (ranks[item], item))


def arrange(board: Board, person: UUID, ids: Sequence[UUID] | None) -> Plan:
    require(board, person, "EDITOR")
    return _arranged(board, _units(board, ids))


def fit(board: Board, person: UUID, ids: Sequence[UUID] | None, frame: UUID) -> Plan:
    require(board, person, "EDITOR")
    require_items(board, [frame])
    if kind_of(board, frame) != "FRAME":
        raise Refusal("BAD_INPUT")
    inside = [item for item in board.children(frame) if not board.things[item]["hidden"]]
    units = {item: [item, *board.contents(item)] for item in inside} if ids is None else _units(board, ids)
    if any(frame in parts for parts in units.values()):
        raise Refusal("BAD_INPUT")
    return _arranged(board, units)


def compare(board: Board, person: UUID, ids: Sequence[UUID]) -> Plan:
    if len(ids) < 2:
        raise Refusal("BAD_INPUT")
    require(board, person, "EDITOR")
    units = {key: parts for key, parts in _units(board, ids).items() if _boxes(board, parts)}
    if len(units) < 2:
        raise Refusal("BAD_INPUT")
    plan = _arranged(board, units)
    for parts in plan.may.values():
        parts |= {"opacity"}
    free = [part for parts in units.values() if not _is_fast(board, parts) for part in parts]
    for part in free:
        plan.may.setdefault(part, set()).add("z")
    return plan


def _arranged(board: Board, units: Mapping[UUID, Sequence[UUID]]) -> Plan:
    """What is locked, or is one with something locked, stays."""
    free = [part for parts in units.values() if not _is_fast(board, parts) for part in parts]
    return Plan(may=_places_of(board, free), idle_ok=True)


def _is_fast(board: Board, parts: Sequence[UUID]) -> bool:
    return any(board.is_locked(part) for part in _boxes(board, parts))


def _boxes(board: Board, parts: Sequence[UUID]) -> list[UUID]:
    return [part for part in parts if kind_of(board, part) != "GROUP"]


def _places_of(board: Board, parts: Sequence[UUID]) -> dict[UUID, set[str]]:
    return {part: {"transform"} for part in _boxes(board, parts)}


def _parts(board: Board, ids: Sequence[UUID]) -> list[UUID]:
    return [part for parts in _units(board, ids).values() for part in parts]


def _units(board: Board, ids: Sequence[UUID] | None) -> dict[UUID, list[UUID]]:
    if ids is None:
        seen = [item for item in board.items() if not board.things[item]["hidden"]]
        tops = [item for item in seen if board.things[item]["parent"] is None]
    else:
        require_items(board, ids)
        tops = [item for item in ids if not set(board.above(item)) & set(ids)]
    return {item: [item, *board.contents(item)] for item in tops}


# The board


def edit_board(board: Board, person: UUID, title: str | None, cover: UUID | None) -> Plan:
    """title, cover: None as they are."""
    require(board, person, "EDITOR")
    if cover is not None and cover not in {board.things[item]["content"][2] for item in board.items("IMAGE")}:
        raise Refusal("BAD_INPUT")
    return Plan(
        [(BOARD, "title", title)] * (title is not None) + [(BOARD, "cover", cover)] * (cover is not None)
    )


def trash(board: Board, person: UUID, trashed: bool) -> Plan:
    require(board, person, "OWNER", trashed_ok=True)
    return Plan([] if board.things[BOARD]["there"] != trashed else [(BOARD, "there", not trashed)])


def revert(board: Board, person: UUID, to: int) -> Plan:
    if to > board.seq:
        raise Refusal("BAD_INPUT")
    require(board, person, "EDITOR")
    if to < board.log_start:
        raise Refusal("HISTORY_COMPACTED")
    then = board.past[to]
    plan = Plan(_differences(board.things[BOARD], then[BOARD], BOARD, ("title", "description", "cover")))
    registers = ("content", "transform", "z", "parent", *sorted(LOOKS))
    for item, thing in then.items():
        if thing["kind"] in ("BOARD", "COMMENT"):
            continue
        if not board.is_there(item):
            plan.writes.append((item, "there", True))
        plan.writes += _differences(board.things[item], thing, item, registers)
    plan.writes += [(item, "there", False) for item in board.items() if item not in then]
    if not plan.writes:
        raise Refusal("NOTHING_TO_CHANGE")
    return plan


def _differences(now: Thing, then: Thing, subject: UUID, registers: Sequence[str]) -> list[Write]:
    return [(subject, name, then[name]) for name in registers if now[name] != then[name]]

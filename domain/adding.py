"""Adding: new items, and the place, box and rank of those that bring none."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from msgspec import Struct, structs

from domain import checks, images
from domain.access import BoardRow, Viewer
from domain.changes import Change
from domain.containers import held, misplaced, nesting_of
from domain.database import Connection
from domain.deeds import deed
from domain.entries import require_distinct, require_few
from domain.errors import BadInput, ItemsLocked, NotFound
from domain.geometry import WHOLE, Bounds, Size, places_beside
from domain.operations import (
    THE_BOARD,
    AddItems,
    Crop,
    DrawingContent,
    FrameContent,
    ItemKind,
    ItemState,
    NoteContent,
    Operation,
    Style,
    Transform,
    parts_of,
)
from domain.ordering import ranks_between

NOTE_SIZE = Size(280.0, 180.0)
FRAME_SIZE = Size(1600.0, 900.0)
DRAWING_SIZE = Size(200.0, 200.0)


class NewItem(Struct, frozen=True):
    """What is to be added: exactly one of image_id, note, drawing, frame and is_group.

    transform None: beside what is there, in rows (a group has none). z None: in front of all. width,
    height None: the shown pixels of the picture, the extent of a drawing's points, or the usual box.
    """

    id: UUID | None = None
    image_id: UUID | None = None
    note: NoteContent | None = None
    drawing: DrawingContent | None = None
    frame: FrameContent | None = None
    is_group: bool = False
    crop: Crop | None = None
    parent_id: UUID | None = None
    transform: Transform | None = None
    style: Style = Style()
    z: str | None = None
    width: float | None = None
    height: float | None = None


async def add_items(
    viewer: Viewer, board_id: UUID, items: list[NewItem], *, mutation_id: UUID | None = None
) -> Change:
    """Places items; their ids are in the change's operation.

    Raises NotFound for pictures the viewer may not see, AlreadyExists for ids that are taken,
    LimitExceeded when the board is full.
    """
    wanted = checked_items(items, "items")

    async def draft(connection: Connection, board: BoardRow) -> Operation:
        operation = await drafted_items(connection, viewer, board.id, wanted)
        await require_containers(connection, board.id, operation)
        return operation

    return await deed(viewer, board_id, mutation_id, "add_items", items, draft)


def checked_items(items: list[NewItem], field: str) -> list[NewItem]:
    """As they may be, each with an id."""
    require_few(items, field)
    require_distinct((item.id for item in items if item.id is not None), field)
    return [_checked(item, f"{field}.{n}") for n, item in enumerate(items)]


async def drafted_items(
    connection: Connection, viewer: Viewer, board_id: UUID, items: Sequence[NewItem]
) -> AddItems:
    """Checked items with boxes, places and ranks; whether they may go into what they name is asked later."""
    return AddItems(await _placed(connection, board_id, items, await _sizes(viewer, items)))


def _kind(item: NewItem) -> ItemKind:
    contents = {
        ItemKind.IMAGE: item.image_id,
        ItemKind.NOTE: item.note,
        ItemKind.DRAWING: item.drawing,
        ItemKind.FRAME: item.frame,
        ItemKind.GROUP: item.is_group or None,
    }
    [kind] = [kind for kind, content in contents.items() if content is not None]
    return kind


def _checked(item: NewItem, field: str) -> NewItem:
    contents = (item.image_id, item.note, item.drawing, item.frame, item.is_group or None)
    if sum(content is not None for content in contents) != 1:
        raise BadInput(
            f"{field} needs a picture, a note, a drawing, a frame or a group, one of them.", field=field
        )
    if item.id == THE_BOARD:
        raise BadInput(f"{field}.id is the nil UUID, which names nothing: make another.", field=f"{field}.id")
    if item.crop is not None and item.image_id is None:
        raise BadInput(f"{field}.crop is for pictures.", field=f"{field}.crop")
    return structs.replace(
        item,
        id=item.id or uuid4(),
        note=None if item.note is None else checks.note(item.note, f"{field}.note"),
        drawing=None if item.drawing is None else checks.drawing(item.drawing, f"{field}.drawing"),
        frame=None if item.frame is None else checks.frame(item.frame, f"{field}.frame"),
        crop=None if item.crop is None else checks.crop(item.crop, f"{field}.crop"),
        transform=None if item.transform is None else checks.transform(item.transform, f"{field}.transform"),
        style=checks.style(item.style, f"{field}.style"),
        z=None if item.z is None else checks.rank(item.z, f"{field}.z"),
        width=None if item.width is None else checks.side(item.width, f"{field}.width"),
        height=None if item.height is None else checks.side(item.height, f"{field}.height"),
    )


async def _sizes(viewer: Viewer, items: Sequence[NewItem]) -> list[Size]:
    """The box of each new item. Raises NotFound naming the pictures that the viewer may not see."""
    pictures = await pictures_of(viewer, [item.image_id for item in items if item.image_id is not None])
    return [_size(item, None if item.image_id is None else pictures[item.image_id]) for item in items]


async def pictures_of(viewer: Viewer, image_ids: Sequence[UUID]) -> dict[UUID, Size]:
    """The pixels of each picture. Raises NotFound naming those that the viewer may not see."""
    wanted = list(dict.fromkeys(image_ids))
    found = await images.images_by_ids(viewer, wanted) if wanted else []
    sizes = {image.id: Size(float(image.width), float(image.height)) for image in found if image is not None}
    missing = [str(image_id) for image_id in wanted if image_id not in sizes]
    if missing:
        raise NotFound(
            "Some of these pictures do not exist, or you may not see them.", kind="image", ids=missing
        )
    return sizes


def _size(item: NewItem, picture: Size | None) -> Size:
    if item.is_group:
        return Size(1.0, 1.0)
    if item.drawing is not None:
        return drawing_box(item.drawing, item.width, item.height)
    if picture is None:
        usual = NOTE_SIZE if item.note is not None else FRAME_SIZE
        return Size(item.width or usual.width, item.height or usual.height)
    shown = item.crop or WHOLE
    natural = Size(picture.width * (shown.right - shown.left), picture.height * (shown.bottom - shown.top))
    # A picture is never distorted: one side decides.
    if item.width is not None:
        return Size(item.width, item.width * natural.height / natural.width)
    if item.height is not None:
        return Size(item.height * natural.width / natural.height, item.height)
    return natural


def drawing_box(drawing: DrawingContent, width: float | None, height: float | None) -> Size:
    """The box asked for; where it is left open, the least around the centre that holds points and stroke."""
    usual = DRAWING_SIZE
    if drawing.points:
        across = max(abs(x) for x, _ in drawing.points)
        down = max(abs(y) for _, y in drawing.points)
        usual = Size(2 * across + drawing.stroke_width, 2 * down + drawing.stroke_width)
    return Size(width or usual.width, height or usual.height)


async def _placed(
    connection: Connection, board_id: UUID, items: Sequence[NewItem], sizes: Sequence[Size]
) -> list[ItemState]:
    """Gives those without a place or a rank one of their own; the rest as they asked."""
    seeking = [
        size for item, size in zip(items, sizes, strict=True) if item.transform is None and not item.is_group
    ]
    places = iter(await _free_places(connection, board_id, seeking))
    unranked = sum(item.z is None for item in items)
    ranks = iter(ranks_between(await highest_rank(connection, board_id), None, unranked) if unranked else ())
    states: list[ItemState] = []
    for item, size in zip(items, sizes, strict=True):
        transform = Transform() if item.is_group else item.transform
        if transform is None:
            place = next(places)
            transform = checks.transform(Transform(place.x, place.y))
        assert item.id is not None
        states.append(
            ItemState(
                id=item.id,
                kind=_kind(item),
                width=size.width,
                height=size.height,
                z=next(ranks) if item.z is None else item.z,
                transform=transform,
                style=item.style,
                parent_id=item.parent_id,
                image_id=item.image_id,
                crop=item.crop,
                note=item.note,
                drawing=item.drawing,
                frame=item.frame,
            )
        )
    return states


async def require_containers(connection: Connection, board_id: UUID, operation: Operation) -> None:
    """What is added into something is in a frame or group that is there, unlocked, and in no ring."""
    new = [item for part in parts_of(operation) if isinstance(part, AddItems) for item in part.items]
    parents = {item.parent_id for item in new if item.parent_id is not None}
    if not parents:
        return
    wrong = misplaced(operation, await nesting_of(connection, board_id))
    if wrong:
        raise BadInput(
            "parentId names a frame or a group on this board, or one that is added with it.",
            field="parentId",
            ids=[str(item_id) for item_id in wrong],
        )
    if locked := await held(connection, board_id, parents - {item.id for item in new}):
        raise ItemsLocked(
            "What these items are to be in is locked: unlock it first.",
            ids=[str(item_id) for item_id in locked],
        )


async def highest_rank(connection: Connection, board_id: UUID) -> str | None:
    """Removed items count: coming back, they are not to share a rank."""
    rank: str | None = await connection.fetchval(
        "SELECT z FROM item WHERE board = $1 ORDER BY z DESC, id DESC LIMIT 1", board_id
    )
    return rank


# The same formula as geometry.bounds. `open`: nothing lies to the right of the frontmost item in its row.
_EXTENT = """
WITH box AS (
    SELECT z, id, x - across AS l, y - down AS t, x + across AS r, y + down AS b FROM (
        SELECT z, id, x, y,
            (width * abs(cosd(rotation)) + height * abs(sind(rotation))) * scale / 2 AS across,
            (width * abs(sind(rotation)) + height * abs(cosd(rotation))) * scale / 2 AS down
        FROM item WHERE board = $1 AND removed_at IS NULL AND kind <> 'GROUP'
    ) AS item
), last AS (SELECT * FROM box ORDER BY z DESC, id DESC LIMIT 1)
SELECT min(box.l) AS l, min(box.t) AS t, max(box.r) AS r, max(box.b) AS b,
    last.l AS last_l, last.t AS last_t, last.r AS last_r, last.b AS last_b,
    NOT bool_or(box.r > last.r AND box.b > last.t) AS open
FROM box, last GROUP BY last.l, last.t, last.r, last.b
"""


async def _free_places(connection: Connection, board_id: UUID, sizes: Sequence[Size]) -> Sequence[Transform]:
    if not sizes:
        return ()
    record = await connection.fetchrow(_EXTENT, board_id)
    content = last = None
    if record is not None:
        content = Bounds(record["l"], record["t"], record["r"], record["b"])
        if record["open"]:
            last = Bounds(record["last_l"], record["last_t"], record["last_r"], record["last_b"])
    return [Transform(place.x, place.y) for place in places_beside(content, last, sizes)]

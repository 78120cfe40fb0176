"""What clients send about what items show, and how it becomes the domain's values."""

from enum import Enum

import strawberry
from strawberry import UNSET, enum_value, field

from domain import contents, geometry, operations
from domain.operations import DrawingContent, FrameContent, NoteContent
from schema.arguments import MUTATION_ID, uuid_of
from schema.items import Shape
from schema.scalars import Colour


@strawberry.input(description="The content and the box of a note, whole.")
class NoteInput:
    text: str = field(description="Its text, Markdown, up to 20,000 characters.")
    font_size: float = field(default=24.0, description="Height of its letters, in board units before scale.")
    colour: Colour = field(default=Colour("#e8e8ea"), description="Colour of its text.")
    background: Colour | None = field(
        default=Colour("#2a2b30"), description="Colour behind the text; null: transparent."
    )
    width: float = field(default=280.0, description="Width in board units, before scale.")
    height: float = field(default=180.0, description="Height in board units, before scale.")


@strawberry.input(
    description="A point of a drawing, in board units from the item's centre, before scale and rotation."
)
class PointInput:
    x: float = field(description="Horizontal distance from the centre, within ±1e9.")
    y: float = field(description="Vertical distance from the centre, within ±1e9.")


@strawberry.input(description="The content and the box of a drawing, whole.")
class DrawingInput:
    shape: Shape = field(description="What the points are.")
    points: list[PointInput] = field(
        default_factory=list,
        description="PEN: at least 1, LINE and ARROW: 2, RECTANGLE and ELLIPSE: none; at most 5,000.",
    )
    pressures: list[float] = field(
        default_factory=list, description="How hard the pen pressed, 0 to 1: one a point, or none at all."
    )
    stroke: Colour = field(default=Colour("#e8e8ea"), description="Colour of its line.")
    stroke_width: float = field(
        default=4.0, description="Width of its line, in board units before scale, 0.01 to 10,000."
    )
    fill: Colour | None = field(default=None, description="Colour inside; null: not filled.")
    width: float | None = field(
        default=None, description="Width in board units, before scale; null: what the points need, else 200."
    )
    height: float | None = field(
        default=None, description="Height in board units, before scale; null: what the points need, else 200."
    )


@strawberry.input(description="The content and the box of a frame, whole.")
class FrameInput:
    background: Colour | None = field(
        default=None, description="Colour behind what is in it; null: transparent."
    )
    width: float = field(default=1600.0, description="Width in board units, before scale.")
    height: float = field(default=900.0, description="Height in board units, before scale.")


@strawberry.input(
    description="The part of a picture that is shown: fractions of its width and height, from 0 to 1, before "
    "any flip."
)
class CropInput:
    left: float = field(description="Where the shown part begins, from the picture's left edge.")
    top: float = field(description="Where the shown part begins, from the picture's upper edge.")
    right: float = field(description="Where the shown part ends; above `left`.")
    bottom: float = field(description="Where the shown part ends; above `top`.")


@strawberry.input(one_of=True, description="What a new item shows: exactly one of these.")
class ItemContentInput:
    image_id: strawberry.Maybe[strawberry.ID] = field(
        description="A picture of the library that the viewer may see."
    )
    note: strawberry.Maybe[NoteInput] = field(description="A text.")
    drawing: strawberry.Maybe[DrawingInput] = field(description="A stroke by hand or a shape.")
    frame: strawberry.Maybe[FrameInput] = field(description="A named area for other items.")
    group: strawberry.Maybe[bool] = field(
        description="`true`: nothing of its own, other items are in it (see `NewItemInput.parentId`)."
    )


@strawberry.input(description="A note and its new content, whole.")
class NoteEditInput:
    id: strawberry.ID = field(description="The item's id.")
    note: NoteInput = field(description="Its content and box.")


@strawberry.input(description="Which notes are rewritten.")
class EditNotesInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[NoteEditInput] = field(description="Notes and their content, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="A drawing and its new content, whole.")
class DrawingEditInput:
    id: strawberry.ID = field(description="The item's id.")
    drawing: DrawingInput = field(description="Its content and box.")


@strawberry.input(description="Which drawings are redrawn.")
class EditDrawingsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[DrawingEditInput] = field(description="Drawings and their content, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="A frame and its new content, whole.")
class FrameEditInput:
    id: strawberry.ID = field(description="The item's id.")
    frame: FrameInput = field(description="Its content and box.")


@strawberry.input(description="Which frames are changed.")
class EditFramesInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[FrameEditInput] = field(description="Frames and their content, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="What stays where it is when a picture is cropped.")
class CropKeep(Enum):
    PICTURE = enum_value(
        "PICTURE",
        description="What is seen of the picture stays where it is on the board: the edges of the box move.",
    )
    BOX = enum_value(
        "BOX",
        description="The box keeps its centre and its width: the picture moves and grows inside it. Its "
        "height follows the shape of the crop, so that nothing is distorted.",
    )


@strawberry.input(description="A picture's item and what is to be seen of the picture.")
class ItemCropInput:
    id: strawberry.ID = field(description="The item's id.")
    crop: CropInput | None = field(
        default=None, description="The part to show, as of the whole picture; null: the whole."
    )
    keep: CropKeep = field(default=CropKeep.PICTURE, description="What stays where it is.")


@strawberry.input(description="Which pictures are cropped.")
class CropItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[ItemCropInput] = field(description="Items with pictures and their crops, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="A picture's item and the picture that it is to show.")
class ItemImageInput:
    id: strawberry.ID = field(description="The item's id.")
    image_id: strawberry.ID = field(description="A picture of the library that the viewer may see.")


@strawberry.input(description="Which items show another picture.")
class ReplaceImagesInput:
    board_id: strawberry.ID = field(description="The board's id.")
    items: list[ItemImageInput] = field(description="Items with pictures and their new pictures, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


def note_content(value: NoteInput) -> NoteContent:
    return NoteContent(
        text=value.text,
        font_size=value.font_size,
        colour=value.colour,
        background=value.background,
    )


def drawing_content(value: DrawingInput) -> DrawingContent:
    return DrawingContent(
        shape=operations.Shape[value.shape.name],
        points=[(point.x, point.y) for point in value.points],
        pressures=value.pressures,
        stroke=value.stroke,
        stroke_width=value.stroke_width,
        fill=value.fill,
    )


def frame_content(value: FrameInput) -> FrameContent:
    return FrameContent(background=value.background)


def crop_value(value: CropInput) -> operations.Crop:
    return operations.Crop(value.left, value.top, value.right, value.bottom)


def note_edits_of(values: list[NoteEditInput]) -> list[contents.NoteEdit]:
    return [
        contents.NoteEdit(uuid_of(value.id), note_content(value.note), value.note.width, value.note.height)
        for value in values
    ]


def drawing_edits_of(values: list[DrawingEditInput]) -> list[contents.DrawingEdit]:
    return [
        contents.DrawingEdit(
            uuid_of(value.id), drawing_content(value.drawing), value.drawing.width, value.drawing.height
        )
        for value in values
    ]


def frame_edits_of(values: list[FrameEditInput]) -> list[contents.FrameEdit]:
    return [
        contents.FrameEdit(
            uuid_of(value.id), frame_content(value.frame), value.frame.width, value.frame.height
        )
        for value in values
    ]


def crops_of(values: list[ItemCropInput]) -> list[contents.CropEdit]:
    return [
        contents.CropEdit(
            uuid_of(value.id),
            None if value.crop is None else crop_value(value.crop),
            geometry.CropKeep[value.keep.name],
        )
        for value in values
    ]


def replacements_of(values: list[ItemImageInput]) -> list[contents.Replacement]:
    return [contents.Replacement(uuid_of(value.id), uuid_of(value.image_id, "imageId")) for value in values]

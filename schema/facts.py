"""Facts: which column of a row each compiled field shows, in what form, and how columns become objects.

Rows are worked on by columns: what a field shows on all rows is made at once, from the columns of facts.
The forms are those of the resolvers and scalars; schema/plans.py puts them together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import compress, repeat
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from domain.operations import Crop, DrawingContent, FrameContent, NoteContent
from domain.pyramid import Level
from domain.pyramid import levels as levels_of
from schema.scalars import moment_text, thumbhash_text

Form = Callable[[Any], Any]
Column = tuple[str, Form | None]
Columns = Sequence[Sequence[Any]]
Writer = Callable[[Columns], Iterable[Any]]
"""From the columns of facts, which have at least one row, to one value for each row."""


def _maybe_moment(value: datetime | None) -> str | None:
    return None if value is None else moment_text(value)


def _same(*names: str) -> dict[str, Column]:
    return {name: (name, None) for name in names}


# By the names of fields: the column (of domain/board_reads.py) and the form; None: as it is.
PEOPLE: Mapping[str, Column] = _same("id", "name", "colour")
BOARD: Mapping[str, Column] = {
    **_same("id", "title", "description", "seq"),
    "viewerRole": ("role", None),
    "createdAt": ("created_at", moment_text),
    "updatedAt": ("updated_at", moment_text),
    "trashedAt": ("trashed_at", _maybe_moment),
    "itemCount": ("item_count", None),
    "historyStart": ("log_start", None),
    "thumbnail": ("thumbnail", None),
    "canUndo": ("can_undo", None),
    "canRedo": ("can_redo", None),
}
TRANSFORM: Mapping[str, Column] = {
    **_same("x", "y", "scale", "rotation"),
    "flipX": ("flip_x", None),
    "flipY": ("flip_y", None),
}
ITEM: Mapping[str, Column] = {
    **_same("id", "kind", "x", "y", "scale", "rotation", "width", "height", "z"),
    **_same("opacity", "grayscale", "brightness", "contrast", "saturation", "sampling"),
    **_same("locked", "hidden", "name", "tags", "link"),
    "parentId": ("parent_id", None),
    "addedAt": ("added_at", moment_text),
}
IMAGE: Mapping[str, Column] = {
    **_same("id", "name", "title", "tags", "format", "mime", "width", "height", "frames", "digest"),
    **_same("palette", "state", "failure", "pages"),
    "durationMs": ("duration_ms", None),
    "hasAlpha": ("has_alpha", None),
    "sizeBytes": ("size_bytes", None),
    "takenAt": ("taken_at", _maybe_moment),
    "camera": ("camera", lambda camera: camera or None),
    "placeholder": ("placeholder", thumbhash_text),
    "createdAt": ("created_at", moment_text),
    "fullUrl": ("full", None),
    "sourceUrl": ("source_url", None),
    "originalUrl": ("id", lambda image_id: f"/files/{image_id}/original"),
}
# Of the five of `animation` in board_reads.
ANIMATION: Mapping[str, int | None] = {
    "width": 0,
    "height": 1,
    "frames": 2,
    "durationMs": 3,
    "sizeBytes": 4,
    "url": None,
}
# Of one entry of `renditions` in board_reads.
RENDITION: Mapping[str, int | None] = {"size": 0, "width": 1, "height": 2, "sizeBytes": 3, "url": None}


class Content(NamedTuple):
    """A column that holds a whole, and the fields that show a part of it."""

    column: str
    decode: Callable[[Any], Any]
    parts: Mapping[str, str]


class ItemType(NamedTuple):
    """How a kind of items is shown. shows: the fields that are columns; content: those of a whole."""

    name: str
    shows: Mapping[str, Column]
    content: Content | None = None


_NOTE = Content(
    "note",
    msgspec.json.Decoder(NoteContent).decode,
    {"text": "text", "fontSize": "font_size", "colour": "colour", "background": "background"},
)
_DRAWING = Content(
    "drawing",
    msgspec.json.Decoder(DrawingContent).decode,
    {
        **{name: name for name in ("shape", "points", "pressures", "stroke", "fill")},
        "strokeWidth": "stroke_width",
    },
)
_FRAME = Content("frame", msgspec.json.Decoder(FrameContent).decode, {"background": "background"})
CROP = Content(
    "crop",
    msgspec.json.Decoder(Crop).decode,
    {name: name for name in ("left", "top", "right", "bottom")},
)
# By the column item.kind.
KINDS: Mapping[str, ItemType] = {
    "IMAGE": ItemType("ImageItem", ITEM),
    "NOTE": ItemType("NoteItem", ITEM, _NOTE),
    "DRAWING": ItemType("DrawingItem", ITEM, _DRAWING),
    "FRAME": ItemType("FrameItem", ITEM, _FRAME),
    "GROUP": ItemType("GroupItem", ITEM),
}
POINT: Mapping[str, int] = {"x": 0, "y": 1}


class Piece(NamedTuple):
    """One entry of an object."""

    key: str
    write: Writer


def shown(place: int, form: Form | None = None) -> Writer:
    """What a column holds, perhaps in another form."""
    if form is None:
        return lambda columns: columns[place]
    return lambda columns: map(form, columns[place])


def always(value: object) -> Writer:
    return lambda columns: repeat(value, len(columns[0]))


def shape(pieces: Sequence[Piece]) -> Writer:
    """One object for each row, with the entries in their order."""
    made = _object_of(tuple(piece.key for piece in pieces))
    if not pieces:
        return always(made())
    writers = [piece.write for piece in pieces]
    return lambda columns: list(map(made, *(write(columns) for write in writers)))


def divided(choose: Writer, writers: Mapping[Any, Writer]) -> Writer:
    """Each row by the writer that it is chosen for."""

    def written(columns: Columns) -> Sequence[Any]:
        choices = list(choose(columns))
        if choices.count(choices[0]) == len(choices):
            return list(writers[choices[0]](columns))
        found = {}
        for choice in set(choices):
            chosen = [each == choice for each in choices]
            found[choice] = iter(writers[choice]([tuple(compress(column, chosen)) for column in columns]))
        return [next(found[choice]) for choice in choices]

    return written


def with_parts(write: Writer, place: int, decode: Callable[[Any], Any], parts: Sequence[str]) -> Writer:
    """Gives the writer columns more: the parts of a whole, in their order, as the last ones."""

    def written(columns: Columns) -> Iterable[Any]:
        wholes = [decode(whole) for whole in columns[place]]
        return write([*columns, *(list(map(attrgetter(part), wholes)) for part in parts)])

    return written


def renditions(
    fields: Sequence[tuple[str, str]], image_id: int, place: int
) -> Callable[[Columns], list[list[dict[str, Any]]]]:
    """fields: keys and names. place: of the entries, or of as much of each as the fields show."""

    def value(field: str, entry: Sequence[int], image: str) -> object:
        column = RENDITION.get(field)
        if column is not None:
            return entry[column]
        return f"/files/{image}/{entry[0]}" if field == "url" else "Rendition"

    def written(found: Sequence[Any] | None, image: str) -> list[dict[str, Any]]:
        return [{key: value(field, entry, image) for key, field in fields} for entry in found or ()]

    return lambda columns: list(map(written, columns[place], columns[image_id]))


def tiles(
    fields: Sequence[tuple[str, str]],
    level_fields: Mapping[str, Sequence[tuple[str, str]]],
    places: Sequence[int],
) -> Writer:
    """fields: keys and names; level_fields: those below each key of `levels`.

    places: of id, width, height and sides of tiles.
    """

    def value(key: str, field: str, image: str, levels: Sequence[Level], tile_px: int) -> object:
        match field:
            case "tileSize":
                return tile_px
            case "url":
                return f"/files/{image}/tiles"
            case "levels":
                return [
                    {below: getattr(level, name, "TileLevel") for below, name in level_fields[key]}
                    for level in levels
                ]
        return "Tiles"

    def written(image: str, width: int, height: int, tile_px: int | None) -> dict[str, object] | None:
        if tile_px is None:
            return None
        found = levels_of(width, height, tile_px)
        return {key: value(key, field, image, found, tile_px) for key, field in fields}

    return lambda columns: list(map(written, *(columns[place] for place in places)))


def animation(fields: Sequence[tuple[str, str]], image_id: int, place: int) -> Writer:
    """fields: keys and names. place: of what `ANIMATION` counts."""

    def value(field: str, found: Sequence[Any], image: str) -> object:
        if field not in ANIMATION:
            return "Animation"
        part = ANIMATION[field]
        return f"/files/{image}/animation" if part is None else found[part]

    def written(found: Sequence[Any] | None, image: str) -> dict[str, object] | None:
        return None if found is None else {key: value(field, found, image) for key, field in fields}

    return lambda columns: list(map(written, columns[place], columns[image_id]))


def points(fields: Sequence[tuple[str, str]], place: int) -> Writer:
    """fields: keys and names. place: of lists of points."""
    made = _object_of(tuple(key for key, _ in fields))
    places = [POINT.get(field) for _, field in fields]

    def written(found: Sequence[tuple[float, float]]) -> list[object]:
        return [made(*("Point" if part is None else point[part] for part in places)) for point in found]

    return lambda columns: map(written, columns[place])


@lru_cache(1_000)
def _object_of(keys: tuple[str, ...]) -> type[msgspec.Struct]:
    """What is written as an object with these keys: several times as quick as a dictionary."""
    names = {f"entry_{number}": key for number, key in enumerate(keys)}
    return msgspec.defstruct("Object", list(names), rename=names, gc=False)

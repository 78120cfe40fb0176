"""Facts: which column of a row each compiled field shows, and in what form.

The forms are those of the resolvers and scalars; schema/plans.py puts them together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec

from domain.operations import NoteContent
from schema.scalars import moment_text, thumbhash_text

Form = Callable[[Any], Any]
Column = tuple[str, Form | None]


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
    **_same("opacity", "grayscale", "locked", "hidden", "name"),
    "addedAt": ("added_at", moment_text),
}
IMAGE: Mapping[str, Column] = {
    **_same("id", "name", "title", "tags", "format", "mime", "width", "height", "frames", "digest"),
    **_same("palette", "state", "failure"),
    "hasAlpha": ("has_alpha", None),
    "sizeBytes": ("size_bytes", None),
    "takenAt": ("taken_at", _maybe_moment),
    "camera": ("camera", lambda camera: camera or None),
    "placeholder": ("placeholder", thumbhash_text),
    "createdAt": ("created_at", moment_text),
    "originalUrl": ("id", lambda image_id: f"/files/{image_id}/original"),
}
# Of a note's content, and of one entry of `renditions` in board_reads.
NOTE: Mapping[str, str] = {
    "text": "text",
    "fontSize": "font_size",
    "colour": "colour",
    "background": "background",
}
RENDITION: Mapping[str, int | None] = {"size": 0, "width": 1, "height": 2, "sizeBytes": 3, "url": None}

_note = msgspec.json.Decoder(NoteContent).decode


@dataclass(frozen=True)
class Piece:
    """One entry of an object, by one of: a place in the row, a function of the row, a part of the note,
    a constant."""

    key: str
    place: int | None = None
    later: Callable[[Sequence[Any]], Any] | None = None
    part: str | None = None
    constant: object = None


class Shape:
    """How a row becomes an object. whole: the place of the note that has the parts."""

    def __init__(self, pieces: Sequence[Piece], *, whole: int | None = None) -> None:
        # Every key stands here first: the order of the answer is that of the pieces.
        self._empty = {piece.key: piece.constant for piece in pieces}
        direct = [(piece.key, piece.place) for piece in pieces if piece.place is not None]
        self._keys = [key for key, _ in direct]
        self._values = _picked([place for _, place in direct])
        self._later = [(piece.key, piece.later) for piece in pieces if piece.later is not None]
        self._parts = [(piece.key, piece.part) for piece in pieces if piece.part is not None]
        self._whole = whole
        self._is_direct = len(direct) == len(pieces)

    def __call__(self, row: Sequence[Any]) -> dict[str, Any]:
        if self._is_direct:
            return dict(zip(self._keys, self._values(row), strict=True))
        made = self._empty.copy()
        made.update(zip(self._keys, self._values(row), strict=True))
        for key, later in self._later:
            made[key] = later(row)
        if self._whole is not None:
            note = _note(row[self._whole])
            for key, part in self._parts:
                made[key] = getattr(note, part)
        return made


def _picked(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Those of a row, always several: itemgetter gives a lone one bare."""
    if len(places) == 1:
        [place] = places
        return lambda row: (row[place],)
    return itemgetter(*places) if places else lambda row: ()


def renditions(
    fields: Sequence[tuple[str, str]], image_id: int, place: int, *, sizes_alone: bool
) -> Callable[[Sequence[Any]], list[dict[str, Any]]]:
    """fields: keys and names. place: of the sizes, or of the whole entries."""

    def value(field: str, entry: Sequence[int], image: str) -> object:
        column = RENDITION.get(field)
        if column is not None:
            return entry[column]
        return f"/files/{image}/{entry[0]}" if field == "url" else "Rendition"

    def written(row: Sequence[Any]) -> list[dict[str, Any]]:
        made = sorted(row[place] or ())
        entries = [(size,) for size in made] if sizes_alone else made
        return [{key: value(field, entry, row[image_id]) for key, field in fields} for entry in entries]

    return written

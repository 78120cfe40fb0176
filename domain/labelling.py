"""Labelling: tags and names of many pictures at once, all of them or none."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath
from uuid import UUID

import asyncpg

from domain import receipts
from domain.access import Viewer, require_scope
from domain.database import Connection, transaction
from domain.entries import MOST_TAGS, good_tags, plain_line, require_distinct, require_few
from domain.errors import BadInput, NotFound
from domain.formats import FORMATS
from domain.images import LONGEST_NAME, Image, image_of, images_by_ids, require_own_images
from domain.notices import announce_images

LONGEST_PATTERN = 255
MOST_DIGITS = 9

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NUMBER = re.compile(r"n(?::0?([1-9]))?")
_SUFFIXES = frozenset(suffix for one in FORMATS.values() for suffix in one.extensions)
_FIELDS: dict[str, Callable[[Image], str]] = {
    "name": lambda image: _stem_and_suffix(image.name)[0],
    "title": lambda image: image.title,
    "date": lambda image: (image.taken_at or image.created_at).strftime("%Y-%m-%d"),
    "width": lambda image: str(image.width),
    "height": lambda image: str(image.height),
    "format": lambda image: image.format.lower(),
}


async def tag_images(
    viewer: Viewer,
    ids: Sequence[UUID],
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    mutation_id: UUID | None = None,
) -> list[Image]:
    """Takes tags off and puts others behind those that stay. Returns the pictures in the order of their ids.

    Raises BadInput (also when one would have too many), LimitExceeded, NotFound, Forbidden.
    """
    require_scope(viewer)
    require_few(ids, "ids")
    wanted = sorted(set(ids))
    added, removed = good_tags(add, "add"), good_tags(remove, "remove")
    if not added and not removed:
        raise BadInput("Nothing to change was given: tags to add or to remove.", field="add")
    if both := [tag for tag in added if tag in removed]:
        raise BadInput(f"“{both[0]}” is to be added and removed: say one of them.", field="remove")
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "tag_images", ids=wanted, add=added, remove=removed
        )
        if receipt.is_repeat:
            return receipt.answer(list[Image])
        await require_own_images(viewer, connection, wanted)
        rows = await connection.fetch(
            "UPDATE image SET tags = ARRAY(SELECT tag FROM unnest(tags) WITH ORDINALITY AS old (tag, n) "
            "WHERE tag <> ALL($3::text[]) ORDER BY n) || ARRAY(SELECT tag FROM unnest($2::text[]) "
            "WITH ORDINALITY AS new (tag, n) WHERE tag <> ALL(image.tags) ORDER BY n) "
            "WHERE id = ANY($1::uuid[]) RETURNING *",
            wanted,
            added,
            removed,
        )
        if full := [str(row["id"]) for row in rows if len(row["tags"]) > MOST_TAGS]:
            raise BadInput(
                f"There are at most {MOST_TAGS} tags on one picture; {len(full)} of these would have more.",
                field="add",
                limit=MOST_TAGS,
                ids=full,
            )
        images = await _told(connection, rows)
        await receipt.keep(images)
    return images


async def rename_images(
    viewer: Viewer, ids: Sequence[UUID], pattern: str, *, start: int = 1, mutation_id: UUID | None = None
) -> list[Image]:
    """Names by a pattern (see `names_by`), counting in the order of the ids, in which they are returned.

    Raises BadInput, LimitExceeded, NotFound, Forbidden.
    """
    require_scope(viewer)
    _require_list(ids)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "rename_images", ids=ids, pattern=pattern, start=start
        )
        if receipt.is_repeat:
            return receipt.answer(list[Image])
        await require_own_images(viewer, connection, sorted(ids))
        rows = await connection.fetch("SELECT * FROM image WHERE id = ANY($1::uuid[])", ids)
        present = {row["id"]: image_of(row) for row in rows}
        names = names_by(pattern, [present[image_id] for image_id in ids], start)
        rows = await connection.fetch(
            "UPDATE image SET name = new.name FROM unnest($1::uuid[], $2::text[]) AS new (key, name) "
            "WHERE image.id = new.key RETURNING image.*",
            ids,
            names,
        )
        named = {image.id: image for image in await _told(connection, rows)}
        images = [named[image_id] for image_id in ids]
        await receipt.keep(images)
    return images


async def preview_names(viewer: Viewer, ids: Sequence[UUID], pattern: str, *, start: int = 1) -> list[str]:
    """What `rename_images` would call them, in the order of the ids. Raises BadInput, NotFound."""
    _require_list(ids)
    seen = await images_by_ids(viewer, ids)
    present = [image for image in seen if image is not None]
    if len(present) != len(ids):
        raise NotFound("Some of these pictures do not exist, or you may not see them.")
    return names_by(pattern, present, start)


def names_by(pattern: str, images: Sequence[Image], start: int = 1) -> list[str]:
    """In a pattern {n} is a number that counts up, {n:03} with so many digits at least; {name} (without its
    extension), {title}, {date} (YYYY-MM-DD), {width}, {height}, {format} say what they say; {{ is a brace.
    The extension stays as it is. Raises BadInput.
    """
    if not 0 <= start < 10**MOST_DIGITS:
        raise BadInput(f"start is a whole number of at most {MOST_DIGITS} digits.", field="start")
    if not 1 <= len(pattern) <= LONGEST_PATTERN:
        raise BadInput(f"The pattern has 1 to {LONGEST_PATTERN} characters.", field="pattern")
    return [_name_by(pattern, image, start + at) for at, image in enumerate(images)]


def _name_by(pattern: str, image: Image, number: int) -> str:
    def said(piece: re.Match[str]) -> str:
        if piece[0] in ("{{", "}}"):
            return piece[0][0]
        field = piece[1] or ""
        if field in _FIELDS:
            return _FIELDS[field](image)
        if counted := _NUMBER.fullmatch(field):
            return f"{number:0{int(counted[1] or 1)}}"
        raise BadInput(
            f"{piece[0]} stands for nothing: use {{n}}, {{n:03}}, "
            f"{', '.join(f'{{{name}}}' for name in _FIELDS)}, or {{{{ for a brace.",
            field="pattern",
        )

    stem = plain_line(_PIECE.sub(said, pattern), LONGEST_NAME + 1)
    if not stem:
        raise BadInput(
            "By this pattern a picture would have no name: write something in it.", field="pattern"
        )
    name = stem + _stem_and_suffix(image.name)[1]
    if len(name) > LONGEST_NAME:
        raise BadInput(
            f"By this pattern “{image.name[:40]}” would have a name of more than {LONGEST_NAME} characters.",
            field="pattern",
            limit=LONGEST_NAME,
        )
    return name


def _stem_and_suffix(name: str) -> tuple[str, str]:
    """Only what a picture's file may end in is taken for an extension: “v1.2” has none."""
    path = PurePath(name)
    return (path.stem, path.suffix) if path.suffix.lower() in _SUFFIXES else (name, "")


def _require_list(ids: Sequence[UUID]) -> None:
    require_few(ids, "ids")
    require_distinct(ids, "ids")


async def _told(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Image]:
    images = sorted((image_of(row) for row in rows), key=lambda image: image.id)
    await announce_images(connection, [image.id for image in images])
    return images

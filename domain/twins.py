"""Twins: pictures of one person that are nearly one, found as they come, and what their owner says of them.

Pairs are kept, so that reading groups of them compares nothing. Of a group the picture that is kept best
comes first: the most pixels, then the most bytes, then the oldest.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from domain import colours, darkroom, jobs, likeness, originals, receipts, renditions, storage
from domain.access import IMAGE_READABLE, Viewer, require_scope
from domain.database import execute, fetch, fetchrow, transaction
from domain.decoding import MAX_PIXELS, Inspection
from domain.entries import good_ids
from domain.errors import BadInput, ImageRefused, NotFound
from domain.findings import Asked, ImageFilter, ImageSort, Whose
from domain.images import Image, image_of, require_own_images
from domain.notices import announce_image
from domain.pagination import Page, cursor_to, keys_of, page_of, require_first

MOST_CANDIDATES = 200
MOST_TWINS = 50
"""Of one picture, the nearest: a thousand icons that are all alike need no half million pairs."""

MOST_PAIRS = 50_000
MOST_GROUPS_A_PAGE = 100
MOST_SIMILAR = 300
LEAST_SIMILAR = 0.5
SIMILAR_REACH = 0.12
LOOKED_AGAIN_AT_ONCE = 500


class Group(Struct, frozen=True):
    """Pictures each of which is nearly another of them. likeness: the least of those of its pairs."""

    images: list[Image]
    likeness: float
    newest_at: datetime


class Similar(Struct, frozen=True):
    image: Image
    likeness: float


_NEAR = (
    "SELECT id, fingerprint, sketch, width::float8 / height AS ratio FROM image WHERE owner = $1 "
    "AND id <> $2 AND fingerprint IS NOT NULL AND webref_bands(fingerprint) && $3::int[] "
    "AND bit_count((fingerprint # $4::bigint)::bit(64)) <= $5 "
    "ORDER BY bit_count((fingerprint # $4::bigint)::bit(64)), id LIMIT $6"
)
_PAIR = (
    "INSERT INTO twin (image, other, bits, likeness) SELECT least($1, id), greatest($1, id), bits, likeness "
    "FROM unnest($2::uuid[], $3::int[], $4::float8[]) AS found (id, bits, likeness) "
    "ON CONFLICT (image, other) DO UPDATE SET bits = excluded.bits, likeness = excluded.likeness"
)


async def find_twins(image_id: UUID) -> None:
    """Pairs the picture with those of its owner that are nearly it. Running it twice is running it once.

    Called after the picture's row was committed: of two that come at once, the later finds the other.
    """
    row = await fetchrow(
        "SELECT owner, fingerprint, sketch, width::float8 / height AS ratio FROM image WHERE id = $1",
        image_id,
    )
    if row is None or row["fingerprint"] is None:
        return
    own: tuple[int, bytes] = (row["fingerprint"], row["sketch"])
    bands = likeness.bands_near(own[0])
    candidates = await fetch(_NEAR, row["owner"], image_id, bands, own[0], likeness.NEAR, MOST_CANDIDATES)
    twins = [
        (likeness.likeness(own, (each["fingerprint"], each["sketch"])), each)
        for each in candidates
        if likeness.are_twins(own[1], each["sketch"], row["ratio"], each["ratio"])
    ]
    nearest = sorted(twins, key=lambda twin: (-twin[0], twin[1]["id"]))[:MOST_TWINS]
    if nearest:
        await execute(
            _PAIR,
            image_id,
            [each["id"] for _, each in nearest],
            [likeness.distance(own[0], each["fingerprint"]) for _, each in nearest],
            [alike for alike, _ in nearest],
        )


async def develop(run: jobs.Run) -> None:
    """The job of a picture that came in: it is paired, and its renditions are made."""
    await find_twins(run.job.subject)
    await renditions.make_renditions(run)


async def look_again(run: jobs.Run) -> None:
    """The job for pictures from before there were fingerprints: looks at what was made of them, and pairs."""
    image_id = run.job.subject
    row = await fetchrow("SELECT digest, width, height, fingerprint FROM image WHERE id = $1", image_id)
    if row is None:
        return
    if row["fingerprint"] is None:
        try:
            seen = await _seen(image_id, row["digest"], max(MAX_PIXELS, row["width"] * row["height"]))
        except ImageRefused as refused:
            raise jobs.Unrepeatable(str(refused.details["reason"]), refused.message) from None
        async with transaction() as connection:
            await connection.execute(
                "UPDATE image SET palette = $2, colours = $3, cells = $4, fingerprint = $5, sketch = $6 "
                "WHERE id = $1",
                image_id,
                [swatch.colour for swatch in seen.swatches],
                colours.flat(seen.swatches),
                colours.cells_of(seen.swatches),
                seen.fingerprint,
                seen.sketch,
            )
            await announce_image(connection, image_id)
    await find_twins(image_id)


async def _seen(image_id: UUID, digest: str, max_pixels: int) -> Inspection:
    """Of the smallest rendition, else of the original. Raises ImageRefused, Unrepeatable."""
    made = await fetch(
        "SELECT size, recipe FROM rendition WHERE image = $1 AND size > 0 ORDER BY size LIMIT 1", image_id
    )
    keys = [renditions.key(digest, row["size"], row["recipe"]) for row in made]
    for key in (*keys, originals.key(digest)):
        try:
            async with storage.as_file(key) as path:
                return await darkroom.inspect(path, max_pixels=max_pixels)
        except FileNotFoundError:
            continue
    raise jobs.Unrepeatable(originals.MISSING, "neither a rendition nor the original is in the store")


async def queue_unlooked() -> int:
    """Some of those that were never looked at, behind all other work; not those that it failed for."""
    async with transaction() as connection:
        waiting: int = await connection.fetchval(
            "SELECT count(*) FROM job WHERE kind = $1 AND state IN ('QUEUED', 'RUNNING')", jobs.LOOKS
        )
        rows = await connection.fetch(
            "SELECT id FROM image WHERE fingerprint IS NULL AND NOT EXISTS (SELECT FROM job "
            "WHERE job.kind = $1 AND job.subject = image.id AND job.state <> 'DONE') "
            "ORDER BY created_at, id LIMIT $2",
            jobs.LOOKS,
            max(0, LOOKED_AGAIN_AT_ONCE - waiting),
        )
        for row in rows:
            await jobs.enqueue(connection, jobs.LOOKS, row["id"], priority=-1, queue=jobs.PICTURES)
    return len(rows)


_PAIRS = (
    "SELECT t.image, t.other, t.likeness, greatest(i.created_at, o.created_at) AS newest_at FROM twin t "
    "JOIN image i ON i.id = t.image AND i.owner = $1 JOIN image o ON o.id = t.other AND o.owner = $1 "
    "AND i.trashed_at IS NULL AND o.trashed_at IS NULL WHERE t.settled_at IS NULL "
    "ORDER BY t.likeness DESC, t.id LIMIT $2"
)


async def duplicates_of(viewer: Viewer, *, first: int = 20, after: str | None = None) -> Page[Group]:
    """Groups of the viewer's pictures that are nearly one and of which nothing was said, the newest first."""
    require_first(first, MOST_GROUPS_A_PAGE)
    last = keys_of(after, "duplicates", datetime, UUID)
    found = _grouped(await fetch(_PAIRS, viewer.account_id, MOST_PAIRS))
    order = sorted(found, key=lambda group: (group.newest_at, group.ids[0]), reverse=True)
    rest = order if last is None else [group for group in order if (group.newest_at, group.ids[0]) < last]
    page = rest[: first + 1]
    rows = await fetch(
        "SELECT * FROM image WHERE owner = $1 AND id = ANY($2::uuid[])",
        viewer.account_id,
        [image_id for group in page for image_id in group.ids],
    )
    images = {row["id"]: image_of(row) for row in rows}

    async def total() -> int:
        return len(order)

    def shape(group: "_Ids") -> Group:
        members = [images[image_id] for image_id in group.ids if image_id in images]
        return Group(sorted(members, key=_worth), group.likeness, group.newest_at)

    def cursor_of(group: "_Ids") -> str:
        return cursor_to("duplicates", group.newest_at, group.ids[0])

    return page_of(page, first, cursor_of, total).mapped(shape)


class _Ids(Struct):
    ids: list[UUID]
    likeness: float
    newest_at: datetime


def _grouped(pairs: Sequence[asyncpg.Record]) -> list[_Ids]:
    """What is joined by pairs, each with its ids in order."""
    groups: dict[UUID, _Ids] = {}
    for pair in pairs:
        joined = _Ids([], pair["likeness"], pair["newest_at"])
        for image_id in (pair["image"], pair["other"]):
            group = groups.get(image_id) or _Ids([image_id], 1.0, pair["newest_at"])
            if image_id not in joined.ids:
                joined.ids += group.ids
            joined.likeness = min(joined.likeness, group.likeness)
            joined.newest_at = max(joined.newest_at, group.newest_at)
        for image_id in joined.ids:
            groups[image_id] = joined
    whole = {id(group): group for group in groups.values()}
    for group in whole.values():
        group.ids.sort()
    return list(whole.values())


def _worth(image: Image) -> tuple[int, int, datetime, UUID]:
    return -image.width * image.height, -image.size_bytes, image.created_at, image.id


async def settle_duplicates(
    viewer: Viewer, ids: Sequence[UUID], *, settled: bool, mutation_id: UUID | None = None
) -> list[Image]:
    """Says that these are no duplicates of one another, or takes that back; remembered pair by pair.

    Raises BadInput for fewer than two, LimitExceeded, NotFound, Forbidden.
    """
    require_scope(viewer)
    wanted = good_ids(ids)
    if len(wanted) < 2:
        raise BadInput("Name at least two pictures that were shown as duplicates.", field="ids")
    command = "dismiss_duplicates" if settled else "restore_duplicates"
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, command, ids=wanted)
        if receipt.is_repeat:
            return receipt.answer(list[Image])
        await require_own_images(viewer, connection, wanted)
        await connection.execute(
            "UPDATE twin SET settled_at = CASE WHEN $2 THEN now() END "
            "WHERE image = ANY($1::uuid[]) AND other = ANY($1::uuid[])",
            wanted,
            settled,
        )
        rows = await connection.fetch("SELECT * FROM image WHERE id = ANY($1::uuid[]) ORDER BY id", wanted)
        images = [image_of(row) for row in rows]
        await receipt.keep(images)
    return images


async def similar_images(
    viewer: Viewer, image_id: UUID, *, first: int = 50, after: str | None = None
) -> Page[Similar]:
    """What looks like a picture, among the viewer's own and those on shared boards, the likest first.

    Looked at are near fingerprints and those that show its two chief colours; of them, what is alike by
    half or more. Raises NotFound.
    """
    require_first(first, MOST_SIMILAR)
    last = keys_of(after, "similar", float, UUID)
    row = await fetchrow(
        f"SELECT i.* FROM {IMAGE_READABLE} WHERE i.id = $2",  # noqa: S608 (constants)
        viewer.account_id,
        image_id,
    )
    if row is None:
        raise NotFound("There is no such picture, or you may not see it.", kind="image", id=str(image_id))
    found = [] if row["fingerprint"] is None else await _alike(viewer, row)
    rest = found if last is None else [entry for entry in found if _falling(entry) > _falling(last)]
    page = rest[: first + 1]
    rows = await fetch(
        f"SELECT i.* FROM {IMAGE_READABLE} WHERE i.id = ANY($2::uuid[])",  # noqa: S608 (constants)
        viewer.account_id,
        [similar_id for _, similar_id in page],
    )
    images = {row["id"]: image_of(row) for row in rows}

    async def total() -> int:
        return len(found)

    shown = [entry for entry in page if entry[1] in images]
    return page_of(shown, first, lambda entry: cursor_to("similar", *entry), total).mapped(
        lambda entry: Similar(images[entry[1]], entry[0])
    )


def _falling(entry: tuple[Any, ...]) -> tuple[float, UUID]:
    return -entry[0], entry[1]


async def _alike(viewer: Viewer, row: asyncpg.Record) -> list[tuple[float, UUID]]:
    """All that is worth showing beside the picture, in order."""
    own: tuple[int, bytes] = (row["fingerprint"], row["sketch"])
    near = Asked(viewer, ImageFilter(whose=Whose.ALL))
    near.conditions.append(
        f"webref_bands(i.fingerprint) && {near.parameter(likeness.bands_near(own[0]), 'int[]')}"
    )
    candidates = await _candidates(near, row["id"], "i.created_at DESC")
    if row["palette"]:
        chief = ImageFilter(whose=Whose.ALL, colours=row["palette"][:2], colour_reach=SIMILAR_REACH)
        coloured = Asked(viewer, chief)
        candidates |= await _candidates(coloured, row["id"], coloured.order(ImageSort.COLOUR).key)
    ranked = [(likeness.likeness(own, other), image_id) for image_id, other in candidates.items()]
    return sorted((entry for entry in ranked if entry[0] >= LEAST_SIMILAR), key=_falling)[:MOST_SIMILAR]


async def _candidates(asked: Asked, but: UUID, order: str) -> dict[UUID, tuple[int, bytes]]:
    rows = await fetch(
        f"SELECT i.id, i.fingerprint, i.sketch FROM image i WHERE {asked.where} "  # noqa: S608 (parameters)
        f"AND i.fingerprint IS NOT NULL AND i.id <> {asked.parameter(but, 'uuid')} "
        f"ORDER BY {order}, i.id LIMIT {asked.parameter(MOST_SIMILAR, 'int')}",
        *asked.parameters,
    )
    return {row["id"]: (row["fingerprint"], row["sketch"]) for row in rows}

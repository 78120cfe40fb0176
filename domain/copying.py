"""Copying: the items of a board onto a new one, rows and lines of the log, in one statement of PostgreSQL.

A hundred thousand items are not sent to and fro for it. What the log says of an item is written here in SQL
as `encode` writes it of an ItemState; the law of replay is what both are held to.
"""

from uuid import UUID

from domain import nearness
from domain.database import Connection
from domain.operations import Aspect
from domain.tally import ADDED

CHUNK = 500
"""So many items are in one line of the copy's log."""

LONGEST_MS = 6_000
"""Longer than a request may take: that is what ends it."""

_KEPT = (
    "kind, image_id, x, y, scale, rotation, flip_x, flip_y, width, height, opacity, grayscale, brightness, "
    "contrast, saturation, sampling, locked, hidden, name, tags, link, z, crop, note, drawing, frame"
)
_TRANSFORM = ("x", "y", "scale", "rotation", "flip_x", "flip_y")
_STYLE = (
    *("opacity", "grayscale", "brightness", "contrast", "saturation", "sampling"),
    *("locked", "hidden", "name", "tags", "link"),
)


def _object(*names: str) -> str:
    pairs = ", ".join(f"'{name}', {name}" for name in names)
    return f"jsonb_build_object({pairs})"


# Most items look as they came: eleven defaults of each would be half of the log. Content that may be null is
# never left out, for a note without a background is not one with the usual background.
_STATE = f"""
{_object("id", "kind", "width", "height", "z", "parent_id")} || CASE
    WHEN kind = 'IMAGE' THEN {_object("image_id", "crop")}
    WHEN kind = 'NOTE' THEN {_object("note")}
    WHEN kind = 'DRAWING' THEN {_object("drawing")}
    WHEN kind = 'FRAME' THEN {_object("frame")}
    ELSE '{{}}'
END || jsonb_build_object('transform', {_object(*_TRANSFORM)}, 'style', CASE
    WHEN (opacity, brightness, contrast, saturation) = (1, 1, 1, 1) AND sampling = 'SMOOTH'
        AND NOT (grayscale OR locked OR hidden) AND name = '' AND tags = '{{}}' AND link = '' THEN '{{}}'
    ELSE {_object(*_STYLE)}
END)
"""

# In the order of their adding, but what is in something after it. added_at tells that order on the copy, too.
_COPY = f"""
WITH RECURSIVE original AS MATERIALIZED (
    SELECT item.id AS old, item.parent_id AS old_parent, added_at, gen_random_uuid() AS id, {_KEPT}
    FROM item WHERE board = $1 AND removed_at IS NULL
), deep AS (
    SELECT old, NULL::uuid AS parent_id, 0 AS depth FROM original
    WHERE old_parent IS NULL OR old_parent NOT IN (SELECT old FROM original)
    UNION ALL
    SELECT original.old, container.id, depth + 1
    FROM deep JOIN original AS container USING (old) JOIN original ON original.old_parent = container.old
    WHERE container.kind IN ('GROUP', 'FRAME')
), placed AS MATERIALIZED (
    SELECT id, parent_id, {_KEPT}, row_number() OVER (ORDER BY depth, added_at, old) AS n
    FROM original JOIN deep USING (old)
), made AS (
    INSERT INTO item (board, id, parent_id, {_KEPT}, indexed, added_by, added_at, changed_seq)
    SELECT $2, id, parent_id, {_KEPT}, (SELECT count(*) > $4 FROM original), $3,
        now() + n * interval '1 microsecond', $5 + 1 + (n - 1) / {CHUNK}
    FROM placed
), chunk AS (
    SELECT (n - 1) / {CHUNK} AS place, max(n) AS item_count, array_agg(id ORDER BY n) AS ids,
        jsonb_agg({_STATE} ORDER BY n) AS items
    FROM placed GROUP BY place
), counted AS (
    SELECT place, jsonb_object_agg('{ADDED}' || kind, number) AS tally FROM (
        SELECT (n - 1) / {CHUNK} AS place, kind, count(*) AS number FROM placed GROUP BY place, kind
    ) AS kinds GROUP BY place
), logged AS (
    INSERT INTO change (
        board, seq, actor, at, about, operation, inverse, subjects, aspects, tally, item_count
    )
    SELECT $2, $5 + 1 + place, $3, clock_timestamp(), 'items',
        jsonb_build_object('kind', 'add_items', 'items', items),
        jsonb_build_object('kind', 'remove_items', 'ids', ids), ids,
        array_fill({int(Aspect.EXISTENCE)}, ARRAY[cardinality(ids)]), tally, item_count
    FROM chunk JOIN counted USING (place)
    RETURNING seq, at
)
UPDATE board SET item_count = (SELECT count(*) FROM placed),
    indexed = (SELECT count(*) > $4 FROM original),
    seq = greatest(seq, (SELECT max(seq) FROM logged)),
    updated_at = greatest(updated_at, (SELECT max(at) FROM logged))
WHERE id = $2
"""  # noqa: S608 (constants)


async def copy_items(
    connection: Connection, actor_id: UUID, source_id: UUID, copy_id: UUID, seq: int
) -> None:
    """seq: of the copy's last change. The caller has just made the copy, and announced it.

    Each keeps its look, place, depth and what it is in; removed items and comments are left behind.
    """
    await connection.execute(f"SET LOCAL statement_timeout = {LONGEST_MS}")
    await connection.execute(_COPY, source_id, copy_id, actor_id, nearness.MANY, seq)

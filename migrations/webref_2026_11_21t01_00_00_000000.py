"""What Piccolo cannot say of comments, containers and drawings; old lines of the log in the newer words."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T01:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks and indexes of more kinds of items and of comments; a spatial index"

# The same formula as geometry.bounds.
ACROSS = "(width * abs(cosd(rotation)) + height * abs(sind(rotation))) * scale / 2"
DOWN = "(width * abs(sind(rotation)) + height * abs(cosd(rotation))) * scale / 2"

# Bits as in domain/operations/registers.py.
MASK = """
CASE operation->>'kind'
    WHEN 'transform_items' THEN 2
    WHEN 'reorder_items' THEN 4
    WHEN 'edit_items' THEN 8
    WHEN 'restyle_items' THEN 32 + 64 + 2048 + 4096 + 8192
    WHEN 'edit_board' THEN 131072 * (operation ? 'title')::int + 262144 * (operation ? 'description')::int
        + 524288 * (operation ? 'cover_id')::int
    ELSE 1
END
"""

STATEMENTS = [
    "UPDATE change SET operation = jsonb_set(operation, ARRAY['kind'], '\"edit_items\"') "
    "WHERE operation->>'kind' = 'edit_notes'",
    "UPDATE change SET inverse = jsonb_set(inverse, ARRAY['kind'], '\"edit_items\"') "
    "WHERE inverse->>'kind' = 'edit_notes'",
    "UPDATE change SET tally = (tally - 'edit_notes') || jsonb_build_object('edit_items', tally->'edit_notes') "
    "WHERE tally ? 'edit_notes'",
    "UPDATE change SET about = 'board', subjects = ARRAY['00000000-0000-0000-0000-000000000000'::uuid] "
    "WHERE operation->>'kind' IN ('edit_board', 'trash_board', 'restore_board')",
    f"UPDATE change SET aspects = array_fill({MASK}, ARRAY[cardinality(subjects)])",  # noqa: S608
    "ALTER TABLE change ADD CONSTRAINT change_about_check CHECK (about IN ('items', 'comments', 'board'))",
    "ALTER TABLE change ADD CONSTRAINT change_aspects_check "
    "CHECK (cardinality(aspects) = cardinality(subjects))",
    "ALTER TABLE item DROP CONSTRAINT item_kind_check",
    "ALTER TABLE item ADD CONSTRAINT item_kind_check "
    "CHECK (kind IN ('IMAGE', 'NOTE', 'DRAWING', 'FRAME', 'GROUP'))",
    "ALTER TABLE item DROP CONSTRAINT item_content_check",
    "ALTER TABLE item ADD CONSTRAINT item_content_check CHECK ("
    "(kind = 'IMAGE') = (image_id IS NOT NULL) AND (kind = 'NOTE') = (note IS NOT NULL) "
    "AND (kind = 'DRAWING') = (drawing IS NOT NULL) AND (kind = 'FRAME') = (frame IS NOT NULL) "
    "AND (crop IS NULL OR kind = 'IMAGE'))",
    "ALTER TABLE item ADD CONSTRAINT item_looks_check CHECK ("
    "brightness BETWEEN 0 AND 4 AND contrast BETWEEN 0 AND 4 AND saturation BETWEEN 0 AND 4 "
    "AND sampling IN ('SMOOTH', 'NEAREST'))",
    "ALTER TABLE item ADD CONSTRAINT item_parent_check CHECK (parent_id <> id)",
    "ALTER TABLE item ADD COLUMN bounds box NOT NULL GENERATED ALWAYS AS ("
    f"box(point(x - {ACROSS}, y - {DOWN}), point(x + {ACROSS}, y + {DOWN}))) STORED",
    # Of the trusted extensions that every PostgreSQL brings: an index by equality and by place.
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "CREATE INDEX item_board_bounds ON item USING gist (board, bounds) "
    "WHERE removed_at IS NULL AND kind <> 'GROUP'",
    "CREATE INDEX item_parent ON item (parent_id) WHERE parent_id IS NOT NULL",
    "ALTER TABLE comment ADD CONSTRAINT comment_place_check "
    "CHECK (x > '-Infinity' AND x < 'Infinity' AND y > '-Infinity' AND y < 'Infinity')",
    "ALTER TABLE comment ADD CONSTRAINT comment_thread_check CHECK (thread_id <> id)",
    "CREATE INDEX comment_board_at ON comment (board, at, id)",
    "CREATE INDEX comment_thread ON comment (thread_id, at, id) WHERE thread_id IS NOT NULL",
    "CREATE INDEX comment_item ON comment (item_id) WHERE item_id IS NOT NULL",
]


class RawTable(Table):
    """Only a way to send SQL through Piccolo."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="webref", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await RawTable.raw(statement)

    manager.add_raw(run)
    return manager

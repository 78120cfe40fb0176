"""What Piccolo cannot say of snapshots: checks and the key; and the tallies of the changes that are there."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T00:55:06:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks and keys of snapshots, tallies of earlier changes"

STATEMENTS = [
    "ALTER TABLE snapshot ADD CONSTRAINT snapshot_seq_check CHECK (seq > 0)",
    "ALTER TABLE snapshot ADD CONSTRAINT snapshot_item_count_check CHECK (item_count >= 0)",
    "ALTER TABLE board ADD CONSTRAINT board_log_start_check CHECK (log_start >= 0 AND log_start <= seq)",
    "CREATE UNIQUE INDEX snapshot_board_seq ON snapshot (board, seq)",
    # It is compressed already.
    "ALTER TABLE snapshot ALTER COLUMN state SET STORAGE EXTERNAL",
    # As domain/tally.py counts the operations of that time.
    """
    UPDATE change SET tally = CASE
        WHEN operation->>'kind' = 'add_items' THEN (
            SELECT coalesce(jsonb_object_agg('add_items:' || kind, number), '{{}}') FROM (
                SELECT item->>'kind' AS kind, count(*) AS number
                FROM jsonb_array_elements(operation->'items') AS item GROUP BY 1
            ) AS added)
        WHEN operation->>'kind' = 'remove_items'
            THEN jsonb_build_object('remove_items', jsonb_array_length(operation->'ids'))
        WHEN operation ? 'items'
            THEN jsonb_build_object(operation->>'kind', jsonb_array_length(operation->'items'))
        ELSE jsonb_build_object(operation->>'kind', 1)
    END
    """,
    """
    UPDATE change SET item_count = line.item_count FROM (
        SELECT id, sum(CASE operation->>'kind'
            WHEN 'add_items' THEN jsonb_array_length(operation->'items')
            WHEN 'restore_items' THEN jsonb_array_length(operation->'items')
            WHEN 'remove_items' THEN -jsonb_array_length(operation->'ids')
            ELSE 0
        END) OVER (PARTITION BY board ORDER BY seq) AS item_count FROM change
    ) AS line WHERE line.id = change.id
    """,
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

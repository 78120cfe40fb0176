"""Only large boards keep their items in the spatial index: on all others a move writes nothing but the row."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-28T16:37:43:000000"
VERSION = "1.38.0"
DESCRIPTION = "items of large boards alone in the spatial index"

# As domain/nearness.py has it.
MANY = 2_000

STATEMENTS = [
    # The same formula as geometry.bounds.
    "CREATE FUNCTION webref_bounds(x float8, y float8, scale float8, rotation float8, width float8, "
    "height float8) RETURNS box LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT box("
    "point(x - (width * abs(cosd(rotation)) + height * abs(sind(rotation))) * scale / 2, "
    "y - (width * abs(sind(rotation)) + height * abs(cosd(rotation))) * scale / 2), "
    "point(x + (width * abs(cosd(rotation)) + height * abs(sind(rotation))) * scale / 2, "
    "y + (width * abs(sind(rotation)) + height * abs(cosd(rotation))) * scale / 2)) $$",
    f"UPDATE board SET indexed = true WHERE item_count > {MANY}",  # noqa: S608
    "UPDATE item SET indexed = true FROM board WHERE board.id = item.board AND board.indexed "
    "AND removed_at IS NULL",
    # Room for a row's next version on its own page: then no index needs to learn where it is.
    "ALTER TABLE item SET (fillfactor = 80)",
    "ALTER TABLE item DROP COLUMN bounds",
    "ALTER TABLE item ADD COLUMN bounds box GENERATED ALWAYS AS ("
    "CASE WHEN indexed THEN webref_bounds(x, y, scale, rotation, width, height) END) STORED",
    "CREATE INDEX item_board_bounds ON item USING gist (board, bounds) "
    "WHERE removed_at IS NULL AND kind <> 'GROUP' AND indexed",
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

"""What Piccolo cannot say of former pictures: their indexes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T01:34:21:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes of pictures that items showed before"

STATEMENTS = [
    "CREATE INDEX former_image_image ON former_image (image, board)",
    "CREATE INDEX former_image_board_seq ON former_image (board, seq)",
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

"""One row for each page of an atlas."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-28T19:41:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "pages of atlases are unique by board and number"


class RawTable(Table):
    """Only a way to send SQL through Piccolo."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="webref", description=DESCRIPTION)

    async def run() -> None:
        await RawTable.raw("CREATE UNIQUE INDEX atlas_page_of_board ON atlas_page (board, number)")

    manager.add_raw(run)
    return manager

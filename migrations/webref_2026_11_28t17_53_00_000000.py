"""Tells the planner that pieces of names are dear to compute: it looks them up, and reads no library for them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-28T17:53:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the cost of pieces of names"


class RawTable(Table):
    """Only a way to send SQL through Piccolo."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="webref", description=DESCRIPTION)

    async def run() -> None:
        await RawTable.raw("ALTER FUNCTION webref_trigrams(text) COST 5000")

    manager.add_raw(run)
    return manager

"""Lets a rendition have any size that the settings ask for, and 0 for a picture's own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-28T16:46:28:000000"
VERSION = "1.38.0"
DESCRIPTION = "renditions of any size"

STATEMENTS = [
    "ALTER TABLE rendition DROP CONSTRAINT rendition_size_check",
    "ALTER TABLE rendition ADD CONSTRAINT rendition_size_check CHECK (size >= 0)",
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

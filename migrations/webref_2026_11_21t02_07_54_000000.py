"""Writes beside each picture which renditions its rows say it has."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T02:07:54:000000"
VERSION = "1.38.0"
DESCRIPTION = "the renditions of earlier pictures, beside them"

STATEMENTS = [
    "UPDATE image SET made = found.made FROM ("
    "SELECT image, array_agg(ARRAY[size::bigint, width, height, size_bytes] ORDER BY size) AS made "
    "FROM rendition GROUP BY image) AS found WHERE image.id = found.image",
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

"""Marks of images and accounts: which transaction last wrote what answers that were kept may show."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-20T23:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "marks of images and accounts for answers that are kept"

STATEMENTS = [
    # Piccolo has no column of this type.
    *(
        f"ALTER TABLE {table} ADD COLUMN touched xid8 NOT NULL DEFAULT pg_current_xact_id()"
        for table in ("image", "account")
    ),
    "CREATE INDEX image_touched ON image (touched)",
    "CREATE INDEX account_touched ON account (touched)",
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

"""Whom an identity leads to."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-29T02:23:44:000000"
VERSION = "1.38.0"
DESCRIPTION = "identities are unique by issuer and subject, and an account has one of each issuer"


class RawTable(Table):
    """Only a way to send SQL through Piccolo."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="webref", description=DESCRIPTION)

    async def run() -> None:
        await RawTable.raw("CREATE UNIQUE INDEX identity_of_subject ON identity (issuer, subject)")
        await RawTable.raw("CREATE UNIQUE INDEX identity_of_account ON identity (account, issuer)")

    manager.add_raw(run)
    return manager

"""Sessions are found by the word that they stand on, also those that began before it was kept."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-29T10:54:14:000000"
VERSION = "1.38.0"
DESCRIPTION = "sessions by issuer and subject and by issuer and sid; whose person has no other way in are given theirs"

STATEMENTS = (
    # Who has no password and is known at one provider only cannot have come by another way.
    """
    UPDATE session SET issuer = identity.issuer, subject = identity.subject
    FROM identity JOIN account ON account.id = identity.account
    WHERE session.account = account.id AND session.revoked_at IS NULL AND account.password_hash = ''
        AND identity.issuer NOT LIKE 'ldap:%'
        AND NOT EXISTS (SELECT FROM identity AS other WHERE other.account = account.id AND other.id <> identity.id)
    """,
    "CREATE INDEX session_of_subject ON session (issuer, subject) WHERE issuer IS NOT NULL AND revoked_at IS NULL",
    "CREATE INDEX session_of_sid ON session (issuer, sid) WHERE sid IS NOT NULL AND revoked_at IS NULL",
)


class RawTable(Table):
    """Only a way to send SQL through Piccolo."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="webref", description=DESCRIPTION)

    async def run() -> None:
        for statement in STATEMENTS:
            await RawTable.raw(statement)

    manager.add_raw(run)
    return manager

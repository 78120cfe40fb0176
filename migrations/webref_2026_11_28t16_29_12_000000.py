"""Jobs can be cancelled, and are taken in the order of what was looked at last."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-28T16:29:12:000000"
VERSION = "1.38.0"
DESCRIPTION = "cancelled jobs, and the order in which jobs are taken"

STATEMENTS = [
    "ALTER TABLE job DROP CONSTRAINT job_state_check",
    "ALTER TABLE job ADD CONSTRAINT job_state_check "
    "CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'DEAD', 'CANCELLED'))",
    "DROP INDEX job_due",
    "CREATE INDEX job_due ON job (priority DESC, looked_at DESC NULLS LAST, due_at, id) WHERE state = 'QUEUED'",
    "CREATE INDEX job_subject ON job (subject) WHERE state IN ('QUEUED', 'RUNNING')",
    "CREATE INDEX job_ended ON job (updated_at) WHERE state IN ('DONE', 'DEAD')",
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

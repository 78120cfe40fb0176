"""What Piccolo cannot say of the trash: its index; and the covers that boards had before, from their logs."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-28T16:35:09:000000"
VERSION = "1.38.0"
DESCRIPTION = "index of the trash of pictures; former covers"

STATEMENTS = [
    "CREATE INDEX image_trashed ON image (owner, trashed_at DESC, id DESC) WHERE trashed_at IS NOT NULL",
    "INSERT INTO former_image (board, image, seq) SELECT DISTINCT change.board, image.id, change.seq "
    "FROM change CROSS JOIN LATERAL (SELECT change.inverse UNION ALL SELECT jsonb_array_elements("
    "CASE WHEN change.inverse->>'kind' = 'compound' THEN change.inverse->'operations' ELSE '[]' END)) "
    "AS part (said) JOIN image ON image.id::text = part.said->>'cover_id' "
    "WHERE part.said->>'kind' = 'edit_board'",
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

"""What Piccolo cannot say of the first tables: checks, search, collation, composite and partial indexes.

Names carry their table, for constraint names are unique in a schema.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-20T22:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks, search and indexes of the first tables"

CHECKS = {
    "account": {
        "email": "email = lower(email) AND email <> ''",
        "colour": "colour ~ '^#[0-9a-f]+$' AND length(colour) = 7",
    },
    "instance": {
        "only_one": "id = 1",
        "registration": "registration IN ('OPEN', 'INVITE', 'CLOSED')",
    },
    "invite": {"used": "(used_at IS NULL) = (used_by IS NULL)"},
    "token": {"scope": "scope IN ('READ', 'WRITE')"},
    "image": {
        "state": "state IN ('WAITING', 'WORKING', 'READY', 'FAILED')",
        "digest": "digest ~ '^[0-9a-f]+$' AND length(digest) = 64",
        "pixels": "width > 0 AND height > 0 AND frames > 0",
        "size_bytes": "size_bytes > 0",
    },
    "rendition": {
        "size": "size IN (320, 800, 1600)",
        "pixels": "width > 0 AND height > 0 AND size_bytes > 0",
    },
    "board": {"seq": "seq >= 0", "item_count": "item_count >= 0"},
    "board_grant": {"role": "role IN ('OWNER', 'EDITOR', 'COMMENTER', 'VIEWER')"},
    "item": {
        "kind": "kind IN ('IMAGE', 'NOTE')",
        "content": "(kind = 'IMAGE') = (image_id IS NOT NULL) AND (kind = 'NOTE') = (note IS NOT NULL)",
        # NaN sorts above Infinity, so these bounds refuse it as well.
        "place": "x > '-Infinity' AND x < 'Infinity' AND y > '-Infinity' AND y < 'Infinity'",
        "scale": "scale > 0 AND scale < 'Infinity'",
        "rotation": "rotation >= 0 AND rotation < 360",
        "box": "width > 0 AND width < 'Infinity' AND height > 0 AND height < 'Infinity'",
        "opacity": "opacity >= 0 AND opacity <= 1",
        "z": "z <> ''",
    },
    "change": {
        "seq": "seq > 0",
        "kind": "kind IN ('DO', 'UNDO', 'REDO')",
        "aspect": "aspect IN ('existence', 'transform', 'style', 'order', 'note', 'board')",
        "reverts": "(kind = 'DO') = (reverts IS NULL)",
    },
    "job": {
        "state": "state IN ('QUEUED', 'RUNNING', 'DONE', 'DEAD')",
        "lease": "(state = 'RUNNING') = (lease IS NOT NULL AND lease_until IS NOT NULL)",
        "progress": "progress >= 0 AND progress <= 1",
        "attempts": "attempts >= 0 AND max_attempts > 0",
    },
}

STATEMENTS = [
    *(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name}_check CHECK ({check})"
        for table, checks in CHECKS.items()
        for name, check in checks.items()
    ),
    'ALTER TABLE item ALTER COLUMN z TYPE text COLLATE "C"',
    # array_to_string is only STABLE for the sake of other element types.
    "CREATE FUNCTION webref_words(text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE "
    "AS $$ SELECT array_to_string($1, ' ') $$",
    "ALTER TABLE board ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS ("
    "setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'B')"
    ") STORED",
    # Punctuation goes first, else a file name is one word.
    "ALTER TABLE image ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS ("
    "setweight(to_tsvector('simple', title || ' ' || webref_words(tags)), 'A') || "
    "setweight(to_tsvector('simple', regexp_replace(name, '[^[:alnum:]]+', ' ', 'g')), 'B')"
    ") STORED",
    "CREATE INDEX board_search ON board USING gin (search)",
    "CREATE INDEX image_search ON image USING gin (search)",
    "CREATE INDEX image_tags ON image USING gin (tags)",
    "CREATE INDEX image_owner_created ON image (owner, created_at DESC, id DESC)",
    "CREATE INDEX image_digest ON image (digest)",
    "CREATE INDEX image_batch ON image (batch) WHERE batch IS NOT NULL",
    "CREATE UNIQUE INDEX rendition_image_size ON rendition (image, size)",
    "CREATE INDEX rendition_digest ON rendition (digest)",
    "CREATE UNIQUE INDEX board_grant_board_account ON board_grant (board, account)",
    "CREATE INDEX board_grant_account ON board_grant (account, board)",
    "CREATE INDEX board_trashed ON board (trashed_at) WHERE trashed_at IS NOT NULL",
    "CREATE INDEX board_cover ON board (cover_id) WHERE cover_id IS NOT NULL",
    "CREATE INDEX item_board_z ON item (board, z, id)",
    "CREATE INDEX item_board_pictures ON item (board, added_at, id) "
    "WHERE image_id IS NOT NULL AND removed_at IS NULL",
    "CREATE UNIQUE INDEX change_board_seq ON change (board, seq)",
    "CREATE INDEX change_board_actor ON change (board, actor, seq)",
    "CREATE UNIQUE INDEX receipt_actor_mutation ON receipt (actor, mutation_id)",
    "CREATE INDEX session_expires ON session (expires_at)",
    "CREATE UNIQUE INDEX job_kind_subject ON job (kind, subject) WHERE state IN ('QUEUED', 'RUNNING')",
    "CREATE INDEX job_due ON job (queue, priority, due_at) WHERE state = 'QUEUED'",
    "CREATE INDEX job_leases ON job (lease_until) WHERE state = 'RUNNING'",
    "CREATE INDEX job_created ON job (created_at, id)",
    "INSERT INTO instance (id, registration) VALUES (1, 'INVITE')",
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

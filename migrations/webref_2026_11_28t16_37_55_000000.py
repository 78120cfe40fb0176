"""What Piccolo cannot say of finding pictures: how fragments of names, colours and fingerprints are indexed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-28T16:37:55:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes to find pictures and their twins by"

STATEMENTS = [
    # Every three letters that follow one another: what contains a fragment contains all of the fragment's.
    "CREATE FUNCTION webref_trigrams(text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
    "SELECT coalesce(array_agg(DISTINCT substr(lower($1), n, 3)), ARRAY[]::text[]) "
    "FROM generate_series(1, length($1) - 2) AS n $$",
    # As bands_near of domain/likeness.py has them.
    "CREATE FUNCTION webref_bands(bigint) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
    "SELECT ARRAY[($1 & 65535)::integer, (1 << 16) | ($1 >> 16 & 65535)::integer, "
    "(2 << 16) | ($1 >> 32 & 65535)::integer, (3 << 16) | ($1 >> 48 & 65535)::integer] $$",
    "CREATE INDEX image_fragments ON image USING gin (webref_trigrams(name || ' ' || title))",
    "CREATE INDEX image_bands ON image USING gin (webref_bands(fingerprint)) WHERE fingerprint IS NOT NULL",
    "CREATE INDEX image_cells ON image USING gin (cells)",
    "CREATE INDEX image_owner_name ON image (owner, lower(name) COLLATE \"C\", id)",
    "CREATE INDEX image_owner_size ON image (owner, size_bytes, id)",
    "CREATE INDEX image_unlooked ON image (created_at) WHERE fingerprint IS NULL",
    "CREATE UNIQUE INDEX twin_image_other ON twin (image, other)",
    "ALTER TABLE twin ADD CONSTRAINT twin_order_check CHECK (image < other)",
    "ALTER TABLE twin ADD CONSTRAINT twin_values_check "
    "CHECK (bits >= 0 AND bits <= 64 AND likeness >= 0 AND likeness <= 1)",
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

"""What is printed or generated equals what it comes from: the SDL and the migrations."""

import asyncio
import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

from piccolo.apps.migrations.commands.new import AutoMigrationManager

from domain.piccolo_app import APP_CONFIG
from schema.root import printed_schema

SDL = Path(__file__).resolve().parent.parent / "schema" / "schema.graphql"


def sdl_drift() -> str | None:
    if SDL.read_text() == printed_schema():
        return None
    return "schema/schema.graphql is not what the schema prints: run `make schema` and read the difference"


async def migration_drift() -> str | None:
    with redirect_stdout(io.StringIO()):  # Piccolo counts aloud
        statements = await AutoMigrationManager(auto_input="n").get_alter_statements(APP_CONFIG)
    wanted = [line for statement in statements for line in statement.statements]
    if not wanted:
        return None
    return "the tables have changed without a migration: run `make migration`\n" + "\n".join(wanted)


def main() -> int:
    problems = [problem for problem in (sdl_drift(), asyncio.run(migration_drift())) if problem]
    print("\n".join(problems) if problems else "no drift: the SDL and the migrations are what the code says")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

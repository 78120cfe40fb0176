"""The printed contract: `python -m schema.export` writes it, `--check` tells whether it is up to date."""

import sys
from pathlib import Path

from schema.root import schema

CONTRACT = Path(__file__).with_name("schema.graphql")


def sdl() -> str:
    """The schema in the definition language, always the same text for the same schema."""
    return schema.as_str().rstrip() + "\n"


def main(arguments: list[str]) -> int:
    printed = sdl()
    if "--check" not in arguments:
        CONTRACT.write_text(printed)
        return 0
    if CONTRACT.exists() and CONTRACT.read_text() == printed:
        return 0
    sys.stderr.write("schema/schema.graphql is out of date: run `python -m schema.export`.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

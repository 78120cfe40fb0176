"""The documents: what they name is there, and what they say of the configuration is so."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from domain.settings import MEGABYTE, VARIABLES, Settings

HOUSE = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    HOUSE / name
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/schema.md", "docs/deployment.md")
] + sorted((HOUSE / "docs" / "decisions").glob("*.md"))
ROOMS = ("api", "domain", "nix", "nixos", "schema", "tests", "web/src", "workers")


def spans(document: Path) -> list[str]:
    """What stands in code spans."""
    return re.findall(r"`([^`\n]+)`", document.read_text())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_is_there(document: Path) -> None:
    named = [span for span in spans(document) if re.fullmatch(rf"({'|'.join(ROOMS)}|docs)/[\w./-]+", span)]
    assert [span for span in named if not (HOUSE / span).exists()] == []
    links = re.findall(r"\]\((?!http|#)([^)]+)\)", document.read_text())
    missing = [link for link in links if not (document.parent / link).exists()]
    assert [link for link in missing if not link.endswith(".png")] == []  # `make screenshots` makes them


def test_every_command_that_is_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name


def test_the_map_of_the_code_names_modules_that_are_there_and_all_of_the_domain() -> None:
    text = (HOUSE / "ARCHITECTURE.md").read_text()
    rows = re.search(r"\| in `domain/` \| modules \|\n(.*?)\n\n", text, re.DOTALL)
    assert rows is not None
    named = set(re.findall(r"`([a-z_]+)`", rows[1]))
    there = {path.stem for path in (HOUSE / "domain").rglob("*.py")}
    assert named == there - {"__init__", "piccolo_app", "piccolo_conf"}
    assert len(text.splitlines()) < 250


def test_the_readme_tells_every_variable_and_its_default() -> None:
    rows = re.findall(r"^\| (`WEBREF_[^|]+) \| ([^|]+) \|", (HOUSE / "README.md").read_text(), re.MULTILINE)
    told: dict[str, str] = {}
    for names, defaults in rows:
        variables = re.findall(r"WEBREF_\w+", names)
        told.update(zip(variables, defaults.replace("`", "").split(", "), strict=True))
    assert set(told) == set(VARIABLES)
    defaults_of = {field.name: field.default for field in fields(Settings)}
    for variable, words in told.items():
        default = defaults_of[VARIABLES[variable][0]]
        if variable.endswith("_MB"):
            assert isinstance(default, int)
            default //= MEGABYTE
        if isinstance(default, tuple):
            default = ",".join(map(str, default))
        if isinstance(default, bool):
            assert words == ("on" if default else "off")
        elif default == ():
            assert words == "none"
        elif default is not None and default != "":
            assert words.removeprefix("./") == str(default), variable


def test_locks_name_versions_and_hashes_and_no_host() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.lock", "*package-lock.json"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=True,
    )
    locks = [HOUSE / name for name in listed.stdout.split()]
    assert len(locks) >= 8
    assert [str(lock) for lock in locks if "://" in lock.read_text()] == []

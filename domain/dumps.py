"""Dumps: PostgreSQL's own programs for taking a database along and putting it back."""

import asyncio
import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from domain.errors import DatabaseUnavailable
from domain.postgres import binary_folders

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


async def dump(url: str, to: Path, *, snapshot: str, configured: Path | None) -> None:
    """Writes what that exported snapshot sees. configured: the folder of the programs, if set.

    Raises DatabaseUnavailable in words.
    """
    await _run(
        url,
        "pg_dump",
        configured,
        *("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={to}"),
    )


async def put_back(url: str, dumped: Path, *, configured: Path | None) -> None:
    """Into an empty database: all or nothing. Raises DatabaseUnavailable in words."""
    await _run(
        url,
        "pg_restore",
        configured,
        *("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(dumped)),
    )


async def _run(url: str, program: str, configured: Path | None, *arguments: str) -> None:
    tool = await asyncio.to_thread(_tool, program, configured, await _major(url))
    address, environment = _address(url)
    process = await asyncio.create_subprocess_exec(
        *(str(tool), f"--dbname={address}", *arguments),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        first = next(iter(said.decode(errors="replace").splitlines()), f"exit status {process.returncode}")
        raise DatabaseUnavailable(f"{program} could not do its work: {first}")


async def _major(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return connection.get_server_version().major
    finally:
        await connection.close()


def _tool(program: str, configured: Path | None, server: int) -> Path:
    """The one of the server's own version, else the oldest that is newer: older ones refuse it. Blocks."""
    found = dict(_versions(program, configured))
    fitting = [version for version in sorted(found) if version >= server]
    if not fitting:
        raise DatabaseUnavailable(
            f"There is no {program} of PostgreSQL {server} or newer here. Install PostgreSQL's client "
            "programs of that version, or name their folder in WEBREF_POSTGRES_BIN."
        )
    return found[fitting[0]]


def _versions(program: str, configured: Path | None) -> Iterator[tuple[int, Path]]:
    for folder in (configured,) if configured is not None else binary_folders():
        tool = folder / program
        if os.access(tool, os.X_OK):
            told = subprocess.run(  # noqa: S603 (PostgreSQL's own program)
                [tool, "--version"], capture_output=True, text=True, check=False
            )
            if (version := _VERSION.search(told.stdout)) is not None:
                yield int(version[1]), tool


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The url without its password, which everybody could read in the list of processes; and that as PG*."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    parts = urlsplit(url)
    if parts.password is not None:
        environment["PGPASSWORD"] = unquote(parts.password)
        user, _, host = parts.netloc.rpartition("@")
        parts = parts._replace(netloc=f"{user.partition(':')[0]}@{host}")
    return parts.geturl(), environment

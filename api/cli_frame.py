"""The frame of every command: where the data is, how failures are told, which exit code they have."""

import asyncio
import functools
import logging
import os
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec

import click

from domain.errors import DomainError
from domain.settings import Settings

P = ParamSpec("P")

FAILED, BROKEN, INTERRUPTED = 1, 70, 130


def told_in_words(command: Callable[P, None]) -> Callable[P, None]:
    """What goes wrong is one line on stderr: 1 for what the person can mend, 70 for our own mistakes."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except DomainError as error:
            fail(error.message)
        except (KeyboardInterrupt, asyncio.CancelledError):
            fail("interrupted", INTERRUPTED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone
            sys.exit(FAILED)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            fail(f"{error.strerror or error}{where}")
        except Exception as error:
            traceback.print_exc()
            fail(f"this is a mistake in webref, please report it: {error!r}", BROKEN)

    return run


def fail(words: str, code: int = FAILED) -> None:
    click.echo(f"webref: {words}", err=True)
    sys.exit(code)


def say(words: str) -> None:
    click.echo(words)
    sys.stdout.flush()


def takes_place(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that say which webref is meant; the command gets its `settings`."""

    @click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Folder that holds everything (WEBREF_DATA; default: data).",
    )
    @click.option(
        "--database-url",
        metavar="URL",
        help="A PostgreSQL of your own instead of the built-in one (WEBREF_DATABASE_URL).",
    )
    @functools.wraps(command)
    def run(*args: Any, data: Path | None, database_url: str | None, **kwargs: Any) -> None:
        environment = dict(os.environ)
        if database_url is not None:
            environment["WEBREF_DATABASE_URL"] = database_url  # judged like the variable
        settings = Settings.from_environment({"data": data}, environment)
        command(*args, settings=settings, **kwargs)

    return run


def set_up_logging(level: int = logging.INFO) -> None:
    """One line each on stderr."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def run_quietly(work: Coroutine[Any, Any, None]) -> None:
    """Runs a short command: only warnings are logged."""
    set_up_logging(logging.WARNING)
    asyncio.run(work)


@asynccontextmanager
async def open_webref(settings: Settings) -> AsyncIterator[None]:
    """The database of these settings, started if need be and up to date, for one short command."""
    from domain.database import close_database, open_database
    from domain.migrate import migrate
    from domain.postgres import database_at

    async with database_at(settings) as url:
        await migrate(url)
        await open_database(url, pool_size=2)
        try:
            yield
        finally:
            await close_database()

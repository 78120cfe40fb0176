"""The command line: `webref` and what it can do; a command imports what is heavy itself."""

import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from api.cli_accounts import token, user
from api.cli_backup import backup, restore
from api.cli_frame import (
    FAILED,
    fail,
    open_webref,
    run_quietly,
    say,
    set_up_logging,
    takes_place,
    told_in_words,
)
from api.cli_mail import mail
from api.cli_storage import storage
from domain.settings import Settings

if TYPE_CHECKING:
    from domain.doctor import Finding
    from domain.repairs import Repair

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="webref", prog_name="webref")
def main() -> None:
    """webref: a self-hosted reference board.

    `webref serve` is all it takes to use it. Every setting is an environment variable (WEBREF_…,
    listed in the README); an option given here wins over its variable.
    """


@main.command()
@told_in_words
@takes_place
@click.option("--host", metavar="ADDRESS", help="Address to listen on (WEBREF_HOST; default: 127.0.0.1).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="NUMBER",
    help="Port to listen on; 0 takes a free one (WEBREF_PORT; default: 8484).",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    metavar="NUMBER",
    help="Worker threads in this process; 0 leaves the work to `webref worker` (WEBREF_WORKERS; default: 2).",
)
def serve(settings: Settings, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve API, web app and workers until Ctrl-C.

    Starts the built-in PostgreSQL in the data folder (unless a database is given), brings it up
    to date, and prints the address when everything is ready.
    """
    settings = replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
        workers=settings.workers if workers is None else workers,
    )
    set_up_logging()
    say("Starting webref")
    import uvloop

    from api.cli_serve import serve_until_stopped

    uvloop.run(serve_until_stopped(settings, say))


@main.command()
@told_in_words
@takes_place
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    metavar="NUMBER",
    help="Worker threads in this process (WEBREF_WORKERS; default: 2).",
)
def worker(settings: Settings, threads: int | None) -> None:
    """Do the background work of a server that runs elsewhere, until Ctrl-C.

    Needs the same database and the same data folder as the server.
    """
    settings = replace(settings, workers=threads or max(1, settings.workers))
    set_up_logging()
    say("Starting the workers")
    import uvloop

    from api.cli_worker import work_until_stopped

    uvloop.run(work_until_stopped(settings, say))


@main.command()
@told_in_words
@takes_place
def migrate(settings: Settings) -> None:
    """Bring the database up to date.

    `serve` and `worker` do this themselves; use it to do it at a time of your choice. Safe to
    run twice and from several machines at once.
    """
    from domain.migrate import migrate as bring_up_to_date
    from domain.postgres import database_at

    async def run() -> None:
        async with database_at(settings) as url:
            await bring_up_to_date(url)
        say("The database is up to date.")

    run_quietly(run())


@main.command()
@told_in_words
@takes_place
@click.option("--deep", is_flag=True, help="Read every stored file and compare its SHA-256: takes its time.")
@click.option("--repair", is_flag=True, help="First put right what can be without losing anything.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for programs.")
def doctor(settings: Settings, deep: bool, repair: bool, as_json: bool) -> None:
    """Look whether everything is well; change nothing, unless told to repair.

    Checks the database, its migrations and durability, the data folder, that every picture has
    its file, that no change log has a gap, unfinished work, the picture decoder, and the broker
    where one is named. --repair has lost renditions made again, counts and index put right, work
    of lost workers freed, files without a picture put aside for a day; nothing that is in use is
    removed, and it is safe while people work. Exit code 0: all is well (now); 1: something needs
    attention.
    """
    from domain.doctor import Finding, Verdict, examine
    from domain.repairs import Repair

    def tell(done: list[Repair], findings: list[Finding]) -> None:
        for each in done:
            say(f"mended  {each.subject}: {each.count} {each.words}")
        width = max(len(finding.subject) for finding in findings)
        marks = {Verdict.WELL: "ok  ", Verdict.NOTE: "note", Verdict.ILL: "FAIL"}
        for finding in findings:
            say(f"{marks[finding.verdict]}  {finding.subject:<{width}}  {finding.words}")
        ill = sum(finding.verdict is Verdict.ILL for finding in findings)
        say(f"\n{ill} of {len(findings)} checks failed." if ill else "\nAll is well.")

    async def run() -> None:
        done = await _repaired(settings, deep) if repair else []
        findings = [finding async for finding in examine(settings, deep=deep)]
        if settings.broker_url is not None:
            findings.append(await _broker(settings))
        ill = any(finding.verdict is Verdict.ILL for finding in findings)
        if as_json:
            answer = {"well": not ill, "findings": findings, "repairs": done}
            say(msgspec.json.format(msgspec.json.encode(answer)).decode())
        else:
            tell(done, findings)
        if ill:
            sys.exit(FAILED)

    run_quietly(run())


async def _broker(settings: Settings) -> "Finding":
    from workers.checkup import broker_finding

    return await broker_finding(settings)


async def _repaired(settings: Settings, deep: bool) -> "list[Repair]":
    from domain import repairs
    from domain.storage import close_storage, start_storage

    async with open_webref(settings):
        await start_storage(settings)
        try:
            return [done async for done in repairs.repair(settings, deep=deep)]
        finally:
            await close_storage()


@main.command()
@told_in_words
@takes_place
@click.option(
    "--days",
    type=click.IntRange(7, 36_500),
    metavar="NUMBER",
    help="Days of history that stay, at least 7 (WEBREF_HISTORY_DAYS).",
)
def compact(settings: Settings, days: int | None) -> None:
    """Let go of old history: undo, log and past of the boards before that many days.

    The boards themselves stay as they are. `serve` and `worker` do it by themselves, once an
    hour, where WEBREF_HISTORY_DAYS says how much is kept. Safe while people work, and to stop.
    """
    from domain.compaction import compact as let_go

    keep_days = days or settings.history_days
    if not keep_days:
        fail("all history is kept here: say with --days how much of it is to stay")

    async def run() -> None:
        async with open_webref(settings):
            gone = await let_go(keep_days)
        say(
            f"{gone.boards} boards begin later now: {gone.lines} changes and {gone.items} removed items went."
        )

    run_quietly(run())


@main.command()
@told_in_words
@takes_place
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--days",
    type=click.IntRange(0, 36_500),
    metavar="NUMBER",
    help="Days that pictures stay in the trash; 0: all that is there stays (WEBREF_TRASH_DAYS).",
)
@click.option(
    "--hours",
    type=click.FloatRange(0, 8_760),
    default=24.0,
    metavar="NUMBER",
    help="Hours that the files of deleted pictures are still kept aside (default: 24).",
)
def collect(settings: Settings, dry_run: bool, days: int | None, hours: float) -> None:
    """Let go of what nobody needs: pictures long in the trash, files without a picture.

    What a board shows, or its history can bring back, stays. `serve` and `worker` do it by
    themselves, once an hour. Safe while people work, and to stop.
    """
    from domain import collecting
    from domain.storage import close_storage, open_storage
    from domain.whereabouts import require_whereabouts

    settings = replace(settings, trash_days=settings.trash_days if days is None else days)

    async def run() -> None:
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(open_webref(settings))
            open_storage(settings, at=await require_whereabouts(settings))
            opened.push_async_callback(close_storage)
            if dry_run:
                found = await collecting.collectable(settings)
                say(
                    f"{found.images} pictures in the trash, files of {found.strays} that are no picture's, "
                    f"{found.withdrawn} originals kept aside. Nothing was changed."
                )
                return
            gone = await collecting.collect(settings, strays=True, withdrawn_hours=hours)
        say(
            f"{gone.images} pictures deleted from the trash, {gone.withdrawn} originals put aside, "
            f"{gone.removed} removed ({gone.size_bytes / 1e6:.1f} MB)"
            + (f", {gone.returned} put back." if gone.returned else ".")
        )

    run_quietly(run())


@main.command("export-schema")
@told_in_words
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File to write; without it the schema is printed.",
)
def export_schema(output: Path | None) -> None:
    """Print the GraphQL schema, the contract that every client is built on."""
    from schema.root import printed_schema

    text = printed_schema()
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text)
    say(f"The schema is in {output}.")


main.add_command(user)
main.add_command(token)
main.add_command(mail)
main.add_command(storage)
main.add_command(backup)
main.add_command(restore)

if __name__ == "__main__":
    main(prog_name="webref")

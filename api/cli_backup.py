"""`webref backup` and `webref restore`: taking a webref along, and making one of what was taken along."""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from api.cli_frame import FAILED, fail, open_webref, run_quietly, say, takes_place, told_in_words
from domain.settings import BadSetting, Settings, good_place

if TYPE_CHECKING:
    from pathlib import Path

    from domain.places import Store
    from domain.restoring import Restored

TELL_SECONDS = 2.0


class _Moment(click.ParamType[datetime]):
    """As ISO 8601 writes it; UTC where it does not say."""

    name = "time"

    def convert(
        self, value: object, parameter: click.Parameter | None, context: click.Context | None
    ) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value))
            if _is_day(str(value)):
                raise ValueError
        except ValueError:
            self.fail(
                f"{str(value)!r} is no moment: write it as 2026-11-28T14:03:00Z, or as the clock showed it "
                "with how far it is ahead of UTC, 2026-11-28T15:03:00+01:00.",
                parameter,
                context,
            )
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@click.command()
@told_in_words
@takes_place
@click.argument("target")
@click.option(
    "--keep",
    type=click.IntRange(1, 10_000),
    metavar="NUMBER",
    help="Backups that stay there, this one among them; older ones go. Without it all stay.",
)
def backup(settings: Settings, target: str, keep: int | None) -> None:
    """Copy database and originals to TARGET while people go on working.

    TARGET is file:///a/folder or s3://bucket/prefix. The database is taken as it is at one moment,
    then every original that it knows of and that is not there yet. Needs PostgreSQL's pg_dump, which
    comes with the built-in PostgreSQL. Keep the file `secret` of the data folder (or WEBREF_SECRET)
    somewhere else: it signs the backup. Exit code 1: originals were missing.
    """
    place = _place(target)
    patience = _Patience()

    async def run() -> None:
        from domain import backups
        from domain.storage import close_storage, start_storage

        secret = settings.with_secret()
        async with open_webref(settings):
            await start_storage(settings)
            try:
                made = await backups.back_up(
                    secret, place, lambda so_far: patience.say(_copied(so_far)), keep=keep
                )
            finally:
                await close_storage()
        say(f"{_copied(made.progress)} The backup is {made.name} in {place}.")
        if made.pruned:
            say(f"{len(made.pruned)} older backups went.")
        for digest in made.manifest.absent:
            say(f"the original {digest} is missing or damaged and is not in the backup")
        if made.manifest.absent:
            sys.exit(FAILED)

    run_quietly(run())


@click.command()
@told_in_words
@takes_place
@click.argument("source")
@click.option("--backup", "name", metavar="NAME", help="Which one; without it the latest.")
@click.option("--list", "lists", is_flag=True, help="Only say which backups are there.")
@click.option(
    "--verify",
    is_flag=True,
    help="Only try it: restore the database into one that is thrown away, and read every original.",
)
@click.option("--unsigned", is_flag=True, help="Take a backup that another secret signed, or nobody.")
@click.option(
    "--to-time",
    "until",
    type=_Moment(),
    metavar="TIME",
    help="Of a WAL archive: the moment, such as 2026-11-28T14:03:00Z; UTC where it does not say.",
)
def restore(
    settings: Settings,
    source: str,
    name: str | None,
    lists: bool,
    verify: bool,
    unsigned: bool,
    until: datetime | None,
) -> None:
    """Make a webref of a backup in SOURCE, in an empty data folder or database.

    SOURCE is file:///a/folder or s3://bucket/prefix, or the folder of a WAL archive
    (WEBREF_WAL_ARCHIVE), of which the end comes back, or the moment of --to-time. Nothing that
    exists is written over; stopped before its end, the same command begins again. Smaller sizes of
    pictures are made anew by `webref serve`. Everybody signs in again; look through `webref token
    list` for tokens that were revoked since. Exit code 1: originals were missing.
    """
    place = _place(source)
    patience = _Patience()
    if (folder := _wal_archive(place)) is not None:
        if name is not None:
            fail(f"{place} is a WAL archive and holds no backups: name a moment with --to-time")
        run_quietly(_rewind(settings, folder, until, lists=lists, verify=verify))
        return
    if until is not None:
        fail(f"{place} is no WAL archive: a backup is of one moment, and --list names those that are there")

    async def run() -> None:
        from domain import backups, restoring
        from domain.postgres import database_at

        has_secret = settings.secret or (settings.data / "secret").is_file()
        secret = settings.with_secret() if has_secret else settings  # a new one would fit no backup
        async with _storage(settings, place) as store:
            found = await backups.names(store)
            if lists or not found:
                say("\n".join(found) or f"There are no backups in {place}.")
                sys.exit(0 if found else FAILED)
            chosen = name or found[-1]
            manifest = await backups.manifest_of(store, chosen, secret, unsigned=unsigned)

            def tell(so_far: "Restored") -> None:
                patience.say(f"{so_far.originals} of {len(manifest.originals)} originals are right so far")

            if verify:
                done = await restoring.try_out(settings, store, manifest, tell)
            else:
                async with database_at(settings) as url:
                    done = await restoring.restore(settings, url, store, manifest, tell)
        say(f"{done.originals} originals are right ({done.read_bytes / 1_000_000:.1f} MB read).")
        for digest in manifest.absent:
            say(f"{digest} was missing when the backup was made")
        for words, digests in (("is missing", done.missing), ("is damaged", done.damaged)):
            for digest in digests:
                say(f"{digest} {words} in the backup")
        if verify and not (done.missing or done.damaged):
            say(f"The backup {chosen} can be restored.")
        if not verify:
            say(f"The webref of {manifest.made_at[:16]} UTC is back: `webref serve`.")
        if done.missing or done.damaged:
            sys.exit(FAILED)

    run_quietly(run())


def _wal_archive(place: str) -> "Path | None":
    from domain.wal_restore import is_here

    return is_here(place)


async def _rewind(
    settings: Settings, folder: "Path", until: datetime | None, *, lists: bool, verify: bool
) -> None:
    from domain import storage, wal_orders, wal_restore

    if lists:
        there, covered = wal_orders.bases(folder), wal_orders.covered_until(folder)
        if not there or covered is None:
            fail(wal_restore.nothing_in(folder))
        for base in there.values():
            begins = base.ended_at + timedelta(seconds=1, microseconds=-1)  # the next whole second
            say(f"from {begins:%Y-%m-%dT%H:%M:%SZ}")
        say(f"until {covered:%Y-%m-%dT%H:%M:%SZ}")
        return
    chosen = wal_restore.choose(folder, until)
    patience = _Patience()

    def tell(so_far: "Restored") -> None:
        patience.say(f"{so_far.originals} originals are right so far")

    storage.open_storage(settings)
    try:
        if verify:
            done = await wal_restore.try_out(settings, chosen, tell)
        else:
            done = await wal_restore.restore(settings, chosen, tell)
    finally:
        await storage.close_storage()
    say(f"{done.originals} originals are right ({done.read_bytes / 1_000_000:.1f} MB read).")
    for digest in (*done.missing, *done.damaged):
        say(f"{digest} is missing or damaged in the archive")
    last = "" if done.reached is None else f"; what was done last is of {done.reached:%Y-%m-%dT%H:%M:%S.%fZ}"
    at = chosen.covered if until is None else until
    words = f"The webref of {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if not verify:
        say(f"{words} is back: `webref serve`{last}.")
    elif not (done.missing or done.damaged):
        say(f"{words} can be restored{last}.")
    if done.missing or done.damaged:
        sys.exit(FAILED)


@asynccontextmanager
async def _storage(settings: Settings, place: str) -> "AsyncIterator[Store]":
    """The place of backups, opened without a database."""
    from domain import backups, storage

    if place == settings.storage:
        fail(f"{place} is where the files of this webref are kept (WEBREF_STORAGE): name that of the backups")
    storage.open_storage(settings)
    try:
        yield await backups.open_place(place)
    finally:
        await storage.close_storage()


class _Patience:
    """Says how far something is, not more than now and then."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def say(self, words: str) -> None:
        if time.monotonic() - self._said_at >= TELL_SECONDS:
            self._said_at = time.monotonic()
            say(words)


def _copied(progress: object) -> str:
    from domain.backups import Progress

    assert isinstance(progress, Progress)
    megabytes = progress.copied_bytes / 1_000_000
    return f"{progress.copied} originals copied ({megabytes:.1f} MB), {progress.present} were there."


def _place(text: str) -> str:
    try:
        place = good_place(text)
    except ValueError as error:
        raise BadSetting(f"There can be no backup there: {error}.", variable="TARGET") from None
    if place == "file:":
        raise BadSetting("Name a folder (file:///a/folder) or a bucket, on another disk.", variable="TARGET")
    return place

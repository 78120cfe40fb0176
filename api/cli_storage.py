"""`webref storage`: where files are kept, whether they are right, and moving them."""

import sys
import time

import click

from api.cli_frame import FAILED, open_webref, run_quietly, say, takes_place, told_in_words
from domain.settings import BadSetting, Settings, good_place

TELL_SECONDS = 2.0


@click.group()
def storage() -> None:
    """Say where files are kept, check them, move them to another folder or bucket."""


@storage.command("show")
@told_in_words
@takes_place
def show(settings: Settings) -> None:
    """Say where the files are, and whether a move is under way."""
    from domain.whereabouts import require_whereabouts

    async def run() -> None:
        async with open_webref(settings):
            at = await require_whereabouts(settings)
        say(f"The files are in {at.place}.")
        if at.target is not None:
            say(f"A move to {at.target} is under way: `webref storage move {at.target}` goes on with it.")
        if at.former is not None:
            say(f"They were in {at.former} before.")
        if at.complaint is not None:
            say(f"A process cannot reach the new place: {at.complaint}")

    run_quietly(run())


@storage.command("move")
@told_in_words
@takes_place
@click.argument("target")
@click.option(
    "--limit",
    type=click.FloatRange(0.01, 100_000),
    metavar="MB",
    help="Copy at most so many megabytes a second.",
)
@click.option(
    "--remove-old",
    is_flag=True,
    help="Afterwards remove from the old place what the new one has. Without it everything stays there too.",
)
def move(settings: Settings, target: str, limit: float | None, remove_old: bool) -> None:
    """Move all files to TARGET while people go on working.

    TARGET is file: (the data folder), file:///a/folder or s3://bucket/prefix; the keys of a bucket are
    WEBREF_S3_ACCESS_KEY and WEBREF_S3_SECRET_KEY. Before, every running webref needs the settings
    that let it reach TARGET. Afterwards set WEBREF_STORAGE to it. Stop this whenever you like: the
    same command goes on with it. Every file is compared with its SHA-256 on the way.
    """
    place = _place(target)
    told_at = time.monotonic()

    async def run() -> None:
        from domain import moving
        from domain.storage import close_storage, start_storage

        def tell(progress: moving.Progress) -> None:
            nonlocal told_at
            if time.monotonic() - told_at >= TELL_SECONDS:
                told_at = time.monotonic()
                say(_counted(progress))

        async with open_webref(settings):
            await start_storage(settings)
            try:
                progress = await moving.move(
                    place,
                    tell,
                    bytes_per_second=None if limit is None else int(limit * 1_000_000),
                    removes=remove_old,
                )
            finally:
                await close_storage()
        say(_counted(progress))
        for words, keys in (
            ("is lost", progress.lost),
            ("is damaged and stays where it was", progress.damaged),
        ):
            for key in keys:
                say(f"{key} {words}")
        say(f"The files are in {place} now. Set WEBREF_STORAGE to it wherever webref runs.")
        if progress.lost or progress.damaged:
            sys.exit(FAILED)

    run_quietly(run())


@storage.command("check")
@told_in_words
@takes_place
@click.option(
    "--repair",
    is_flag=True,
    help="Make wrong renditions again, and let pictures say what is wrong with their original.",
)
def check(settings: Settings, repair: bool) -> None:
    """Read every kept file and compare its SHA-256 and size.

    Without --repair nothing is changed. Originals are never removed: restore one from a backup, or
    upload the same file again. Exit code 0: all is right; 1: something is missing or damaged.
    """
    from domain import checksums
    from domain.storage import close_storage, start_storage

    told_at = time.monotonic()

    def tell(checked: checksums.Checked) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_SECONDS:
            told_at = time.monotonic()
            say(f"{checked.originals} originals and {checked.renditions} renditions are right so far")

    async def run() -> None:
        async with open_webref(settings):
            await start_storage(settings)
            try:
                checked = await checksums.check(tell, repairs=repair)
            finally:
                await close_storage()
        for key, fault in sorted(checked.faults.items()):
            say(f"{fault.lower():<8} {key}")
        megabytes = checked.read_bytes / 1_000_000
        right = f"{checked.originals} originals and {checked.renditions} renditions are right"
        say(f"{right} ({megabytes:.1f} MB read).")
        if checked.unknown:
            say(f"{checked.unknown} originals belong to no picture: they are collected after a while.")
        if repair:
            say(
                f"{checked.mended} renditions are made again; {checked.told} pictures say what is wrong with "
                f"their original, {checked.revived} need not any more."
            )
        if checked.faults:
            sys.exit(FAILED)

    run_quietly(run())


@storage.command("cancel")
@told_in_words
@takes_place
def cancel(settings: Settings) -> None:
    """Call off a move that is under way: the files are where they were."""
    from domain.whereabouts import call_off

    async def run() -> None:
        async with open_webref(settings):
            target = await call_off()
        say("No move was under way." if target is None else f"The move to {target} is called off.")

    run_quietly(run())


@storage.command("adopt")
@told_in_words
@takes_place
def adopt(settings: Settings) -> None:
    """Say that you moved all files yourself, to where WEBREF_STORAGE says.

    Needed once after copying them by other means, or after restoring a backup elsewhere. Check
    with `webref doctor --deep` that they are there.
    """
    from domain import whereabouts

    async def run() -> None:
        async with open_webref(settings):
            await whereabouts.adopt(settings.storage)
        say(f"From now on the files are in {settings.storage}.")

    run_quietly(run())


def _counted(progress: object) -> str:
    from domain.moving import Progress

    assert isinstance(progress, Progress)
    megabytes = progress.copied_bytes / 1_000_000
    removed = f", {progress.removed} removed from the old place" if progress.removed else ""
    return f"{progress.copied} files copied ({megabytes:.1f} MB), {progress.present} were there{removed}"


def _place(text: str) -> str:
    try:
        return good_place(text)
    except ValueError as error:
        raise BadSetting(f"Files cannot be kept there: {error}.", variable="TARGET") from None

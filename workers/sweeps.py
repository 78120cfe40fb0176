"""The sweeps: what must happen although nobody asks for it."""

import asyncio
import itertools
import logging

from domain import (
    animations,
    atlases,
    collecting,
    compaction,
    direct_uploads,
    identities,
    jobs,
    snapshots,
    storage,
    thumbnails,
    tiles,
    twins,
    uploads,
    wal_archive,
)
from domain.errors import DomainError
from domain.settings import Settings

LOG = logging.getLogger("webref.sweeps")

TAKE_BACK_SECONDS = 5.0
CLEAN_SECONDS = 3600.0
SNAPSHOT_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 30.0
ATLAS_SECONDS = 3.0
ARCHIVE_SECONDS = 15.0
LAST_ROUND_SECONDS = 10.0
UNUSED_SECONDS = 3_600.0
DRAFT_SECONDS = 86_400.0
UNSEEN_SECONDS = 30 * 86_400.0


async def take_back_for_ever() -> None:
    """Frees the jobs of workers that died: with the lease of 15 s, at most 20 s later."""
    while True:
        try:
            await jobs.take_back()
        except DomainError as error:
            LOG.warning("jobs of lost workers cannot be looked for: %s", error.message)
        except Exception:
            LOG.exception("jobs of lost workers cannot be looked for; trying again")
        await asyncio.sleep(TAKE_BACK_SECONDS)


async def snapshot_for_ever(settings: Settings) -> None:
    """Keeps the state of boards whose logs have grown."""
    while True:
        try:
            await snapshots.take_snapshots(settings.snapshot_lines)
        except DomainError as error:
            LOG.warning("snapshots cannot be made: %s", error.message)
        except Exception:
            LOG.exception("snapshots cannot be made; trying again")
        await asyncio.sleep(SNAPSHOT_SECONDS)


async def look_again_for_ever() -> None:
    """Has those pictures looked at that came before there was anything to find them by."""
    while True:
        try:
            queued = await twins.queue_unlooked()
            if queued:
                LOG.info("%d earlier pictures are looked at again", queued)
        except DomainError as error:
            LOG.warning("earlier pictures cannot be looked for: %s", error.message)
        except Exception:
            LOG.exception("earlier pictures cannot be looked for; trying again")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def keep_atlases_for_ever() -> None:
    """Has the atlases of those boards looked at that have changed."""
    while True:
        try:
            await atlases.enqueue_due()
        except DomainError as error:
            LOG.warning("boards that need an atlas cannot be looked for: %s", error.message)
        except Exception:
            LOG.exception("boards that need an atlas cannot be looked for; trying again")
        await asyncio.sleep(ATLAS_SECONDS)


async def keep_wal_archive_for_ever(settings: Settings) -> None:
    """Where PostgreSQL keeps its log for going back to any moment: the pictures too, and a base a week."""
    if settings.wal_archive is None:
        return
    keeper = wal_archive.Keeper(settings)
    try:
        while True:
            await _keep_up(keeper)
            await asyncio.sleep(ARCHIVE_SECONDS)
    except asyncio.CancelledError:
        async with asyncio.timeout(LAST_ROUND_SECONDS):
            await _keep_up(keeper)  # what came since; PostgreSQL hands in its log by itself
        raise


async def _keep_up(keeper: wal_archive.Keeper) -> None:
    try:
        await keeper.round()
    except (DomainError, OSError) as error:
        LOG.warning("the WAL archive cannot be kept up: %s", error)
    except Exception:
        LOG.exception("the WAL archive cannot be kept up; trying again")


async def clean_for_ever(settings: Settings) -> None:
    """Removes what is over, once an hour, of history only what was said to go; has missing tiles
    and animations made.

    All files are looked through for strays in the second round and then once a day.
    """
    for round_ in itertools.count():
        try:
            removed = await jobs.sweep() + await identities.sweep()
            drafts = await storage.remove_old_drafts(DRAFT_SECONDS)
            unseen = await thumbnails.remove_unseen(UNSEEN_SECONDS)
            unused = await atlases.remove_unused(UNUSED_SECONDS)
            expired = await uploads.sweep() + await direct_uploads.sweep()
            await tiles.enqueue_missing()
            await animations.enqueue_missing()
            LOG.info(
                "swept %d rows, %d unfinished uploads, %d thumbnails, %d pages of atlases",
                *(removed, drafts + expired, unseen, unused),
            )
            if settings.history_days:
                gone = await compaction.compact(settings.history_days)
                LOG.info("compacted %d boards by %d changes", gone.boards, gone.lines)
            collected = await collecting.collect(settings, strays=round_ % 24 == 1)
            LOG.info("collected %d pictures, removed %d originals", collected.images, collected.removed)
        except (DomainError, OSError) as error:
            LOG.warning("the sweep failed and comes again: %s", error)
        except Exception:
            LOG.exception("the sweep failed and comes again")
        await asyncio.sleep(CLEAN_SECONDS)

"""Notices: the words put on PostgreSQL's channel inside a transaction. They only say "look"."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from domain.database import Connection, connect
from domain.errors import DatabaseUnavailable

LOG = logging.getLogger("webref.notices")

CHANNEL = "webref"
RECONNECT_SECONDS = 1.0


class BoardNotice(Struct, frozen=True):
    """Look into this board's log."""

    board: UUID


class JobNotice(Struct, frozen=True):
    """Something may be due on this queue."""

    job: str


class ImageNotice(Struct, frozen=True):
    """The image's state or its renditions changed."""

    image: UUID


class AccessNotice(Struct, frozen=True):
    """What an account may see, or who may see a board, has changed: ask again for everybody."""

    access: UUID


def text_of(notice: Struct) -> str:
    return msgspec.json.encode(notice).decode()


async def announce_job(connection: Connection, queue: str) -> None:
    """Lets every worker look whether something is due, once the transaction commits."""
    await _announce(connection, JobNotice(queue))


_TOUCH_IMAGE = (
    "WITH touch AS (UPDATE image SET touched = pg_current_xact_id() WHERE id = $3) SELECT pg_notify($1, $2)"
)


async def announce_image(connection: Connection, image_id: UUID) -> None:
    """Lets whoever shows the image read its rows again, once the transaction commits.

    Whatever writes an image's words, state or renditions calls this in its transaction: it leaves the
    mark by which answers that were kept are checked (domain/board_reads.py).
    """
    await connection.execute(_TOUCH_IMAGE, CHANNEL, text_of(ImageNotice(image_id)), image_id)


_TOUCH_IMAGES = (
    "WITH touch AS (UPDATE image SET touched = pg_current_xact_id() WHERE id = ANY($2::uuid[])) "
    "SELECT pg_notify($1, notice) FROM unnest($3::text[]) AS notice"
)


async def announce_images(connection: Connection, image_ids: Sequence[UUID]) -> None:
    """The same for many, whose rows the transaction holds."""
    if image_ids:
        notices = [text_of(ImageNotice(image_id)) for image_id in image_ids]
        await connection.execute(_TOUCH_IMAGES, CHANNEL, list(image_ids), notices)


async def announce_access(connection: Connection, subject_id: UUID) -> None:
    """Makes every process look again at what this account, or who of this board, may still see.

    Takes effect once the transaction commits.
    """
    await _announce(connection, AccessNotice(subject_id))


async def _announce(connection: Connection, notice: Struct) -> None:
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, text_of(notice))


async def job_notices() -> AsyncIterator[None]:
    """Says when something may be due, and after every reconnection; several notices may become one."""
    woken = asyncio.Event()

    def heard(_connection: object, _process: int, _channel: str, payload: object) -> None:
        if str(payload).startswith('{"job"'):
            woken.set()

    while True:
        try:
            connection = await connect(purpose="webref jobs")
            try:
                connection.add_termination_listener(lambda _: woken.set())
                await connection.add_listener(CHANNEL, heard)
                woken.set()
                while not connection.is_closed():
                    await woken.wait()
                    woken.clear()
                    yield
            finally:
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await connection.close(timeout=1)
        except (DatabaseUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            LOG.warning("not listening for jobs, trying again: %s", error)
        except Exception:
            LOG.exception("not listening for jobs, trying again")
        await asyncio.sleep(RECONNECT_SECONDS)

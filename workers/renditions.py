"""The actors that work on pictures."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from domain import animations, atlases, jobs, tiles, twins, unpacking
from domain.settings import Settings


async def make_renditions(job_id: str) -> None:
    """Given twice, run once: the job's lease decides."""
    await jobs.run(UUID(job_id), twins.develop)


async def make_tiles(job_id: str) -> None:
    """Cuts large ones."""
    await jobs.run(UUID(job_id), tiles.make_tiles)


async def make_animation(job_id: str) -> None:
    """Of pictures that move."""
    await jobs.run(UUID(job_id), animations.make_animation)


async def make_atlas(job_id: str) -> None:
    """Of boards."""
    await jobs.run(UUID(job_id), atlases.make_atlas)


async def look_again(job_id: str) -> None:
    """The same for pictures that nobody has looked at for what they are found by."""
    await jobs.run(UUID(job_id), twins.look_again)


def archive_unpacker(settings: Settings) -> Callable[[str], Awaitable[None]]:
    """Of uploads that are archives."""
    unpack = unpacking.unpacker(settings)

    async def unpack_archive(job_id: str) -> None:
        await jobs.run(UUID(job_id), unpack)

    return unpack_archive

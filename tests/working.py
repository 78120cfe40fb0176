"""Work on the job table as a worker does it, without its threads."""

from domain import animations, atlases, jobs, tiles, twins

HANDLERS = {
    jobs.RENDITIONS: twins.develop,
    jobs.LOOKS: twins.look_again,
    jobs.TILES: tiles.make_tiles,
    jobs.ANIMATION: animations.make_animation,
    jobs.ATLAS: atlases.make_atlas,
}


async def work() -> None:
    """Until nothing is due."""
    while due := await jobs.due(10):
        for job in due:
            await jobs.run(job.id, HANDLERS[job.kind])

"""Work on the job table as a worker does it, without its threads."""

from domain import jobs, renditions


async def work() -> None:
    """Until nothing is due."""
    while due := await jobs.due(10):
        for job in due:
            await jobs.run(job.id, renditions.make_renditions)

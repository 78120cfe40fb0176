"""The actor that makes renditions."""

from uuid import UUID

from domain import jobs, renditions


async def make_renditions(job_id: str) -> None:
    """Given twice, run once: the job's lease decides."""
    await jobs.run(UUID(job_id), renditions.make_renditions)

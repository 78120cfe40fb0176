"""The actor that sends mail."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from domain import jobs, post
from domain.settings import Settings


def letter_poster(settings: Settings) -> Callable[[str], Awaitable[None]]:
    """Of letters."""
    send = post.poster(settings)

    async def post_letter(job_id: str) -> None:
        await jobs.run(UUID(job_id), send)

    return post_letter

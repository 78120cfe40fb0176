"""Looking: what somebody has before their eyes is made before all else."""

from collections.abc import Sequence
from uuid import UUID

from domain import jobs
from domain.access import IMAGE_READABLE, Viewer, require_scope
from domain.database import fetch
from domain.entries import good_ids


async def look_at_images(viewer: Viewer, ids: Sequence[UUID]) -> int:
    """Brings forward what still waits to be made of these pictures; answers of how many something does.

    Pictures that the viewer may not see, or that are gone, are passed over. Raises BadInput, LimitExceeded.
    """
    require_scope(viewer)
    rows = await fetch(
        f"SELECT i.id FROM {IMAGE_READABLE} WHERE i.id = ANY($2::uuid[]) AND EXISTS "  # noqa: S608 (a constant)
        "(SELECT FROM job WHERE job.subject = i.id AND job.state IN ('QUEUED', 'RUNNING'))",
        viewer.account_id,
        good_ids(ids),
    )
    if rows:
        await jobs.hurry([row["id"] for row in rows])
    return len(rows)

"""Zips of pictures as the schema shows them: where one is read, and how much it is."""

from urllib.parse import urlencode

import strawberry
from strawberry import field

from domain import filter_words, findings
from domain.access import Viewer
from domain.findings import ImageSort
from schema.scalars import Long, Path


@strawberry.type(
    description="The originals of many pictures, byte for byte, as one zip that is made while it is read."
)
class ImageZip:
    url: Path = field(
        description="GET it as who asks here. It holds what is found at that moment; more than 10,000 "
        "pictures are `LIMIT_EXCEEDED` there."
    )
    count: int = field(description="How many pictures it holds now.")
    size_bytes: Long = field(description="The bytes of their originals; the zip is a little larger.")


async def zip_of(
    viewer: Viewer,
    wanted: findings.ImageFilter,
    *,
    sort: ImageSort = ImageSort.NEWEST,
    search: str | None = None,
) -> ImageZip:
    """search: the saved search whose filter it is."""
    count, size_bytes = await findings.measured(viewer, wanted)
    asked = {"search": search} if search else {"filter": filter_words.words_of(wanted), "sort": sort.value}
    return ImageZip(url=Path(f"/files/zip?{urlencode(asked)}"), count=count, size_bytes=Long(size_bytes))

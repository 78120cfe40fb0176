"""The smallest rendition of each of many pictures, for what is drawn of them."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain import renditions, storage
from domain.database import fetch
from domain.decoding import WHOLE

READ_AT_ONCE = 8


@dataclass(frozen=True)
class Small:
    """digest: SHA-256 of its bytes, hex. original, width, height: of the picture itself."""

    digest: str
    original: str
    width: int
    height: int
    key: str


async def small_renditions(image_ids: Collection[UUID]) -> dict[UUID, Small]:
    """Of each picture that has one, as the rows say. Asks nobody for leave."""
    rows = await fetch(
        "SELECT DISTINCT ON (r.image) r.image, r.digest, r.size, r.recipe, i.digest AS original, "
        "i.width, i.height FROM rendition r JOIN image i ON i.id = r.image "
        "WHERE r.image = ANY($1::uuid[]) AND r.size <> $2 ORDER BY r.image, r.size",
        list(image_ids),
        WHOLE,
    )
    return {
        row["image"]: Small(
            row["digest"],
            row["original"],
            row["width"],
            row["height"],
            renditions.key(row["original"], row["size"], row["recipe"]),
        )
        for row in rows
    }


async def contents(keys: Sequence[str]) -> list[bytes | None]:
    """In their order; None for what is lost."""
    places = asyncio.Semaphore(READ_AT_ONCE)

    async def one(key: str) -> bytes | None:
        async with places:
            try:
                return await storage.content(key)
            except FileNotFoundError:
                return None

    return await asyncio.gather(*map(one, keys))

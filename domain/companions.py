"""Companions: the one file beside its sizes that some pictures have, made by a job of its own.

Large ones have tiles (domain/tiles.py), those that move an animation (domain/animations.py). A row says by
which recipe it was made, and knows its size and SHA-256.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct, structs

from domain import jobs, originals, renditions, storage
from domain.database import Connection, fetch, fetchrow, transaction
from domain.decoding import MAX_PIXELS
from domain.errors import ImageRefused, StorageUnavailable
from domain.notices import announce_image
from domain.places import Damaged
from domain.recipes import followed

AFTER_UPLOADS = -1
"""Priority: first every picture is to be seen at all."""

MOST_AT_ONCE = 100


class Made(Struct, frozen=True):
    """What is known of a file; its fields are columns of its row. digest: SHA-256, hex."""

    size_bytes: int
    digest: str


M = TypeVar("M", bound=Made)


@dataclass(frozen=True)
class Companion(Generic[M]):
    """kind: of its job; table: of its rows, one a picture; made: what they hold.

    filename: in the folder of what is made of an original; wanted: which images i have one, in SQL; column,
    told: what a picture's own row says of it.
    """

    kind: str
    table: str
    made: type[M]
    filename: str
    wanted: str
    column: str
    told: Callable[[M], object]

    def key(self, digest: str, recipe: str) -> str:
        """digest: of the original."""
        return f"{renditions.folder(digest, recipe)}/{self.filename}"

    async def enqueue(self, connection: Connection, image_id: UUID, *, priority: int = AFTER_UPLOADS) -> None:
        await jobs.enqueue(connection, self.kind, image_id, priority=priority, queue=jobs.LARGE)

    async def enqueue_missing(self) -> int:
        """Of pictures that came before there were any, or that other settings were made of; how many."""
        async with transaction() as connection:
            rows = await connection.fetch(
                f"SELECT id FROM image i WHERE ({self.wanted}) "  # noqa: S608 (constants)
                f"AND NOT EXISTS (SELECT FROM {self.table} m WHERE m.image = i.id AND m.recipe = $1) "
                "AND NOT EXISTS (SELECT FROM job WHERE subject = i.id AND kind = $2) ORDER BY id LIMIT $3",
                followed().name,
                self.kind,
                MOST_AT_ONCE,
            )
            for row in rows:
                await self.enqueue(connection, row["id"])
        return len(rows)

    async def make_again(self, image_id: UUID, words: str) -> StorageUnavailable:
        """Of a lost file: has it made, and gives what is to be raised."""
        async with transaction() as connection:
            await self.enqueue(connection, image_id, priority=jobs.LOOKED_AT)
        return StorageUnavailable(words, retry_after_seconds=5)

    async def known(self, digest: str, recipe: str) -> M | None:
        """Of any picture of these bytes."""
        columns = ", ".join(f"m.{name}" for name in self.made.__struct_fields__)
        row = await fetchrow(
            f"SELECT {columns} FROM {self.table} m JOIN image i ON i.id = m.image "  # noqa: S608 (constants)
            "WHERE i.digest = $1 AND m.recipe = $2 LIMIT 1",
            digest,
            recipe,
        )
        return None if row is None else self.made(**dict(row))

    async def keep(self, run: jobs.Run, digest: str, make: Callable[[str], Awaitable[M]]) -> None:
        """The end of the job. Running it twice, or for two pictures of the same bytes, gives the same file.

        make: of a key, at which the file is when it returns; called unless it is there. What another recipe
        made goes when no picture needs it.
        """
        image_id, recipe = run.job.subject, followed().name
        place = self.key(digest, recipe)
        made = await self.known(digest, recipe)
        stored = None if made is None else await storage.find(place)
        if made is None or stored is None or stored.size_bytes != made.size_bytes:
            made = await make(place)
        former = await fetch(
            f"SELECT recipe FROM {self.table} WHERE image = $1 AND recipe <> $2",  # noqa: S608 (constants)
            image_id,
            recipe,
        )
        async with transaction() as connection:
            await jobs.lock_subjects(connection, [image_id])
            await run.require(connection)
            await self._record(connection, image_id, recipe, made)
            await announce_image(connection, image_id)
        for row in former:
            if await self.known(digest, row["recipe"]) is None:
                await storage.remove(self.key(digest, row["recipe"]))

    async def _record(self, connection: Connection, image_id: UUID, recipe: str, made: M) -> None:
        values = {"recipe": recipe, **structs.asdict(made)}
        places = ", ".join(f"${number}" for number in range(3, 3 + len(values)))
        again = ", ".join(f"{name} = excluded.{name}" for name in values)
        await connection.execute(
            f"INSERT INTO {self.table} (id, image, {', '.join(values)}, created_at) "  # noqa: S608 (constants)
            f"VALUES ($1, $2, {places}, now()) ON CONFLICT (image) DO UPDATE SET {again}",
            uuid4(),
            image_id,
            *values.values(),
        )
        await connection.execute(
            f"UPDATE image SET {self.column} = $2 WHERE id = $1",  # noqa: S608 (constants)
            image_id,
            self.told(made),
        )


@asynccontextmanager
async def original(
    image: asyncpg.Record, *, again_if_expensive: bool = False
) -> AsyncIterator[tuple[Path, int]]:
    """The file that a job makes something of, and how many pixels it may have. image: digest, width, height.

    again_if_expensive: a busy machine may have been the cause, and another attempt may do better.
    Raises Unrepeatable for all that would end the same again.
    """
    # It was judged when it came; a limit that is lower by now is for what comes from now on.
    max_pixels = max(MAX_PIXELS, image["width"] * image["height"])
    try:
        async with storage.as_file(originals.key(image["digest"]), digest=image["digest"]) as path:
            yield path, max_pixels
    except ImageRefused as refused:
        reason = str(refused.details["reason"])
        if again_if_expensive and reason == "TOO_EXPENSIVE":
            raise
        raise jobs.Unrepeatable(reason, refused.message) from None
    except FileNotFoundError:
        raise jobs.Unrepeatable(originals.MISSING, "the original is not in the store") from None
    except Damaged:
        raise jobs.Unrepeatable(originals.DAMAGED, "the store holds other bytes") from None

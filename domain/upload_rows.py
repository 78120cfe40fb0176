"""Uploads as their rows say it: how much of a file has come, in which parts, and what it is to be called."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from domain.upload_outcomes import Outcome

LASTS_DAYS = 7
CHECKSUMS = ("sha1", "sha256")


@dataclass(frozen=True)
class Upload:
    """A row. length: bytes of the whole file, None while nobody has said; metadata: as it was sent.

    board: where what it becomes shall lie. archive: SHA-256 of the ZIP that it is, which lies in the store
    to be unpacked. is_partial: it is to be joined with others, and becomes no
    picture itself.
    """

    id: UUID
    length: int | None
    received: int
    parts: list[UUID]
    name: str
    image_id: UUID | None
    batch: UUID | None
    board: UUID | None
    metadata: str
    is_partial: bool
    archive: str | None
    outcome: Outcome | None
    expires_at: datetime

    @property
    def is_whole(self) -> bool:
        return self.received == self.length


@dataclass(frozen=True)
class Label:
    """What a client says of its file. metadata: all of it, as it was sent."""

    name: str
    image_id: UUID | None = None
    batch: UUID | None = None
    board: UUID | None = None
    metadata: str = ""


@dataclass(frozen=True)
class Checksum:
    """algorithm: one of CHECKSUMS."""

    algorithm: str
    digest: bytes


def upload_of(row: asyncpg.Record) -> Upload:
    return Upload(
        id=row["id"],
        length=row["length"],
        received=row["received"],
        parts=row["parts"],
        name=row["name"],
        image_id=row["image_id"],
        batch=row["batch"],
        board=row["board"],
        metadata=row["metadata"],
        is_partial=row["is_partial"],
        archive=row["archive"],
        outcome=None if row["outcome"] is None else msgspec.json.decode(row["outcome"], type=Outcome),
        expires_at=row["expires_at"],
    )

"""Receipts: a command that carries a client mutation id is done once, however often it is sent."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET

from domain.database import Connection
from domain.errors import MutationIdConflict

T = TypeVar("T")


@dataclass(frozen=True)
class Receipt:
    """A claim on a mutation id, held by the running transaction. stored: the first run's answer, JSON."""

    connection: Connection
    actor_id: UUID
    mutation_id: UUID | None
    stored: str | None = None

    @property
    def is_repeat(self) -> bool:
        return self.stored is not None

    def answer(self, kind: type[T]) -> T:
        """What the first run returned."""
        if self.stored is None:
            raise ValueError("nothing was stored yet")
        return msgspec.json.decode(self.stored, type=kind)

    async def keep(self, answer: object) -> None:
        """Stores what this run returns; the last statement of its transaction."""
        if self.mutation_id is None:
            return
        await self.connection.execute(
            "UPDATE receipt SET answer = $3 WHERE actor = $1 AND mutation_id = $2",
            self.actor_id,
            self.mutation_id,
            msgspec.json.encode(answer),
        )


async def claim(
    connection: Connection, actor_id: UUID, mutation_id: UUID | None, command: str, **payload: object
) -> Receipt:
    """The first statement of a command's transaction; without a mutation id it does nothing.

    A second claim waits for the first to end: it then has the answer, or, if the first was rolled
    back, the field to itself. Raises MutationIdConflict when the id came with another payload.
    """
    if mutation_id is None:
        return Receipt(connection, actor_id, None)
    fingerprint = fingerprint_of(command, payload)
    claimed = await connection.fetchval(
        "INSERT INTO receipt (actor, mutation_id, fingerprint) VALUES ($1, $2, $3) "
        "ON CONFLICT (actor, mutation_id) DO NOTHING RETURNING true",
        actor_id,
        mutation_id,
        fingerprint,
    )
    if claimed:
        return Receipt(connection, actor_id, mutation_id)
    found = await _found(connection, actor_id, mutation_id, fingerprint)
    assert found is not None, "whoever claimed it has committed"
    return found


async def find(
    connection: Connection, actor_id: UUID, mutation_id: UUID | None, command: str, **payload: object
) -> Receipt | None:
    """For a command that works outside of a transaction: the first run's receipt, if it has ended.

    Raises MutationIdConflict.
    """
    if mutation_id is None:
        return None
    return await _found(connection, actor_id, mutation_id, fingerprint_of(command, payload))


async def _found(
    connection: Connection, actor_id: UUID, mutation_id: UUID, fingerprint: bytes
) -> Receipt | None:
    record = await connection.fetchrow(
        "SELECT fingerprint, answer FROM receipt WHERE actor = $1 AND mutation_id = $2", actor_id, mutation_id
    )
    if record is None:
        return None
    if record["fingerprint"] != fingerprint:
        raise MutationIdConflict(
            "This client mutation id was used before with something else: send a new one.",
            clientMutationId=str(mutation_id),
        )
    return Receipt(connection, actor_id, mutation_id, record["answer"] or "null")


def fingerprint_of(command: str, payload: Mapping[str, object]) -> bytes:
    said = {name: value for name, value in payload.items() if value is not UNSET}
    return hashlib.sha256(msgspec.json.encode([command, said], order="sorted")).digest()

"""The change log as the schema shows it: one line per change, gapless."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry import enum_value, field

from domain import changes
from domain.operations import Operation
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.operations import AnyOperation, operation_of
from schema.scalars import Long

if TYPE_CHECKING:
    from schema.boards import Board


@strawberry.enum(description="How a change came to be.")
class ChangeKind(Enum):
    DO = enum_value("DO", description="Somebody did it.")
    UNDO = enum_value("UNDO", description="It took back an earlier change, `reverts`.")
    REDO = enum_value("REDO", description="It repeated a change that had been undone; `reverts` is the undo.")


@strawberry.type(
    description="One change of a board: what its log, its history and its live events are made of."
)
class Change:
    seq: Long = field(description="Its number on the board: 1, 2, 3 … without a gap.")
    at: datetime = field(description="When it was committed.")
    kind: ChangeKind = field(description="How it came to be.")
    reverts: Long | None = field(description="Seq of the change it took back; null for DO.")
    client_mutation_id: strawberry.ID | None = field(
        description="The `clientMutationId` it was sent with: how a client knows its own changes; null: none."
    )
    board_id: strawberry.Private[UUID]
    actor_id: strawberry.Private[UUID]
    what: strawberry.Private[Operation]

    @resolved(description="The board it happened to, as it is now.")
    async def board(self, info: Info) -> Annotated["Board", strawberry.lazy("schema.boards")]:
        return await info.context.loaders.board(self.board_id)

    @resolved(description="Who did it.")
    def actor(self, info: Info) -> Account:
        return info.context.loaders.person(self.actor_id)

    @resolved(description="What it did: applying every operation in order gives the board.")
    def operation(self) -> AnyOperation:
        return operation_of(self.what, self.actor_id)


def change_of(row: changes.Change) -> Change:
    return Change(
        seq=Long(row.seq),
        at=row.at,
        kind=ChangeKind[row.kind.name],
        reverts=None if row.reverts is None else Long(row.reverts),
        client_mutation_id=None if row.mutation_id is None else strawberry.ID(str(row.mutation_id)),
        board_id=row.board_id,
        actor_id=row.actor_id,
        what=row.operation,
    )

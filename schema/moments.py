"""Moments of a board's history as the schema shows them: what a slider through it needs."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import field

from domain import moments
from domain.thumbnails import address
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.scalars import Long, Path


@strawberry.type(description="A board right after one of its changes, in short.")
class BoardMoment:
    seq: Long = field(description="Of the change: `board(id, at: seq)` shows all that was there.")
    at: datetime = field(description="When it was.")
    item_count: int = field(description="How many items lay on the board.")
    thumbnail: Path = field(
        description="A small picture of the board then: WebP, 320 × 200 pixels, see-through where nothing is."
    )
    actor_ids: strawberry.Private[list[UUID]]

    @resolved(description="Who worked since the moment before this one, the busiest first, at most 8.")
    async def actors(self, info: Info) -> list[Account]:
        found = await info.context.loaders.accounts.load_many(self.actor_ids)
        return [account for account in found if account is not None]


def moment_of(board_id: UUID, moment: moments.Moment) -> BoardMoment:
    return BoardMoment(
        seq=Long(moment.seq),
        at=moment.at,
        item_count=moment.item_count,
        thumbnail=Path(address(board_id, moment.seq)),
        actor_ids=moment.actor_ids,
    )

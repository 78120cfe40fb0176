"""Activity as the schema shows it: who did what on a board, in entries."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry
from strawberry import enum_value, field

from domain import activity
from domain.tally import ADDED
from domain.thumbnails import address
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.items import ItemKind
from schema.scalars import Long, Path


@strawberry.enum(description="What an entry of the activity is about.")
class ActivityAbout(Enum):
    ITEMS = enum_value("ITEMS", description="What lies on the board.")
    COMMENTS = enum_value("COMMENTS", description="What people wrote to one another.")
    BOARD = enum_value("BOARD", description="The board's own words, its cover, the trash.")


@strawberry.enum(description="What was done, by the operation that did it. New ones may be added.")
class Deed(Enum):
    ADD_ITEMS = enum_value("ADD_ITEMS", description="Items were placed.")
    REMOVE_ITEMS = enum_value("REMOVE_ITEMS", description="Items were removed.")
    RESTORE_ITEMS = enum_value("RESTORE_ITEMS", description="Removed items came back.")
    TRANSFORM_ITEMS = enum_value("TRANSFORM_ITEMS", description="Items were moved, scaled, rotated, flipped.")
    RESTYLE_ITEMS = enum_value("RESTYLE_ITEMS", description="The looks of items were changed.")
    REORDER_ITEMS = enum_value("REORDER_ITEMS", description="Items were brought forward or sent back.")
    EDIT_ITEMS = enum_value("EDIT_ITEMS", description="The content of items was changed.")
    REGROUP_ITEMS = enum_value("REGROUP_ITEMS", description="Items were put into or out of containers.")
    ADD_COMMENTS = enum_value("ADD_COMMENTS", description="Comments were written.")
    REMOVE_COMMENTS = enum_value("REMOVE_COMMENTS", description="Comments were removed.")
    RESTORE_COMMENTS = enum_value("RESTORE_COMMENTS", description="Removed comments came back.")
    EDIT_COMMENTS = enum_value("EDIT_COMMENTS", description="Comments were rewritten.")
    MOVE_COMMENTS = enum_value("MOVE_COMMENTS", description="Comments were pinned elsewhere.")
    RESOLVE_COMMENTS = enum_value("RESOLVE_COMMENTS", description="Threads were settled or opened again.")
    EDIT_BOARD = enum_value("EDIT_BOARD", description="Title, description or cover were changed.")
    TRASH_BOARD = enum_value("TRASH_BOARD", description="The board was put into the trash.")
    RESTORE_BOARD = enum_value("RESTORE_BOARD", description="The board came back from the trash.")


@strawberry.type(description="How much of something was done.")
class ActivityCount:
    deed: Deed = field(description="What.")
    item_kind: ItemKind | None = field(description="To which kind of items; told of ADD_ITEMS alone.")
    count: int = field(
        description="To how many items or comments; what was touched by two changes counts twice."
    )


@strawberry.type(
    description="What one person did in one go: changes about the same thing with no five minutes between "
    "them. Others may have worked meanwhile, so entries may overlap."
)
class Activity:
    about: ActivityAbout = field(description="What it is about.")
    from_seq: Long = field(description="Seq of the first change.")
    to_seq: Long = field(description="Seq of the last change: `board(id, at: toSeq)` shows how it became.")
    began_at: datetime = field(description="When the first change was made.")
    ended_at: datetime = field(description="When the last change was made.")
    change_count: int = field(description="How many changes it is made of, undoing and redoing included.")
    undo_count: int = field(description="How many of them took earlier changes back.")
    redo_count: int = field(description="How many of them repeated what had been taken back.")
    undone_count: int = field(description="How many of its deeds are taken back now.")
    counts: list[ActivityCount] = field(
        description="What was done, by number; undoing and redoing are not in it."
    )
    item_ids: list[strawberry.ID] = field(
        description="The items that were touched, the first 20; some may not be on the board any more."
    )
    thumbnail: Path = field(
        description="A small picture of the board as it became: WebP, 320 × 200 pixels, see-through where "
        "nothing is."
    )
    actor_id: strawberry.Private[UUID]

    @resolved(description="Who did it.")
    async def actor(self, info: Info) -> Account:
        return await info.context.loaders.account(self.actor_id)


def activity_of(board_id: UUID, entry: activity.Entry) -> Activity:
    return Activity(
        about=ActivityAbout[entry.about.upper()],
        from_seq=Long(entry.first_seq),
        to_seq=Long(entry.last_seq),
        began_at=entry.began_at,
        ended_at=entry.ended_at,
        change_count=entry.changes,
        undo_count=entry.undos,
        redo_count=entry.redos,
        undone_count=entry.undone,
        counts=counts_of(entry.counts),
        item_ids=[strawberry.ID(str(item_id)) for item_id in entry.item_ids],
        thumbnail=Path(address(board_id, entry.last_seq)),
        actor_id=entry.actor_id,
    )


def counts_of(tally: Mapping[str, int]) -> list[ActivityCount]:
    """In the order of the deeds."""
    counts = []
    for name, number in tally.items():
        deed, _, kind = name.partition(ADDED[-1])
        counts.append(
            ActivityCount(deed=Deed[deed.upper()], item_kind=ItemKind[kind] if kind else None, count=number)
        )
    order = list(Deed)
    return sorted(counts, key=lambda each: (order.index(each.deed), str(each.item_kind)))

"""Operations as the schema shows them: what each change of the log did, word for word."""

from typing import Annotated
from uuid import UUID

import strawberry
from msgspec import UNSET
from strawberry import field

from domain import operations
from domain.operations import ItemState, Operation
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.images import Image
from schema.items import ItemKind, Note, Transform, note_of, transform_of


@strawberry.type(description="An item as the log knows it: everything needed to draw it.")
class ItemSnapshot:
    id: strawberry.ID = field(description="The item's id.")
    kind: ItemKind = field(description="What it is.")
    transform: Transform = field(description="Where it was put.")
    width: float = field(description="Width in board units, before scale.")
    height: float = field(description="Height in board units, before scale.")
    z: str = field(description="Its rank from back to front, as in `Item.z`.")
    opacity: float = field(description="0 (not to be seen) to 1.")
    grayscale: bool = field(description="Whether it is shown without its colours.")
    locked: bool = field(description="Whether it refuses to be moved, edited, reordered and removed.")
    hidden: bool = field(description="Whether it is left out of the picture.")
    name: str = field(description="What people call it on this board; empty: none.")
    note: Note | None = field(description="The note's content; null for a picture.")
    image_id: strawberry.Private[UUID | None]

    @resolved(description="The picture; null for a note.")
    async def image(self, info: Info) -> Image | None:
        if self.image_id is None:
            return None
        return await info.context.loaders.images.load(self.image_id)


@strawberry.type(description="An item and where it was put.")
class ItemPlacement:
    id: strawberry.ID = field(description="The item's id.")
    transform: Transform = field(description="Where it is now, whole.")


@strawberry.type(description="What was changed of an item's looks; null: left as it was.")
class ItemStyle:
    id: strawberry.ID = field(description="The item's id.")
    opacity: float | None = field(description="New opacity, 0 to 1.")
    grayscale: bool | None = field(description="Whether it is shown without its colours from now on.")
    locked: bool | None = field(description="Whether it is locked from now on.")
    hidden: bool | None = field(description="Whether it is hidden from now on.")
    name: str | None = field(description="Its new name; empty: none.")


@strawberry.type(description="An item and its new rank.")
class ItemRank:
    id: strawberry.ID = field(description="The item's id.")
    z: str = field(description="Its rank from back to front, as in `Item.z`.")


@strawberry.type(description="An item and its new content and box, whole.")
class ItemEdit:
    id: strawberry.ID = field(description="The item's id.")
    width: float = field(description="Width in board units, before scale.")
    height: float = field(description="Height in board units, before scale.")
    note: Note | None = field(description="The note's content; null for other items.")


@strawberry.type(description="Items were placed on the board.")
class AddItems:
    items: list[ItemSnapshot] = field(description="They, as they were placed.")


@strawberry.type(description="Items were removed; they keep their ids and can come back.")
class RemoveItems:
    ids: list[strawberry.ID] = field(description="Their ids.")


@strawberry.type(description="Removed items came back exactly as they were.")
class RestoreItems:
    items: list[ItemSnapshot] = field(description="They, as they are again.")


@strawberry.type(description="Items were moved, scaled, rotated or flipped.")
class TransformItems:
    items: list[ItemPlacement] = field(description="They, and where they are now.")


@strawberry.type(description="The looks of items were changed.")
class RestyleItems:
    items: list[ItemStyle] = field(description="They, and what was changed of each.")


@strawberry.type(description="Items were brought to the front or sent to the back.")
class ReorderItems:
    items: list[ItemRank] = field(description="They, and their new ranks.")


@strawberry.type(
    description="Items were given another content: notes rewritten, pictures cropped or replaced."
)
class EditItems:
    items: list[ItemEdit] = field(description="They, and their new content.")


@strawberry.type(description="The board's own words or its cover were changed.")
class EditBoard:
    title: str | None = field(description="Its new title; null: left as it was.")
    description: str | None = field(description="Its new description; null: left as it was.")
    cover_changed: bool = field(description="Whether the cover was chosen anew, or the choice taken back.")
    cover_id: strawberry.Private[UUID | None]

    @resolved(description="The new cover; null: not changed, or no longer chosen (see `coverChanged`).")
    async def cover(self, info: Info) -> Image | None:
        return await info.context.loaders.images.load(self.cover_id) if self.cover_id else None


@strawberry.type(description="The board was put into the trash.")
class TrashBoard:
    by_id: strawberry.Private[UUID]

    @resolved(description="By whom.")
    async def by(self, info: Info) -> Account:
        return await info.context.loaders.account(self.by_id)


@strawberry.type(description="The board came back from the trash.")
class RestoreBoard:
    by_id: strawberry.Private[UUID]

    @resolved(description="By whom.")
    async def by(self, info: Info) -> Account:
        return await info.context.loaders.account(self.by_id)


AnyOperation = Annotated[
    AddItems
    | RemoveItems
    | RestoreItems
    | TransformItems
    | RestyleItems
    | ReorderItems
    | EditItems
    | EditBoard
    | TrashBoard
    | RestoreBoard,
    strawberry.union(
        "Operation", description="What a change did. New kinds may be added: skip what you do not know."
    ),
]


def _id(value: UUID) -> strawberry.ID:
    return strawberry.ID(str(value))


def snapshot_of(state: ItemState) -> ItemSnapshot:
    style = state.style
    return ItemSnapshot(
        id=_id(state.id),
        kind=ItemKind(state.kind.name),
        transform=transform_of(state.transform),
        width=state.width,
        height=state.height,
        z=state.z,
        opacity=style.opacity,
        grayscale=style.grayscale,
        locked=style.locked,
        hidden=style.hidden,
        name=style.name,
        note=None if state.note is None else note_of(state.note),
        image_id=state.image_id,
    )


def placement_of(placement: operations.Placement) -> ItemPlacement:
    return ItemPlacement(id=_id(placement.id), transform=transform_of(placement.transform))


def _style(patch: operations.StylePatch) -> ItemStyle:
    return ItemStyle(
        id=_id(patch.id),
        opacity=None if patch.opacity is UNSET else patch.opacity,
        grayscale=None if patch.grayscale is UNSET else patch.grayscale,
        locked=None if patch.locked is UNSET else patch.locked,
        hidden=None if patch.hidden is UNSET else patch.hidden,
        name=None if patch.name is UNSET else patch.name,
    )


def _edit(edit: operations.ItemEdit) -> ItemEdit:
    return ItemEdit(
        id=_id(edit.id),
        width=edit.width,
        height=edit.height,
        note=None if edit.note is None else note_of(edit.note),
    )


def operation_of(operation: Operation, actor_id: UUID) -> AnyOperation:
    """The domain's operation in the schema's words."""
    match operation:
        case operations.AddItems():
            return AddItems(items=[snapshot_of(state) for state in operation.items])
        case operations.RemoveItems():
            return RemoveItems(ids=[_id(item_id) for item_id in operation.ids])
        case operations.RestoreItems():
            return RestoreItems(items=[snapshot_of(state) for state in operation.items])
        case operations.TransformItems():
            return TransformItems(items=[placement_of(placement) for placement in operation.items])
        case operations.RestyleItems():
            return RestyleItems(items=[_style(patch) for patch in operation.items])
        case operations.ReorderItems():
            return ReorderItems(items=[ItemRank(id=_id(rank.id), z=rank.z) for rank in operation.items])
        case operations.EditItems():
            return EditItems(items=[_edit(edit) for edit in operation.items])
        case operations.EditBoard():
            return EditBoard(
                title=None if operation.title is UNSET else operation.title,
                description=None if operation.description is UNSET else operation.description,
                cover_changed=operation.cover_id is not UNSET,
                cover_id=None if operation.cover_id is UNSET else operation.cover_id,
            )
        case operations.TrashBoard():
            return TrashBoard(by_id=actor_id)
        case operations.RestoreBoard():
            return RestoreBoard(by_id=actor_id)
        case _:
            raise NotImplementedError(operation)

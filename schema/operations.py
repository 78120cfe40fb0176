"""Operations as the schema shows them: what each change of the log did, word for word."""

from typing import Annotated, Any, TypeVar, assert_never
from uuid import UUID

import strawberry
from msgspec import UNSET, UnsetType
from strawberry import field

from domain import operations
from domain.operations import ItemState, Operation, Simple
from schema.accounts import Account
from schema.comment_operations import AnyCommentOperation, comment_operation_of
from schema.context import Info
from schema.fields import resolved
from schema.images import Image
from schema.items import (
    Crop,
    Drawing,
    Frame,
    ItemKind,
    Note,
    Sampling,
    Transform,
    crop_of,
    drawing_of,
    frame_of,
    id_of,
    looks_of,
    note_of,
    transform_of,
)


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
    brightness: float = field(description="Factor as of CSS filters, 0 to 4; 1: as it is.")
    contrast: float = field(description="Factor as of CSS filters, 0 to 4; 1: as it is.")
    saturation: float = field(description="Factor as of CSS filters, 0 to 4; 1: as it is.")
    sampling: Sampling = field(description="How its picture is enlarged.")
    locked: bool = field(
        description="Whether it, and all that is in it, refuses to be moved, edited, reordered and removed."
    )
    hidden: bool = field(description="Whether it is left out of the picture, and all that is in it too.")
    name: str = field(description="What people call it on this board; empty: none.")
    tags: list[str] = field(description="Words to find it by on this board.")
    link: str = field(description="An address to open from it; empty: none.")
    parent_id: strawberry.ID | None = field(
        description="Id of the group or frame it was in; null: it lay on the board itself."
    )
    crop: Crop | None = field(description="The part of its picture that is shown; null: the whole.")
    note: Note | None = field(description="The note's content; null for other items.")
    drawing: Drawing | None = field(description="The drawing's content; null for other items.")
    frame: Frame | None = field(description="The frame's content; null for other items.")
    image_id: strawberry.Private[UUID | None]

    @resolved(description="The picture; null for other items.")
    async def image(self, info: Info) -> Image | None:
        return await _picture(info, self.image_id)


@strawberry.type(description="An item and where it was put.")
class ItemPlacement:
    id: strawberry.ID = field(description="The item's id.")
    transform: Transform = field(description="Where it is now, whole.")


@strawberry.type(description="What was changed of an item's looks; null: left as it was.")
class ItemStyle:
    id: strawberry.ID = field(description="The item's id.")
    opacity: float | None = field(description="New opacity, 0 to 1.")
    grayscale: bool | None = field(description="Whether it is shown without its colours from now on.")
    brightness: float | None = field(description="New factor of brightness, 0 to 4.")
    contrast: float | None = field(description="New factor of contrast, 0 to 4.")
    saturation: float | None = field(description="New factor of saturation, 0 to 4.")
    sampling: Sampling | None = field(description="How its picture is enlarged from now on.")
    locked: bool | None = field(description="Whether it is locked from now on.")
    hidden: bool | None = field(description="Whether it is hidden from now on.")
    name: str | None = field(description="Its new name; empty: none.")
    tags: list[str] | None = field(description="Its new tags, whole; empty: none.")
    link: str | None = field(description="Its new link; empty: none.")


@strawberry.type(description="An item and its new rank.")
class ItemRank:
    id: strawberry.ID = field(description="The item's id.")
    z: str = field(description="Its rank from back to front, as in `Item.z`.")


@strawberry.type(description="An item and the group or frame it was put into.")
class ItemMembership:
    id: strawberry.ID = field(description="The item's id.")
    parent_id: strawberry.ID | None = field(
        description="Id of the group or frame it is in now; null: it lies on the board itself."
    )


@strawberry.type(description="An item and its new content and box, whole.")
class ItemEdit:
    id: strawberry.ID = field(description="The item's id.")
    width: float = field(description="Width in board units, before scale.")
    height: float = field(description="Height in board units, before scale.")
    crop: Crop | None = field(description="The part of its picture that is shown; null: the whole.")
    note: Note | None = field(description="The note's content; null for other items.")
    drawing: Drawing | None = field(description="The drawing's content; null for other items.")
    frame: Frame | None = field(description="The frame's content; null for other items.")
    image_id: strawberry.Private[UUID | None]

    @resolved(description="The picture; null for other items.")
    async def image(self, info: Info) -> Image | None:
        return await _picture(info, self.image_id)


async def _picture(info: Info, image_id: UUID | None) -> Image | None:
    return None if image_id is None else await info.context.loaders.images.load(image_id)


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
    description="Items were given another content: notes and frames rewritten, drawings redrawn, pictures "
    "cropped or replaced."
)
class EditItems:
    items: list[ItemEdit] = field(description="They, and their new content.")


@strawberry.type(description="Items were put into groups or frames, or taken out.")
class RegroupItems:
    items: list[ItemMembership] = field(description="They, and what they are in now.")


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


AnyItemOperation = (
    AddItems
    | RemoveItems
    | RestoreItems
    | TransformItems
    | RestyleItems
    | ReorderItems
    | EditItems
    | RegroupItems
)
AnyBoardOperation = EditBoard | TrashBoard | RestoreBoard
AnySimple = Annotated[
    AnyItemOperation | AnyCommentOperation | AnyBoardOperation,
    strawberry.union(
        "SimpleOperation",
        description="What a change did, or a part of a `Compound`. New kinds may be added: skip what you do "
        "not know.",
    ),
]


@strawberry.type(description="Several operations that are one deed, and are taken back together.")
class Compound:
    operations: list[AnySimple] = field(description="They, in the order in which they are applied.")


AnyOperation = Annotated[
    AnyItemOperation | AnyCommentOperation | AnyBoardOperation | Compound,
    strawberry.union(
        "Operation",
        description="What a change did: a `Compound`, or what a `SimpleOperation` may be (a fragment on that "
        "fits here too). New kinds may be added: skip what you do not know.",
    ),
]


def snapshot_of(state: ItemState) -> ItemSnapshot:
    return ItemSnapshot(
        id=id_of(state.id),
        kind=ItemKind(state.kind.name),
        transform=transform_of(state.transform),
        width=state.width,
        height=state.height,
        z=state.z,
        **looks_of(state.style),
        parent_id=None if state.parent_id is None else id_of(state.parent_id),
        **_content(state),
    )


def _content(item: ItemState | operations.ItemEdit) -> dict[str, Any]:
    """The fields that snapshots and edits have of a content."""
    return {
        "crop": None if item.crop is None else crop_of(item.crop),
        "note": None if item.note is None else note_of(item.note),
        "drawing": None if item.drawing is None else drawing_of(item.drawing),
        "frame": None if item.frame is None else frame_of(item.frame),
        "image_id": item.image_id,
    }


def placement_of(placement: operations.Placement) -> ItemPlacement:
    return ItemPlacement(id=id_of(placement.id), transform=transform_of(placement.transform))


Value = TypeVar("Value")


def _written(value: Value | UnsetType) -> Value | None:
    return None if value is UNSET else value


def _style(patch: operations.StylePatch) -> ItemStyle:
    sampling = patch.sampling
    return ItemStyle(
        id=id_of(patch.id),
        opacity=_written(patch.opacity),
        grayscale=_written(patch.grayscale),
        brightness=_written(patch.brightness),
        contrast=_written(patch.contrast),
        saturation=_written(patch.saturation),
        sampling=None if sampling is UNSET else Sampling(sampling.name),
        locked=_written(patch.locked),
        hidden=_written(patch.hidden),
        name=_written(patch.name),
        tags=_written(patch.tags),
        link=_written(patch.link),
    )


def _edit(edit: operations.ItemEdit) -> ItemEdit:
    return ItemEdit(id=id_of(edit.id), width=edit.width, height=edit.height, **_content(edit))


def _membership(membership: operations.Membership) -> ItemMembership:
    parent = membership.parent_id
    return ItemMembership(id=id_of(membership.id), parent_id=None if parent is None else id_of(parent))


def operation_of(operation: Operation, actor_id: UUID) -> AnyOperation:
    """The domain's operation in the schema's words."""
    if isinstance(operation, operations.Compound):
        return Compound(operations=[simple_of(part, actor_id) for part in operation.operations])
    return simple_of(operation, actor_id)


def simple_of(part: Simple, actor_id: UUID) -> AnySimple:
    if isinstance(part, operations.CommentOperation):
        return comment_operation_of(part)
    match part:
        case operations.AddItems():
            return AddItems(items=[snapshot_of(state) for state in part.items])
        case operations.RemoveItems():
            return RemoveItems(ids=[id_of(item_id) for item_id in part.ids])
        case operations.RestoreItems():
            return RestoreItems(items=[snapshot_of(state) for state in part.items])
        case operations.TransformItems():
            return TransformItems(items=[placement_of(placement) for placement in part.items])
        case operations.RestyleItems():
            return RestyleItems(items=[_style(patch) for patch in part.items])
        case operations.ReorderItems():
            return ReorderItems(items=[ItemRank(id=id_of(rank.id), z=rank.z) for rank in part.items])
        case operations.EditItems():
            return EditItems(items=[_edit(edit) for edit in part.items])
        case operations.RegroupItems():
            return RegroupItems(items=[_membership(membership) for membership in part.items])
        case operations.EditBoard():
            return EditBoard(
                title=_written(part.title),
                description=_written(part.description),
                cover_changed=part.cover_id is not UNSET,
                cover_id=_written(part.cover_id),
            )
        case operations.TrashBoard():
            return TrashBoard(by_id=actor_id)
        case operations.RestoreBoard():
            return RestoreBoard(by_id=actor_id)
        case _:
            assert_never(part)

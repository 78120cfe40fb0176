"""What clients send about groups, and about which items lie in front."""

from enum import Enum

import strawberry
from strawberry import UNSET, enum_value, field

from schema.arguments import MUTATION_ID

IDS = "Ids of items, 1 to 5,000, each once. "


@strawberry.input(description="Which items become a group.")
class GroupItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(
        description=IDS + "Groups and frames too; what is in another of them goes with that one."
    )
    id: strawberry.ID | None = field(
        default=UNSET, description="A UUID of your own for the group; left out or null: one is made."
    )
    name: str = field(default="", description="What people call the group, up to 200 characters.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which groups and frames are dissolved.")
class UngroupItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description="Ids of groups and frames, 1 to 5,000, each once.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which items go into which group or frame, or out of any.")
class RegroupItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(description=IDS + "What is in another of them goes with that one.")
    parent_id: strawberry.ID | None = field(
        description="The group or frame to put them into; null: none, they lie on the board itself."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.enum(description="Where items go among what lies behind and in front of them.")
class Layering(Enum):
    FRONT = enum_value("FRONT", description="In front of everything else.")
    BACK = enum_value("BACK", description="Behind everything else.")
    FORWARD = enum_value(
        "FORWARD", description="One step: right in front of the next item there that it overlaps."
    )
    BACKWARD = enum_value(
        "BACKWARD", description="One step: right behind the next item there that it overlaps."
    )


@strawberry.input(description="Which items go to the front or the back.")
class OrderItemsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    ids: list[strawberry.ID] = field(
        description=IDS + "A group or frame takes along all that is in it. With FORWARD and BACKWARD at most "
        "500, with all that is in them."
    )
    to: Layering = field(description="Where they go.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)

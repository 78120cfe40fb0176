"""Preferences as the schema shows them, and how they are set."""

from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET, enum_value, field

from domain import preferences
from domain.errors import BadInput
from schema.arguments import INPUT
from schema.context import Info
from schema.fields import resolved


@strawberry.enum(description="Whose habits the keys follow that were not chosen one by one.")
class KeyPreset(Enum):
    WEBREF = enum_value("WEBREF", description="webref's own.")
    PUREREF = enum_value("PUREREF", description="PureRef's, where they differ.")


@strawberry.enum(description="What the wheel does on a board.")
class Wheel(Enum):
    AUTO = enum_value("AUTO", description="It zooms with a mouse and moves the view with a trackpad.")
    ZOOM = enum_value("ZOOM", description="It zooms.")
    PAN = enum_value("PAN", description="It moves the view; with Ctrl it zooms.")


@strawberry.type(description="The keys that somebody has chosen for a command of the web app.")
class KeyChoice:
    command: str = field(description="The name of the command, such as `look.focus`.")
    keys: list[str] = field(
        description="Combinations, each of which calls it, such as `Mod+Shift+z`; empty: it has no key."
    )


@strawberry.type(description="How somebody likes to work with the web app. Only they see it.")
class Preferences:
    key_preset: KeyPreset = field(description="Where keys come from that are not in `keys`.")
    keys: list[KeyChoice] = field(description="Keys that were chosen one by one, by the names of commands.")
    wheel: Wheel = field(description="What the wheel does on a board.")
    snapping: bool = field(description="Whether what is moved snaps to what is near.")
    sharing_mail: bool = field(
        description="Whether a mail tells them of boards that others share, where the server sends mail."
    )


@strawberry.input(description="Keys for a command of the web app.")
class KeyChoiceInput:
    command: str = field(description="The name of the command, 1 to 64 characters.")
    keys: list[str] = field(
        description="Up to 8 combinations, each of which calls it: `Mod` (Ctrl or Command), `Alt`, `Shift` "
        "and the key, joined by `+`. Empty: it has no key."
    )


@strawberry.input(description="What changes of the viewer's preferences; what is left out or null stays.")
class SetPreferencesInput:
    key_preset: KeyPreset | None = field(
        default=UNSET, description="Where keys come from that are not chosen."
    )
    keys: list[KeyChoiceInput] | None = field(
        default=UNSET, description="All keys that are chosen one by one, up to 500 commands, each named once."
    )
    wheel: Wheel | None = field(default=UNSET, description="What the wheel does on a board.")
    snapping: bool | None = field(default=UNSET, description="Whether what is moved snaps to what is near.")
    sharing_mail: bool | None = field(
        default=UNSET, description="Whether a mail tells of boards that others share."
    )


@strawberry.type(description="The preferences were set.")
class SetPreferencesPayload:
    preferences: Preferences = field(description="All of them, as they are now.")


def preferences_of(row: preferences.Preferences) -> Preferences:
    return Preferences(
        key_preset=KeyPreset[row.key_preset.name],
        keys=[KeyChoice(command=command, keys=list(keys)) for command, keys in sorted(row.keys.items())],
        wheel=Wheel[row.wheel.name],
        snapping=row.snapping,
        sharing_mail=row.sharing_mail,
    )


@strawberry.type
class PreferenceMutations:
    @resolved(
        description="Sets how the viewer likes to work with the web app. Sending it again changes nothing."
    )
    async def set_preferences(
        self, info: Info, input: Annotated[SetPreferencesInput, INPUT]
    ) -> SetPreferencesPayload:
        row = await preferences.set_preferences(
            info.context.require_viewer(),
            key_preset=preferences.KeyPreset[input.key_preset.name] if input.key_preset else None,
            keys=_keys_of(input.keys),
            wheel=preferences.Wheel[input.wheel.name] if input.wheel else None,
            snapping=input.snapping if input.snapping is not UNSET else None,
            sharing_mail=input.sharing_mail if input.sharing_mail is not UNSET else None,
        )
        return SetPreferencesPayload(preferences=preferences_of(row))


def _keys_of(choices: list[KeyChoiceInput] | None) -> dict[str, list[str]] | None:
    if not isinstance(choices, list):
        return None
    keys = {choice.command: choice.keys for choice in choices}
    if len(keys) < len(choices):
        raise BadInput("keys names a command twice.", field="keys")
    return keys

"""Preferences: how somebody likes to work with the web app, so that it is the same in every browser."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import asyncpg
import msgspec
from msgspec import Struct

from domain.access import Viewer, require_scope
from domain.database import fetchrow
from domain.entries import good_line
from domain.errors import BadInput, LimitExceeded

LONGEST_COMMAND = 64
LONGEST_COMBINATION = 40
MOST_COMMANDS = 500
MOST_KEYS = 8


class KeyPreset(StrEnum):
    """Whose habits the keys follow that were not chosen one by one."""

    WEBREF = "WEBREF"
    PUREREF = "PUREREF"


class Wheel(StrEnum):
    """What the wheel of a mouse does. AUTO: zooms with a mouse, moves the view with a trackpad."""

    AUTO = "AUTO"
    ZOOM = "ZOOM"
    PAN = "PAN"


class Preferences(Struct, frozen=True):
    """keys: by command, only where they are others than the preset's; none at all takes its keys from it.

    sharing_mail: whether a mail tells of boards that others share.
    """

    key_preset: KeyPreset = KeyPreset.WEBREF
    keys: Mapping[str, Sequence[str]] = {}
    wheel: Wheel = Wheel.AUTO
    snapping: bool = True
    sharing_mail: bool = True


async def preferences_of(viewer: Viewer) -> Preferences:
    """The viewer's own; what was never chosen is as it is for everybody."""
    row = await fetchrow("SELECT * FROM preference WHERE account = $1", viewer.account_id)
    return Preferences() if row is None else _preferences(row)


async def set_preferences(
    viewer: Viewer,
    *,
    key_preset: KeyPreset | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    wheel: Wheel | None = None,
    snapping: bool | None = None,
    sharing_mail: bool | None = None,
) -> Preferences:
    """None leaves it as it is; keys are set as a whole. Running it twice equals once.

    Raises BadInput, LimitExceeded.
    """
    require_scope(viewer)
    chosen = None if keys is None else msgspec.json.encode(_good_keys(keys))
    row = await fetchrow(
        "INSERT INTO preference AS old (account, key_preset, keys, wheel, snapping, sharing_mail) "
        "VALUES ($1, coalesce($2, 'WEBREF'), coalesce($3::jsonb, '{}'), coalesce($4, 'AUTO'), "
        "coalesce($5, true), coalesce($6, true)) "
        "ON CONFLICT (account) DO UPDATE SET key_preset = coalesce($2, old.key_preset), "
        "keys = coalesce($3::jsonb, old.keys), wheel = coalesce($4, old.wheel), "
        "snapping = coalesce($5, old.snapping), sharing_mail = coalesce($6, old.sharing_mail) RETURNING *",
        viewer.account_id,
        key_preset,
        chosen,
        wheel,
        snapping,
        sharing_mail,
    )
    assert row is not None
    return _preferences(row)


def _preferences(row: asyncpg.Record) -> Preferences:
    return Preferences(
        KeyPreset(row["key_preset"]),
        msgspec.json.decode(row["keys"]),
        Wheel(row["wheel"]),
        row["snapping"],
        row["sharing_mail"],
    )


def _good_keys(keys: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    if len(keys) > MOST_COMMANDS:
        raise LimitExceeded(
            f"keys names {len(keys)} commands; at most {MOST_COMMANDS}.", field="keys", limit=MOST_COMMANDS
        )
    return {
        good_line(command, "command", LONGEST_COMMAND): _good_combinations(combinations)
        for command, combinations in keys.items()
    }


def _good_combinations(combinations: Sequence[str]) -> list[str]:
    if len(combinations) > MOST_KEYS:
        raise LimitExceeded(f"A command has at most {MOST_KEYS} keys.", field="keys", limit=MOST_KEYS)
    good = [good_line(one, "combination of keys", LONGEST_COMBINATION) for one in combinations]
    if len(set(good)) < len(good):
        raise BadInput("A command names a combination of keys twice.", field="keys")
    return good

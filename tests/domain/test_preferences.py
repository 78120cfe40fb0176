"""Preferences: one's own, as they were chosen, and for the rest as they are for everybody."""

from dataclasses import replace

import pytest

from domain import preferences
from domain.access import Scope
from domain.database import fetch
from domain.errors import BadInput, DomainError, Forbidden, LimitExceeded
from domain.preferences import KeyPreset, Preferences, Wheel
from tests.factories import a_viewer

pytestmark = pytest.mark.usefixtures("database")


async def rows() -> list[str]:
    found = await fetch("SELECT to_jsonb(preference)::text AS line FROM preference ORDER BY account")
    return [row["line"] for row in found]


async def test_who_chose_nothing_has_what_everybody_has_and_no_row() -> None:
    assert await preferences.preferences_of(await a_viewer()) == Preferences()
    assert await rows() == []


async def test_what_is_not_named_stays_and_keys_are_set_as_a_whole() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    await preferences.set_preferences(ana, keys={"look.focus": ["f", "Shift+f"], "change.gray": []})
    await preferences.set_preferences(ana, wheel=Wheel.ZOOM, snapping=False)
    now = await preferences.set_preferences(ana, key_preset=KeyPreset.PUREREF)
    wanted = Preferences(
        KeyPreset.PUREREF, {"look.focus": ["f", "Shift+f"], "change.gray": []}, Wheel.ZOOM, False
    )
    assert now == wanted == await preferences.preferences_of(ana)
    assert (await preferences.set_preferences(ana, keys={})).keys == {}
    assert await preferences.preferences_of(ben) == Preferences()


async def test_setting_twice_equals_setting_once() -> None:
    ana = await a_viewer()
    await preferences.set_preferences(ana, keys={"look.focus": ["f"]}, wheel=Wheel.PAN)
    once = await rows()
    await preferences.set_preferences(ana, keys={"look.focus": ["f"]}, wheel=Wheel.PAN)
    assert await rows() == once


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"": ["f"]}, BadInput),
        ({"x" * 65: ["f"]}, BadInput),
        ({"look.focus": ["f", "f"]}, BadInput),
        ({"look.focus": ["f\n"]}, None),
        ({"look.focus": ["\u0007"]}, BadInput),
        ({"look.focus": [str(n) for n in range(9)]}, LimitExceeded),
        ({f"c{n}": ["f"] for n in range(501)}, LimitExceeded),
    ],
)
async def test_keys_are_few_short_lines(keys: dict[str, list[str]], error: type[DomainError] | None) -> None:
    ana = await a_viewer()
    if error is None:
        assert (await preferences.set_preferences(ana, keys=keys)).keys == {"look.focus": ["f"]}
        return
    with pytest.raises(error):
        await preferences.set_preferences(ana, keys=keys, wheel=Wheel.ZOOM)
    assert await rows() == []


async def test_a_token_that_reads_sets_nothing() -> None:
    reader = replace(await a_viewer(), scope=Scope.READ)
    with pytest.raises(Forbidden):
        await preferences.set_preferences(reader, wheel=Wheel.ZOOM)
    assert await rows() == []

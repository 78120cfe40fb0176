"""What is to be arranged, as it lies: what the statement finds is what a walk through the tree finds."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import adding, unit_rows
from domain.adding import NewItem
from domain.database import close_database, open_database, transaction
from domain.errors import LimitExceeded, NotFound
from domain.operations import FrameContent, ItemKind, ItemState, NoteContent, Style, Transform
from tests.factories import a_board, a_viewer
from tests.laws import state_in_rows

Found = dict[UUID, list[tuple[UUID, bool, bool, bool]]]


async def a_tree(seed: int) -> tuple[UUID, dict[UUID, ItemState]]:
    """A board of notes, frames and groups, one in another, some of them locked or hidden."""
    chance = random.Random(seed)
    ana = await a_viewer()
    board = (await a_board(ana)).id
    new: list[NewItem] = []
    containers: list[UUID | None] = [None]
    for n in range(16):
        item_id = uuid4()
        kind = chance.choice(["note", "note", "frame", "group"])
        new.append(
            NewItem(
                id=item_id,
                note=NoteContent() if kind == "note" else None,
                frame=FrameContent() if kind == "frame" else None,
                is_group=kind == "group",
                parent_id=chance.choice(containers),
                transform=None if kind == "group" else Transform(n * 10.0),
                style=Style(hidden=chance.random() < 0.15),
            )
        )
        if kind != "note":
            containers.append(item_id)
    await adding.add_items(ana, board, new)
    for item in new:
        if chance.random() < 0.15:  # afterwards, as nothing is put into what is locked
            await lock(board, item.id)
    return board, (await state_in_rows(board)).items


async def lock(board: UUID, item_id: UUID | None) -> None:
    async with transaction() as connection:
        await connection.execute("UPDATE item SET locked = true WHERE board = $1 AND id = $2", board, item_id)


def walked(items: dict[UUID, ItemState], ids: list[UUID] | None) -> Found:
    """By unit: its parts from back to front, and whether each is locked, hidden, and a box."""

    def above(item_id: UUID) -> list[ItemState]:
        parent = items[item_id].parent_id
        return [] if parent is None else [items[parent], *above(parent)]

    def top(item_id: UUID) -> bool:
        if ids is None:
            return items[item_id].parent_id is None and not items[item_id].style.hidden
        return item_id in ids and not any(holder.id in ids for holder in above(item_id))

    in_order = sorted(items.values(), key=lambda item: (item.z, item.id))
    units: Found = {}
    for key in [item.id for item in in_order] if ids is None else ids:
        if not top(key):
            continue
        units[key] = [
            (
                item.id,
                any(one.style.locked for one in (item, *above(item.id))),
                any(one.style.hidden for one in (item, *above(item.id))),
                item.kind is not ItemKind.GROUP,
            )
            for item in in_order
            if item.id == key or any(holder.id == key for holder in above(item.id))
        ]
    return units


def test_units_are_what_a_walk_through_the_tree_finds(database_url: str) -> None:
    async def compare(seed: int, named: list[int]) -> None:
        board, items = await a_tree(seed)
        keys = sorted(items, key=lambda item_id: items[item_id].z)
        for ids in (None, list(dict.fromkeys(keys[n] for n in named))):
            async with transaction() as connection:
                chosen = await unit_rows.units_of(connection, board, ids)
            found = {
                key: [(part.id, part.locked, part.hidden, part.box is not None) for part in parts]
                for key, parts in chosen.parts.items()
            }
            expected = walked(items, ids)
            assert found == expected
            assert list(found) == list(expected)
            for unit in chosen.units:
                for box in unit.boxes:
                    item = items[box.id]
                    assert (box.transform, box.width, box.height) == (item.transform, item.width, item.height)

    with asyncio.Runner() as runner:
        runner.run(open_database(database_url, durable=False))

        @given(st.integers(0, 2**32), st.lists(st.integers(0, 15), min_size=1, max_size=8))
        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        def attempt(seed: int, named: list[int]) -> None:
            runner.run(compare(seed, named))

        try:
            attempt()
        finally:
            runner.run(close_database())


@pytest.mark.usefixtures("database")
async def test_what_is_not_there_is_named_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    board, items = await a_tree(1)
    missing = uuid4()
    async with transaction() as connection:
        with pytest.raises(NotFound) as refused:
            await unit_rows.units_of(connection, board, [*items, missing])
        assert refused.value.details["ids"] == [str(missing)]
        monkeypatch.setattr(unit_rows, "MOST_ARRANGED", 15)
        with pytest.raises(LimitExceeded):
            await unit_rows.units_of(connection, board, list(items))

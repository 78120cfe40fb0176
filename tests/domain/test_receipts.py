"""Laws of receipts: the same id and payload is one deed with one answer, another payload a conflict."""

import asyncio
from uuid import UUID, uuid4

import pytest

from domain import receipts
from domain.access import Viewer
from domain.database import execute, fetchval, transaction
from domain.errors import MutationIdConflict
from domain.operations import StylePatch
from tests.factories import a_viewer

pytestmark = pytest.mark.usefixtures("database")


async def deed(viewer: Viewer, mutation_id: UUID | None, value: int, *, fails: bool = False) -> int:
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "deed", value=value)
        if receipt.is_repeat:
            return receipt.answer(int)
        await connection.execute("UPDATE account SET name = name || '!' WHERE id = $1", viewer.account_id)
        await asyncio.sleep(0.01)
        if fails:
            raise ZeroDivisionError
        await receipt.keep(value * 2)
        return value * 2


async def deeds(viewer: Viewer) -> int:
    name: str = await fetchval("SELECT name FROM account WHERE id = $1", viewer.account_id)
    return name.count("!")


async def test_however_often_sent_it_is_done_once() -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    assert await asyncio.gather(*(deed(ana, mutation_id, 21) for _ in range(8))) == [42] * 8
    assert await deeds(ana) == 1


async def test_without_an_id_each_counts() -> None:
    ana = await a_viewer()
    assert [await deed(ana, None, 1) for _ in range(3)] == [2, 2, 2]
    assert await deeds(ana) == 3
    assert await fetchval("SELECT count(*) FROM receipt") == 0


async def test_another_payload_is_a_conflict_and_does_nothing() -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    await deed(ana, mutation_id, 1)
    with pytest.raises(MutationIdConflict):
        await deed(ana, mutation_id, 2)
    assert await deeds(ana) == 1


async def test_an_id_belongs_to_its_actor() -> None:
    ana, ben, mutation_id = await a_viewer(), await a_viewer(), uuid4()
    assert await deed(ana, mutation_id, 1) == 2
    assert await deed(ben, mutation_id, 5) == 10
    assert (await deeds(ana), await deeds(ben)) == (1, 1)


async def test_what_failed_may_be_tried_again() -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    with pytest.raises(ZeroDivisionError):
        await deed(ana, mutation_id, 1, fails=True)
    assert (await deeds(ana), await fetchval("SELECT count(*) FROM receipt")) == (0, 0)
    assert await deed(ana, mutation_id, 1) == 2
    assert await deeds(ana) == 1


async def test_a_command_without_an_answer_is_repeated_as_well() -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    for repeat in (False, True):
        async with transaction() as connection:
            receipt = await receipts.claim(connection, ana.account_id, mutation_id, "silent")
            assert receipt.is_repeat is repeat
            if not repeat:
                await receipt.keep(None)
    await execute("UPDATE receipt SET answer = NULL")
    async with transaction() as connection:
        assert (await receipts.claim(connection, ana.account_id, mutation_id, "silent")).is_repeat


def test_a_fingerprint_tells_values_apart_and_nothing_else() -> None:
    one = uuid4()
    same = [
        receipts.fingerprint_of("deed", {"a": 1, "b": [StylePatch(one, opacity=0.5)]}),
        receipts.fingerprint_of("deed", {"b": [StylePatch(one, opacity=0.5)], "a": 1}),
    ]
    others = [
        receipts.fingerprint_of("other", {"a": 1, "b": [StylePatch(one, opacity=0.5)]}),
        receipts.fingerprint_of("deed", {"a": 2, "b": [StylePatch(one, opacity=0.5)]}),
        receipts.fingerprint_of("deed", {"a": 1, "b": [StylePatch(one, opacity=0.5, locked=False)]}),
        receipts.fingerprint_of("deed", {"a": 1, "b": [StylePatch(uuid4(), opacity=0.5)]}),
    ]
    assert same[0] == same[1]
    assert len({*same, *others}) == 5

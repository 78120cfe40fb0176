"""Laws of access: outsiders see nothing, members no more than their role, and that at every moment."""

import asyncio
from contextvars import Context
from itertools import product
from uuid import uuid4

import pytest

from domain import access, adding, boards, items
from domain.access import Role, Scope, Viewer
from domain.adding import NewItem
from domain.database import Connection, execute, fetchval, transaction
from domain.errors import BoardTrashed, DomainError, Forbidden, NotFound
from tests.factories import a_board, a_grant, a_member, a_viewer, an_image

pytestmark = pytest.mark.usefixtures("database")

STATES = ["active", "trashed"]


def expected(
    role: Role | None, scope: Scope, required: Role, state: str, lock: bool
) -> type[DomainError] | None:
    """The law once more, in other words than the code."""
    writes = lock or required is not Role.VIEWER
    ranks = [None, Role.VIEWER, Role.COMMENTER, Role.EDITOR, Role.OWNER]
    if role is None:
        return NotFound
    if ranks.index(role) < ranks.index(required):
        return Forbidden
    if writes and scope is Scope.READ:
        return Forbidden
    return BoardTrashed if writes and state == "trashed" else None


async def test_the_matrix_of_roles_scopes_states_and_wishes() -> None:
    ana = await a_viewer(is_owner=True)
    for state in STATES:
        board = await a_board(ana)
        if state == "trashed":
            await boards.trash_boards(ana, [board.id])
        for role, scope in product([None, *Role], Scope):
            viewer = await a_viewer(scope=scope, is_owner=role is None)
            if role is not None:
                await a_grant(board.id, viewer, role)
            for required, lock in product(Role, [False, True]):
                refusal = expected(role, scope, required, state, lock)
                async with transaction():
                    if refusal is None:
                        row = await access.board(viewer, board.id, required, lock=lock)
                        assert (row.id, row.role) == (board.id, role)
                        (row,) = await access.boards(viewer, [board.id], required, lock=lock)
                        assert row.role is role
                        continue
                    with pytest.raises(refusal):
                        await access.board(viewer, board.id, required, lock=lock)
                    with pytest.raises(refusal):
                        await access.boards(viewer, [board.id], required, lock=lock)


async def test_what_does_not_exist_looks_like_what_may_not_be_seen() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    board = await a_board(ana)
    image = await an_image(ana)
    said = []
    for board_id in (board.id, uuid4()):
        with pytest.raises(NotFound) as refusal:
            await access.board(ben, board_id, Role.VIEWER)
        said.append((refusal.value.message, set(refusal.value.details)))
    for image_id in (image, uuid4()):
        with pytest.raises(NotFound) as refusal:
            await access.image(ben, image_id)
        said.append((refusal.value.message, set(refusal.value.details)))
    assert said[0] == said[1]
    assert said[2] == said[3]


async def test_a_picture_is_seen_by_its_owner_and_on_boards() -> None:
    ana, outsider, root = await a_viewer(), await a_viewer(), await a_viewer(is_owner=True)
    image = await an_image(ana)
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    assert (await access.image(ana, image)).owner == ana.account_id
    for viewer in (ben, outsider, root):
        with pytest.raises(NotFound):
            await access.image(viewer, image)
    change = await adding.add_items(ana, board.id, [NewItem(image_id=image)])
    assert (await access.image(ben, image)).id == image
    for viewer in (outsider, root):
        with pytest.raises(NotFound):
            await access.image(viewer, image)
    placed = await fetchval("SELECT id FROM item WHERE changed_seq = $1", change.seq)
    await items.remove_items(ana, board.id, [placed])
    assert (await access.image(ben, image)).id == image
    await execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
    with pytest.raises(NotFound):
        await access.image(ben, image)
    await execute("UPDATE account SET disabled_at = now()")
    with pytest.raises(NotFound):
        await access.image(ana, image)


@pytest.mark.parametrize("several", [False, True], ids=["one board", "several"])
async def test_a_grant_taken_away_while_a_writer_waits_for_the_board_counts_no_more(several: bool) -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.EDITOR)

    async def write() -> None:
        async with transaction():
            if several:
                await access.boards(ben, [board.id], Role.EDITOR, lock=True)
            else:
                await access.board(ben, board.id, Role.EDITOR, lock=True)

    async with transaction() as connection:
        await access.board(ana, board.id, Role.OWNER, lock=True)
        writing = asyncio.create_task(write(), context=Context())
        await until_somebody_waits(connection)
        await connection.execute("DELETE FROM board_grant WHERE account = $1", ben.account_id)
    with pytest.raises(NotFound):
        await writing


async def until_somebody_waits(connection: Connection) -> None:
    """Asks pg_locks, which unlike pg_stat_activity is new at every look of one transaction."""
    waiting = (
        "SELECT count(*) FROM pg_locks wanted JOIN pg_locks held USING (pid) JOIN pg_database d "
        "ON d.oid = held.database WHERE NOT wanted.granted AND d.datname = current_database()"
    )
    for _ in range(500):
        if await connection.fetchval(waiting):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_a_sweep_finds_every_way_in_which_access_ends() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    people = {
        name: await a_member(board.id, Role.VIEWER, name)
        for name in ("stays", "revoked", "expired", "signed out", "disabled")
    }
    token = uuid4()
    await execute(
        "INSERT INTO token (id, account, name, scope, key, secret_hash) "
        "VALUES ($1, $2, 't', 'READ', 'k', '')",
        token,
        people["stays"].account_id,
    )
    scripts = Viewer(people["stays"].account_id, "script", scope=Scope.READ, token_id=token)
    asked = [(viewer, board.id) for viewer in (ana, scripts, *people.values())]
    assert await access.still_allowed(asked) == set(asked)
    assert await access.still_allowed([]) == set()
    assert await access.still_allowed([(ana, uuid4())]) == set()
    await execute("DELETE FROM board_grant WHERE account = $1", people["revoked"].account_id)
    await execute("UPDATE session SET expires_at = now() WHERE id = $1", people["expired"].session_id)
    await execute("UPDATE session SET revoked_at = now() WHERE id = $1", people["signed out"].session_id)
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", people["disabled"].account_id)
    still = {(viewer, board.id) for viewer in (ana, scripts, people["stays"])}
    assert await access.still_allowed(asked) == still
    await execute("UPDATE token SET expires_at = now()")
    assert (scripts, board.id) not in await access.still_allowed(asked)
    await execute("UPDATE token SET expires_at = NULL, revoked_at = now()")
    assert (scripts, board.id) not in await access.still_allowed(asked)
    await execute("DELETE FROM session WHERE account = $1", ana.account_id)
    assert (ana, board.id) not in await access.still_allowed(asked)


def test_roles_are_in_one_order() -> None:
    order = [Role.VIEWER, Role.COMMENTER, Role.EDITOR, Role.OWNER]
    for left, right in product(range(4), range(4)):
        assert order[left].allows(order[right]) == (left >= right)

"""Laws of members: somebody always owns a board, and only owners say who else is on it."""

import asyncio
from uuid import UUID, uuid4

import pytest

from domain import boards, members
from domain.access import Role, Viewer
from domain.database import execute, fetchval
from domain.errors import (
    BadInput,
    BoardTrashed,
    DomainError,
    Forbidden,
    LastOwner,
    MutationIdConflict,
    NotFound,
)
from domain.members import NewGrant
from tests.factories import a_board, a_grant, a_member, a_viewer, rows_of

pytestmark = pytest.mark.usefixtures("database")


async def roles(viewer: Viewer, board_id: UUID) -> dict[UUID, Role]:
    page = await members.members_of(viewer, board_id)
    return {member.account_id: member.role for member in page.nodes}


async def test_people_are_named_by_email_or_account() -> None:
    ana, ben, cem = (
        await a_viewer("Ana"),
        await a_viewer("Ben", email="ben@example.org"),
        await a_viewer("Cem"),
    )
    board = await a_board(ana)
    granted = await members.grant_roles(
        ana,
        board.id,
        [NewGrant(Role.EDITOR, email=" Ben@Example.org "), NewGrant(Role.VIEWER, account_id=cem.account_id)],
    )
    assert [(member.account_id, member.role, member.granted_by) for member in granted] == [
        (ben.account_id, Role.EDITOR, ana.account_id),
        (cem.account_id, Role.VIEWER, ana.account_id),
    ]
    assert [board.role for board in (await boards.boards_of(cem)).nodes] == [Role.VIEWER]
    await members.grant_roles(ana, board.id, [NewGrant(Role.COMMENTER, account_id=ben.account_id)])
    assert (await roles(ben, board.id))[ben.account_id] is Role.COMMENTER


async def test_a_stranger_or_a_riddle_changes_nothing() -> None:
    ana, ben = await a_viewer(), await a_viewer()
    board = await a_board(ana)
    gone = await a_viewer(email="gone@example.org")
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", gone.account_id)
    good = NewGrant(Role.EDITOR, account_id=ben.account_id)
    before = await rows_of(board.id)
    wrong: list[tuple[list[NewGrant], type[DomainError]]] = [
        ([good, NewGrant(Role.VIEWER, email="nobody@example.org")], NotFound),
        ([good, NewGrant(Role.VIEWER, email="gone@example.org")], NotFound),
        ([good, NewGrant(Role.VIEWER, account_id=uuid4())], NotFound),
        ([good, NewGrant(Role.VIEWER)], BadInput),
        ([good, NewGrant(Role.VIEWER, account_id=ben.account_id, email="ben@example.org")], BadInput),
        ([good, NewGrant(Role.VIEWER, email="no address")], BadInput),
        ([good, good], BadInput),
        ([], BadInput),
    ]
    for grants, refusal in wrong:
        with pytest.raises(refusal):
            await members.grant_roles(ana, board.id, grants)
    assert await rows_of(board.id) == before


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.COMMENTER, Role.EDITOR])
async def test_only_owners_say_who_is_on_a_board(role: Role | None) -> None:
    ana, stranger = await a_viewer(), await a_viewer()
    board = await a_board(ana)
    ben = await a_viewer() if role is None else await a_member(board.id, role)
    before = await rows_of(board.id)
    refusal: type[DomainError] = NotFound if role is None else Forbidden
    with pytest.raises(refusal):
        await members.grant_roles(ben, board.id, [NewGrant(Role.OWNER, account_id=ben.account_id)])
    with pytest.raises(refusal):
        await members.grant_roles(ben, board.id, [NewGrant(Role.VIEWER, account_id=stranger.account_id)])
    with pytest.raises(refusal):
        await members.revoke_grants(ben, board.id, [ana.account_id])
    if role is None:
        with pytest.raises(NotFound):
            await members.members_of(ben, board.id)
    assert await rows_of(board.id) == before


async def test_the_last_owner_stays() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.EDITOR)
    disabled = await a_member(board.id, Role.OWNER)
    await execute("UPDATE account SET disabled_at = now() WHERE id = $1", disabled.account_id)
    before = await rows_of(board.id)
    with pytest.raises(LastOwner):
        await members.revoke_grants(ana, board.id, [ana.account_id])
    with pytest.raises(LastOwner):
        await members.grant_roles(ana, board.id, [NewGrant(Role.EDITOR, account_id=ana.account_id)])
    assert await rows_of(board.id) == before
    await members.grant_roles(
        ana,
        board.id,
        [NewGrant(Role.OWNER, account_id=ben.account_id), NewGrant(Role.VIEWER, account_id=ana.account_id)],
    )
    assert (await roles(ana, board.id))[ana.account_id] is Role.VIEWER


async def test_of_two_owners_who_leave_at_once_one_stays() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.OWNER)
    left = await asyncio.gather(
        *(members.revoke_grants(who, board.id, [who.account_id]) for who in (ana, ben)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in left) == ["LastOwner", "NoneType"]
    assert await fetchval("SELECT count(*) FROM board_grant WHERE role = 'OWNER'") == 1


async def test_an_owner_who_was_taken_off_while_waiting_decides_nothing() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben, cem = await a_member(board.id, Role.OWNER), await a_viewer()
    off, grant = await asyncio.gather(
        members.revoke_grants(ana, board.id, [ben.account_id]),
        members.grant_roles(ben, board.id, [NewGrant(Role.EDITOR, account_id=cem.account_id)]),
        return_exceptions=True,
    )
    assert off is None
    on_board = await roles(ana, board.id)
    assert ben.account_id not in on_board
    assert isinstance(grant, NotFound) == (cem.account_id not in on_board)


async def test_everybody_may_leave_even_a_board_in_the_trash() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    ben = await a_member(board.id, Role.VIEWER)
    await boards.trash_boards(ana, [board.id])
    with pytest.raises(BoardTrashed):
        await members.grant_roles(ana, board.id, [NewGrant(Role.EDITOR, account_id=ben.account_id)])
    await members.revoke_grants(ben, board.id, [ben.account_id])
    assert await roles(ana, board.id) == {ana.account_id: Role.OWNER}
    before = await rows_of(board.id)
    with pytest.raises(NotFound):
        await members.revoke_grants(ana, board.id, [ben.account_id])
    assert await rows_of(board.id) == before


async def test_a_repeated_grant_is_done_once() -> None:
    ana, ben, mutation_id = await a_viewer(), await a_viewer(), uuid4()
    board = await a_board(ana)
    grants = [NewGrant(Role.EDITOR, account_id=ben.account_id)]
    first = await members.grant_roles(ana, board.id, grants, mutation_id=mutation_id)
    await members.revoke_grants(ana, board.id, [ben.account_id])
    assert await members.grant_roles(ana, board.id, grants, mutation_id=mutation_id) == first
    assert ben.account_id not in await roles(ana, board.id)
    with pytest.raises(MutationIdConflict):
        await members.grant_roles(
            ana, board.id, [NewGrant(Role.OWNER, account_id=ben.account_id)], mutation_id=mutation_id
        )
    assert ben.account_id not in await roles(ana, board.id)


async def test_people_come_in_pages_in_the_order_in_which_they_came() -> None:
    ana = await a_viewer()
    board = await a_board(ana)
    came = [ana.account_id] + [(await a_member(board.id, Role.VIEWER)).account_id for _ in range(5)]
    page = await members.members_of(ana, board.id, first=4)
    assert [member.account_id for member in page.nodes] == came[:4]
    assert (page.has_next, await page.total()) == (True, 6)
    late = await a_viewer()
    await a_grant(board.id, late, Role.VIEWER)
    rest = await members.members_of(ana, board.id, first=4, after=page.cursors[-1])
    assert [member.account_id for member in rest.nodes] == [*came[4:], late.account_id]
    assert not rest.has_next

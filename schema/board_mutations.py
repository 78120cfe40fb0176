"""Mutations about boards as a whole: making, naming, duplicating, sharing, throwing away, undoing."""

from typing import Annotated
from uuid import UUID

import strawberry
from msgspec import UNSET as KEEP
from strawberry import UNSET, field

from domain import boards, history, members, reverting
from domain.access import Role as Standing
from domain.errors import BadInput
from schema.accounts import Account
from schema.arguments import INPUT, MUTATION_ID, maybe_uuid, mutation_id_of, uuid_of, uuids_of
from schema.boards import Board, Role, board_of
from schema.changes import Change, change_of
from schema.context import Info
from schema.fields import resolved
from schema.scalars import Long


@strawberry.input(description="Which board becomes again what it was, and when that was.")
class RevertBoardInput:
    board_id: strawberry.ID = field(description="The board's id.")
    to: Long = field(description="Seq of the change right after which it was so; 0: an empty board.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="A new board.")
class CreateBoardInput:
    id: strawberry.ID | None = field(
        default=UNSET, description="A UUID of your own for it; left out: one is made."
    )
    title: str = field(description="Its title, 1 to 200 characters.")
    description: str = field(default="", description="What it is about, up to 10,000 characters.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="What changes about a board; what is left out stays.")
class EditBoardInput:
    id: strawberry.ID = field(description="The board's id.")
    title: str | None = field(default=UNSET, description="New title, 1 to 200 characters; null stays too.")
    description: str | None = field(default=UNSET, description="New description; null stays too.")
    cover_id: strawberry.ID | None = field(
        default=UNSET,
        description="Image that stands for the board; null: no choice, so the earliest picture does.",
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which board is copied.")
class DuplicateBoardInput:
    id: strawberry.ID = field(description="The board to copy.")
    new_id: strawberry.ID | None = field(
        default=UNSET, description="A UUID of your own for the copy; left out: one is made."
    )
    title: str | None = field(
        default=UNSET, description="The copy's title; left out or null: made from the board's."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which boards go into the trash.")
class TrashBoardsInput:
    ids: list[strawberry.ID] = field(description="Ids of boards, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which boards come back from the trash.")
class RestoreBoardsInput:
    ids: list[strawberry.ID] = field(description="Ids of boards in the trash, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which boards are deleted for good.")
class DeleteBoardsInput:
    ids: list[strawberry.ID] = field(description="Ids of boards in the trash, 1 to 500.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(
    description="A person and a role. Name the person by exactly one of `email` and `accountId`."
)
class GrantInput:
    role: Role = field(description="What they may do from now on.")
    email: str | None = field(default=UNSET, description="The address they sign in with.")
    account_id: strawberry.ID | None = field(default=UNSET, description="Their account's id.")


@strawberry.input(description="Who may do what on a board.")
class GrantRolesInput:
    board_id: strawberry.ID = field(description="The board's id.")
    grants: list[GrantInput] = field(
        description="People and roles, 1 to 500; a role given before is replaced."
    )
    is_quiet: bool | None = field(
        default=UNSET, description="True: nobody is told by mail, as when a removal is taken back."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Who leaves a board.")
class RevokeGrantsInput:
    board_id: strawberry.ID = field(description="The board's id.")
    account_ids: list[strawberry.ID] = field(
        description="Their accounts, 1 to 500. You may always name yourself."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Where to undo.")
class UndoInput:
    board_id: strawberry.ID = field(description="The board's id.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Where to redo.")
class RedoInput:
    board_id: strawberry.ID = field(description="The board's id.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="A board that is again what it was.")
class RevertBoardPayload:
    board: Board = field(description="The board.")
    change: Change = field(description="The one change that did it; `undo` takes it back.")


@strawberry.type(description="The board that was made.")
class CreateBoardPayload:
    board: Board = field(description="The new board; the viewer is its owner.")


@strawberry.type(description="The board as it is now.")
class EditBoardPayload:
    board: Board = field(description="The board.")
    change: Change = field(description="The line this wrote into its log.")


@strawberry.type(description="The copy.")
class DuplicateBoardPayload:
    board: Board = field(description="The new board, with copies of all items; the viewer is its owner.")


@strawberry.type(description="Boards went into the trash.")
class TrashBoardsPayload:
    boards: list[Board] = field(description="They, in the order asked for.")


@strawberry.type(description="Boards came back from the trash.")
class RestoreBoardsPayload:
    boards: list[Board] = field(description="They, in the order asked for.")


@strawberry.type(description="Boards are gone for good.")
class DeleteBoardsPayload:
    deleted_ids: list[strawberry.ID] = field(description="Their ids, in the order asked for.")


@strawberry.type(description="Roles were given.")
class GrantRolesPayload:
    board: Board = field(description="The board with its people.")


@strawberry.type(description="People left the board.")
class RevokeGrantsPayload:
    board: Board | None = field(description="The board with its people; null when you left it yourself.")


@strawberry.type(description="An item or a comment that undo or redo left alone.")
class SkippedItem:
    id: strawberry.ID = field(description="Its id.")
    reason: str = field(description="Why, in words.")
    by_id: strawberry.Private[UUID | None]

    @resolved(description="Whose later work would have been undone; null: nobody's.")
    async def by(self, info: Info) -> Account | None:
        return await info.context.loaders.accounts.load(self.by_id) if self.by_id else None


@strawberry.type(description="What was undone.")
class UndoPayload:
    board: Board = field(description="The board as it is now.")
    change: Change | None = field(
        description="The line this wrote into the log; null: all of it was skipped."
    )
    skipped: list[SkippedItem] = field(
        description="Items and comments left alone, mostly because others have worked on them since."
    )


@strawberry.type(description="What was redone.")
class RedoPayload:
    board: Board = field(description="The board as it is now.")
    change: Change | None = field(
        description="The line this wrote into the log; null: all of it was skipped."
    )
    skipped: list[SkippedItem] = field(
        description="Items and comments left alone, mostly because others have worked on them since."
    )


def _skipped(values: list[history.Skipped]) -> list[SkippedItem]:
    return [
        SkippedItem(id=strawberry.ID(str(value.item_id)), reason=value.reason, by_id=value.by_account_id)
        for value in values
    ]


def _grant(grant: GrantInput) -> members.NewGrant:
    account_id = maybe_uuid(grant.account_id, "accountId")
    if bool(grant.email) == bool(account_id):
        raise BadInput("A grant names its person by email or by accountId, one of them.", field="grants")
    return members.NewGrant(role=Standing[grant.role.name], account_id=account_id, email=grant.email or None)


@strawberry.type
class BoardMutations:
    @resolved(description="Makes a board.")
    async def create_board(self, info: Info, input: Annotated[CreateBoardInput, INPUT]) -> CreateBoardPayload:
        board = await boards.create_board(
            info.context.require_viewer(),
            id=maybe_uuid(input.id, "id"),
            title=input.title,
            description=input.description,
            mutation_id=mutation_id_of(input),
        )
        return CreateBoardPayload(board=board_of(board))

    @resolved(description="Changes a board's title, description or cover. For editors.")
    async def edit_board(self, info: Info, input: Annotated[EditBoardInput, INPUT]) -> EditBoardPayload:
        board_id = uuid_of(input.id)
        change = await boards.edit_board(
            info.context.require_viewer(),
            board_id,
            title=input.title if isinstance(input.title, str) else KEEP,
            description=input.description if isinstance(input.description, str) else KEEP,
            cover_id=KEEP if input.cover_id is UNSET else maybe_uuid(input.cover_id, "coverId"),
            mutation_id=mutation_id_of(input),
        )
        return EditBoardPayload(board=await info.context.loaders.board(board_id), change=change_of(change))

    @resolved(
        description="Copies a board with all that lies on it, but not its people, comments or log. For "
        "viewers of it."
    )
    async def duplicate_board(
        self, info: Info, input: Annotated[DuplicateBoardInput, INPUT]
    ) -> DuplicateBoardPayload:
        board = await boards.duplicate_board(
            info.context.require_viewer(),
            uuid_of(input.id),
            new_id=maybe_uuid(input.new_id, "newId"),
            title=input.title or None,
            mutation_id=mutation_id_of(input),
        )
        return DuplicateBoardPayload(board=board_of(board))

    @resolved(description="Puts boards into the trash: only reading and restoring is left. For owners.")
    async def trash_boards(self, info: Info, input: Annotated[TrashBoardsInput, INPUT]) -> TrashBoardsPayload:
        rows = await boards.trash_boards(
            info.context.require_viewer(),
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return TrashBoardsPayload(boards=[board_of(row) for row in rows])

    @resolved(description="Takes boards out of the trash. For owners.")
    async def restore_boards(
        self, info: Info, input: Annotated[RestoreBoardsInput, INPUT]
    ) -> RestoreBoardsPayload:
        rows = await boards.restore_boards(
            info.context.require_viewer(),
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return RestoreBoardsPayload(boards=[board_of(row) for row in rows])

    @resolved(
        description="Deletes boards in the trash for good. Their pictures stay in the library. For owners."
    )
    async def delete_boards(
        self, info: Info, input: Annotated[DeleteBoardsInput, INPUT]
    ) -> DeleteBoardsPayload:
        ids = await boards.delete_boards(
            info.context.require_viewer(),
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return DeleteBoardsPayload(deleted_ids=[strawberry.ID(str(board_id)) for board_id in ids])

    @resolved(
        description="Gives people roles on a board; who was not on it is told by mail, where the server "
        "sends any. For owners."
    )
    async def grant_roles(self, info: Info, input: Annotated[GrantRolesInput, INPUT]) -> GrantRolesPayload:
        board_id = uuid_of(input.board_id, "boardId")
        await members.grant_roles(
            info.context.require_viewer(),
            board_id,
            [_grant(grant) for grant in input.grants],
            mutation_id=mutation_id_of(input),
            language=info.context.language,
            is_quiet=bool(input.is_quiet),
        )
        return GrantRolesPayload(board=await info.context.loaders.board(board_id))

    @resolved(
        description="Takes people off a board: what they follow ends within 2 s. For owners; all may leave."
    )
    async def revoke_grants(
        self, info: Info, input: Annotated[RevokeGrantsInput, INPUT]
    ) -> RevokeGrantsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        await members.revoke_grants(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.account_ids, "accountIds"),
            mutation_id=mutation_id_of(input),
        )
        return RevokeGrantsPayload(board=await info.context.loaders.boards.load(board_id))

    @resolved(
        description="Takes back the viewer's latest change here by a new one, sparing what others did since. "
        "For editors; their comments for commenters."
    )
    async def undo(self, info: Info, input: Annotated[UndoInput, INPUT]) -> UndoPayload:
        board_id = uuid_of(input.board_id, "boardId")
        mutation_id = mutation_id_of(input)
        reverted = await history.undo(info.context.require_viewer(), board_id, mutation_id=mutation_id)
        return UndoPayload(
            board=await info.context.loaders.board(board_id),
            change=None if reverted.change is None else change_of(reverted.change),
            skipped=_skipped(reverted.skipped),
        )

    @resolved(
        description="Repeats what the viewer undid last, sparing what others did since. For editors; their "
        "comments for commenters."
    )
    async def redo(self, info: Info, input: Annotated[RedoInput, INPUT]) -> RedoPayload:
        board_id = uuid_of(input.board_id, "boardId")
        mutation_id = mutation_id_of(input)
        reverted = await history.redo(info.context.require_viewer(), board_id, mutation_id=mutation_id)
        return RedoPayload(
            board=await info.context.loaders.board(board_id),
            change=None if reverted.change is None else change_of(reverted.change),
            skipped=_skipped(reverted.skipped),
        )

    @resolved(
        description="Makes a board what it was right after an earlier change, locked items too, by one new "
        "change: nothing is lost. Comments stay as they are, and so does the trash. For editors."
    )
    async def revert_board(self, info: Info, input: Annotated[RevertBoardInput, INPUT]) -> RevertBoardPayload:
        board_id = uuid_of(input.board_id, "boardId")
        change = await reverting.revert_board(
            info.context.require_viewer(), board_id, input.to, mutation_id=mutation_id_of(input)
        )
        return RevertBoardPayload(board=await info.context.loaders.board(board_id), change=change_of(change))

"""Mutations of comments: one call takes a list, one change of the log holds it all."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain import comments
from domain.changes import Change as Line
from schema.arguments import INPUT, mutation_id_of, uuid_of, uuids_of
from schema.boards import Board
from schema.changes import Change, change_of
from schema.comment_inputs import (
    AddCommentsInput,
    EditCommentsInput,
    MoveCommentsInput,
    RemoveCommentsInput,
    ResolveCommentsInput,
    RestoreCommentsInput,
    new_comments_of,
    pins_of,
    texts_of,
)
from schema.comments import Comment
from schema.context import Info
from schema.fields import resolved


@strawberry.interface(description="What every mutation of comments answers.")
class CommentPayload:
    board_id: strawberry.Private[UUID]
    line: strawberry.Private[Line]

    @resolved(description="The board as it is now.")
    async def board(self, info: Info) -> Board:
        return await info.context.loaders.board(self.board_id)

    @resolved(description="The line this wrote into the board's log.")
    def change(self) -> Change:
        return change_of(self.line)

    @resolved(description="The comments it touched as they are now, in the order sent, then what came along.")
    async def comments(self, info: Info) -> list[Comment]:
        return await info.context.loaders.comments_of(self.line)


@strawberry.type(description="Something was said.")
class AddCommentsPayload(CommentPayload):
    pass


@strawberry.type(description="Comments were rewritten.")
class EditCommentsPayload(CommentPayload):
    pass


@strawberry.type(description="Threads were pinned elsewhere.")
class MoveCommentsPayload(CommentPayload):
    pass


@strawberry.type(description="Threads were settled, or opened again.")
class ResolveCommentsPayload(CommentPayload):
    pass


@strawberry.type(description="Comments were removed.")
class RemoveCommentsPayload(CommentPayload):
    pass


@strawberry.type(description="Removed comments came back.")
class RestoreCommentsPayload(CommentPayload):
    pass


@strawberry.type
class CommentMutations:
    @resolved(description="Says something on a board, or replies; a reply opens its thread. For commenters.")
    async def add_comments(self, info: Info, input: Annotated[AddCommentsInput, INPUT]) -> AddCommentsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await comments.add_comments(
            info.context.require_viewer(),
            board_id,
            new_comments_of(input.comments),
            mutation_id=mutation_id_of(input),
        )
        return AddCommentsPayload(board_id=board_id, line=line)

    @resolved(description="Rewrites comments of one's own. For commenters.")
    async def edit_comments(
        self, info: Info, input: Annotated[EditCommentsInput, INPUT]
    ) -> EditCommentsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await comments.edit_comments(
            info.context.require_viewer(),
            board_id,
            texts_of(input.comments),
            mutation_id=mutation_id_of(input),
        )
        return EditCommentsPayload(board_id=board_id, line=line)

    @resolved(description="Pins threads elsewhere: one's own for commenters, all for editors.")
    async def move_comments(
        self, info: Info, input: Annotated[MoveCommentsInput, INPUT]
    ) -> MoveCommentsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await comments.move_comments(
            info.context.require_viewer(),
            board_id,
            pins_of(input.comments),
            mutation_id=mutation_id_of(input),
        )
        return MoveCommentsPayload(board_id=board_id, line=line)

    @resolved(description="Settles threads, or opens them again. For commenters.")
    async def resolve_comments(
        self, info: Info, input: Annotated[ResolveCommentsInput, INPUT]
    ) -> ResolveCommentsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await comments.resolve_comments(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            resolved=input.resolved,
            mutation_id=mutation_id_of(input),
        )
        return ResolveCommentsPayload(board_id=board_id, line=line)

    @resolved(
        description="Removes comments, with a thread's first all its replies; they can come back. For "
        "commenters where all of it is their own, else for editors."
    )
    async def remove_comments(
        self, info: Info, input: Annotated[RemoveCommentsInput, INPUT]
    ) -> RemoveCommentsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await comments.remove_comments(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return RemoveCommentsPayload(board_id=board_id, line=line)

    @resolved(
        description="Brings removed comments back exactly as they were. For commenters what they removed "
        "themselves, for editors all."
    )
    async def restore_comments(
        self, info: Info, input: Annotated[RestoreCommentsInput, INPUT]
    ) -> RestoreCommentsPayload:
        board_id = uuid_of(input.board_id, "boardId")
        line = await comments.restore_comments(
            info.context.require_viewer(),
            board_id,
            uuids_of(input.ids),
            mutation_id=mutation_id_of(input),
        )
        return RestoreCommentsPayload(board_id=board_id, line=line)

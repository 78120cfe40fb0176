"""A board on which people talk: what tests of comments begin with."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from domain import adding, comment_reads, comments
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.changes import Change
from domain.comments import NewComment, NewPin, NewText, Pin
from domain.operations import (
    CommentState,
    NoteContent,
    Transform,
    subjects_of,
)
from tests.factories import a_board, a_member, a_viewer
from tests.laws import state_in_rows

HERE = Pin(10, 20)


class Talk:
    """Ana's board with a note on it, Ed who edits, Cleo and Dan who comment, Vi who reads."""

    def __init__(self) -> None:
        self.board = UUID(int=0)
        self.note = uuid4()

    async def begin(self) -> "Talk":
        self.ana = await a_viewer("Ana")
        self.board = (await a_board(self.ana)).id
        self.ed = await a_member(self.board, Role.EDITOR, "Ed")
        self.cleo = await a_member(self.board, Role.COMMENTER, "Cleo")
        self.dan = await a_member(self.board, Role.COMMENTER, "Dan")
        self.vi = await a_member(self.board, Role.VIEWER, "Vi")
        await adding.add_items(
            self.ana,
            self.board,
            [NewItem(id=self.note, note=NoteContent(), transform=Transform(100, 50), width=40, height=20)],
        )
        return self

    async def say(self, who: Viewer, text: str = "hello", pin: Pin = HERE) -> UUID:
        return await self._one(who, NewComment(text, pin))

    async def reply(self, who: Viewer, thread_id: UUID, text: str = "indeed") -> UUID:
        return await self._one(who, NewComment(text, thread_id=thread_id))

    async def _one(self, who: Viewer, comment: NewComment) -> UUID:
        change = await comments.add_comments(who, self.board, [comment])
        return subjects_of(change.operation)[0]

    async def said(self) -> dict[UUID, CommentState]:
        return (await state_in_rows(self.board)).comments

    async def rows(self, who: Viewer | None = None, **wanted: Any) -> list[comment_reads.CommentRow]:
        return list((await comment_reads.comments_on(who or self.vi, self.board, **wanted)).nodes)


Command = Callable[[Talk, Viewer, UUID], Awaitable[Change]]
COMMANDS: dict[str, Command] = {
    "add": lambda t, v, c: comments.add_comments(v, t.board, [NewComment("a", HERE)]),
    "reply": lambda t, v, c: comments.add_comments(v, t.board, [NewComment("a", thread_id=c)]),
    "edit": lambda t, v, c: comments.edit_comments(v, t.board, [NewText(c, "b")]),
    "move": lambda t, v, c: comments.move_comments(v, t.board, [NewPin(c, Pin(1, 2))]),
    "resolve": lambda t, v, c: comments.resolve_comments(v, t.board, [c], resolved=True),
    "remove": lambda t, v, c: comments.remove_comments(v, t.board, [c]),
    "restore": lambda t, v, c: comments.restore_comments(v, t.board, [c]),
}

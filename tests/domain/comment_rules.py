"""What is said on a board, and what becomes of it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain import comments
from domain.access import Viewer
from domain.changes import Change
from domain.comments import NewComment, NewPin, NewText, Pin
from tests.domain import comment_predictions
from tests.domain.choices import BOARDS, PEOPLE, PICKS, SELDOM, WORDS
from tests.domain.model import Board, Plan
from tests.domain.trial import Trial


class CommentRules(Trial):
    @rule(
        person=PEOPLE,
        board=BOARDS,
        pick=st.integers(0, 40),
        how=st.integers(0, 6),
        count=st.integers(1, 2),
        word=WORDS,
        taken=SELDOM,
    )
    def comment(
        self, person: int, board: int, pick: int, how: int, count: int, word: str, taken: bool
    ) -> None:
        pin, thread = Pin(5.0, 6.0), None
        if how < 3:
            [thread] = self.some_comments(board, [pick], stray=False)
        elif how < 6:
            pin = Pin(0.5, 0.25, self.some(board, [pick])[0])
        said = [NewComment(word, None if thread else pin, thread, self.new_id()) for _ in range(count)]
        ids = {s: t["kind"] == "COMMENT" for one in self.boards for s, t in one.things.items() if s.int}
        if taken:
            said[0] = NewComment(word, said[0].pin, thread, min(ids))
        self.do(
            person,
            board,
            lambda b, who: comment_predictions.add(b, who, said, ids),
            lambda viewer, key: comments.add_comments(viewer, self.boards[board].id, said, mutation_id=key),
        )

    @precondition(lambda self: any(t["kind"] == "COMMENT" for b in self.boards for t in b.things.values()))
    @rule(person=PEOPLE, board=BOARDS, picks=PICKS, how=st.integers(0, 5), word=WORDS, stray=SELDOM)
    def on_comments(
        self, person: int, board: int, picks: list[int], how: int, word: str, stray: bool
    ) -> None:
        ids, on = self.some_comments(board, picks, stray=stray), self.boards[board].id
        texts = [NewText(one, word) for one in ids]
        pins = [NewPin(one, Pin(0.0, 1.0, self.some(board, picks)[0])) for one in ids]
        gone = self.some_gone(board, picks, comments=True)
        foretold: list[Callable[[Board, UUID], Plan]] = [
            lambda b, who: comment_predictions.edit(b, who, texts),
            lambda b, who: comment_predictions.move(b, who, pins),
            lambda b, who: comment_predictions.resolve(b, who, ids, True),
            lambda b, who: comment_predictions.resolve(b, who, ids, False),
            lambda b, who: comment_predictions.remove(b, who, ids),
            lambda b, who: comment_predictions.restore(b, who, gone),
        ]
        calls: list[Callable[[Viewer, UUID], Awaitable[Change]]] = [
            lambda viewer, key: comments.edit_comments(viewer, on, texts, mutation_id=key),
            lambda viewer, key: comments.move_comments(viewer, on, pins, mutation_id=key),
            lambda viewer, key: comments.resolve_comments(viewer, on, ids, resolved=True, mutation_id=key),
            lambda viewer, key: comments.resolve_comments(viewer, on, ids, resolved=False, mutation_id=key),
            lambda viewer, key: comments.remove_comments(viewer, on, ids, mutation_id=key),
            lambda viewer, key: comments.restore_comments(viewer, on, gone, mutation_id=key),
        ]
        self.do(person, board, foretold[how], calls[how])

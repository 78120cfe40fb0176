"""Reading comments: threads in pages, where they lie now, and nothing for strangers."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain import comment_reads, comments, compaction, history, items
from domain.comment_reads import Counts, replies_to
from domain.comments import NewComment, NewPin, Pin
from domain.errors import (
    BadInput,
    NotFound,
)
from domain.geometry import Point
from domain.operations import (
    Placement,
    Transform,
)
from tests.factories import a_viewer
from tests.laws import require_laws
from tests.talk import HERE, Talk

pytestmark = pytest.mark.usefixtures("database")


async def test_comments_of_one_call_are_listed_in_its_order(talk: Talk) -> None:
    texts = [str(n) for n in range(40)]
    await comments.add_comments(talk.cleo, talk.board, [NewComment(text, HERE) for text in texts])
    assert [row.state.text for row in await talk.rows()] == texts


async def test_a_pin_goes_with_its_item_and_stays_where_it_was_removed(talk: Talk) -> None:
    await talk.say(talk.cleo, pin=Pin(1.0, 0.0, talk.note))
    [row] = await talk.rows()
    assert row.position is not None
    assert (row.position.x, row.position.y) == (120, 40)
    place = Transform(0, 0, scale=2, rotation=90)
    await items.transform_items(talk.ana, talk.board, [Placement(talk.note, place)])
    [row] = await talk.rows()
    assert row.position is not None
    assert (row.position.x, row.position.y) == pytest.approx((20, 40))
    await items.remove_items(talk.ana, talk.board, [talk.note])
    [row] = await talk.rows()
    assert row.position is not None
    assert (row.position.x, row.position.y) == pytest.approx((20, 40))
    assert row.pin == Pin(1.0, 0.0, talk.note)
    await require_laws(talk.board)


async def test_replies_have_the_place_of_their_thread_and_are_answered_into_it(talk: Talk) -> None:
    root = await talk.say(talk.cleo)
    reply = await talk.reply(talk.dan, root)
    again = await talk.reply(talk.ana, reply)
    said = await talk.said()
    assert said[reply].thread_id == said[again].thread_id == root
    [page] = await comment_reads.replies_of(talk.vi, [replies_to(root, 10, None)])
    assert [row.state.id for row in page.nodes] == [reply, again]
    assert all(row.pin == HERE and row.position == Point(10, 20) for row in page.nodes)
    await comments.move_comments(talk.cleo, talk.board, [NewPin(root, Pin(1, 2))])
    [row] = [row for row in await comment_reads.comments_by_ids(talk.vi, [again]) if row]
    assert row.pin == Pin(1, 2)
    assert [row.state.id for row in await talk.rows()] == [root]
    await require_laws(talk.board)


async def test_undone_moves_go_back_to_items_that_are_gone(talk: Talk) -> None:
    root = await talk.say(talk.cleo, pin=Pin(item_id=talk.note))
    await comments.move_comments(talk.cleo, talk.board, [NewPin(root, HERE)])
    await items.remove_items(talk.ana, talk.board, [talk.note])
    assert (await history.undo(talk.cleo, talk.board)).skipped == []
    [row] = await talk.rows()
    assert row.pin.item_id == talk.note
    assert row.position is not None
    assert (row.position.x, row.position.y) == (100, 50)
    await require_laws(talk.board)


async def test_a_pin_on_an_item_whose_removal_was_compacted_has_no_place_any_more(talk: Talk) -> None:
    root = await talk.say(talk.cleo, pin=Pin(item_id=talk.note))
    gone = await talk.say(talk.cleo)
    await comments.remove_comments(talk.cleo, talk.board, [gone])
    await items.remove_items(talk.ana, talk.board, [talk.note])
    await compaction.compact(30, now=datetime.now(UTC) + timedelta(days=60))
    [row] = await talk.rows()
    assert (row.state.id, row.pin.item_id, row.position) == (root, talk.note, None)
    assert await comment_reads.comments_by_ids(talk.cleo, [gone]) == [None]
    await talk.reply(talk.dan, root)
    await require_laws(talk.board)


async def test_threads_are_read_in_pages_and_by_what_is_asked(talk: Talk) -> None:
    roots = [await talk.say(talk.cleo, str(n)) for n in range(5)]
    roots.append(await talk.say(talk.dan, pin=Pin(item_id=talk.note)))
    reply = await talk.reply(talk.dan, roots[1])
    await comments.resolve_comments(talk.dan, talk.board, roots[1:3], resolved=True)
    await comments.remove_comments(talk.cleo, talk.board, [roots[0]])
    there = roots[1:]
    seen: list[UUID] = []
    after = None
    while True:
        page = await comment_reads.comments_on(talk.vi, talk.board, first=2, after=after)
        seen += [row.state.id for row in page.nodes]
        assert await page.total() == 5
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == there
    assert [row.state.id for row in await talk.rows(resolved=True)] == roots[1:3]
    assert [row.state.id for row in await talk.rows(resolved=False)] == roots[3:]
    assert [row.state.id for row in await talk.rows(item_id=talk.note)] == roots[5:]
    assert await comment_reads.reply_counts(talk.vi, [roots[1], roots[3]]) == [1, 0]
    assert await comment_reads.comment_counts(talk.vi, [talk.board, uuid4()]) == [Counts(3, 3), Counts()]
    [found, gone, none] = await comment_reads.comments_by_ids(talk.vi, [reply, roots[0], uuid4()])
    assert found is not None
    assert found.resolved_by == talk.dan.account_id
    assert gone is not None
    assert gone.removed_at is not None
    assert none is None


async def test_pages_of_many_threads_are_read_at_once(talk: Talk) -> None:
    one, two = await talk.say(talk.cleo), await talk.say(talk.cleo)
    replies = {root: [await talk.reply(talk.dan, root) for _ in range(3)] for root in (one, two)}
    first, second = await comment_reads.replies_of(
        talk.vi, [replies_to(one, 2, None), replies_to(two, 5, None)]
    )
    assert [row.state.id for row in first.nodes] == replies[one][:2]
    assert (first.has_next, second.has_next) == (True, False)
    assert [row.state.id for row in second.nodes] == replies[two]
    [rest] = await comment_reads.replies_of(talk.vi, [replies_to(one, 2, first.cursors[-1])])
    assert [row.state.id for row in rest.nodes] == replies[one][2:]
    assert await rest.total() == 3
    for wrong in ({"first": 0, "after": None}, {"first": 5, "after": "nonsense"}):
        with pytest.raises(BadInput):
            replies_to(one, **wrong)


async def test_strangers_read_nothing(talk: Talk) -> None:
    stranger = await a_viewer()
    root = await talk.say(talk.cleo)
    await talk.reply(talk.dan, root)
    with pytest.raises(NotFound):
        await talk.rows(stranger)
    assert await comment_reads.comments_by_ids(stranger, [root]) == [None]
    [page] = await comment_reads.replies_of(stranger, [replies_to(root, 5, None)])
    assert list(page.nodes) == []
    assert await page.total() == 0
    assert await comment_reads.comment_counts(stranger, [talk.board]) == [Counts()]

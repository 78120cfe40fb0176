"""What is executed once for all who follow is, for each of them, what they would read by themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import orjson
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from domain import adding, boards, grouping, history, items, sessions
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.database import close_database, execute, open_database
from domain.live import Hub
from domain.operations import NoteContent, Placement, StylePatch, Transform
from domain.settings import Settings
from schema import execution
from schema.execution import Refused, Request
from schema.streaming import Subscription
from tests.conftest import EMPTY
from tests.factories import a_board, a_member, a_viewer, an_image
from tests.schema.asking import Asking, Heard

ITEM = ("id", "kind", "width", "z", "opacity", "tags", "parentId", "transform { x y flipX }")
PICTURE = ("image { name width owner { name } }", "note { text colour }")
FIELDS: dict[str, tuple[str, ...]] = {
    "Change": ("seq", "at", "kind", "reverts", "clientMutationId", "__typename"),
    "Account": ("id", "name", "colour"),
    "Board": ("id", "title", "itemCount", "viewerRole", "canUndo", "canRedo", "seq"),
    "AddItems": tuple(f"items {{ {name} }}" for name in (*ITEM, *PICTURE)),
    "RestoreItems": tuple(f"items {{ {name} }}" for name in (*ITEM, *PICTURE)),
    "RemoveItems": ("ids",),
    "TransformItems": ("items { id }", "items { transform { x scale } }"),
    "RestyleItems": ("styles: items { id opacity name }",),
    "RegroupItems": ("items { id parentId }",),
    "EditBoard": ("title", "coverChanged", "cover { name }"),
}
SIMPLE = tuple(kind for kind in FIELDS if kind not in ("Change", "Account", "Board"))
MAYBE = ("", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: $no)")


@st.composite
def selections(draw: DrawFn) -> str:
    """Of a change: fields under their names and others, fragments, directives."""

    def some(kind: str) -> str:
        chosen = draw(st.lists(st.sampled_from(FIELDS[kind]), min_size=1, max_size=3, unique=True))
        return " ".join(name for name in chosen)

    def maybe() -> str:
        return draw(st.sampled_from(MAYBE))

    kinds = draw(st.lists(st.sampled_from(SIMPLE), min_size=1, max_size=2, unique=True))
    parts = [f"... on {kind}{maybe()} {{ {some(kind)} }}" for kind in kinds]
    simple = " ".join(["__typename", *parts])
    chosen = [
        some("Change"),
        f"who: actor{maybe()} {{ {some('Account')} }}",
        f"operation{maybe()} {{ {simple} ... on Compound {{ operations {{ {simple} }} }} }}",
        f"board{maybe()} {{ {some('Board')} }}",
        f"... on Change{maybe()} {{ number: seq }}",
    ]
    used = "yes: __typename @include(if: $yes) no: __typename @skip(if: $no)"
    return " ".join([used, *draw(st.permutations(chosen))[: draw(st.integers(2, 5))]])


VARIABLES = {"yes": True, "no": False}
HEAD = "($board: ID!, $yes: Boolean!, $no: Boolean!, $since: Long)"


class Reader(Heard):
    def __init__(self, asking: Asking, viewer: Viewer, board_id: UUID, selection: str) -> None:
        super().__init__()
        self.asking, self.viewer, self.board_id, self.selection = asking, viewer, board_id, selection
        document = f"subscription{HEAD} {{ boardChanges(boardId: $board, after: $since) {{ {selection} }} }}"
        request = Request(document, {"board": str(board_id), **VARIABLES})
        context = asking.context(viewer)
        self.subscription = Subscription(execution.prepare(request, context), request, context, self)

    async def told(self) -> Any:
        async with asyncio.timeout(10):
            answer = await self.answers.get()
        assert answer is not None
        return orjson.loads(answer.payload)

    async def alone(self, seq: int) -> Any:
        """The same line of the log by the ordinary way, for this person alone."""
        document = (
            f"query{HEAD} {{ board(id: $board) {{ changes(first: 1, since: $since) "
            f"{{ nodes {{ {self.selection} }} }} }} }}"
        )
        variables = {"board": str(self.board_id), "since": seq - 1, **VARIABLES}
        told = await self.asking.ask(self.viewer, document, variables)
        assert not told.errors
        return told.data["board"]["changes"]["nodes"][0]


async def _hold(selection: str, settings_of_server: Settings) -> None:
    await execute(EMPTY)
    sessions.sign_with(settings_of_server)
    ana = await a_viewer("Ana")
    board_id = (await a_board(ana)).id
    people = [ana, ana, *[await a_member(board_id, role) for role in (Role.EDITOR, Role.VIEWER)]]
    image, note = await an_image(ana), uuid4()
    deeds: list[Callable[[], Awaitable[object]]] = [
        lambda: adding.add_items(
            ana, board_id, [NewItem(id=note, note=NoteContent()), NewItem(image_id=image)]
        ),
        lambda: items.transform_items(people[2], board_id, [Placement(note, Transform(5.0))]),
        lambda: items.restyle_items(ana, board_id, [StylePatch(note, name="a name")]),
        lambda: grouping.group_items(ana, board_id, [note], mutation_id=uuid4()),
        lambda: history.undo(ana, board_id),
        lambda: boards.edit_board(people[2], board_id, title="New", cover_id=image),
        lambda: items.remove_items(ana, board_id, [note]),
    ]
    async with Hub() as hub:
        await asyncio.sleep(0.05)
        asking = Asking(hub, settings_of_server)
        readers = [Reader(asking, person, board_id, selection) for person in people]
        for reader in readers:
            await reader.subscription.begin()
        for seq, deed in enumerate(deeds, start=2):
            await deed()
            for reader in readers:
                told = await reader.told()
                assert "errors" not in told
                assert told["data"]["boardChanges"] == await reader.alone(seq)
        for reader in readers:
            reader.subscription.close()


def test_shared_events_are_what_each_would_read_alone(database_url: str, settings: Settings) -> None:
    with asyncio.Runner() as runner:
        runner.run(open_database(database_url, durable=False))
        try:
            _for_any_selection(runner, settings)
        finally:
            runner.run(close_database())


def _for_any_selection(runner: asyncio.Runner, settings_of_server: Settings) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(selection=selections())
    def hold(selection: str) -> None:
        try:
            runner.run(_hold(selection, settings_of_server))
        except Refused as refused:
            assume("LIMIT_EXCEEDED" not in refused.answer.codes)  # a document that asks too much
            raise

    hold()

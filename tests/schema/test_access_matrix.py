"""Who may ask what: every root field and every edge of the schema, by everybody.

The list of fields is taken from the schema: a new one without a row (`matrix_of_…`) fails.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type

from domain import sessions
from domain.access import Viewer
from domain.live import Hub
from domain.settings import Settings
from schema.execution import Request, Stage
from schema.root import GRAPH
from tests.schema.asking import Asking, answers_of
from tests.schema.matrix import OK
from tests.schema.matrix_of_mutations import MUTATIONS
from tests.schema.matrix_of_reads import EDGES, QUERIES, SUBSCRIPTIONS
from tests.schema.scene import ACTORS, MEMBERS, SECRETS, Scene, a_scene, everything

# What only wraps: pages, payloads and events, whose parts are reached through the roots above.
WRAPPERS = ("Connection", "Edge", "Payload", "Report", "ImageFromUrl", "WebPage")
EVENTS = frozenset({"ImageProgress", "Presence", "PresenceEvent", "TransformEvent", "SkippedItem"})


def _edges_of_the_schema() -> set[str]:
    found = set()
    roots = {GRAPH.query_type, GRAPH.mutation_type, GRAPH.subscription_type}
    for kind in GRAPH.type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or kind.name.startswith("__"):
            continue
        if kind in roots or kind.name.endswith(WRAPPERS) or kind.name in EVENTS:
            continue
        inherited = {field for parent in kind.interfaces for field in parent.fields}
        for name, field in kind.fields.items():
            leads_to = get_named_type(field.type)
            composite = isinstance(leads_to, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
            if composite and name not in inherited:
                found.add(f"{kind.name}.{name}")
    return found


def test_every_field_of_the_schema_has_its_row() -> None:
    assert GRAPH.query_type is not None
    assert GRAPH.mutation_type is not None
    assert GRAPH.subscription_type is not None
    assert set(QUERIES) == set(GRAPH.query_type.fields)
    assert set(MUTATIONS) == set(GRAPH.mutation_type.fields)
    assert set(SUBSCRIPTIONS) == set(GRAPH.subscription_type.fields)
    assert set(EDGES) == _edges_of_the_schema()


def _mutation(name: str, answer: str) -> str:
    return f"mutation($v: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $v) {{ {answer} }} }}"


@pytest.fixture
async def asking(database: str, settings: Settings) -> AsyncIterator[Asking]:
    sessions.sign_with(settings)
    async with Hub() as hub:
        yield Asking(hub, settings)


def _variables(document: str, scene: Scene) -> dict[str, str]:
    return {name: value for name, value in scene.ids.items() if f"${name}:" in document}


def _keeps_secrets(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("name", QUERIES)
async def test_queries(asking: Asking, name: str) -> None:
    row, scene = QUERIES[name], await a_scene()
    before = await everything()
    for actor in ACTORS:
        told = await asking.ask(scene.people[actor], row.document, _variables(row.document, scene))
        assert (told.code or OK) == row.told[actor], (actor, told.text)
        if told.code is None:
            assert (told.data[name] is not None) == (actor in row.data_for), (actor, told.text)
        if actor not in MEMBERS:
            assert _keeps_secrets(told.text), (actor, told.text)
    assert await everything() == before


@pytest.mark.parametrize("name", EDGES)
async def test_edges(asking: Asking, name: str) -> None:
    document, scene = EDGES[name], await a_scene()
    for actor in ACTORS:
        told = await asking.ask(scene.people[actor], document, _variables(document, scene))
        if actor in MEMBERS:
            assert told.errors == [], (actor, told.text)
            assert None not in told.data.values(), (actor, told.text)
        else:
            assert told.code in (None, "UNAUTHENTICATED"), (actor, told.text)
            assert _keeps_secrets(told.text), (actor, told.text)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_refused_mutations_change_nothing(asking: Asking, name: str) -> None:
    variables, answer, expected = MUTATIONS[name]
    scene = await a_scene()
    document = _mutation(name, answer)
    before = await everything()
    for actor in ACTORS:
        if expected[actor] == OK:
            continue
        told = await asking.ask(scene.people[actor], document, {"v": variables(scene.ids)})
        assert told.code == expected[actor], (actor, told.text)
        assert told.data is None, (actor, told.text)
        assert await everything() == before, actor


@pytest.mark.parametrize(
    ("name", "actor"),
    [(name, actor) for name, row in MUTATIONS.items() for actor in ACTORS if row[2][actor] == OK],
)
async def test_allowed_mutations_answer(asking: Asking, name: str, actor: str) -> None:
    variables, answer, _ = MUTATIONS[name]
    scene = await a_scene()
    told = await asking.ask(scene.people[actor], _mutation(name, answer), {"v": variables(scene.ids)})
    assert told.errors == [], told.text
    assert told.data[name] is not None


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_subscriptions(asking: Asking, name: str) -> None:
    row, scene = SUBSCRIPTIONS[name], await a_scene()
    for actor in ACTORS:
        silent = name == "transforms" and row.told[actor] == OK  # nothing moves: silence is the answer
        try:
            async with asyncio.timeout(0.2 if silent else 5):
                told = await asking.first_event(
                    scene.people[actor], row.document, _variables(row.document, scene)
                )
        except TimeoutError:
            assert silent, actor
            continue
        assert not silent, (actor, told.text)
        assert (told.code or OK) == row.told[actor], (actor, told.text)
        if actor not in MEMBERS:
            assert _keeps_secrets(told.text), (actor, told.text)


async def test_a_revoked_grant_ends_every_stream_within_two_seconds(asking: Asking) -> None:
    scene = await a_scene()
    reader, owner = scene.people["viewer"], scene.people["owner"]
    assert isinstance(owner, Viewer)
    revoke = _mutation("revokeGrants", "board { id }")

    async def last_word(document: str) -> str | None:
        request = Request(document, _variables(document, scene))
        async for answer in answers_of(request, asking.context(reader)):
            if answer.stage is Stage.ENDED:
                return answer.codes[0]
        return None

    streams = [asyncio.create_task(last_word(row.document)) for row in SUBSCRIPTIONS.values()]
    await asyncio.sleep(0.3)
    variables = {"v": {"boardId": scene.ids["board"], "accountIds": [scene.ids["member"]]}}
    assert (await asking.ask(owner, revoke, variables)).errors == []
    async with asyncio.timeout(2):
        assert await asyncio.gather(*streams) == ["NOT_FOUND"] * len(streams)

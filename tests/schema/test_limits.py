"""Limits: hostile documents end before anything runs, quickly; ordinary ones pass."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, parse

from domain.access import Viewer
from schema import execution, limits
from schema.execution import Request, Stage
from schema.root import GRAPH
from tests.schema.asking import Asking

WEB = Path(__file__).parents[2] / "web" / "src"
SOMEBODY = Viewer(account_id=uuid4(), name="ana")
MOST_READINGS = 5
LONGEST = "{ " + " ".join(f"f{n}" for n in range(1_900)) + " }"  # parsing it takes about 8 ms

CHAIN = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(49)) + (
    "fragment F49 on Query { __typename }"
)
DOUBLING = "".join(
    f"fragment F{n} on Board {{ createdBy {{ id }} cover {{ boards {{ nodes {{ ...F{n + 1} }} }} }} }} "
    for n in range(12)
)

HOSTILE: dict[str, tuple[str, str]] = {
    # name: (the document, the code it gets)
    "20,000 aliases": ("{ " + " ".join(f"a{n}: __typename" for n in range(20_000)) + " }", "LIMIT_EXCEEDED"),
    "600 aliases": ("{ " + " ".join(f"a{n}: __typename" for n in range(600)) + " }", "LIMIT_EXCEEDED"),
    "20,000 duplicate fields": ("{ " + "__typename " * 20_000 + "}", "LIMIT_EXCEEDED"),
    "1,900 duplicate fields": ("{ " + "__typename " * 1_900 + "}", "LIMIT_EXCEEDED"),
    "duplicates in inline fragments": (
        "{ " + "... { boards { nodes { id title } } } " * 140 + "}",
        "LIMIT_EXCEEDED",
    ),
    "duplicates within duplicates": (
        "{ " + ("boards { " + ("nodes { " + "seq " * 9 + "} ") * 9 + "} ") * 9 + "}",
        "LIMIT_EXCEEDED",
    ),
    "600 levels": ("{ " + "a { " * 600 + "a " + "} " * 601, "LIMIT_EXCEEDED"),
    "600 levels of inline fragments": ("{ " + "... { " * 600 + "a " + "} " * 601, "LIMIT_EXCEEDED"),
    "900 levels of lists": ("{ nodes(ids: " + "[" * 900 + "]" * 900 + ") { id } }", "LIMIT_EXCEEDED"),
    "fragments in a circle": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "INVALID_DOCUMENT",
    ),
    "depth through fragments": (
        "query { boards { nodes { ...F0 } } } " + DOUBLING + "fragment F12 on Board { id }",
        "LIMIT_EXCEEDED",
    ),
    "fields doubled by fragments": (
        "{ ...F0 } "
        + "".join(
            f"fragment F{n} on Query {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} c {{ ...F{n + 1} }} }} "
            for n in range(9)
        )
        + "fragment F9 on Query { __typename }",
        "LIMIT_EXCEEDED",
    ),
    "200 fragments": (
        "{ ...F0 } " + "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(200)),
        "LIMIT_EXCEEDED",
    ),
    "300 directives at one place": ("{ __typename " + "@skip(if: false) " * 300 + "}", "LIMIT_EXCEEDED"),
    "6 directives at one place": ("{ __typename " + "@skip(if: false) " * 6 + "}", "LIMIT_EXCEEDED"),
    "directives everywhere": (
        "{ " + " ".join(f"f{n} @a @b @c @d @e" for n in range(180)) + " }",
        "INVALID_DOCUMENT",
    ),
    "directives on a variable": (
        "query($a: Int " + "@x " * 6 + ") { boards(first: $a) { totalCount } }",
        "LIMIT_EXCEEDED",
    ),
    "1,900 unknown fields": ("{ " + " ".join(f"f{n}" for n in range(1_900)) + " }", "INVALID_DOCUMENT"),
    "600 unknown arguments": (
        "{ boards(" + " ".join(f"f{n}: 1" for n in range(600)) + ") { totalCount } }",
        "INVALID_DOCUMENT",
    ),
    "390 operations": (" ".join(f"query Q{n} {{ __typename }}" for n in range(390)), "LIMIT_EXCEEDED"),
    "90,000 comments": ("#\n" * 49_000 + "{ __typename }", "LIMIT_EXCEEDED"),
    "a long text": ('{ node(id: "' + "x" * 199_000 + '") { id } }', "LIMIT_EXCEEDED"),
    "schema within schema": (
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "INVALID_DOCUMENT",
    ),
    "the schema four times": (
        "{ " + " ".join(f"s{n}: __schema {{ types {{ name }} }}" for n in range(4)) + " }",
        "LIMIT_EXCEEDED",
    ),
    "lists within lists": (
        "{ boards(first: 100) { nodes { items(first: 10000) { nodes { id } } } } }",
        "LIMIT_EXCEEDED",
    ),
    "lists of lists of lists": (
        "{ images(first: 500) { nodes { boards(first: 1) { totalCount } } } }",
        "LIMIT_EXCEEDED",
    ),
    "lists within operations": (
        "{ board(id: 1) { changes(first: 100) { nodes { operation { ... on AddItems { items { image { "
        "boards { nodes { id } } } } } } } } } }",
        "LIMIT_EXCEEDED",
    ),
    "operations of many boards": (
        "{ boards(first: 20) { nodes { changes(first: 50) { nodes { operation { ... on AddItems { items { "
        "id } } } } } } } }",
        "LIMIT_EXCEEDED",
    ),
    "lists within operations within compounds": (
        "{ board(id: 1) { changes(first: 2) { nodes { operation { ... on Compound { operations { "
        "... on EditItems { items { image { boards { totalCount } } } } } } } } } } }",
        "LIMIT_EXCEEDED",
    ),
    "boards of all that were moved": (
        "mutation { packItems(input: {boardId: 1}) { items { parent { items { totalCount } } } } }",
        "LIMIT_EXCEEDED",
    ),
    "operations in every fragment": (
        "{ board(id: 1) { changes { nodes { operation { "
        + " ".join(f"... on {kind} {{ ...F0 }}" for kind in ("AddItems", "RestoreItems") * 4)
        + " } } } } } "
        + "".join(
            f"fragment F{n} on AddItems {{ ... on AddItems {{ ...F{n + 1} }} ... {{ ...F{n + 1} }} }} "
            for n in range(9)
        )
        + "fragment F9 on AddItems { items { id image { id url renditions { url } } } }",
        "LIMIT_EXCEEDED",
    ),
    "no GraphQL at all": ("}{", "SYNTAX_ERROR"),
    "nothing": ("  ", "BAD_REQUEST"),
}


def _refused(document: str, viewer: Viewer | None, variables: dict[str, Any] | None = None) -> str:
    """The first code, '' for a document that may run."""
    try:
        execution.prepare(Request(document, variables), Asking().context(viewer))
    except execution.Refused as refused:
        return refused.answer.codes[0]
    return ""


def _cpu_seconds(work: Callable[[], object]) -> float:
    """The least of several, for other programs share this machine."""
    found = []
    for _ in range(4):
        execution.forget_documents()
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_costs_little_more_than_reading_one(name: str) -> None:
    document, code = HOSTILE[name]
    assert _refused(document, SOMEBODY) == code
    reading = _cpu_seconds(lambda: parse(LONGEST))
    assert _cpu_seconds(lambda: _refused(document, SOMEBODY)) <= MOST_READINGS * reading


async def test_a_refusal_has_no_data_and_says_what_was_counted() -> None:
    told = await Asking().ask(SOMEBODY, HOSTILE["600 aliases"][0])
    assert told.stage is Stage.REFUSED
    assert "data" not in told.text
    assert told.errors[0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 15, "measure": "aliases"}


@pytest.mark.parametrize(
    "document",
    [
        "{ " + " ".join(f"a{n}: __typename" for n in range(limits.MOST_ALIASES)) + " }",
        "{ ...F0 } " + CHAIN,
        "{ board(id: 1) { items(first: 10000) { totalCount nodes { id } edges { cursor } } } }",
        "{ boards(first: 20) { nodes { items(first: 100) { nodes { id } } members { totalCount } } } }",
        "{ __typename " + "@skip(if: false) " * 1 + "}",
        "{ __schema { types { fields { type { ofType { ofType { ofType { ofType { name } } } } } } } } }",
        "{ board(id: 1) { changes(first: 500) { nodes { operation { ... on AddItems { items { image { "
        "renditions { url } } } } ... on RestoreItems { items { id } } } } } } }",
        "{ boards(first: 20) { nodes { changes(first: 1) { nodes { operation { ... on AddItems { items { "
        "id } } } } } } } }",
        "{ boards(first: 20) { nodes { changes(first: 50) { nodes { seq operation { __typename } } } } } }",
        "mutation { packItems(input: {boardId: 1}) { board { items(first: 9000) { nodes { id } } } "
        "items { id ... on ImageItem { image { url } } } } }",
        'mutation($a: NewCommentInput! = {text: "A", place: {threadId: 1}}) { '
        "addComments(input: {boardId: 1, comments: [$a, $a]}) { "
        "comments { replies(first: 500) { nodes { text } } } change { operation { ... on AddComments { "
        "comments { text author { name } } } } } } }",
        "mutation { "
        + " ".join(
            f"m{n}: moveItems(input: {{boardId: 1, ids: [1], dx: 1, dy: 1}}) {{ change {{ seq operation {{ "
            "... on TransformItems { items { id } } } } }"
            for n in range(15)
        )
        + " }",
        "subscription { boardChanges(boardId: 1, after: 0) { operation { ... on Compound { operations { "
        "... on AddItems { items { id image { url renditions { url } } } } } } } } }",
    ],
)
def test_an_ordinary_document_passes(document: str) -> None:
    assert _refused(document, SOMEBODY) == ""


@pytest.mark.parametrize(
    ("first", "code"), [(100, ""), (5_000, "LIMIT_EXCEEDED"), (-1, ""), (None, "LIMIT_EXCEEDED")]
)
def test_the_cost_counts_variables_and_their_defaults(first: int | None, code: str) -> None:
    document = (
        "query($first: Int! = 10000) { boards(first: 2) { nodes { items(first: $first) { nodes { id } } } } }"
    )
    assert _refused(document, SOMEBODY, {} if first is None else {"first": first}) == code


@pytest.mark.parametrize(("count", "code"), [(250, ""), (251, "LIMIT_EXCEEDED")])
def test_the_cost_counts_what_a_mutation_is_given(count: int, code: str) -> None:
    document = (
        "mutation($i: RemoveItemsInput!) { removeItems(input: $i) { items { ... on ImageItem { image { "
        "boards(first: 1) { totalCount } } } } } }"
    )
    given = {"boardId": str(uuid4()), "ids": [str(uuid4()) for _ in range(count)]}
    assert _refused(document, SOMEBODY, {"i": given}) == code


# What the web app sends with a document, where that is not a page of a thousand.
SENT: dict[str, dict[str, object]] = {
    "Duplicates": {"first": 10},
    "PictureTrash": {"first": 100},
    "OrderSavedSearches": {"input": {"ids": ["one"]}},
}


def test_the_documents_of_the_web_app_pass() -> None:
    """All that it sends, with pages as large as it asks for."""
    texts = [path.read_text() for path in sorted(WEB.rglob("*.graphql"))]
    documents = parse("\n".join(texts))
    fragments = [node for node in documents.definitions if isinstance(node, FragmentDefinitionNode)]
    operations = [node for node in documents.definitions if isinstance(node, OperationDefinitionNode)]
    assert len(operations) > 50
    for operation in operations:
        document = DocumentNode(definitions=(operation, *fragments))
        assert operation.name is not None
        limits.require_cost(GRAPH, document, operation, SENT.get(operation.name.value, {"first": 1_000}))


def test_the_cost_counts_what_fragments_repeat() -> None:
    items = "fragment I on Board { items(first: 4000) { nodes { id } } }"
    assert _refused("{ board(id: 1) { ...I } } " + items, SOMEBODY) == ""
    thrice = "{ a: board(id: 1) { ...I } b: board(id: 2) { ...I } c: board(id: 3) { ...I } } "
    assert _refused(thrice + items, SOMEBODY) == "LIMIT_EXCEEDED"


def test_strangers_may_not_ask_for_the_schema() -> None:
    for document in (
        "{ __schema { types { name } } }",
        '{ __type(name: "Board") { name } }',
        "{ ...F } fragment F on Query { __schema { types { name } } }",
        "{ ... { s: __schema { types { name } } } }",
    ):
        assert _refused(document, None) == "INTROSPECTION_REFUSED"
        assert _refused(document, SOMEBODY) == ""
    assert _refused("{ __typename }", None) == ""


async def test_strangers_get_no_hints() -> None:
    asking = Asking()
    for document, variables in (
        ("{ bord(id: 1) { id } }", None),
        ("{ boards(frist: 1) { totalCount } }", None),
        ("{ boards(state: ACTIV) { totalCount } }", None),
        ("query($s: BoardState!) { boards(state: $s) { totalCount } }", {"s": "ACTIV"}),
    ):
        assert "Did you mean" not in (await asking.ask(None, document, variables)).text
        assert "Did you mean" in (await asking.ask(SOMEBODY, document, variables)).text


def test_documents_are_prepared_once() -> None:
    document = "{ boards { nodes { id title } } }"
    execution.forget_documents()
    first = execution.prepare(Request(document), Asking().context(SOMEBODY)).document
    assert execution.prepare(Request(document), Asking().context(SOMEBODY)).document is first
    assert execution.prepare(Request(document), Asking().context(None)).document is not first


def test_the_memory_for_documents_is_bounded() -> None:
    execution.forget_documents()
    for n in range(execution.MOST_CACHED + 20):
        _refused(f"query Q{n} {{ __typename }}", SOMEBODY)
    assert len(execution._valid) == execution.MOST_CACHED

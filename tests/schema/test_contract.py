"""The contract: printed as committed, every word of it described, every code catalogued."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    specified_scalar_types,
)

from domain import errors as domain_errors
from domain.errors import DomainError
from schema import limits
from schema.errors import REQUEST_CODES
from schema.root import GRAPH, printed_schema

HOUSE = Path(__file__).resolve().parents[2]


def test_the_committed_contract_is_what_the_schema_prints() -> None:
    assert (HOUSE / "schema" / "schema.graphql").read_text() == printed_schema()


def test_printing_is_the_same_every_time() -> None:
    assert printed_schema() == printed_schema()


def _without_description() -> Iterator[str]:
    for name, kind in GRAPH.type_map.items():
        if name.startswith("__") or name in specified_scalar_types:
            continue
        if not kind.description:
            yield name
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                for argument_name, argument in field.args.items():
                    if not argument.description:
                        yield f"{name}.{field_name}({argument_name}:)"
        elif isinstance(kind, GraphQLInputObjectType):
            for input_name, entry in kind.fields.items():
                if not entry.description:
                    yield f"{name}.{input_name}"
        elif isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                if not value.description:
                    yield f"{name}.{value_name}"


def test_everything_in_the_contract_is_described() -> None:
    assert list(_without_description()) == []


def test_every_scalar_of_ours_names_its_specification() -> None:
    ours = [
        kind
        for name, kind in GRAPH.type_map.items()
        if isinstance(kind, GraphQLScalarType) and name not in specified_scalar_types
    ]
    assert {kind.name for kind in ours} == {"Colour", "DateTime", "Long", "Path", "Thumbhash"}
    assert all(kind.specified_by_url for kind in ours)


def test_every_mutation_takes_one_input_and_answers_its_own_payload() -> None:
    assert GRAPH.mutation_type is not None
    for name, field in GRAPH.mutation_type.fields.items():
        words = name[0].upper() + name[1:]
        assert {arg: str(value.type) for arg, value in field.args.items()} == {"input": f"{words}Input!"}
        assert str(field.type) == f"{words}Payload!"


def test_every_connection_has_the_four_fields_of_relay_and_a_bounded_page() -> None:
    pages = 0
    for kind in GRAPH.type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        if kind.name.endswith("Connection"):
            assert set(kind.fields) == {"edges", "nodes", "pageInfo", "totalCount"}
        for field in kind.fields.values():
            if str(field.type).rstrip("!").endswith("Connection"):
                pages += 1
                assert str(field.args["first"].type) == "Int!"
                assert field.args["first"].default_value is not None
                assert "after" in field.args
    assert pages >= 7


def _handbook() -> str:
    return (HOUSE / "docs" / "schema.md").read_text()


def _catalogued() -> set[str]:
    return set(re.findall(r"^\| `([A-Z_]+)` \|", _handbook(), re.MULTILINE))


def test_the_handbook_catalogues_every_code_and_no_other() -> None:
    domain_codes = {
        kind.code
        for kind in vars(domain_errors).values()
        if inspect.isclass(kind) and issubclass(kind, DomainError) and kind is not DomainError
    }
    assert _catalogued() == domain_codes | set(REQUEST_CODES)


def test_the_handbook_tells_the_limits_that_hold() -> None:
    words = _handbook()
    for told in (
        f"| characters | {limits.MOST_CHARACTERS:,} |",
        f"| tokens | {limits.MOST_TOKENS:,} |",
        f"| levels, fragments followed | {limits.MOST_DEPTH} ({limits.MOST_INTROSPECTION_DEPTH} below",
        f"| aliases | {limits.MOST_ALIASES} |",
        f"| the same field again on the same type | {limits.MOST_REPEATS} |",
        f"| directives at one place | {limits.MOST_DIRECTIVES} |",
        f"| fragments, operations | {limits.MOST_FRAGMENTS}, {limits.MOST_OPERATIONS} |",
        f"| fields, fragments counted each time | {limits.MOST_FIELDS:,} |",
        f"path, summed | {limits.MOST_NODES:,} |",
        f"may be opened | {limits.MOST_LISTS} |",
        f"| {limits.DEADLINE_SECONDS:g} s |",
    ):
        assert told in words, told


def test_the_handbook_tells_every_scalar() -> None:
    told = set(re.findall(r"^\| `([A-Z][A-Za-z]+)` \|", _handbook(), re.MULTILINE))
    assert {"Colour", "DateTime", "Long", "Path", "Thumbhash"} <= told

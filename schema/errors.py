"""Failures as clients see them: the one place where an exception becomes an error with a code."""

import logging
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from graphql import GraphQLError, GraphQLFormattedError

from domain.errors import DomainError

LOG = logging.getLogger("webref.schema")

# Codes of what is wrong with a request before anything of it runs, and of what nobody expected.
# The domain's own codes are in domain/errors.py; docs/schema.md catalogues both.
SYNTAX_ERROR = "SYNTAX_ERROR"
INVALID_DOCUMENT = "INVALID_DOCUMENT"
INVALID_VARIABLES = "INVALID_VARIABLES"
INTROSPECTION_REFUSED = "INTROSPECTION_REFUSED"
BAD_REQUEST = "BAD_REQUEST"
OPERATION_NOT_FOUND = "OPERATION_NOT_FOUND"
METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
SUBSCRIPTION_OVER_HTTP = "SUBSCRIPTION_OVER_HTTP"
TIMEOUT = "TIMEOUT"
INTERNAL = "INTERNAL"

REQUEST_CODES = {
    SYNTAX_ERROR: "The document is not GraphQL.",
    INVALID_DOCUMENT: "The document does not fit the schema.",
    INVALID_VARIABLES: "The variables do not fit the operation.",
    INTROSPECTION_REFUSED: "Only who is signed in may ask for the schema itself.",
    BAD_REQUEST: "The request is not a GraphQL request.",
    OPERATION_NOT_FOUND: "The document holds no operation of that name, or several and no name was sent.",
    METHOD_NOT_ALLOWED: "GET runs queries only.",
    SUBSCRIPTION_OVER_HTTP: "Subscriptions run over the websocket.",
    TIMEOUT: "It took longer than it may and was stopped; whether a mutation happened, a repeat tells.",
    INTERNAL: "Something nobody expected; `id` is in the server's log too.",
}


def from_domain(error: DomainError) -> GraphQLFormattedError:
    """message and extensions of an expected failure."""
    return {"message": error.message, "extensions": {**_plain(error.details), "code": error.code}}


def masked(error: BaseException) -> GraphQLFormattedError:
    """An answer that tells nothing, and a log entry that tells all, joined by an id."""
    failure_id = uuid4().hex[:12]
    LOG.error("Unexpected failure %s in an operation", failure_id, exc_info=error)
    return {
        "message": f"Something went wrong on the server. Its log has it under {failure_id}.",
        "extensions": {"code": INTERNAL, "id": failure_id},
    }


def any_failure(error: BaseException) -> GraphQLFormattedError:
    """Whatever was raised, in words for a client."""
    if isinstance(error, GraphQLError):
        return field_error(error)
    return from_domain(error) if isinstance(error, DomainError) else masked(error)


def field_error(error: GraphQLError) -> GraphQLFormattedError:
    """An error of a field: where it is comes from GraphQL, what it says from its cause."""
    cause = error.original_error
    if isinstance(cause, GraphQLError):
        cause = cause.original_error or None
    if isinstance(cause, DomainError):
        said = from_domain(cause)
    elif cause is None and error.nodes and not _is_ours(error):
        said = {"message": error.message, "extensions": {"code": "BAD_INPUT"}}
    else:
        said = masked(cause or error)
    located = error.formatted
    if "locations" in located:
        said["locations"] = located["locations"]
    if "path" in located:
        said["path"] = located["path"]
    return said


def request_errors(errors: Iterable[GraphQLError], code: str) -> list[GraphQLFormattedError]:
    """What is wrong with a document or its variables, as graphql-core words it."""
    return [{**error.formatted, "extensions": {"code": code}} for error in errors]


def _is_ours(error: GraphQLError) -> bool:
    """Completing a value failed: the server gave what its own schema forbids."""
    return error.message.startswith(("Cannot return null", "Abstract type", "Expected "))


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    """Details as JSON values: ids and the like in their text form."""
    return {name: _value(value) for name, value in details.items()}


def _value(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dict):
        return _plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(entry) for entry in value]
    return str(value)

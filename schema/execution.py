"""How a document is run: one request in, encoded answers out, none of GraphQL's machinery above."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from graphql import GraphQLError, parse
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from schema.context import Context
from schema.root import schema


class Stage(StrEnum):
    """How far a request came. REFUSED: it was never executed, so there is no data entry."""

    EXECUTED = "EXECUTED"
    REFUSED = "REFUSED"
    WRONG_METHOD = "WRONG_METHOD"
    NEEDS_SOCKET = "NEEDS_SOCKET"


@dataclass(frozen=True)
class Request:
    """A GraphQL request as the transport read it: the types are already checked."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    extensions: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """payload: the JSON of a GraphQL response. codes: those of its errors. has_data: data is not null."""

    payload: bytes
    stage: Stage
    codes: tuple[str, ...] = ()
    has_data: bool = False
    errors: bytes = b"[]"


async def answer(request: Request, context: Context, *, queries_only: bool = False) -> Answer:
    """Runs a query or mutation. Never raises for what is wrong with the request itself."""
    allowed = {OperationType.QUERY} if queries_only else {OperationType.QUERY, OperationType.MUTATION}
    try:
        result = await schema.execute(
            request.query,
            variable_values=_plain(request.variables),
            context_value=context,
            operation_name=request.operation_name,
            operation_extensions=_plain(request.extensions),
            allowed_operation_types=allowed,
        )
    except CannotGetOperationTypeError as error:
        return refusal("OPERATION_NOT_FOUND", _which_operation(error))
    except MissingQueryError:
        return refusal("BAD_REQUEST", "The request holds no query.")
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            words = "Subscriptions run over the websocket (graphql-transport-ws) at this same address."
            return refusal("SUBSCRIPTION_OVER_HTTP", words, Stage.NEEDS_SOCKET)
        return refusal("METHOD_NOT_ALLOWED", "GET runs queries only: send it with POST.", Stage.WRONG_METHOD)
    return _encoded(result)


async def stream(request: Request, context: Context) -> AsyncGenerator[Answer, None]:
    """Runs any operation: a subscription gives many answers, the others one."""
    results = await schema.stream(
        request.query,
        variable_values=_plain(request.variables),
        context_value=context,
        operation_name=request.operation_name,
        operation_extensions=_plain(request.extensions),
    )
    async with aclosing(results):
        async for result in results:
            if not isinstance(result, ExecutionResult):
                yield refusal("NOT_SUPPORTED", "Incremental delivery is not offered here.")
                return
            yield _encoded(result)


def refusal(code: str, message: str, stage: Stage = Stage.REFUSED) -> Answer:
    """The answer to a request that can not be executed."""
    errors = [{"message": message, "extensions": {"code": code}}]
    return Answer(
        payload=orjson.dumps({"errors": errors}), stage=stage, codes=(code,), errors=orjson.dumps(errors)
    )


def _encoded(result: ExecutionResult) -> Answer:
    errors = [error.formatted for error in result.errors or []]
    # An error of a field always has a path; without one (and without data) the request never ran.
    never_ran = isinstance(result, PreExecutionError) or (
        result.data is None and bool(errors) and all(error.get("path") is None for error in errors)
    )
    response: dict[str, Any] = {}
    if errors:
        response["errors"] = errors
    if not never_ran:
        response["data"] = result.data
    if result.extensions:
        response["extensions"] = result.extensions
    return Answer(
        payload=orjson.dumps(response, default=str),
        stage=Stage.REFUSED if never_ran else Stage.EXECUTED,
        codes=tuple(str((error.get("extensions") or {}).get("code", "")) for error in errors),
        has_data=result.data is not None,
        errors=orjson.dumps(errors, default=str) if never_ran else b"[]",
    )


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else dict(values)


def _which_operation(error: CannotGetOperationTypeError) -> str:
    if error.operation_name is None:
        return "The document holds no operation to run."
    return f"The document holds no operation named {error.operation_name[:100]!r}."


def is_subscription(request: Request) -> bool:
    """Whether a request would run as a subscription; a document that can not be read is none."""
    try:
        return get_operation_type(parse(request.query), request.operation_name) is OperationType.SUBSCRIPTION
    except (GraphQLError, RuntimeError):
        return False

"""GraphQL over HTTP to the letter: https://graphql.github.io/graphql-over-http/draft/."""

from collections.abc import Mapping
from typing import Any

import orjson
from litestar import Request, Response, route
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from api.body import read_body
from api.cookies import set_cookies
from api.errors import (
    BadRequest,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    as_domain_error,
    error_headers,
)
from api.identity import (
    caller_of_request,
    client_address,
    language_of,
    refresh_token_of,
    user_agent,
    viewer_of_caller,
)
from api.ranges import wanted
from api.services import services_of
from domain import credentials
from domain.errors import DatabaseUnavailable, DomainError
from schema import execution
from schema.context import Context
from schema.errors import from_domain
from schema.execution import Answer, Stage

MOST_BODY_BYTES = 300_000  # holds the ids of 5,000 items, however their JSON is spaced
BODY_TIMEOUT_SECONDS = 10.0

PATH = "/graphql"
RESPONSE_TYPE = "application/graphql-response+json"
LEGACY_TYPE = "application/json"

HttpRequest = Request[Any, Any, Any]


@route(PATH, http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200, request_max_body_size=None)
async def graphql(request: HttpRequest) -> Response[bytes]:
    return await _answered(request)


def shortened(app: ASGIApp) -> ASGIApp:
    """Lets POST /graphql past the framework's routing, which takes as long as a read of what was kept."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "POST" and scope["path"] == PATH:
            request: HttpRequest = Request(scope, receive, send)
            await _send(await _answered(request), send)
        else:
            await app(scope, receive, send)

    return middleware


async def _send(response: Response[bytes], send: Send) -> None:
    headers = {
        "content-type": response.media_type or LEGACY_TYPE,
        "content-length": str(len(response.content)),
        **response.headers,
    }
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    encoded += [cookie.to_encoded_header() for cookie in response.cookies]
    status = response.status_code or 200
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": response.content, "more_body": False})


async def _answered(request: HttpRequest) -> Response[bytes]:
    """One operation for each request; the answer is a GraphQL response even when the request is not one."""
    services = services_of(request)
    media_type = LEGACY_TYPE
    try:
        media_type = negotiated(request.headers.get("accept"))
        if request.method == "GET" and not services.settings.get_queries:
            raise MethodNotAllowed("Send GraphQL requests with POST.", allow=("POST",))
        asked = _from_query(request) if request.method == "GET" else await _from_body(request)
        caller = caller_of_request(request, services.settings)
        recognised = None if caller is None else credentials.recognised(caller.credential)
        if recognised is not None:
            known = await execution.quick_answer(asked, recognised)
            if known is not None:
                return _or_the_same(_response(known, media_type), known, request)
        viewer = await viewer_of_caller(caller)
        context = Context(
            viewer=viewer,
            settings=services.settings,
            hub=services.require_hub(),
            user_agent=user_agent(request),
            address=client_address(request),
            language=language_of(request),
            refresh_cookie=refresh_token_of(request, services.settings),
        )
        answer = await execution.answer(asked, context, queries_only=request.method == "GET")
    except Exception as error:
        return _failed(as_domain_error(error), media_type)
    response = _response(answer, media_type)
    set_cookies(response, context.cookies_out, services.settings)
    return _or_the_same(response, answer, request)


def negotiated(accept: str | None) -> str:
    """The media type to answer in. Raises NotAcceptable when the client takes neither.

    Without a preference it is application/json, as the specification asks for older clients.
    """
    if accept is None or not accept.strip():
        return LEGACY_TYPE
    weights = {RESPONSE_TYPE: 0.0, LEGACY_TYPE: 0.0}
    exactness = dict.fromkeys(weights, -1)
    for entry in accept.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        weight = _weight(parameters)
        for offered in weights:
            exact = 2 if name == offered else 1 if name == "application/*" else 0 if name == "*/*" else -1
            if exact > exactness[offered]:
                exactness[offered], weights[offered] = exact, weight
    best = max(weights.values())
    if best <= 0:
        raise NotAcceptable(f"GraphQL answers are {RESPONSE_TYPE} or {LEGACY_TYPE}.")
    liked = [offered for offered, weight in weights.items() if weight == best]
    if len(liked) == 1:
        return liked[0]
    # Both are equally welcome: the newer type only where it was asked for by name.
    return (
        RESPONSE_TYPE
        if exactness[RESPONSE_TYPE] > exactness[LEGACY_TYPE] or _named_first(accept)
        else LEGACY_TYPE
    )


def _named_first(accept: str) -> bool:
    lowered = accept.lower()
    first, second = lowered.find(RESPONSE_TYPE), lowered.find(LEGACY_TYPE)
    return first != -1 and (second == -1 or first < second)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _from_query(request: HttpRequest) -> execution.Request:
    parameters = request.query_params
    found: dict[str, object] = {name: parameters.get(name) for name in ("query", "operationName")}
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        try:
            found[name] = orjson.loads(text) if text else None
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"The parameter {name} is no JSON.") from error
    return parse_request(found)


async def _from_body(request: HttpRequest) -> execution.Request:
    if request.headers.get("content-type") != LEGACY_TYPE:
        _require_json(request)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Compressed requests are not read: send the JSON as it is.")
    body = await read_body(request, MOST_BODY_BYTES, BODY_TIMEOUT_SECONDS)
    if not body:
        raise BadRequest("The request has no body: send JSON with a 'query'.")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest("The body is no JSON in UTF-8.") from error
    return parse_request(found)


def _require_json(request: HttpRequest) -> None:
    media_type, options = request.content_type
    if media_type.lower() != "application/json":
        raise UnsupportedMediaType("Send GraphQL requests as 'Content-Type: application/json'.")
    if options.get("charset", "utf-8").strip('"').lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("GraphQL requests are read as UTF-8 only.")


def parse_request(found: object) -> execution.Request:
    """The four parameters, with their types checked. Raises BadRequest. Also used by the websocket."""
    if isinstance(found, list):
        raise BadRequest("Batches are not taken: send one operation for each request.")
    if not isinstance(found, Mapping):
        raise BadRequest("The request must be a JSON object with a 'query'.")
    query = found.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("'query' must be a string that holds a GraphQL document.")
    operation_name = found.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest("'operationName' must be a string or null.")
    for name in ("variables", "extensions"):
        if found.get(name) is not None and not isinstance(found[name], Mapping):
            raise BadRequest(f"'{name}' must be an object or null.")
    return execution.Request(
        query=query,
        variables=found.get("variables"),
        operation_name=operation_name or None,
    )


def _response(answer: Answer, media_type: str) -> Response[bytes]:
    headers = {"Cache-Control": "no-store"}
    status = 200
    if answer.stage is Stage.WRONG_METHOD:
        status = 405
        headers["Allow"] = "POST"
    elif answer.stage is Stage.NEEDS_SOCKET:
        status = 400
    elif DatabaseUnavailable.code in answer.codes and not answer.has_data:
        status = DatabaseUnavailable.http_status
        headers["Retry-After"] = "2"
    elif answer.stage is Stage.REFUSED and media_type == RESPONSE_TYPE:
        status = 400
    return _graphql(answer.payload, status, media_type, headers)


def _or_the_same(response: Response[bytes], answer: Answer, request: HttpRequest) -> Response[bytes]:
    """For GET: says which bytes these are, and 304 to who has them. Leave was asked for all the same."""
    if request.method != "GET" or answer.tag is None:
        return response
    etag = f'"{answer.tag}-{"r" if str(response.media_type).startswith(RESPONSE_TYPE) else "j"}"'
    kept = {"Cache-Control": "private, no-cache", "ETag": etag, "Vary": "Accept, Authorization, Cookie"}
    response.headers.update(kept)
    if wanted(len(answer.payload), etag, if_none_match=request.headers.get("if-none-match")).status == 304:
        response.status_code, response.content = 304, b""
    return response


def _failed(error: DomainError, media_type: str) -> Response[bytes]:
    body = orjson.dumps({"errors": [from_domain(error)]})
    return _graphql(body, error.http_status, media_type, error_headers(error))


def _graphql(body: bytes, status: int, media_type: str, headers: dict[str, str]) -> Response[bytes]:
    return Response(
        content=body, status_code=status, media_type=f"{media_type}; charset=utf-8", headers=headers
    )

"""Direct uploads over HTTP: leave to send a large file part by part straight to the bucket."""

from typing import Any
from uuid import UUID

import msgspec
import orjson
from litestar import Request, Response, delete, get, post

from api.arrivals import file_name, image_entry, place, placed_answer, uuid_of
from api.body import read_body
from api.errors import JSON_TYPE, BadRequest
from api.identity import viewer_of_request
from api.services import services_of
from domain import direct_uploads
from domain.access import Viewer
from domain.direct_uploads import DirectUpload
from domain.errors import BadInput, NotFound, Unauthenticated

DirectRequest = Request[Any, Any, Any]
MOST_BYTES, BODY_SECONDS = 10_000, 20.0


class Wish(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to be sent. id: the one that its picture shall have; board: where that shall lie."""

    size_bytes: int
    name: str = ""
    id: UUID | None = None
    batch: UUID | None = None
    board: UUID | None = None


@post("/uploads/direct", status_code=201)
async def begin_direct(request: DirectRequest) -> Response[bytes]:
    """Begins one: the answer has addresses for its first parts."""
    viewer = await _viewer(request)
    try:
        wish = msgspec.json.decode(await read_body(request, MOST_BYTES, BODY_SECONDS), type=Wish)
    except msgspec.DecodeError as error:
        raise BadRequest(f'Send JSON such as {{"name": "fox.jpg", "sizeBytes": 1000}}: {error}.') from error
    upload = await direct_uploads.begin(
        viewer,
        services_of(request).settings,
        name=file_name(wish.name),
        size_bytes=wish.size_bytes,
        image_id=wish.id,
        batch=wish.batch,
        board_id=wish.board,
    )
    urls = await direct_uploads.part_urls(upload, 1)
    return _answer(201, {"upload": _entry(upload), "urls": urls})


@get("/uploads/direct")
async def read_direct(request: DirectRequest) -> Response[bytes]:
    """Which parts have come."""
    _, upload = await _asked(request)
    parts = await direct_uploads.received(upload)
    received = [{"part": part.number, "sizeBytes": part.size_bytes} for part in parts]
    return _answer(200, {"upload": _entry(upload), "received": received})


@post("/uploads/direct/parts", status_code=200)
async def direct_parts(request: DirectRequest) -> Response[bytes]:
    """Addresses for more parts, or new ones for those whose hour is over."""
    _, upload = await _asked(request)
    first, count = (_number(request, name, given) for name, given in (("first", 1), ("count", 100)))
    return _answer(200, {"urls": await direct_uploads.part_urls(upload, first, count)})


@post("/uploads/direct/complete", status_code=201)
async def complete_direct(request: DirectRequest) -> Response[bytes]:
    """All parts have come: makes a picture of them."""
    viewer, upload = await _asked(request)
    services = services_of(request)
    async with place(services, viewer):
        added = await direct_uploads.complete(viewer, services.settings, upload)
        placed = await direct_uploads.placed(viewer, upload, added)
    return _answer(201, {"image": image_entry(added), **placed_answer(placed)})


@delete("/uploads/direct", status_code=204)
async def end_direct(request: DirectRequest) -> None:
    """Forgets it and what came of it."""
    _, upload = await _asked(request)
    await direct_uploads.end(upload)


async def _viewer(request: DirectRequest) -> Viewer:
    viewer = await viewer_of_request(request, services_of(request).settings)
    if viewer is None:
        raise Unauthenticated("Sign in to upload pictures.")
    return viewer


async def _asked(request: DirectRequest) -> tuple[Viewer, DirectUpload]:
    viewer = await _viewer(request)
    upload_id = uuid_of(request.query_params.get("id"), "id")
    if upload_id is None:
        raise NotFound("Say with ?id= which upload is meant.")
    return viewer, await direct_uploads.find(viewer, upload_id)


def _number(request: DirectRequest, name: str, given: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return given
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise BadInput(f"{name} must be a whole number.", field=name)
    return int(text)


def _entry(upload: DirectUpload) -> dict[str, object]:
    return {
        "id": str(upload.id),
        "sizeBytes": upload.size_bytes,
        "partBytes": direct_uploads.PART_BYTES,
        "parts": upload.parts,
        "expiresAt": upload.expires_at.isoformat(),
    }


def _answer(status: int, content: dict[str, object]) -> Response[bytes]:
    return Response(content=orjson.dumps(content), status_code=status, media_type=JSON_TYPE)

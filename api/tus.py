"""The tus protocol, version 1.0: uploads that go on where they were cut (https://tus.io)."""

import base64
import binascii
from typing import Any
from uuid import UUID

import orjson
from litestar import Request
from litestar.types import Receive, Scope, Send

from api.arrivals import file_name, place, upload_answer, uuid_of
from api.body import announced_bytes, body_pieces
from api.errors import (
    JSON_TYPE,
    BadRequest,
    MethodNotAllowed,
    UnsupportedMediaType,
    as_domain_error,
    error_entry,
    error_headers,
)
from api.identity import viewer_of_read, viewer_of_request
from api.services import Services, services_of
from domain import uploads
from domain.access import Viewer
from domain.errors import DomainError, NotFound, Unauthenticated, UploadOffset
from domain.upload_rows import CHECKSUMS, Checksum, Label, Upload

ADDRESS = "/uploads/tus"
VERSION = "1.0.0"
BODY_TYPE = "application/offset+octet-stream"
EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum,concatenation"
)
METHODS = ("OPTIONS", "HEAD", "GET", "POST", "PATCH", "DELETE")
LARGEST_NUMBER = 2**53
MOST_JOINED = 100

TusRequest = Request[Any, Any, Any]
Answer = tuple[int, dict[str, str], bytes]


class WrongTusVersion(DomainError):
    """The header Tus-Resumable is missing, or names a version that this server does not speak."""

    code = "WRONG_TUS_VERSION"
    http_status = 412


async def tus(scope: Scope, receive: Receive, send: Send) -> None:
    """OPTIONS and POST of /uploads/tus; HEAD, PATCH, DELETE and GET of /uploads/tus/<upload id>."""
    request: TusRequest = Request(scope, receive, send)
    method = str(request.method)
    if method == "POST":
        method = request.headers.get("x-http-method-override", method).upper()
    try:
        status, headers, body = await _answer(request, method)
    except Exception as error:
        status, headers, body = _refusal(as_domain_error(error))
    headers = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers}
    if status != 204:
        headers["Content-Length"] = str(len(body))
    if body:
        headers["Content-Type"] = JSON_TYPE
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body, "more_body": False})


async def _answer(request: TusRequest, method: str) -> Answer:
    services = services_of(request)
    rest = request.scope["path"].strip("/").split("/")[2:]
    if method == "OPTIONS":
        return 204, _abilities(services), b""
    if len(rest) > 1:
        raise NotFound("There is no such upload.")
    if method != "GET" and request.headers.get("tus-resumable") != VERSION:
        raise WrongTusVersion(
            f"This server speaks tus {VERSION}: send the header 'Tus-Resumable: {VERSION}'."
        )
    find = viewer_of_read if method == "GET" else viewer_of_request
    viewer = await find(request, services.settings)
    if viewer is None:
        raise Unauthenticated("Sign in to upload pictures.")
    if not rest:
        if method != "POST":
            raise MethodNotAllowed("Uploads begin with POST.", allow=("OPTIONS", "POST"))
        return await _begin(request, services, viewer)
    upload_id = _id(rest[0])
    match method:
        case "HEAD":
            return await _head(services, viewer, upload_id)
        case "GET":
            return await _get(services, viewer, upload_id)
        case "PATCH":
            return await _patch(request, services, viewer, upload_id)
        case "DELETE":
            await uploads.end(viewer, upload_id)
            return 204, {}, b""
        case _:
            raise MethodNotAllowed("An upload goes on with PATCH.", allow=METHODS)


async def _begin(request: TusRequest, services: Services, viewer: Viewer) -> Answer:
    concat = request.headers.get("upload-concat", "").strip()
    if concat.startswith("final"):
        return await _join(request, services, viewer, concat)
    if concat not in ("", "partial"):
        raise BadRequest("Upload-Concat is 'partial', or 'final;' and the addresses of partial uploads.")
    length = _number(request, "upload-length")
    deferred = request.headers.get("upload-defer-length")
    if (length is None) == (deferred is None) or deferred not in (None, "1"):
        raise BadRequest("Send either 'Upload-Length' in bytes or 'Upload-Defer-Length: 1'.")
    brings = _brings_bytes(request)
    async with place(services, viewer):
        begun = await uploads.begin(
            viewer, services.settings, length, _label(request), is_partial=bool(concat)
        )
        if brings:
            begun = await _receive(request, services, viewer, begun.id, 0)
        begun = await uploads.finished(viewer, services.settings, begun)
    headers = {**_standing(begun), "Location": f"{ADDRESS}/{begun.id}"}
    return 201, headers, await _said(viewer, begun) if begun.outcome or begun.archive else b""


async def _join(request: TusRequest, services: Services, viewer: Viewer, concat: str) -> Answer:
    addresses = concat.partition(";")[2].split()
    async with place(services, viewer):
        ids = [_id(address.rstrip("/").rpartition("/")[2]) for address in addresses[:MOST_JOINED]]
        if not ids or len(addresses) > MOST_JOINED:
            raise BadRequest(f"Upload-Concat names 1 to {MOST_JOINED} partial uploads.", limit=MOST_JOINED)
        joined = await uploads.join(viewer, services.settings, ids, _label(request))
        joined = await uploads.finished(viewer, services.settings, joined)
    headers = {**_standing(joined), "Location": f"{ADDRESS}/{joined.id}"}
    return 201, headers, await _said(viewer, joined)


async def _patch(request: TusRequest, services: Services, viewer: Viewer, upload_id: UUID) -> Answer:
    offset = _number(request, "upload-offset")
    if offset is None:
        raise BadRequest("PATCH needs the header 'Upload-Offset': the byte at which its body begins.")
    if not _brings_bytes(request):
        raise UnsupportedMediaType(f"The body of PATCH has 'Content-Type: {BODY_TYPE}'.")
    async with place(services, viewer):
        upload = await _receive(request, services, viewer, upload_id, offset)
        upload = await uploads.finished(viewer, services.settings, upload)
    headers = _standing(upload)
    # tus asks for 204, which has no body; who wants to know at once what the upload became asks so.
    is_done = upload.outcome is not None or upload.archive is not None
    if is_done and "return=representation" in request.headers.get("prefer", "").replace(" ", ""):
        return 200, {**headers, "Preference-Applied": "return=representation"}, await _said(viewer, upload)
    return 204, headers, b""


async def _receive(
    request: TusRequest, services: Services, viewer: Viewer, upload_id: UUID, offset: int
) -> Upload:
    length = _number(request, "upload-length") if request.method != "POST" or offset else None
    async with uploads.writing(
        viewer,
        services.settings,
        upload_id,
        offset,
        length=length,
        checksum=_checksum(request),
        announced=announced_bytes(request),
    ) as writer:
        async for piece in body_pieces(request):
            await writer.write(piece)
        return await writer.finish()


async def _head(services: Services, viewer: Viewer, upload_id: UUID) -> Answer:
    """A whole upload is said to be whole when it has become what it was sent for."""
    upload = await uploads.upload(viewer, upload_id)
    if upload.is_whole and upload.outcome is None and not upload.is_partial:
        async with place(services, viewer):
            upload = await uploads.finished(viewer, services.settings, upload)
    headers = _standing(upload)
    if upload.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.length)
    if upload.is_partial:
        headers["Upload-Concat"] = "partial"
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return 200, headers, b""


async def _get(services: Services, viewer: Viewer, upload_id: UUID) -> Answer:
    upload = await uploads.upload(viewer, upload_id)
    return 200, _standing(upload), await _said(viewer, upload)


async def _said(viewer: Viewer, upload: Upload) -> bytes:
    return orjson.dumps(await upload_answer(viewer, upload))


def _standing(upload: Upload) -> dict[str, str]:
    expires = upload.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return {"Upload-Offset": str(upload.received), "Upload-Expires": expires}


def _abilities(services: Services) -> dict[str, str]:
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(services.settings.max_file_bytes),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def _refusal(error: DomainError) -> Answer:
    headers = error_headers(error)
    status = error.http_status
    if isinstance(error, WrongTusVersion):
        headers["Tus-Version"] = VERSION
    if isinstance(error, UploadOffset):
        headers["Upload-Offset"] = str(error.details["offset"])
    elif status == 409:
        status = 422  # to a client of tus, 409 speaks of the offset only
    return status, headers, orjson.dumps({"error": error_entry(error)}, default=str)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such upload.") from None


def _brings_bytes(request: TusRequest) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == BODY_TYPE


def _number(request: TusRequest, header: str) -> int | None:
    text = request.headers.get(header)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16 or int(text) > LARGEST_NUMBER:
        raise BadRequest(f"'{header.title()}' must be a whole number of bytes.")
    return int(text)


def _label(request: TusRequest) -> Label:
    """Of Upload-Metadata: filename (or name), id, batch and board; the rest is kept and given back."""
    text = request.headers.get("upload-metadata", "")
    words = _metadata(text)
    return Label(
        name=file_name(words.get("filename") or words.get("name")),
        image_id=uuid_of(words.get("id"), "id"),
        batch=uuid_of(words.get("batch"), "batch"),
        board=uuid_of(words.get("board"), "board"),
        metadata=text,
    )


def _metadata(text: str) -> dict[str, str]:
    """`key base64, key base64, flag`. Raises BadRequest."""
    words: dict[str, str] = {}
    for entry in filter(None, (piece.strip() for piece in text.split(","))):
        key, _, value = entry.partition(" ")
        try:
            decoded = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise BadRequest("Upload-Metadata holds pairs of a key and its value in Base64.") from None
        if key in words or not key.isascii():
            raise BadRequest("The keys of Upload-Metadata are ASCII and each there once.")
        words[key] = decoded
    return words


def _checksum(request: TusRequest) -> Checksum | None:
    text = request.headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm not in CHECKSUMS or not digest:
        known = " or ".join(CHECKSUMS)
        raise BadRequest(f"Upload-Checksum is {known}, a space, and the digest in Base64.")
    return Checksum(algorithm, digest)

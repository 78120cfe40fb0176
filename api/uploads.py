"""Pictures coming in: streamed to disk as they arrive, one answer each, nothing kept of what is refused."""

from typing import Any
from uuid import UUID, uuid5

import orjson
from litestar import Request, Response, post

from api.arrivals import (
    entry_answer,
    file_name,
    image_entry,
    place,
    placed_answer,
    upload_answer,
    uuid_of,
)
from api.body import announced_bytes, body_pieces
from api.errors import (
    JSON_TYPE,
    BadRequest,
    ClientGone,
    SlowRequest,
    UnsupportedMediaType,
    as_domain_error,
)
from api.identity import viewer_of_request
from api.multipart import BrokenForm, Part, parts_of
from api.services import Services, services_of
from api.tus import ADDRESS
from domain import access, archives, images, originals, placing
from domain import uploads as resumable
from domain.access import Viewer
from domain.archives import Entry
from domain.errors import FileTooLarge, Unauthenticated
from domain.settings import Settings
from domain.upload_rows import Label, Upload

MOST_FILES = 1_000
# What the boundaries and headers of a multipart body may add to the files themselves.
ENVELOPE_BYTES = 2_000_000

UploadRequest = Request[Any, Any, Any]


@post("/uploads", status_code=201, request_max_body_size=None)
async def uploads(request: UploadRequest) -> Response[bytes]:
    """One file as the raw body, or several as multipart/form-data parts named `file`."""
    services = services_of(request)
    viewer = await viewer_of_request(request, services.settings)
    if viewer is None:
        raise Unauthenticated("Sign in to upload pictures.")
    access.require_scope(viewer)
    batch = uuid_of(request.query_params.get("batch"), "batch")
    board = uuid_of(request.query_params.get("board"), "board")
    await placing.require_board(viewer, board)
    media_type, options = request.content_type
    if media_type == "multipart/form-data":
        boundary = options.get("boundary", "").strip('"')
        return await _several(request, services, viewer, batch, board, boundary)
    if media_type == "application/x-www-form-urlencoded":
        raise UnsupportedMediaType(
            "Send the file's bytes as the body, or multipart/form-data with parts 'file'."
        )
    return await _one(request, services, viewer, batch, board)


async def _one(
    request: UploadRequest, services: Services, viewer: Viewer, batch: UUID | None, board: UUID | None
) -> Response[bytes]:
    settings = services.settings
    name = file_name(request.query_params.get("name"))
    if archives.is_archive_name(name):
        return await _archive(request, services, viewer, batch, board)
    image_id = uuid_of(request.query_params.get("id"), "id")
    if (announced_bytes(request) or 0) > settings.max_file_bytes:
        raise _file_too_large(settings)
    async with place(services, viewer), originals.receive(settings) as intake:
        async for piece in body_pieces(request):
            await intake.write(piece)
        added = await images.add_image(viewer, intake, name=name, image_id=image_id, batch=batch)
    # Who gave it an id may send it again: it lies there once, too.
    once = uuid5(board, str(image_id)) if board and image_id else None
    placed = await _placed(viewer, board, [added.image.id], once)
    return _created({"image": image_entry(added), **placed})


async def _archive(
    request: UploadRequest, services: Services, viewer: Viewer, batch: UUID | None, board: UUID | None
) -> Response[bytes]:
    """A ZIP as the raw body: 202, and where to ask what became of it."""
    if (announced_bytes(request) or 0) > services.settings.max_batch_bytes:
        raise _batch_too_large(services.settings)
    async with place(services, viewer), originals.receive(archives.room_for(services.settings)) as intake:
        async for piece in body_pieces(request):
            await intake.write(piece)
        label = Label(file_name(request.query_params.get("name")), batch=batch, board=board)
        upload = await resumable.take_archive(viewer, services.settings, intake, label)
    said = await _unpacking(viewer, upload)
    return Response(
        content=orjson.dumps(said),
        status_code=202,
        media_type=JSON_TYPE,
        headers={"Location": str(said["address"])},
    )


async def _unpacking(viewer: Viewer, upload: Upload) -> dict[str, object]:
    return {"address": f"{ADDRESS}/{upload.id}", **await upload_answer(viewer, upload)}


async def _several(
    request: UploadRequest,
    services: Services,
    viewer: Viewer,
    batch: UUID | None,
    board: UUID | None,
    boundary: str,
) -> Response[bytes]:
    most_bytes = services.settings.max_batch_bytes + ENVELOPE_BYTES
    if (announced_bytes(request) or 0) > most_bytes:
        raise _batch_too_large(services.settings)
    entries: list[Entry | Upload] = []
    async with place(services, viewer):
        async for part in parts_of(body_pieces(request), boundary, most_bytes=most_bytes):
            if part.name == "batch" and part.filename is None:
                batch = uuid_of(await part.text(most_bytes=100), "batch")
            elif part.name == "board" and part.filename is None:
                board = uuid_of(await part.text(most_bytes=100), "board")
                await placing.require_board(viewer, board)
            elif part.name == "file":
                if len(entries) >= MOST_FILES:
                    raise BadRequest(
                        f"At most {MOST_FILES} files are taken in one request.", limit=MOST_FILES
                    )
                entries.append(await _part(part, services, viewer, batch, board))
    if not entries:
        raise BadRequest("The form holds no file: name its parts 'file'.")
    return await _all_created(viewer, entries, board)


async def _part(
    part: Part, services: Services, viewer: Viewer, batch: UUID | None, board: UUID | None
) -> Entry | Upload:
    """One file of several: what is wrong with it is said beside it, and the others go on."""
    name = file_name(part.filename)
    is_archive = archives.is_archive_name(name)
    settings = archives.room_for(services.settings) if is_archive else services.settings
    try:
        async with originals.receive(settings) as intake:
            async for piece in part.pieces():
                await intake.write(piece)
            if is_archive:
                label = Label(name, batch=batch, board=board)
                return await resumable.take_archive(viewer, services.settings, intake, label)
            added = await images.add_image(viewer, intake, name=name, batch=batch)
    except (ClientGone, SlowRequest, BrokenForm):
        raise
    except Exception as error:
        return Entry(name, None, as_domain_error(error))
    return Entry(name, added)


async def _all_created(viewer: Viewer, entries: list[Entry | Upload], board: UUID | None) -> Response[bytes]:
    came = [one.added.image.id for one in entries if isinstance(one, Entry) and one.added is not None]
    placed = await _placed(viewer, board, came)
    images = [
        entry_answer(one)
        if isinstance(one, Entry)
        else {"name": one.name, "upload": await _unpacking(viewer, one)}
        for one in entries
    ]
    return _created({"images": images, **placed})


async def _placed(
    viewer: Viewer, board: UUID | None, image_ids: list[UUID], once: UUID | None = None
) -> dict[str, object]:
    if board is None or not image_ids:
        return {}
    return placed_answer(await placing.place_images(viewer, board, image_ids, mutation_id=once))


def _created(content: dict[str, object]) -> Response[bytes]:
    return Response(content=orjson.dumps(content), status_code=201, media_type=JSON_TYPE)


def _file_too_large(settings: Settings) -> FileTooLarge:
    limit = settings.max_file_bytes
    return FileTooLarge(f"A file may have {limit // 1_000_000} MB.", limit_bytes=limit)


def _batch_too_large(settings: Settings) -> FileTooLarge:
    limit = settings.max_batch_bytes
    return FileTooLarge(f"All files together may have {limit // 1_000_000} MB.", limit_bytes=limit)

"""What every door for files shares: a place to receive in, and what is said of a picture."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from api.errors import as_domain_error, error_entry
from api.services import Services
from domain.access import Viewer
from domain.archives import Entry
from domain.errors import BadInput, NotFound, TooBusy
from domain.images import AddedImage
from domain.placing import Placed
from domain.unpacking import standing
from domain.upload_outcomes import added_entries, added_image
from domain.upload_rows import Upload

PLACE_SECONDS = 60.0


@asynccontextmanager
async def place(services: Services, viewer: Viewer) -> AsyncIterator[None]:
    """So many files are received at once; the others wait with their bytes still at the client."""
    if services.draining:
        raise TooBusy("The server is stopping: send the file again in a moment.", retry_after_seconds=5)
    async with AsyncExitStack() as taken:
        try:
            async with asyncio.timeout(PLACE_SECONDS):
                await taken.enter_async_context(services.upload_places_of(viewer.account_id))
                await taken.enter_async_context(services.upload_places)
        except TimeoutError as error:
            raise TooBusy(
                "Many files are being received at once: send this one again in a moment.",
                retry_after_seconds=10,
            ) from error
        yield


def image_entry(added: AddedImage) -> dict[str, object]:
    image = added.image
    return {
        "id": str(image.id),
        "name": image.name,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "sizeBytes": image.size_bytes,
        "pages": image.pages,
        "placeholder": base64.b64encode(image.placeholder).decode(),
        "palette": list(image.palette),
        "state": str(image.state),
        "deduplicated": added.deduplicated,
    }


def entry_answer(entry: Entry) -> dict[str, object]:
    """What became of one entry of an archive, as of one of several files."""
    if entry.added is not None:
        return {"name": entry.name, "image": image_entry(entry.added)}
    return {"name": entry.name, "error": error_entry(as_domain_error(entry.error or NotFound("It is gone.")))}


def placed_answer(placed: Placed | None) -> dict[str, object]:
    """What is said beside pictures that were meant for a board; nothing where they were meant for none."""
    if placed is None:
        return {}
    said: dict[str, object] = {
        "board": str(placed.board_id),
        "items": [str(each) for each in placed.item_ids],
    }
    if placed.code:
        said["error"] = {"code": placed.code, "message": placed.message}
    return {"placed": said}


async def upload_answer(viewer: Viewer, upload: Upload) -> dict[str, object]:
    """How far it is, and what it became once it did."""
    said: dict[str, object] = {"id": str(upload.id), "offset": upload.received, "length": upload.length}
    if (unpacking := await standing(upload)) is not None:
        said["unpacking"] = {"state": str(unpacking.state), "progress": round(unpacking.progress, 3)}
        if unpacking.code:
            said["error"] = {"code": unpacking.code, "message": unpacking.message}
    if upload.outcome is None:
        return said
    added = await added_image(viewer, upload.outcome)
    if added is not None:
        said["image"] = image_entry(added)
    else:
        said["images"] = [entry_answer(entry) for entry in await added_entries(viewer, upload.outcome)]
    return {**said, **placed_answer(upload.outcome.placed)}


def file_name(text: str | None) -> str:
    """The file's own name, without the folders that some clients send along."""
    last = (text or "").replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable() and not "\ud800" <= letter <= "\udfff")
    return kept.strip()[:200] or "picture"


def uuid_of(text: str | None, field: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise BadInput(f"'{field}' must be a UUID.", field=field) from error

"""Pages: those of a document as pictures of their own, each known by its content like any other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path, PurePath
from uuid import UUID

from domain import darkroom, images, originals, receipts, storage
from domain.access import Viewer, require_scope
from domain.database import transaction
from domain.decoding import MAX_PIXELS
from domain.errors import BadInput, LimitExceeded, NotFound, StorageUnavailable
from domain.images import Image
from domain.settings import Settings

MOST_AT_ONCE = 4
"""Pages of one call: each takes about a second."""


async def extract_pages(
    viewer: Viewer,
    image_id: UUID,
    pages: Sequence[int],
    settings: Settings,
    *,
    mutation_id: UUID | None = None,
) -> list[Image]:
    """Takes pages (from 1) of a document that the viewer sees into the viewer's library, in the order asked.

    A page that is there already stays as it is, so it does no harm to ask for one again.
    Raises BadInput, LimitExceeded, NotFound, ImageRefused, TooBusy, StorageUnavailable.
    """
    require_scope(viewer)
    _require_good(pages)
    asked = {"image_id": image_id, "pages": list(pages)}
    async with transaction() as connection:
        stored = await receipts.find(connection, viewer.account_id, mutation_id, "extract_pages", **asked)
    if stored is not None:
        return stored.answer(list[Image])
    document = await _document(viewer, image_id)
    if max(pages) > document.pages:
        words = "only one page" if document.pages == 1 else f"{document.pages} pages"
        raise BadInput(f"It has {words}: there is no page {max(pages)}.", field="pages")
    async with _original(document) as (path, max_pixels):
        drawing = (darkroom.page(path, page, max_pixels=max_pixels) for page in pages)
        sheets = await asyncio.gather(*drawing)
    stem = PurePath(document.name).stem
    found = [
        await _added(viewer, sheet, f"{stem}, page {page}.png", settings)
        for page, sheet in zip(pages, sheets, strict=True)
    ]
    async with transaction() as connection:
        receipt = await receipts.claim(connection, viewer.account_id, mutation_id, "extract_pages", **asked)
        if receipt.is_repeat:
            return receipt.answer(list[Image])
        await receipt.keep(found)
    return found


async def glimpse(viewer: Viewer, image_id: UUID, page: int) -> bytes:
    """A page of a document that the viewer sees, small, as WebP; kept nowhere, for it is seen once.

    Raises NotFound, ImageRefused, TooBusy, StorageUnavailable.
    """
    document = await _document(viewer, image_id)
    if not 1 <= page <= document.pages:
        raise NotFound("There is no such page.", kind="page", id=str(page))
    async with _original(document) as (path, max_pixels):
        return await darkroom.glimpse(path, page, max_pixels=max_pixels)


async def _document(viewer: Viewer, image_id: UUID) -> Image:
    (document,) = await images.images_by_ids(viewer, [image_id])
    if document is None:
        raise NotFound("There is no such picture, or you may not see it.", kind="image", id=str(image_id))
    return document


@asynccontextmanager
async def _original(document: Image) -> AsyncIterator[tuple[Path, int]]:
    """Its file, and how many pixels one of its pages may have. Raises StorageUnavailable."""
    try:
        async with storage.as_file(originals.key(document.digest), digest=document.digest) as path:
            yield path, max(MAX_PIXELS, document.width * document.height)
    except FileNotFoundError:
        raise StorageUnavailable(
            "The original of this document is missing from the store. Restore it from a backup, "
            "or upload the document again."
        ) from None


def _require_good(pages: Sequence[int]) -> None:
    if not pages:
        raise BadInput("Name at least one page; the first is 1.", field="pages")
    if len(pages) > MOST_AT_ONCE:
        raise LimitExceeded(
            f"At most {MOST_AT_ONCE} pages at once: ask for the others afterwards.",
            limit=MOST_AT_ONCE,
            field="pages",
        )
    if min(pages) < 1:
        raise BadInput("The first page is 1.", field="pages")
    if len(set(pages)) < len(pages):
        raise BadInput("A page is named twice.", field="pages")


async def _added(viewer: Viewer, content: bytes, name: str, settings: Settings) -> Image:
    async with originals.receive(settings) as intake:
        await intake.write(content)
        return (await images.add_image(viewer, intake, name=name)).image

"""Pictures from the web: fetched by their addresses, or chosen from those of a page; and data URLs."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import unquote_to_bytes
from uuid import UUID
from weakref import WeakValueDictionary

from msgspec import Struct

from domain import attempts, darkroom, images, originals, page_pictures, receipts
from domain.access import Viewer, require_scope
from domain.addresses import target_of
from domain.database import transaction
from domain.entries import require_distinct, require_few
from domain.errors import DomainError, FetchFailed, ImageRefused, UrlRefused
from domain.fetching import Fetched, fetched
from domain.images import AddedImage
from domain.originals import Intake
from domain.page_pictures import Page, PagePicture
from domain.settings import Settings

MOST_URLS = 20
ADD_SECONDS = 60.0
PAGE_SECONDS = 35.0
AT_ONCE = 16
AT_ONCE_OF_ONE_PERSON = 4
PAGE_BYTES = 4_000_000
PREVIEW_BYTES = 15_000_000
PICTURES = "image/avif,image/webp,image/*;q=0.9,*/*;q=0.5"
PAGES = "text/html,application/xhtml+xml,image/*;q=0.8,*/*;q=0.5"
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class WantedImage(Struct, frozen=True):
    """url: https, http or data. image_id: the id that the image shall have.

    source: the page it was found on; kept as where it is from, and told to its host.
    """

    url: str
    image_id: UUID | None = None
    name: str | None = None
    source: str | None = None


class UrlOutcome(Struct, frozen=True):
    """What became of one address: an image, or a code and words why not."""

    url: str
    image_id: UUID | None = None
    deduplicated: bool = False
    code: str | None = None
    message: str | None = None


_places: WeakValueDictionary[tuple[int, UUID | None], asyncio.Semaphore] = WeakValueDictionary()


@asynccontextmanager
async def _place(viewer: Viewer) -> AsyncIterator[None]:
    """So many addresses are fetched at once, of one person and of all. Raises TooBusy: too many lately."""
    attempts.FETCHES.spend(str(viewer.account_id))
    loop = id(asyncio.get_running_loop())
    own = _places.setdefault((loop, viewer.account_id), asyncio.Semaphore(AT_ONCE_OF_ONE_PERSON))
    everybody = _places.setdefault((loop, None), asyncio.Semaphore(AT_ONCE))
    async with own, everybody:
        yield


async def add_images_from_urls(
    viewer: Viewer,
    settings: Settings,
    wanted: Sequence[WantedImage],
    *,
    batch: UUID | None = None,
    mutation_id: UUID | None = None,
) -> list[UrlOutcome]:
    """Each by itself, in the order asked for: one that fails does not hinder the others.

    Raises BadInput, LimitExceeded, Forbidden, MutationIdConflict.
    """
    require_scope(viewer)
    require_few(wanted, "urls", MOST_URLS)
    require_distinct((one.image_id for one in wanted if one.image_id), "ids")
    asked = {"wanted": list(wanted), "batch": batch}
    async with transaction() as connection:
        before = await receipts.find(
            connection, viewer.account_id, mutation_id, "add_images_from_urls", **asked
        )
    if before is not None:
        return before.answer(list[UrlOutcome])
    outcomes = await asyncio.gather(*(_outcome(viewer, settings, one, batch) for one in wanted))
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "add_images_from_urls", **asked
        )
        if receipt.is_repeat:
            return receipt.answer(list[UrlOutcome])
        await receipt.keep(outcomes)
    return outcomes


async def _outcome(viewer: Viewer, settings: Settings, wanted: WantedImage, batch: UUID | None) -> UrlOutcome:
    said = wanted.url if len(wanted.url) <= 200 else wanted.url[:199] + "…"
    try:
        added = await _add(viewer, settings, wanted, batch)
    except DomainError as error:
        return UrlOutcome(said, code=error.code, message=error.message)
    return UrlOutcome(said, added.image.id, added.deduplicated)


async def _add(viewer: Viewer, settings: Settings, wanted: WantedImage, batch: UUID | None) -> AddedImage:
    source = target_of(wanted.source).url if wanted.source else None
    if wanted.url.strip()[:5].lower() == "data:":
        async with originals.receive(settings) as intake:
            for piece in data_pieces(wanted.url.strip(), settings.max_file_bytes):
                await intake.write(piece)
            return await images.add_image(
                viewer,
                intake,
                name=wanted.name or "picture",
                image_id=wanted.image_id,
                batch=batch,
                source_url=source,
            )
    async with originals.receive(settings) as intake:
        async with _place(viewer):
            answer = await _received(settings, intake, wanted.url, settings.max_file_bytes, source)
        return await images.add_image(
            viewer,
            intake,
            name=wanted.name or answer.filename,
            image_id=wanted.image_id,
            batch=batch,
            source_url=source or target_of(wanted.url).url,
        )


async def _received(
    settings: Settings, intake: Intake, url: str, most_bytes: int, referer: str | None
) -> Fetched:
    async with fetched(settings, url, accept=PICTURES, most_bytes=most_bytes, referer=referer) as answer:
        if answer.media_type in PAGE_TYPES:
            raise FetchFailed("This is the address of a page: choose from the pictures on it.", is_page=True)
        async for piece in answer.pieces:
            await intake.write(piece)
        await intake.finish()
        return answer


async def preview(viewer: Viewer, settings: Settings, url: str, referer: str | None = None) -> bytes:
    """A picture of the web at most 320 px long, as WebP, kept nowhere.

    Raises UrlRefused, FetchFailed, ImageRefused, FileTooLarge, TooBusy, Forbidden.
    """
    require_scope(viewer)
    async with originals.receive(settings) as intake:
        async with _place(viewer):
            await _received(settings, intake, url, PREVIEW_BYTES, referer)
        seen = await darkroom.inspect(
            intake.path, max_pixels=settings.max_megapixels * 1_000_000, sender=viewer.account_id
        )
    return seen.first.content


async def pictures_on_page(viewer: Viewer, settings: Settings, url: str) -> Page:
    """The pictures that a page shows or links to; of a picture's own address, just that.

    Raises UrlRefused, FetchFailed, TooBusy, Forbidden.
    """
    require_scope(viewer)
    async with _place(viewer), fetched(settings, url, accept=PAGES, most_bytes=1 << 40) as answer:
        if answer.media_type.startswith("image/"):
            alone = PagePicture(answer.url, answer.url, page_pictures.Origin.SHOWN)
            return Page(answer.url, answer.filename, [alone])
        if answer.media_type not in PAGE_TYPES:
            raise FetchFailed("This is the address of neither a page nor a picture.")
        html = await _beginning(answer, PAGE_BYTES)
    text = await asyncio.to_thread(_text, html, answer.charset)
    return await asyncio.to_thread(page_pictures.pictures_of, answer.url, text)


async def _beginning(answer: Fetched, most_bytes: int) -> bytes:
    held = bytearray()
    async for piece in answer.pieces:
        held += piece
        if len(held) >= most_bytes:
            break
    return bytes(held[:most_bytes])


def _text(html: bytes, charset: str | None) -> str:
    """As its header says, else its first bytes, else UTF-8; what is no text there becomes a mark."""
    if charset is None:
        head = html[:2_048].lower()
        _, found, rest = head.partition(b"charset=")
        charset = (
            rest.lstrip(b"\"' ")[:30]
            .split(b'"')[0]
            .split(b"'")[0]
            .split(b">")[0]
            .strip(b" ;/")
            .decode("ascii", "replace")
            if found
            else "utf-8"
        )
    with contextlib.suppress(LookupError, ValueError):
        return html.decode(charset, "replace")
    return html.decode("utf-8", "replace")


def data_pieces(url: str, most_bytes: int) -> list[bytes]:
    """The bytes of a data URL, Base64 or percent-encoded. Raises UrlRefused, ImageRefused (empty)."""
    head, comma, body = url.partition(",")
    if not comma or len(head) > 500:
        raise UrlRefused("This is no data URL such as data:image/png;base64,….")
    if len(body) > most_bytes * 3:
        raise UrlRefused(f"It is too large: at most {most_bytes // 1_000_000} MB are taken.")
    try:
        if head.lower().replace(" ", "").endswith(";base64"):
            letters = (
                unquote_to_bytes(body).translate(None, b" \t\r\n").replace(b"-", b"+").replace(b"_", b"/")
            )
            content = base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
        else:
            content = unquote_to_bytes(body)
    except (binascii.Error, ValueError, UnicodeError):
        raise UrlRefused("The Base64 of this data URL is broken.") from None
    if not content:
        raise ImageRefused("This data URL is empty.", reason="EMPTY")
    return [content]

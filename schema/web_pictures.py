"""Pictures from the web: the mutation that fetches them, and the query that lists those of a page."""

from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET, argument, enum_value, field

from domain import from_web
from domain.from_web import UrlOutcome, WantedImage
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuid_of
from schema.context import Info
from schema.fields import resolved
from schema.images import Image


@strawberry.enum(description="Where on a page a picture was found.")
class WebPictureOrigin(Enum):
    SHOWN = enum_value("SHOWN", description="The page shows it.")
    LINKED = enum_value(
        "LINKED", description="The page links to it, often as the large form of one it shows."
    )
    PREVIEW = enum_value("PREVIEW", description="The page names it to stand for itself elsewhere.")
    BACKGROUND = enum_value("BACKGROUND", description="It is the background of something.")


@strawberry.type(description="A picture that a page shows or links to.")
class WebPicture:
    url: str = field(description="The address of its largest form that the page names.")
    preview_url: str = field(description="The address of a smaller form; the same where there is none.")
    origin: WebPictureOrigin = field(description="Where on the page it was.")
    alt: str = field(description="What the page says that it shows; empty: nothing.")
    width: int | None = field(description="Its width as the page says; null: it does not.")
    height: int | None = field(description="Its height as the page says; null: it does not.")


@strawberry.type(description="A page of the web, read without running anything on it.")
class WebPage:
    url: str = field(description="Where it is, after it was led on.")
    title: str = field(description="Its title.")
    pictures: list[WebPicture] = field(
        description="Its pictures, each once, in its order, at most 300; previews first."
    )


@strawberry.input(description="The address of a picture, and what it shall be.")
class ImageFromUrlInput:
    url: str = field(
        description="https:, http: or data:, at most 4,000 characters (data: what a request may have)."
    )
    id: strawberry.ID | None = field(
        default=UNSET,
        description="A UUID you choose for the image; the same bytes with it again are the same image.",
    )
    name: str | None = field(default=UNSET, description="Its file name; null: as the address has it.")
    source: str | None = field(
        default=UNSET,
        description="The page that it is from. It becomes the image's `sourceUrl`, and its host is told so.",
    )


@strawberry.input(description="Which pictures are fetched from the web.")
class AddImagesFromUrlsInput:
    urls: list[ImageFromUrlInput] = field(description="Addresses, 1 to 20.")
    batch: strawberry.ID | None = field(
        default=UNSET, description="A UUID shared by pictures that are brought in together."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="What became of one address.")
class ImageFromUrl:
    url: str = field(description="The address as it was sent, cut at 200 characters.")
    deduplicated: bool = field(description="Whether the same bytes were in reach already, as this image.")
    code: str | None = field(
        description="Why there is no image, as a code of the catalogue; null: there is one."
    )
    message: str | None = field(description="Why there is no image, in words; null: there is one.")
    image_id: strawberry.Private[UUID | None]

    @resolved(description="The image; null: there is none, and `code` says why.")
    async def image(self, info: Info) -> Image | None:
        return None if self.image_id is None else await info.context.loaders.images.load(self.image_id)


@strawberry.type(description="Pictures were fetched, or not, each by itself.")
class AddImagesFromUrlsPayload:
    results: list[ImageFromUrl] = field(description="What became of each, in the order asked for.")


def _wanted(one: ImageFromUrlInput) -> WantedImage:
    return WantedImage(
        one.url,
        uuid_of(one.id) if one.id else None,
        one.name or None,
        one.source or None,
    )


def _result(row: UrlOutcome) -> ImageFromUrl:
    return ImageFromUrl(
        url=row.url, deduplicated=row.deduplicated, code=row.code, message=row.message, image_id=row.image_id
    )


@strawberry.type
class WebQueries:
    @resolved(
        description="Pictures of a page of the web, to choose from; of a picture's own address, just that. "
        "The server asks the page, for up to 35 s. Needs a token that may write."
    )
    async def pictures_on_page(
        self, info: Info, url: Annotated[str, argument(description="The page's address.")]
    ) -> WebPage:
        info.context.allow_seconds(from_web.PAGE_SECONDS)
        page = await from_web.pictures_on_page(info.context.require_viewer(), info.context.settings, url)
        found = [
            WebPicture(
                url=one.url,
                preview_url=one.preview_url,
                origin=WebPictureOrigin[one.origin.name],
                alt=one.alt,
                width=one.width,
                height=one.height,
            )
            for one in page.pictures
        ]
        return WebPage(url=page.url, title=page.title, pictures=found)


@strawberry.type
class WebMutations:
    @resolved(
        description="Fetches pictures from the public web into the viewer's library. The server asks their "
        "hosts, for up to 60 s; what fails is said beside it, and the others come."
    )
    async def add_images_from_urls(
        self, info: Info, input: Annotated[AddImagesFromUrlsInput, INPUT]
    ) -> AddImagesFromUrlsPayload:
        info.context.allow_seconds(from_web.ADD_SECONDS)
        outcomes = await from_web.add_images_from_urls(
            info.context.require_viewer(),
            info.context.settings,
            [_wanted(one) for one in input.urls],
            batch=uuid_of(input.batch) if input.batch else None,
            mutation_id=mutation_id_of(input),
        )
        return AddImagesFromUrlsPayload(results=[_result(row) for row in outcomes])

"""Pictures as the schema shows them: what was uploaded, what was made of it, where it is used."""

from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from msgspec import structs
from strawberry import argument, enum_value, field

from domain import animations, full_sizes, images, pyramid, renditions, tiles, uses
from schema.accounts import Account
from schema.connections import After, Connection, Node
from schema.context import Info
from schema.fields import resolved
from schema.scalars import Colour, Long, Path, Thumbhash

if TYPE_CHECKING:
    from schema.boards import Board


@strawberry.enum(description="How far a picture's renditions are.")
class ImageState(Enum):
    WAITING = enum_value("WAITING", description="Stored, with its smallest rendition; the larger are queued.")
    WORKING = enum_value("WORKING", description="Its larger renditions are being made, the smallest first.")
    READY = enum_value("READY", description="All its renditions are there.")
    FAILED = enum_value(
        "FAILED", description="Not every rendition could be made; `failure` says why. The original is kept."
    )


@strawberry.type(description="A smaller WebP made of a picture: upright, sRGB, without EXIF or place.")
class Rendition:
    size: int = field(
        description="Its class, the longest side asked for, in pixels: 320, 800 or 1600, unless this server "
        "is set otherwise."
    )
    width: int = field(description="Real width in pixels; never more than the original's.")
    height: int = field(description="Real height in pixels; never more than the original's.")
    size_bytes: Long = field(description="Size of the file in bytes.")
    url: Path = field(
        description="Where it is read (GET, HEAD, ranges). It never changes: cache it for ever."
    )


@strawberry.type(description="A board that a picture lies on.")
class ImageUse:
    item_count: int = field(description="How many items of the board show it.")
    item_ids: list[strawberry.ID] = field(description="Ids of these items from back to front, at most 20.")
    board_id: strawberry.Private[UUID]

    @resolved(description="The board.")
    async def board(self, info: Info) -> Annotated["Board", strawberry.lazy("schema.boards")]:
        return await info.context.loaders.board(self.board_id)


@strawberry.type(description="One of a picture's chief colours.")
class ImageColour:
    colour: Colour = field(description="The colour.")
    share: float = field(description="How much of what is visible it stands for, 0 to 1.")


@strawberry.type(description="One of the sizes in which a large picture is cut into tiles.")
class TileLevel:
    width: int = field(description="Width of the whole picture at this level, in pixels.")
    height: int = field(description="Height of the whole picture at this level, in pixels.")
    columns: int = field(description="How many tiles lie beside each other.")
    rows: int = field(description="How many tiles lie below each other.")


@strawberry.type(
    description="A large picture in square tiles of several sizes: sharp however close one looks."
)
class Tiles:
    tile_size: int = field(
        description="Sides of a tile in pixels; those at the right and at the bottom may be smaller."
    )
    levels: list[TileLevel] = field(
        description="From the coarsest to the one with all the pixels, each twice as large as the last."
    )
    url: Path = field(
        description="A tile is read at `{url}/{level}/{column}/{row}`, each counted from 0: a JPEG, or a "
        "WebP where something shines through. It never changes: cache it for ever."
    )


@strawberry.type(
    description="A picture that moves as an animated WebP: at most 800 pixels wide and high, its frames "
    "shown as long and repeated as often as the original's."
)
class Animation:
    url: Path = field(
        description="Where it is read (GET, HEAD, ranges). It never changes: cache it for ever."
    )
    width: int = field(description="Width in pixels; never more than the original's.")
    height: int = field(description="Height in pixels; never more than the original's.")
    frames: int = field(
        description="How many frames it has: fewer than the original's where some are alike, or where they "
        "would be too many to show."
    )
    duration_ms: int = field(description="How long it plays once, in milliseconds.")
    size_bytes: Long = field(description="Size of the file in bytes.")


@strawberry.type(description="A picture in the library, known by its content.")
class Image(Node):
    name: str = field(description="The file's name as it was uploaded, or as it was renamed.")
    title: str = field(description="A title in people's words; empty: none.")
    tags: list[str] = field(description="Words to find it by.")
    format: str = field(description="Format of the original: the name of an `ImageFormat`, e.g. JPEG, PDF.")
    mime: str = field(description="Media type of the original, e.g. image/jpeg.")
    width: int = field(description="Width of the upright picture in pixels.")
    height: int = field(description="Height of the upright picture in pixels.")
    frames: int = field(description="How many frames it has: 1, or more for an animation.")
    pages: int = field(
        description="How many pages it has: 1, or those of a document, of which the first is shown; "
        "`extractPages` makes pictures of the others."
    )
    duration_ms: int | None = field(
        description="How long it plays, in milliseconds: of a video, of which one still is shown; null: no "
        "video, or unknown."
    )
    has_alpha: bool = field(description="Whether it has transparency.")
    size_bytes: Long = field(description="Size of the original in bytes.")
    digest: str = field(description="SHA-256 of the original, in hex.")
    taken_at: datetime | None = field(description="When it was taken, by its EXIF data; null: unknown.")
    camera: str | None = field(description="The camera that took it, by its EXIF data; null: unknown.")
    placeholder: Thumbhash = field(description="What to draw until a rendition has loaded.")
    palette: list[Colour] = field(description="Its chief colours, the most frequent first; at most 8.")
    state: ImageState = field(description="How far its renditions are.")
    failure: str | None = field(
        description="Why one was not made, as a code (CORRUPT, TOO_EXPENSIVE, CANCELLED, …); null: none."
    )
    created_at: datetime = field(description="When it was uploaded.")
    colours: list[ImageColour] = field(description="`palette`, with how much of the picture each is.")
    source_url: str | None = field(
        description="The address on the web, of a page or of the file, that it was fetched from; null: it "
        "was uploaded."
    )
    original_url: Path = field(
        description="Where the bytes as they came are read (GET, HEAD, ranges); `?download=1` to save them."
    )
    full_url: Path | None = field(
        description="Where the picture is read with all its pixels as every browser shows it: the original "
        "without its metadata where that will do, else a WebP of its size. Made when it is first asked for, "
        "which takes a moment. Null: too large for that."
    )
    tiles: Tiles | None = field(
        description="Its tiles, for looking closely. Null: it is small enough for `fullUrl`, or they are "
        "still being made."
    )
    animation: Animation | None = field(
        description="How it moves. Null: it does not, cannot be shown moving, or that is still being made."
    )
    key: strawberry.Private[UUID]
    owner_id: strawberry.Private[UUID]
    thrown_at: strawberry.Private[datetime | None]

    @resolved(description="Who uploaded it.")
    async def owner(self, info: Info) -> Account:
        return await info.context.loaders.account(self.owner_id)

    @resolved(
        description="Since when it has been in the trash; null: it is in the library, or somebody else's."
    )
    def trashed_at(self, info: Info) -> datetime | None:
        return self.thrown_at if info.context.require_viewer().account_id == self.owner_id else None

    @resolved(
        description="When it is deleted from the trash, if no board needs it by then; null: it is not in the "
        "trash, or nothing goes from there by itself."
    )
    def kept_until(self, info: Info) -> datetime | None:
        since, days = self.trashed_at(info), info.context.settings.trash_days
        return None if since is None or not days else since + timedelta(days=days)

    @resolved(
        description="Whether a board shows it or can bring it back (by undo, or from its history): while one "
        "can, it is not deleted."
    )
    async def is_needed(self, info: Info) -> bool:
        return await info.context.loaders.needs.load(self.key)

    @resolved(description="Its renditions that are there already, the smallest first.")
    async def renditions(self, info: Info) -> list[Rendition]:
        return await info.context.loaders.renditions.load(self.key)

    @resolved(
        description="The smallest rendition that is at least so large and is there already, else the largest "
        "there is; null before the first. A rendition that has all the original's pixels is large enough."
    )
    async def url(
        self,
        info: Info,
        at_least: Annotated[int, argument(description="Length of the longest side, in pixels.")] = 800,
    ) -> Path | None:
        made = await info.context.loaders.renditions.load(self.key)
        large_enough = [rendition for rendition in made if rendition.size >= at_least]
        chosen = large_enough[:1] or made[-1:]
        return chosen[0].url if chosen else None

    @resolved(description="Boards in use that it is placed on and the viewer may read, the newest first.")
    async def boards(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 500.")] = 20,
        after: After = None,
    ) -> Connection[Annotated["Board", strawberry.lazy("schema.boards")]]:
        return await info.context.loaders.boards_with(self.key, first, after)

    @resolved(description="The same boards, with the items that show it: where it is used.")
    async def uses(
        self,
        info: Info,
        first: Annotated[int, argument(description="Size of a page, 1 to 100.")] = 20,
        after: After = None,
    ) -> Connection[ImageUse]:
        return await info.context.loaders.uses(self.key, first, after)


@strawberry.type(description="How far the renditions of a picture are.")
class ImageProgress:
    done: int = field(description="How many of its renditions are there.")
    total: int = field(description="How many renditions it will have.")
    image: Image = field(description="The picture, with its renditions so far.")


def image_of(row: images.Image) -> Image:
    return Image(
        id=strawberry.ID(str(row.id)),
        name=row.name,
        title=row.title,
        tags=row.tags,
        format=row.format,
        mime=row.mime,
        width=row.width,
        height=row.height,
        frames=row.frames,
        pages=row.pages,
        duration_ms=row.duration_ms,
        has_alpha=row.has_alpha,
        size_bytes=Long(row.size_bytes),
        digest=row.digest,
        taken_at=row.taken_at,
        camera=row.camera or None,
        placeholder=Thumbhash(row.placeholder),
        palette=[Colour(text) for text in row.palette],
        state=ImageState(row.state.name),
        failure=row.failure,
        created_at=row.created_at,
        colours=[
            ImageColour(colour=Colour(text), share=weight / 1000)
            for text, weight in zip(row.palette, row.colours[3::4], strict=False)
        ],
        source_url=row.source_url,
        original_url=Path(f"/files/{row.id}/original"),
        full_url=Path(full_sizes.address(row.id))
        if full_sizes.is_available(row.format, row.width, row.height)
        else None,
        tiles=_tiles_of(row),
        animation=_animation_of(row),
        key=row.id,
        owner_id=row.owner_id,
        thrown_at=row.trashed_at,
    )


def _tiles_of(row: images.Image) -> Tiles | None:
    if row.tile_px is None:
        return None
    levels = pyramid.levels(row.width, row.height, row.tile_px)
    return Tiles(
        tile_size=row.tile_px,
        levels=[TileLevel(**structs.asdict(level)) for level in levels],
        url=Path(tiles.address(row.id)),
    )


def _animation_of(row: images.Image) -> Animation | None:
    if row.animation is None:
        return None
    width, height, frames, duration_ms, size_bytes = row.animation
    return Animation(
        url=Path(animations.address(row.id)),
        width=width,
        height=height,
        frames=frames,
        duration_ms=duration_ms,
        size_bytes=Long(size_bytes),
    )


def rendition_of(image_id: UUID, row: renditions.Rendition) -> Rendition:
    return Rendition(
        size=row.size,
        width=row.width,
        height=row.height,
        size_bytes=Long(row.size_bytes),
        url=Path(f"/files/{image_id}/{row.size}"),
    )


def use_of(use: uses.Use) -> ImageUse:
    return ImageUse(
        item_count=use.item_count,
        item_ids=[strawberry.ID(str(item_id)) for item_id in use.item_ids],
        board_id=use.board.id,
    )

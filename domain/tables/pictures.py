"""Pictures: the library, what is made of its originals, and what finds them."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    OnDelete,
    Real,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.columns.column_types import JSONB
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table

from domain.database import DB
from domain.tables.people import Account


class Image(Table, db=DB, tablename="image"):
    """A picture in the library. digest: SHA-256 of the original, hex; width, height: upright pixels.

    state: WAITING, WORKING, READY, FAILED; the column search is made by PostgreSQL.
    pages: of a document; duration_ms: of a video.
    made: its rows of rendition once more, for who reads many pictures (domain/renditions.py).
    colours, cells: its palette in OKLab, to search by (domain/colours.py); fingerprint, sketch: what it is
    compared by (domain/likeness.py), none before it was looked at for that.
    trashed_at: since when it has been in its owner's trash.
    tile_px: the sides of the tiles of its pyramid; null: it has none.
    animation: width, height, frames, milliseconds and bytes of its animation; null: it has none.
    """

    id = UUID(primary_key=True, default=UUID4())
    owner = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    digest = Text()
    name = Text()
    title = Text()
    tags = Array(base_column=Text(), default=list)
    size_bytes = BigInt()
    format = Text()
    mime = Text()
    width = Integer()
    height = Integer()
    frames = Integer(default=1)
    pages = Integer(default=1)
    duration_ms = Integer(default=None, null=True)
    has_alpha = Boolean(default=False)
    taken_at = Timestamptz(default=None, null=True)
    camera = Text()
    placeholder = Bytea()
    palette = Array(base_column=Text(), default=list)
    batch = UUID(default=None, null=True)
    source_url = Text(default=None, null=True)
    state = Text(default="WAITING")
    failure = Text(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow())
    made = Array(base_column=Array(base_column=BigInt()), default=list)
    colours = Array(base_column=Integer(), default=list)
    cells = Array(base_column=Integer(), default=list)
    fingerprint = BigInt(default=None, null=True)
    sketch = Bytea()
    trashed_at = Timestamptz(default=None, null=True)
    tile_px = Integer(default=None, null=True)
    animation = Array(base_column=BigInt(), default=None, null=True)


class Twin(Table, db=DB, tablename="twin"):
    """Two pictures of one person that are nearly one, image < other by id; unique by both.

    bits: by how many their fingerprints differ; likeness: 0 to 1; settled_at: since when their owner wants
    no word about them: no duplicates, or merged.
    """

    id = BigSerial(primary_key=True)
    image = ForeignKey(Image, null=False, on_delete=OnDelete.cascade)
    other = ForeignKey(Image, null=False, on_delete=OnDelete.cascade, index=True)
    bits = SmallInt()
    likeness = Real()
    settled_at = Timestamptz(default=None, null=True)


class Leftover(Table, db=DB, tablename="leftover"):
    """A digest that may belong to no picture any more: its files are to be looked at (domain/collecting.py).

    withdrawn_at: since when its original has been in quarantine.
    """

    id = BigSerial(primary_key=True)
    digest = Text(unique=True)
    since = Timestamptz(default=TimestamptzNow())
    withdrawn_at = Timestamptz(default=None, null=True)


class SavedSearch(Table, db=DB, tablename="saved_search"):
    """A search of the library under a name. filter: a findings.ImageFilter; place: among its owner's."""

    id = UUID(primary_key=True, default=UUID4())
    owner = ForeignKey(Account, null=False, on_delete=OnDelete.restrict, index=True)
    name = Text()
    filter = JSONB()
    sort = Text(default="NEWEST")
    place = Integer()
    created_at = Timestamptz(default=TimestamptzNow())


class Rendition(Table, db=DB, tablename="rendition"):
    """A derived size of an image. digest: SHA-256 of its bytes, hex.

    size: of the ladder, or 0: as large as the image; recipe: the name of what made it (domain/recipes.py).
    """

    id = UUID(primary_key=True, default=UUID4())
    image = ForeignKey(Image, null=False, on_delete=OnDelete.restrict)
    size = Integer()
    width = Integer()
    height = Integer()
    size_bytes = BigInt()
    mime = Text()
    digest = Text()
    recipe = Text(default="1")
    created_at = Timestamptz(default=TimestamptzNow())


class Pyramid(Table, db=DB, tablename="pyramid"):
    """The tiles of an image, one file; unique by image. digest: SHA-256 of the file, hex.

    spans: where each tile lies in it (domain/pyramid.py); recipe: the name of what made it.
    """

    id = UUID(primary_key=True, default=UUID4())
    image = ForeignKey(Image, null=False, unique=True, on_delete=OnDelete.cascade)
    tile_px = Integer()
    spans = Bytea()
    size_bytes = BigInt()
    digest = Text()
    recipe = Text()
    created_at = Timestamptz(default=TimestamptzNow())


class Animation(Table, db=DB, tablename="animation"):
    """The animated WebP of an image; unique by image. digest: SHA-256 of the file, hex.

    duration_ms: of all frames, once; recipe: the name of what made it.
    """

    id = UUID(primary_key=True, default=UUID4())
    image = ForeignKey(Image, null=False, unique=True, on_delete=OnDelete.cascade)
    width = Integer()
    height = Integer()
    frames = Integer()
    duration_ms = Integer()
    size_bytes = BigInt()
    digest = Text()
    recipe = Text()
    created_at = Timestamptz(default=TimestamptzNow())

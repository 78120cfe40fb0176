"""The tables: what webref keeps, as Piccolo sees it.

Rules that Piccolo cannot express (checks, generated search columns, collations, partial indexes)
are in the second migration. Enumerations are text with a check there.
"""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    DoublePrecision,
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


class Account(Table, db=DB, tablename="account"):
    """A person. email is lower-cased; is_owner: owns this server, which opens no board of others."""

    id = UUID(primary_key=True, default=UUID4())
    email = Text(unique=True)
    name = Text()
    colour = Text()
    password_hash = Text()
    is_owner = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    disabled_at = Timestamptz(default=None, null=True)
    password_changed_at = Timestamptz(default=TimestamptzNow())


class Preference(Table, db=DB, tablename="preference"):
    """How a person likes to work with the web app, once they chose. keys: lists of them by command."""

    account = ForeignKey(Account, primary_key=True, null=False, on_delete=OnDelete.cascade)
    key_preset = Text(default="WEBREF")
    keys = JSONB(default="{}")
    wheel = Text(default="AUTO")
    snapping = Boolean(default=True)


class Instance(Table, db=DB, tablename="instance"):
    """The one row (id 1) of settings that are changed while running. registration: OPEN, INVITE, CLOSED."""

    id = SmallInt(primary_key=True, default=1)
    registration = Text(default="INVITE")
    created_at = Timestamptz(default=TimestamptzNow())


class Invite(Table, db=DB, tablename="invite"):
    """A code that lets one person register."""

    id = UUID(primary_key=True, default=UUID4())
    code_hash = Bytea(unique=True)
    email = Text(default=None, null=True)
    created_by = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=TimestamptzNow())
    used_at = Timestamptz(default=None, null=True)
    used_by = ForeignKey(Account, null=True, on_delete=OnDelete.restrict)
    revoked_at = Timestamptz(default=None, null=True)


class Session(Table, db=DB, tablename="session"):
    """A signed-in device; its id is the family of its refresh tokens."""

    id = UUID(primary_key=True, default=UUID4())
    account = ForeignKey(Account, null=False, on_delete=OnDelete.restrict, index=True)
    refresh_hash = Bytea()
    refreshed_at = Timestamptz(default=TimestamptzNow())
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=TimestamptzNow())
    revoked_at = Timestamptz(default=None, null=True)
    user_agent = Text()
    address = Text()
    last_seen_at = Timestamptz(default=TimestamptzNow())


class Token(Table, db=DB, tablename="token"):
    """An API token. key: its public part; scope: READ or WRITE."""

    id = UUID(primary_key=True, default=UUID4())
    account = ForeignKey(Account, null=False, on_delete=OnDelete.restrict, index=True)
    name = Text()
    scope = Text()
    key = Text(unique=True)
    secret_hash = Bytea()
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=None, null=True)
    last_used_at = Timestamptz(default=None, null=True)
    revoked_at = Timestamptz(default=None, null=True)


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


class Upload(Table, db=DB, tablename="upload"):
    """A file on its way in. parts: the files that it consists of so far, in their order.

    writer: the request that may add to it; image_id: the id that its picture shall have;
    outcome: what it became (domain/uploads.py).
    """

    id = UUID(primary_key=True, default=UUID4())
    owner = ForeignKey(Account, null=False, on_delete=OnDelete.restrict, index=True)
    length = BigInt(default=None, null=True)
    received = BigInt()
    parts = Array(base_column=UUID(), default=list)
    writer = UUID(default=None, null=True)
    name = Text()
    image_id = UUID(default=None, null=True)
    batch = UUID(default=None, null=True)
    metadata = Text()
    is_partial = Boolean(default=False)
    outcome = JSONB(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=TimestamptzNow(), index=True)


class DirectUpload(Table, db=DB, tablename="direct_upload"):
    """A file that its owner sends to the bucket itself (domain/direct_uploads.py).

    place: where it lies; upload: what the bucket calls it; image_id: the id that its picture shall have;
    outcome: the picture that it became; deduplicated: which was there before.
    """

    id = UUID(primary_key=True, default=UUID4())
    owner = ForeignKey(Account, null=False, on_delete=OnDelete.restrict, index=True)
    place = Text()
    upload = Text()
    size_bytes = BigInt()
    name = Text()
    image_id = UUID(default=None, null=True)
    batch = UUID(default=None, null=True)
    outcome = UUID(default=None, null=True)
    deduplicated = Boolean(default=False)
    expires_at = Timestamptz(default=TimestamptzNow(), index=True)


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


class Board(Table, db=DB, tablename="board"):
    """A board. seq: of its last change; item_count: items present; search is made by PostgreSQL.

    log_start: the log holds what follows this seq; what came before is in the snapshot there.
    indexed: large enough for its items to be in the spatial index (domain/nearness.py).
    """

    id = UUID(primary_key=True, default=UUID4())
    title = Text()
    description = Text()
    seq = BigInt(default=0)
    created_by = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    trashed_at = Timestamptz(default=None, null=True)
    cover_id = ForeignKey(Image, null=True, on_delete=OnDelete.restrict)
    item_count = Integer(default=0)
    log_start = BigInt(default=0)
    indexed = Boolean(default=False)


class BoardGrant(Table, db=DB, tablename="board_grant"):
    """What an account may do on a board. role: OWNER, EDITOR, COMMENTER, VIEWER."""

    id = UUID(primary_key=True, default=UUID4())
    board = ForeignKey(Board, null=False, on_delete=OnDelete.restrict)
    account = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    role = Text()
    granted_by = ForeignKey(Account, null=True, on_delete=OnDelete.restrict)
    created_at = Timestamptz(default=TimestamptzNow())


class Item(Table, db=DB, tablename="item"):
    """Something placed on a board. kind: IMAGE, NOTE, DRAWING, FRAME or GROUP; z: fractional index, bytewise.

    A removed item keeps its row (removed_at), so that it can come back exactly as it was. indexed: as its
    board while it is there; then PostgreSQL makes the column bounds, the least upright box around it.
    """

    id = UUID(primary_key=True, default=UUID4())
    board = ForeignKey(Board, null=False, on_delete=OnDelete.restrict)
    kind = Text()
    image_id = ForeignKey(Image, null=True, on_delete=OnDelete.restrict, index=True)
    x = DoublePrecision()
    y = DoublePrecision()
    scale = DoublePrecision(default=1.0)
    rotation = DoublePrecision()
    flip_x = Boolean(default=False)
    flip_y = Boolean(default=False)
    width = DoublePrecision()
    height = DoublePrecision()
    opacity = DoublePrecision(default=1.0)
    grayscale = Boolean(default=False)
    brightness = DoublePrecision(default=1.0)
    contrast = DoublePrecision(default=1.0)
    saturation = DoublePrecision(default=1.0)
    sampling = Text(default="SMOOTH")
    locked = Boolean(default=False)
    hidden = Boolean(default=False)
    name = Text()
    tags = Array(base_column=Text(), default=list)
    link = Text()
    z = Text()
    parent_id = UUID(default=None, null=True)
    crop = JSONB(default=None, null=True)
    note = JSONB(default=None, null=True)
    drawing = JSONB(default=None, null=True)
    frame = JSONB(default=None, null=True)
    added_by = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    added_at = Timestamptz(default=TimestamptzNow())
    changed_seq = BigInt()
    removed_at = Timestamptz(default=None, null=True)
    indexed = Boolean(default=False)


class FormerImage(Table, db=DB, tablename="former_image"):
    """A picture that an item showed, or that was the cover, until change `seq`: the past still shows it."""

    id = BigSerial(primary_key=True)
    board = ForeignKey(Board, null=False, on_delete=OnDelete.restrict)
    image = ForeignKey(Image, null=False, on_delete=OnDelete.restrict)
    seq = BigInt()


class Comment(Table, db=DB, tablename="comment"):
    """What somebody wrote on a board. x, y: fractions of the item's box, else board units.

    A removed comment keeps its row (removed_at), so that it can come back exactly as it was.
    """

    id = UUID(primary_key=True, default=UUID4())
    board = ForeignKey(Board, null=False, on_delete=OnDelete.restrict)
    author = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    at = Timestamptz(default=TimestamptzNow())
    text = Text()
    item_id = UUID(default=None, null=True)
    x = DoublePrecision()
    y = DoublePrecision()
    thread_id = UUID(default=None, null=True)
    resolved_by = ForeignKey(Account, null=True, on_delete=OnDelete.restrict)
    edited_at = Timestamptz(default=None, null=True)
    changed_seq = BigInt()
    removed_at = Timestamptz(default=None, null=True)


class Change(Table, db=DB, tablename="change"):
    """One line of a board's log; unique by board and seq. kind: DO, UNDO, REDO.

    about: items, comments or board. subjects, aspects: what it touches, and the bits of the registers
    written of each (domain/operations/registers.py).
    reverted_by: seq of the change that took it back (its own seq: nothing of it could be undone).
    tally: how many of what it did (domain/tally.py); item_count: items present right after it.
    """

    id = BigSerial(primary_key=True)
    board = ForeignKey(Board, null=False, on_delete=OnDelete.restrict)
    seq = BigInt()
    actor = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    at = Timestamptz(default=TimestamptzNow())
    about = Text(default="items")
    operation = JSONB()
    inverse = JSONB()
    subjects = Array(base_column=UUID(), default=list)
    aspects = Array(base_column=Integer(), default=list)
    mutation_id = UUID(default=None, null=True)
    kind = Text(default="DO")
    reverts = BigInt(default=None, null=True)
    reverted_by = BigInt(default=None, null=True)
    tally = JSONB(default="{}")
    item_count = Integer(default=0)


class Snapshot(Table, db=DB, tablename="snapshot"):
    """A board right after change `seq`, made at `at`: the fold of its log; unique by board and seq."""

    id = BigSerial(primary_key=True)
    board = ForeignKey(Board, null=False, on_delete=OnDelete.restrict)
    seq = BigInt()
    at = Timestamptz(default=TimestamptzNow())
    item_count = Integer()
    state = Bytea()


class Receipt(Table, db=DB, tablename="receipt"):
    """The stored answer of a command that carried a client mutation id; unique by actor and id."""

    id = BigSerial(primary_key=True)
    actor = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    mutation_id = UUID()
    fingerprint = Bytea()
    answer = JSONB(default=None, null=True)
    at = Timestamptz(default=TimestamptzNow(), index=True)


class Job(Table, db=DB, tablename="job"):
    """Work to be done once: the outbox. state: QUEUED, RUNNING, DONE, DEAD, CANCELLED; progress: 0 to 1.

    started_at: of the last attempt; looked_at: when somebody last looked at what it is done to.
    """

    id = UUID(primary_key=True, default=UUID4())
    kind = Text()
    subject = UUID()
    queue = Text(default="default")
    priority = Integer()
    state = Text(default="QUEUED")
    attempts = Integer()
    max_attempts = Integer(default=3)
    due_at = Timestamptz(default=TimestamptzNow())
    lease_until = Timestamptz(default=None, null=True)
    lease = UUID(default=None, null=True)
    progress = Real()
    error = Text(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())
    started_at = Timestamptz(default=None, null=True)
    looked_at = Timestamptz(default=None, null=True)


class Whereabouts(Table, db=DB, tablename="whereabouts"):
    """The one row (id 1) that says where files are kept (domain/whereabouts.py); none before the first start.

    place, target, former: as `settings.good_place` writes them; complaint: of a process that cannot reach the
    target.
    """

    id = SmallInt(primary_key=True, default=1)
    place = Text()
    target = Text(default=None, null=True)
    former = Text(default=None, null=True)
    complaint = Text(default=None, null=True)
    changed_at = Timestamptz(default=TimestamptzNow())


class Atlas(Table, db=DB, tablename="atlas"):
    """That a board's atlas was looked at; unique by board (domain/atlases.py).

    stamp: the state of the board that it is of; looked_at: none, some of its pages are still to be made.
    """

    id = UUID(primary_key=True, default=UUID4())
    board = ForeignKey(Board, null=False, unique=True, on_delete=OnDelete.cascade)
    stamp = Text(default=None, null=True)
    looked_at = Timestamptz(default=None, null=True)


class AtlasPage(Table, db=DB, tablename="atlas_page"):
    """A page of a board's atlas; unique by board and number. digest: SHA-256 of the file, hex.

    images: the picture in each cell, null in an empty one; content: what the file is known by.
    """

    id = UUID(primary_key=True, default=UUID4())
    board = ForeignKey(Board, null=False, on_delete=OnDelete.cascade)
    number = Integer()
    images = Array(base_column=UUID(), default=list)
    size_bytes = BigInt()
    digest = Text()
    content = Text(index=True)
    created_at = Timestamptz(default=TimestamptzNow())


TABLES: tuple[type[Table], ...] = (
    Account,
    Preference,
    Instance,
    Invite,
    Session,
    Token,
    Image,
    Leftover,
    Twin,
    SavedSearch,
    Rendition,
    Pyramid,
    Animation,
    Upload,
    Board,
    BoardGrant,
    Item,
    Comment,
    Change,
    Snapshot,
    FormerImage,
    Receipt,
    Job,
    Whereabouts,
    DirectUpload,
    Atlas,
    AtlasPage,
)

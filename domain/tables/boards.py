"""Boards: what lies on them, what is said there, and the log of it all."""

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
    Text,
    Timestamptz,
)
from piccolo.columns.column_types import JSONB
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table

from domain.database import DB
from domain.tables.people import Account
from domain.tables.pictures import Image


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

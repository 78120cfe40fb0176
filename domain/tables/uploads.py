"""Uploads: files on their way in."""

from piccolo.columns import UUID, Array, BigInt, Boolean, ForeignKey, Integer, OnDelete, Text, Timestamptz
from piccolo.columns.column_types import JSONB
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table

from domain.database import DB
from domain.tables.people import Account


class Upload(Table, db=DB, tablename="upload"):
    """A file on its way in. parts: the files that it consists of so far, in their order.

    writer: the request that may add to it; image_id: the id that its picture shall have;
    board: where its picture shall lie; archive: SHA-256 of the ZIP that it is, once that is in the store
    (domain/unpacking.py); outcome: what it became (domain/uploads.py).
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
    board = UUID(default=None, null=True)
    metadata = Text()
    is_partial = Boolean(default=False)
    archive = Text(default=None, null=True)
    outcome = JSONB(default=None, null=True)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=TimestamptzNow(), index=True)


class Unpacked(Table, db=DB, tablename="unpacked"):
    """What became of one entry of an archive, while others are still to come: image, or code and message.

    id: the one that its picture was to have; number: in the archive, from 0.
    """

    id = UUID(primary_key=True, default=UUID4())
    upload = ForeignKey(Upload, null=False, on_delete=OnDelete.cascade, index=True)
    number = Integer()
    name = Text()
    image = UUID(default=None, null=True)
    deduplicated = Boolean(default=False)
    code = Text()
    message = Text()


class DirectUpload(Table, db=DB, tablename="direct_upload"):
    """A file that its owner sends to the bucket itself (domain/direct_uploads.py).

    place: where it lies; upload: what the bucket calls it; image_id: the id that its picture shall have;
    board: where that shall lie; outcome: the picture that it became; deduplicated: which was there before.
    """

    id = UUID(primary_key=True, default=UUID4())
    owner = ForeignKey(Account, null=False, on_delete=OnDelete.restrict, index=True)
    place = Text()
    upload = Text()
    size_bytes = BigInt()
    name = Text()
    image_id = UUID(default=None, null=True)
    batch = UUID(default=None, null=True)
    board = UUID(default=None, null=True)
    outcome = UUID(default=None, null=True)
    deduplicated = Boolean(default=False)
    expires_at = Timestamptz(default=TimestamptzNow(), index=True)

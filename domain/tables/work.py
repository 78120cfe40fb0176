"""Work: what is to be done once, what was done already, and where files are kept."""

from piccolo.columns import (
    UUID,
    BigSerial,
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
    cause: in what it was asked for, where traces are told (a `traceparent`).
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
    cause = Text(default=None, null=True)


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

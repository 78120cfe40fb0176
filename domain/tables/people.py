"""People: accounts, what lets them in, and how they like to work."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    ForeignKey,
    OnDelete,
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
    """A person. email is lower-cased; is_owner: owns this server, which opens no board of others.

    email_proven_at: since when it is known that what is sent there reaches this person.
    """

    id = UUID(primary_key=True, default=UUID4())
    email = Text(unique=True)
    name = Text()
    colour = Text()
    password_hash = Text()
    is_owner = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    disabled_at = Timestamptz(default=None, null=True)
    password_changed_at = Timestamptz(default=TimestamptzNow())
    email_proven_at = Timestamptz(default=None, null=True)


class Preference(Table, db=DB, tablename="preference"):
    """How a person likes to work with the web app, once they chose. keys: lists of them by command.

    sharing_mail: whether a mail tells them of boards that were shared with them.
    """

    account = ForeignKey(Account, primary_key=True, null=False, on_delete=OnDelete.cascade)
    key_preset = Text(default="WEBREF")
    keys = JSONB(default="{}")
    wheel = Text(default="AUTO")
    snapping = Boolean(default=True)
    sharing_mail = Boolean(default=True)


class Quota(Table, db=DB, tablename="quota"):
    """What an operator gave one account; null: as everybody has it, 0: without end (domain/quotas.py)."""

    account = ForeignKey(Account, primary_key=True, null=False, on_delete=OnDelete.cascade)
    bytes = BigInt(default=None, null=True)
    boards = BigInt(default=None, null=True)
    items = BigInt(default=None, null=True)
    sockets = BigInt(default=None, null=True)
    cost = BigInt(default=None, null=True)


class Instance(Table, db=DB, tablename="instance"):
    """The one row (id 1) of settings that are changed while running. registration: OPEN, INVITE, CLOSED."""

    id = SmallInt(primary_key=True, default=1)
    registration = Text(default="INVITE")
    created_at = Timestamptz(default=TimestamptzNow())


class Invite(Table, db=DB, tablename="invite"):
    """A code that lets one person register; board, role: where they are let in with it."""

    id = UUID(primary_key=True, default=UUID4())
    code_hash = Bytea(unique=True)
    email = Text(default=None, null=True)
    board = UUID(default=None, null=True, index=True)
    role = Text(default=None, null=True)
    created_by = ForeignKey(Account, null=False, on_delete=OnDelete.restrict)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=TimestamptzNow())
    used_at = Timestamptz(default=None, null=True)
    used_by = ForeignKey(Account, null=True, on_delete=OnDelete.restrict)
    revoked_at = Timestamptz(default=None, null=True)


class Identity(Table, db=DB, tablename="identity"):
    """As whom a person is known elsewhere. may_own: is one of those there who own this server."""

    id = UUID(primary_key=True, default=UUID4())
    account = ForeignKey(Account, null=False, on_delete=OnDelete.cascade)
    issuer = Text()
    subject = Text()
    email = Text(default=None, null=True)
    may_own = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    last_used_at = Timestamptz(default=TimestamptzNow())


class SpentProof(Table, db=DB, tablename="spent_proof"):
    """A proof of who somebody is that was used, so that it is not used again."""

    digest = Bytea(primary_key=True)
    at = Timestamptz(default=TimestamptzNow())


class Letter(Table, db=DB, tablename="letter"):
    """A mail to be sent, or sent, and what its link allows (domain/letters.py).

    codes: SHA-256 of each code that was sent with it, one an attempt. account: who asked for it; invite: what
    it hands over; board: which one was shared. ended_at: used, withdrawn, or nobody was to get it.
    """

    id = UUID(primary_key=True, default=UUID4())
    kind = Text()
    email = Text(index=True)
    language = Text()
    account = ForeignKey(Account, null=True, on_delete=OnDelete.restrict, index=True)
    invite = UUID(default=None, null=True)
    board = UUID(default=None, null=True)
    codes = Array(base_column=Bytea(), default=list)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=TimestamptzNow(), index=True)
    sent_at = Timestamptz(default=None, null=True)
    ended_at = Timestamptz(default=None, null=True)


class Session(Table, db=DB, tablename="session"):
    """A signed-in device; its id is the family of its refresh tokens. language: the one it asks for.

    issuer, subject: the provider on whose word it began, and about whom; sid: what that one calls its own
    session (domain/vouching.py).
    """

    id = UUID(primary_key=True, default=UUID4())
    account = ForeignKey(Account, null=False, on_delete=OnDelete.restrict, index=True)
    refresh_hash = Bytea()
    refreshed_at = Timestamptz(default=TimestamptzNow())
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(default=TimestamptzNow())
    revoked_at = Timestamptz(default=None, null=True)
    user_agent = Text()
    address = Text()
    language = Text(default=None, null=True)
    issuer = Text(default=None, null=True)
    subject = Text(default=None, null=True)
    sid = Text(default=None, null=True)
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

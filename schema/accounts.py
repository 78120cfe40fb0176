"""People as the schema shows them: accounts, the viewer, sessions, tokens, invites and the server's rules."""

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry
from strawberry import enum_value, field

from domain import accounts, identities, invites, letters, preferences, quotas, sessions, tokens
from domain.access import Viewer as Who
from schema.connections import Node
from schema.context import Info
from schema.fields import resolved
from schema.preferences import Preferences, preferences_of
from schema.scalars import Colour, Long


@strawberry.enum(description="Who may make an account on this server.")
class RegistrationPolicy(Enum):
    OPEN = enum_value("OPEN", description="Everyone who reaches the server.")
    INVITE = enum_value("INVITE", description="Whoever has an invite from the server's owner.")
    CLOSED = enum_value("CLOSED", description="Nobody.")


@strawberry.enum(description="What an API token may do.")
class TokenScope(Enum):
    READ = enum_value("READ", description="Queries, subscriptions and files.")
    WRITE = enum_value(
        "WRITE",
        description="All that its person may do, but for passwords, sessions and tokens themselves.",
    )


@strawberry.type(description="A person on this server, as others see them.")
class Account(Node):
    name: str = field(description="What they are called.")
    colour: Colour = field(description="Their colour, for cursors and names.")


@strawberry.type(description="A signed-in device.")
class Session:
    id: strawberry.ID = field(description="A UUID, for `revokeSessions`.")
    created_at: datetime = field(description="When it signed in.")
    last_seen_at: datetime = field(description="When it last asked for something, to the minute.")
    user_agent: str = field(description="What its browser or program calls itself.")
    address: str = field(description="The network address it signed in from.")
    is_current: bool = field(description="Whether this very request belongs to it.")


@strawberry.type(description="An API token: a named key with which a program acts for a person.")
class Token:
    id: strawberry.ID = field(description="A UUID, for `revokeTokens`.")
    name: str = field(description="What it is for, in its person's words.")
    scope: TokenScope = field(description="What it may do.")
    created_at: datetime = field(description="When it was made.")
    expires_at: datetime | None = field(description="When it ends by itself; null: never.")
    last_used_at: datetime | None = field(description="When it was last used, to the minute; null: never.")


@strawberry.type(description="As whom a person signs in elsewhere: at a provider, or by a directory.")
class Identity:
    id: strawberry.ID = field(description="A UUID, for `unlinkIdentities`.")
    issuer: str = field(description="Who says so: the provider's address.")
    email: str | None = field(description="The address known there, as it was at the last sign-in.")
    created_at: datetime = field(description="When it was linked.")
    last_used_at: datetime = field(description="When it was last signed in with.")


@strawberry.type(description="A permission for one person to make an account.")
class Invite:
    id: strawberry.ID = field(description="A UUID, for `revokeInvites`.")
    email: str | None = field(description="The only address that may use it; null: whoever has the code.")
    created_at: datetime = field(description="When it was made.")
    expires_at: datetime = field(description="Until when it may be used.")
    used_at: datetime | None = field(description="When it was used; null: still open.")
    used_by_id: strawberry.Private[UUID | None]

    @resolved(description="Who joined with it; null: nobody yet.")
    async def used_by(self, info: Info) -> Account | None:
        if self.used_by_id is None:
            return None
        return await info.context.loaders.accounts.load(self.used_by_id)


@strawberry.enum(description="What is counted of an account.")
class UsageKind(Enum):
    BYTES = enum_value("BYTES", description="Bytes of the originals in their library, trash included.")
    BOARDS = enum_value("BOARDS", description="Boards that they made, trash included.")
    ITEMS = enum_value("ITEMS", description="Items on the boards that they made, by whomever.")
    SOCKETS = enum_value("SOCKETS", description="Websockets that are open, at the process that answers.")
    COST = enum_value(
        "COST",
        description="Entries of lists that operations of the last minute may have given, at the process that "
        "answers; what is answered from kept bytes costs nothing.",
    )


@strawberry.type(description="How much of one thing an account takes.")
class Usage:
    kind: UsageKind = field(description="Of what.")
    used: Long = field(description="How much, now.")
    limit: Long | None = field(
        description="How much it may be (`QUOTA_EXCEEDED`, `TOO_BUSY`); null: no limit."
    )


@strawberry.type(description="Who is asking: the signed-in person, or the person whose token is used.")
class Viewer:
    account: Account = field(description="The person, as others see them.")
    email: str = field(description="The address they sign in with.")
    is_server_owner: bool = field(
        description="Whether they own this server: they say who may register, invite people, see jobs. "
        "It opens no board of others."
    )
    is_email_verified: bool = field(
        description="Whether it is known that mail to `email` reaches them: they followed a link in one."
    )
    scope: TokenScope = field(description="What this request may do: WRITE for sessions.")
    who: strawberry.Private[Who]

    @resolved(
        description="The address that is to be theirs, once the link that was mailed to it is followed; "
        "null: none."
    )
    async def pending_email(self) -> str | None:
        return await letters.pending_email(self.who.account_id)

    @resolved(description="How much of this server they take, and may take.")
    async def usage(self) -> list[Usage]:
        return [
            Usage(
                kind=UsageKind[use.kind.name],
                used=Long(use.used),
                limit=Long(use.limit) if use.limit else None,
            )
            for use in await quotas.use_of(self.who)
        ]

    @resolved(description="Devices where they are signed in, the latest used first.")
    async def sessions(self) -> list[Session]:
        return [session_of(row) for row in await sessions.sessions_of(self.who)]

    @resolved(description="Whether they can sign in with a password; who signs in elsewhere may have none.")
    async def has_password(self) -> bool:
        return await accounts.has_password(self.who)

    @resolved(description="As whom they can sign in elsewhere, the oldest first.")
    async def identities(self) -> list[Identity]:
        return [identity_of(row) for row in await identities.identities_of(self.who)]

    @resolved(description="Their API tokens that still work, the newest first.")
    async def tokens(self) -> list[Token]:
        return [token_of(row) for row in await tokens.tokens_of(self.who)]

    @resolved(description="How they like to work with the web app, the same in every browser.")
    async def preferences(self) -> Preferences:
        return preferences_of(await preferences.preferences_of(self.who))

    @resolved(description="Invites to this server, the newest first; empty for all but the server's owner.")
    async def invites(self) -> list[Invite]:
        return [invite_of(row) for row in await invites.invites_of(self.who)]


def account_of(row: accounts.Account) -> Account:
    return Account(id=strawberry.ID(str(row.id)), name=row.name, colour=Colour(row.colour))


def session_of(row: sessions.Session) -> Session:
    return Session(
        id=strawberry.ID(str(row.id)),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        user_agent=row.user_agent,
        address=row.address,
        is_current=row.is_current,
    )


def token_of(row: tokens.Token) -> Token:
    return Token(
        id=strawberry.ID(str(row.id)),
        name=row.name,
        scope=TokenScope[row.scope.name],
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def identity_of(row: identities.Identity) -> Identity:
    return Identity(
        id=strawberry.ID(str(row.id)),
        issuer=row.issuer,
        email=row.email,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )


def invite_of(row: invites.Invite) -> Invite:
    return Invite(
        id=strawberry.ID(str(row.id)),
        email=row.email,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        used_by_id=row.used_by,
    )


async def viewer_of(who: Who) -> Viewer:
    account = await accounts.account_of(who)
    return Viewer(
        account=account_of(account),
        email=account.email,
        is_server_owner=account.is_owner,
        is_email_verified=account.email_proven_at is not None,
        scope=TokenScope[who.scope.name],
        who=who,
    )

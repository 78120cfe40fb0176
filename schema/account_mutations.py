"""Mutations about people: joining, signing in, sessions, tokens, invites."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

import strawberry
from strawberry import UNSET, enum_value, field

from domain import accounts, directory, identities, invites, sessions, tokens
from domain.access import Scope
from domain.errors import BadInput, Unauthenticated
from domain.sessions import SignedIn
from schema.accounts import (
    Invite,
    RegistrationPolicy,
    Token,
    TokenScope,
    Viewer,
    invite_of,
    token_of,
    viewer_of,
)
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuids_of
from schema.context import Context, Info
from schema.fields import resolved
from schema.instance import Instance, instance_of
from schema.scalars import Colour


@strawberry.enum(description="How a session's tokens are handed over.")
class TokenDelivery(Enum):
    COOKIE = enum_value("COOKIE", description="As HTTP-only cookies, for browsers: no script ever sees them.")
    BODY = enum_value("BODY", description="In the answer, for programs that keep them themselves.")


@strawberry.type(description="A session's secrets, for programs that keep them themselves.")
class SessionTokens:
    access_token: str = field(description="Send it as `Authorization: Bearer …` until `accessExpiresAt`.")
    refresh_token: str = field(
        description="For `refreshSession`, once: each use gives a new one; using an old one ends the session."
    )
    access_expires_at: datetime = field(description="When the access token ends.")
    refresh_expires_at: datetime = field(description="When the session ends unless it is refreshed.")


@strawberry.input(description="A new account.")
class RegisterInput:
    name: str = field(description="What others call you: one line, 1 to 80 characters.")
    email: str = field(description="The address to sign in with.")
    password: str = field(description="10 to 128 characters.")
    invite_code: str | None = field(
        default=UNSET, description="The code of an invite, or of a link that was mailed, where one is needed."
    )
    delivery: TokenDelivery = field(
        default=TokenDelivery.COOKIE, description="How the new session's tokens are handed over."
    )


@strawberry.input(description="Who signs in.")
class SignInInput:
    email: str = field(description="The account's address, or a login of `Instance.directory`.")
    password: str = field(description="The account's password.")
    delivery: TokenDelivery = field(
        default=TokenDelivery.COOKIE, description="How the session's tokens are handed over."
    )


@strawberry.input(description="Which session is carried on.")
class RefreshSessionInput:
    refresh_token: str | None = field(
        default=UNSET, description="The refresh token; leave it out to use the cookie."
    )
    delivery: TokenDelivery = field(
        default=TokenDelivery.COOKIE, description="How the new tokens are handed over."
    )


@strawberry.input(description="Signing out.")
class SignOutInput:
    refresh_token: str | None = field(
        default=UNSET,
        description="Ends the session it belongs to; leave it out to end the one that is asking.",
    )


@strawberry.input(description="A new password.")
class ChangePasswordInput:
    current_password: str | None = field(
        default=UNSET,
        description="The password so far; left out by who has none and signed in within the last 15 minutes.",
    )
    new_password: str = field(description="The new one, 10 to 128 characters.")


@strawberry.input(description="What changes about the viewer; what is left out or null stays.")
class EditProfileInput:
    name: str | None = field(default=UNSET, description="What others call you: one line, 1 to 80 characters.")
    colour: Colour | None = field(default=UNSET, description="Your colour, for cursors and names.")


@strawberry.input(description="Which sessions end.")
class RevokeSessionsInput:
    ids: list[strawberry.ID] = field(description="Ids of your sessions, 1 to 500; unknown ones are skipped.")


@strawberry.input(description="A new API token.")
class CreateTokenInput:
    name: str = field(description="What it is for: one line, 1 to 80 characters.")
    scope: TokenScope = field(default=TokenScope.READ, description="What it may do.")
    expires_at: datetime | None = field(
        default=UNSET, description="When it ends by itself; left out or null: never."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which tokens end.")
class RevokeTokensInput:
    ids: list[strawberry.ID] = field(description="Ids of your tokens, 1 to 500; unknown ones are skipped.")


@strawberry.input(description="As whom one signs in by the directory.")
class LinkDirectoryInput:
    login: str = field(description="The login there, as `Instance.directory` knows it.")
    password: str = field(description="The password that belongs to it there.")


@strawberry.input(description="With what one does not sign in any more.")
class UnlinkIdentitiesInput:
    ids: list[strawberry.ID] = field(
        description="Ids of your identities, 1 to 500; unknown ones are skipped."
    )


@strawberry.input(description="Who may register from now on.")
class SetRegistrationInput:
    registration: RegistrationPolicy = field(description="The new rule.")


@strawberry.input(description="A new invite.")
class CreateInviteInput:
    email: str | None = field(
        default=UNSET, description="The only address that may use it; left out or null: whoever has the code."
    )
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.input(description="Which invites are taken back.")
class RevokeInvitesInput:
    ids: list[strawberry.ID] = field(description="Ids of open invites, 1 to 500; unknown ones are skipped.")


@strawberry.type(description="The new account, signed in.")
class RegisterPayload:
    viewer: Viewer = field(description="Who is asking from now on.")
    access_expires_at: datetime = field(description="When to refresh the session.")
    session: SessionTokens | None = field(description="The tokens; null where cookies carry them.")


@strawberry.type(description="The session that was opened.")
class SignInPayload:
    viewer: Viewer = field(description="Who is asking from now on.")
    access_expires_at: datetime = field(description="When to refresh the session.")
    session: SessionTokens | None = field(description="The tokens; null where cookies carry them.")


@strawberry.type(description="The session, carried on.")
class RefreshSessionPayload:
    viewer: Viewer = field(description="Who is asking.")
    access_expires_at: datetime = field(description="When to refresh the session again.")
    session: SessionTokens | None = field(description="The tokens; null where cookies carry them.")


@strawberry.type(description="The session ended.")
class SignOutPayload:
    signed_out: bool = field(description="Always true: whoever was signed in no longer is.")


@strawberry.type(description="The password was changed.")
class ChangePasswordPayload:
    viewer: Viewer = field(description="The viewer; all their other sessions have ended.")


@strawberry.type(description="The profile was changed.")
class EditProfilePayload:
    viewer: Viewer = field(description="The viewer as they are now.")


@strawberry.type(description="Sessions ended.")
class RevokeSessionsPayload:
    revoked_ids: list[strawberry.ID] = field(description="Those that ended.")
    viewer: Viewer = field(description="The viewer with the sessions that go on.")


@strawberry.type(description="A token was made.")
class CreateTokenPayload:
    token: Token = field(description="The token's entry.")
    secret: str = field(description="The whole token, `wr_…`: shown this once, only its hash is kept.")


@strawberry.type(description="Tokens ended.")
class RevokeTokensPayload:
    revoked_ids: list[strawberry.ID] = field(description="Those that ended.")
    viewer: Viewer = field(description="The viewer with the tokens that still work.")


@strawberry.type(description="A login of the directory was linked.")
class LinkDirectoryPayload:
    viewer: Viewer = field(description="The viewer with their identities.")


@strawberry.type(description="Identities were unlinked.")
class UnlinkIdentitiesPayload:
    unlinked_ids: list[strawberry.ID] = field(description="Those that were unlinked.")
    viewer: Viewer = field(description="The viewer with the identities that remain.")


@strawberry.type(description="The rule for new accounts was set.")
class SetRegistrationPayload:
    instance: Instance = field(description="The server with its new rule.")


@strawberry.type(description="An invite was made.")
class CreateInvitePayload:
    invite: Invite = field(description="The invite's entry.")
    code: str = field(description="The code to hand over: shown this once, only its hash is kept.")
    is_mailed: bool = field(description="Whether a mail with a link is on its way to the address.")


@strawberry.type(description="Invites were taken back.")
class RevokeInvitesPayload:
    revoked_ids: list[strawberry.ID] = field(description="Those that were taken back.")
    viewer: Viewer = field(description="The viewer with the invites that remain.")


class SignedInShape(Protocol):
    """A payload of what opens a session."""

    def __init__(
        self, *, viewer: Viewer, access_expires_at: datetime, session: SessionTokens | None
    ) -> None: ...


SignedInPayload = TypeVar("SignedInPayload", bound=SignedInShape)


def require_delivery(delivery: TokenDelivery, context: Context) -> None:
    """Before anything is done: a session whose tokens reach nobody would be lost."""
    if delivery is TokenDelivery.COOKIE and not context.takes_cookies:
        raise BadInput(
            "A websocket cannot set cookies: ask over HTTP, or with delivery: BODY.", field="delivery"
        )


async def handed_over(
    payload: type[SignedInPayload], signed_in: SignedIn, delivery: TokenDelivery, context: Context
) -> SignedInPayload:
    """The session's tokens go into cookies or into the answer, never into both."""
    handed = None
    if delivery is TokenDelivery.COOKIE:
        context.cookies_out.append(signed_in)
    else:
        handed = SessionTokens(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            access_expires_at=signed_in.access_expires_at,
            refresh_expires_at=signed_in.refresh_expires_at,
        )
    return payload(
        viewer=await viewer_of(await sessions.viewer_of(signed_in.access_token)),
        access_expires_at=signed_in.access_expires_at,
        session=handed,
    )


def _ids(values: list[UUID]) -> list[strawberry.ID]:
    return [strawberry.ID(str(value)) for value in values]


@strawberry.type
class AccountMutations:
    @resolved(
        description="Makes an account and signs it in. The very first one owns the server. Where everyone "
        "may "
        "join and the server sends mail, an address is proven first: `requestRegistration`."
    )
    async def register(self, info: Info, input: Annotated[RegisterInput, INPUT]) -> RegisterPayload:
        context = info.context
        require_delivery(input.delivery, context)
        account = await accounts.register(
            name=input.name,
            email=input.email,
            password=input.password,
            invite_code=input.invite_code or None,
            address=context.address,
            language=context.language,
        )
        signed_in = await sessions.open_session(
            account.id,
            user_agent=context.user_agent,
            address=context.address,
            language=context.language,
        )
        return await handed_over(RegisterPayload, signed_in, input.delivery, context)

    @resolved(description="Opens a session with email and password.")
    async def sign_in(self, info: Info, input: Annotated[SignInInput, INPUT]) -> SignInPayload:
        context = info.context
        require_delivery(input.delivery, context)
        if context.settings.directory_name is not None:
            context.allow_seconds(directory.MOST_SECONDS)
        signed_in = await sessions.sign_in(
            email=input.email,
            password=input.password,
            user_agent=context.user_agent,
            address=context.address,
            language=context.language,
        )
        return await handed_over(SignInPayload, signed_in, input.delivery, context)

    @resolved(description="Carries a session on: an access token lasts minutes, a session for weeks.")
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, INPUT]
    ) -> RefreshSessionPayload:
        context = info.context
        require_delivery(input.delivery, context)
        token = input.refresh_token or context.refresh_cookie
        if not token:
            raise Unauthenticated("There is no session to carry on: sign in.")
        signed_in = await sessions.refresh(
            token,
            user_agent=context.user_agent,
            address=context.address,
            language=context.language,
        )
        return await handed_over(RefreshSessionPayload, signed_in, input.delivery, context)

    @resolved(description="Ends the session, and forgets its cookies. Signing out twice is no error.")
    async def sign_out(self, info: Info, input: Annotated[SignOutInput, INPUT]) -> SignOutPayload:
        context = info.context
        token = input.refresh_token or (context.refresh_cookie if context.viewer is None else None)
        if token:
            await sessions.sign_out_by_refresh_token(token)
        elif context.viewer is not None:
            await sessions.sign_out(context.viewer)
        context.cookies_out.append(None)
        return SignOutPayload(signed_out=True)

    @resolved(description="Changes the viewer's password and ends their other sessions. Needs a session.")
    async def change_password(
        self, info: Info, input: Annotated[ChangePasswordInput, INPUT]
    ) -> ChangePasswordPayload:
        viewer = info.context.require_viewer()
        await accounts.change_password(viewer, current=input.current_password or None, new=input.new_password)
        return ChangePasswordPayload(viewer=await viewer_of(viewer))

    @resolved(description="Changes the viewer's name or colour.")
    async def edit_profile(self, info: Info, input: Annotated[EditProfileInput, INPUT]) -> EditProfilePayload:
        viewer = info.context.require_viewer()
        await accounts.edit_profile(viewer, name=input.name or None, colour=input.colour or None)
        return EditProfilePayload(viewer=await viewer_of(viewer))

    @resolved(description="Ends sessions of the viewer. What they have open closes within 2 s.")
    async def revoke_sessions(
        self, info: Info, input: Annotated[RevokeSessionsInput, INPUT]
    ) -> RevokeSessionsPayload:
        viewer = info.context.require_viewer()
        shown = await viewer_of(viewer)
        revoked = await sessions.revoke_sessions(viewer, uuids_of(input.ids))
        return RevokeSessionsPayload(revoked_ids=_ids(revoked), viewer=shown)

    @resolved(
        description="Makes an API token that acts for the viewer. Needs a session, for tokens make none."
    )
    async def create_token(self, info: Info, input: Annotated[CreateTokenInput, INPUT]) -> CreateTokenPayload:
        made = await tokens.create_token(
            info.context.require_viewer(),
            name=input.name,
            scope=Scope[input.scope.name],
            expires_at=input.expires_at or None,
            mutation_id=mutation_id_of(input),
        )
        return CreateTokenPayload(token=token_of(made.token), secret=made.secret)

    @resolved(description="Ends API tokens of the viewer.")
    async def revoke_tokens(
        self, info: Info, input: Annotated[RevokeTokensInput, INPUT]
    ) -> RevokeTokensPayload:
        viewer = info.context.require_viewer()
        shown = await viewer_of(viewer)
        revoked = await tokens.revoke_tokens(viewer, uuids_of(input.ids))
        return RevokeTokensPayload(revoked_ids=_ids(revoked), viewer=shown)

    @resolved(
        description="Lets the viewer sign in with a login of `Instance.directory` as well. Needs a session."
    )
    async def link_directory(
        self, info: Info, input: Annotated[LinkDirectoryInput, INPUT]
    ) -> LinkDirectoryPayload:
        viewer = info.context.require_viewer()
        info.context.allow_seconds(directory.MOST_SECONDS)
        await directory.link(viewer, input.login, input.password)
        return LinkDirectoryPayload(viewer=await viewer_of(viewer))

    @resolved(
        description="Takes away ways in which the viewer signs in elsewhere; where there is no password, "
        "the last one stays (LAST_WAY_IN). Needs a session."
    )
    async def unlink_identities(
        self, info: Info, input: Annotated[UnlinkIdentitiesInput, INPUT]
    ) -> UnlinkIdentitiesPayload:
        viewer = info.context.require_viewer()
        unlinked = await identities.unlink_identities(viewer, uuids_of(input.ids))
        return UnlinkIdentitiesPayload(unlinked_ids=_ids(unlinked), viewer=await viewer_of(viewer))

    @resolved(description="Sets who may register. For the server's owner.")
    async def set_registration(
        self, info: Info, input: Annotated[SetRegistrationInput, INPUT]
    ) -> SetRegistrationPayload:
        policy = accounts.RegistrationPolicy[input.registration.name]
        await accounts.set_registration(info.context.require_viewer(), policy)
        return SetRegistrationPayload(instance=instance_of(info.context.settings))

    @resolved(
        description="Lets one person register within 14 days; to an address it is mailed too, where the "
        "server "
        "sends mail. For the server's owner."
    )
    async def create_invite(
        self, info: Info, input: Annotated[CreateInviteInput, INPUT]
    ) -> CreateInvitePayload:
        made = await invites.create_invite(
            info.context.require_viewer(),
            email=input.email or None,
            mutation_id=mutation_id_of(input),
            language=info.context.language,
        )
        return CreateInvitePayload(invite=invite_of(made.invite), code=made.code, is_mailed=made.is_mailed)

    @resolved(
        description="Takes open invites back: the server's owner any, others those to boards of theirs."
    )
    async def revoke_invites(
        self, info: Info, input: Annotated[RevokeInvitesInput, INPUT]
    ) -> RevokeInvitesPayload:
        viewer = info.context.require_viewer()
        revoked = await invites.revoke_invites(viewer, uuids_of(input.ids))
        return RevokeInvitesPayload(revoked_ids=_ids(revoked), viewer=await viewer_of(viewer))

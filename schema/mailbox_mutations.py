"""Mutations around e-mail: proving an address, changing it, a new password, inviting to a board."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET, field

from domain import accounts, invites, mailboxes, sessions
from domain.access import Role as Standing
from schema.account_mutations import SessionTokens, TokenDelivery, handed_over, require_delivery
from schema.accounts import Viewer, viewer_of
from schema.arguments import INPUT, MUTATION_ID, mutation_id_of, uuid_of
from schema.boards import Board, BoardInvite, Role, board_invite_of
from schema.context import Info
from schema.fields import resolved


@strawberry.input(description="Who wants an account.")
class RequestRegistrationInput:
    email: str = field(description="The address to sign in with; the link goes there.")


@strawberry.input(description="Whose password was forgotten.")
class RequestPasswordResetInput:
    email: str = field(description="The account's address.")


@strawberry.input(description="A new password, by a link that was mailed.")
class ResetPasswordInput:
    code: str = field(description="What stands behind # in the link.")
    new_password: str = field(description="The new one, 10 to 128 characters.")
    end_tokens: bool = field(
        default=False,
        description="Whether the API tokens end too, for who fears that somebody else made some.",
    )
    delivery: TokenDelivery = field(
        default=TokenDelivery.COOKIE, description="How the new session's tokens are handed over."
    )


@strawberry.input(description="An address that was proven, by a link that was mailed to it.")
class VerifyEmailInput:
    code: str = field(description="What stands behind # in the link.")


@strawberry.input(description="Which address is asked about once more.")
class SendVerificationInput:
    email: str | None = field(
        default=UNSET,
        description="The one that waits, `pendingEmail` or else `email` of the viewer; left out: that one.",
    )


@strawberry.input(description="Another address of the viewer's.")
class ChangeEmailInput:
    email: str = field(description="The new address; a link goes there. The present one: it is to stay.")
    password: str | None = field(
        default=UNSET,
        description="The account's password; may be left out where the address is to stay, and by who has "
        "none and signed in within the last 15 minutes.",
    )


@strawberry.input(description="Somebody without an account, who is to come onto a board.")
class InviteToBoardInput:
    board_id: strawberry.ID = field(description="The board.")
    email: str = field(description="The address of whoever is invited; only it may use the invite.")
    role: Role = field(description="What they may do on the board.")
    client_mutation_id: strawberry.ID | None = field(default=UNSET, description=MUTATION_ID)


@strawberry.type(description="A link is on its way, or words for who has an account already.")
class RequestRegistrationPayload:
    requested: bool = field(description="Always true, whoever has the address.")


@strawberry.type(description="A link is on its way, if there is such an account.")
class RequestPasswordResetPayload:
    requested: bool = field(description="Always true, whether or not there is an account.")


@strawberry.type(
    description="The new password is set, all sessions from before have ended, and a new one is open."
)
class ResetPasswordPayload:
    viewer: Viewer = field(description="Who is asking from now on.")
    access_expires_at: datetime = field(description="When to refresh the session.")
    session: SessionTokens | None = field(description="The tokens; null where cookies carry them.")


@strawberry.type(description="The address is verified.")
class VerifyEmailPayload:
    email: str = field(description="The address, that of the account from now on.")


@strawberry.type(description="The link was sent once more.")
class SendVerificationPayload:
    email: str = field(description="Where it goes.")
    viewer: Viewer = field(description="The viewer.")


@strawberry.type(description="A link is on its way to the new address.")
class ChangeEmailPayload:
    viewer: Viewer = field(description="The viewer: `email` is as before until the link was followed.")


@strawberry.type(description="Somebody is invited to a board.")
class InviteToBoardPayload:
    board: Board = field(description="The board.")
    invite: BoardInvite = field(description="The invite's entry.")
    code: str = field(description="Its code, to hand over by other ways: shown this once.")
    is_mailed: bool = field(description="Whether a mail with a link is on its way.")


@strawberry.type
class MailboxMutations:
    @resolved(
        description="Mails a link with which somebody makes an account (`register`, its code as "
        "`inviteCode`), where everyone may join and the server sends mail. Answers the same whoever has "
        "the address."
    )
    async def request_registration(
        self, info: Info, input: Annotated[RequestRegistrationInput, INPUT]
    ) -> RequestRegistrationPayload:
        context = info.context
        await accounts.require_open()
        await mailboxes.request_registration(input.email, language=context.language, address=context.address)
        return RequestRegistrationPayload(requested=True)

    @resolved(
        description="Mails a link to set a new password. Answers the same, as fast, whether or not there is "
        "such an account."
    )
    async def request_password_reset(
        self, info: Info, input: Annotated[RequestPasswordResetInput, INPUT]
    ) -> RequestPasswordResetPayload:
        context = info.context
        await mailboxes.request_reset(input.email, language=context.language, address=context.address)
        return RequestPasswordResetPayload(requested=True)

    @resolved(
        description="Sets a new password by a mailed link, within an hour and once, ends all sessions and "
        "opens a new one."
    )
    async def reset_password(
        self, info: Info, input: Annotated[ResetPasswordInput, INPUT]
    ) -> ResetPasswordPayload:
        context = info.context
        require_delivery(input.delivery, context)
        account_id, hashed = await mailboxes.reset_password(
            input.code, input.new_password, language=context.language, end_tokens=input.end_tokens
        )
        signed_in = await sessions.open_session(
            account_id,
            user_agent=context.user_agent,
            address=context.address,
            language=context.language,
            password_hash=hashed,
        )
        return await handed_over(ResetPasswordPayload, signed_in, input.delivery, context)

    @resolved(
        description="Says that the link which was mailed to an address arrived: the address is verified, and "
        "that of the account if it was to be. Whoever has the link may, signed in or not."
    )
    async def verify_email(self, info: Info, input: Annotated[VerifyEmailInput, INPUT]) -> VerifyEmailPayload:
        email = await mailboxes.verify_email(input.code, language=info.context.language)
        return VerifyEmailPayload(email=email)

    @resolved(
        description="Mails the link that verifies an address once more: the one that is wanted, else the "
        "viewer's own. Needs a session."
    )
    async def send_verification(
        self, info: Info, input: Annotated[SendVerificationInput, INPUT]
    ) -> SendVerificationPayload:
        context, viewer = info.context, info.context.require_viewer()
        email = await mailboxes.send_verification(
            viewer, email=input.email or None, language=context.language, address=context.address
        )
        return SendVerificationPayload(email=email, viewer=await viewer_of(viewer))

    @resolved(
        description="Wants another address for the viewer: it is theirs once the link that is mailed to it "
        "was "
        "followed, within three days. The one of before is told. Needs a session."
    )
    async def change_email(self, info: Info, input: Annotated[ChangeEmailInput, INPUT]) -> ChangeEmailPayload:
        context, viewer = info.context, info.context.require_viewer()
        await mailboxes.change_email(
            viewer,
            input.email,
            password=input.password or None,
            language=context.language,
            address=context.address,
        )
        return ChangeEmailPayload(viewer=await viewer_of(viewer))

    @resolved(
        description="Invites somebody who has no account to a board: by mail where the server sends some, "
        "and "
        "by a code. For owners of the board; where people join by invite only, the server's owner alone."
    )
    async def invite_to_board(
        self, info: Info, input: Annotated[InviteToBoardInput, INPUT]
    ) -> InviteToBoardPayload:
        board_id = uuid_of(input.board_id, "boardId")
        made = await invites.invite_to_board(
            info.context.require_viewer(),
            board_id,
            input.email,
            Standing[input.role.name],
            mutation_id=mutation_id_of(input),
            language=info.context.language,
        )
        return InviteToBoardPayload(
            board=await info.context.loaders.board(board_id),
            invite=board_invite_of(made.invite),
            code=made.code,
            is_mailed=made.is_mailed,
        )

"""Sessions: how a person stays signed in on one device, and how that ends everywhere at once.

An access token is a JWT of some minutes; a refresh token is 256 random bits that work once. Its
tag proves that we issued it, so a token of ours that is no longer the session's is one used
before: whoever holds a copy is cut off together with whoever it was copied from.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
from msgspec import Struct

from domain import attempts, directory, passwords
from domain.access import Proof, Scope, Viewer, require_scope
from domain.accounts import Account, account_from
from domain.database import execute, fetch, fetchrow, fetchval, transaction
from domain.entries import good_ids, plain_line
from domain.errors import BadInput, SessionRevoked, TooBusy, Unauthenticated, WrongCredentials
from domain.notices import announce_access
from domain.settings import Settings
from domain.vouching import Voucher, require_given

ALGORITHM = "HS256"
AUDIENCE = "webref"
ACCESS_TYPE = "at+jwt"  # RFC 9068
REFRESH_PREFIX = b"\x01"
SECRET_BYTES = 32
TAG_BYTES = 17  # so that the whole is 66 bytes, which base64 writes without padding
REFRESH_BYTES = len(REFRESH_PREFIX) + 16 + SECRET_BYTES + TAG_BYTES
REFRESH_CHARACTERS = REFRESH_BYTES * 4 // 3
MOST_LISTED = 200
SEEN_EVERY = timedelta(minutes=1)


class Signing(Struct, frozen=True):
    """The keys and lifetimes of this process's tokens: one secret, a key of its own for every purpose."""

    access_key: bytes
    refresh_key: bytes
    access_lifetime: timedelta
    refresh_lifetime: timedelta


SIGNING: Signing | None = None


class SignedIn(Struct, frozen=True):
    """What a device gets. The tokens are secrets, shown this once."""

    account: Account
    session_id: UUID
    access_token: str
    refresh_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime


class Session(Struct, frozen=True):
    """A signed-in device, as its person sees it. is_current: the one that asks."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    address: str
    is_current: bool


def sign_with(settings: Settings) -> None:
    """Says once per process which secret signs. Tokens signed with another one are nobody's from then on."""
    global SIGNING
    secret = settings.with_secret().secret.encode()
    SIGNING = Signing(
        access_key=hmac.digest(secret, b"webref access token", "sha256"),
        refresh_key=hmac.digest(secret, b"webref refresh token", "sha256"),
        access_lifetime=timedelta(minutes=settings.access_minutes),
        refresh_lifetime=timedelta(days=settings.refresh_days),
    )


async def sign_in(
    *, email: str, password: str, user_agent: str = "", address: str = "", language: str = "en"
) -> SignedIn:
    """Opens a session. Raises WrongCredentials, with equal words and time whatever is wrong; TooBusy.

    email: or a login that a directory knows, where there is one; then SignInRefused too.
    """
    login = email
    email = email.strip().lower()[:254]
    stored: str | None
    with (
        attempts.SIGN_INS_FROM_ADDRESS.guess(address, wrong=WrongCredentials),
        attempts.SIGN_INS.guess(address, email, wrong=WrongCredentials),
    ):
        try:
            account_id, stored = await _prove(email, password)
        except WrongCredentials:
            account_id, stored = await directory.account_for(login, password), None
    if stored is not None and passwords.needs_rehash(stored):
        stored = await _rehash(account_id, password, stored)
    return await open_session(
        account_id, user_agent=user_agent, address=address, language=language, password_hash=stored
    )


async def open_session(
    account_id: UUID,
    *,
    user_agent: str = "",
    address: str = "",
    language: str = "en",
    password_hash: str | None = None,
    voucher: Voucher | None = None,
) -> SignedIn:
    """A session for somebody who has just proved who they are.

    language: of mails that nobody here asks for. password_hash: the one that was compared with; a password
    changed meanwhile opens nothing. voucher: the word of a provider, until it is taken back; SignInRefused
    where it was meanwhile.
    """
    session_id = uuid4()
    token, digest = _new_refresh_token(session_id)
    async with transaction():
        if voucher is not None:
            await require_given(voucher)
        row = await fetchrow(
            _OPEN,
            session_id,
            account_id,
            digest,
            _signing().refresh_lifetime,
            plain_line(user_agent, 300),
            plain_line(address, 64),
            password_hash,
            language,
            *((voucher.issuer, voucher.subject, voucher.sid) if voucher is not None else (None, None, None)),
        )
    if row is None:
        raise directory.wrong()
    return _signed_in(account_from(row), session_id, token, row["expires_at"])


_OPEN = (
    "with owner as (select * from account where id = $2 and disabled_at is null"
    "   and password_hash = coalesce($7, password_hash) for share),"
    " opened as (insert into session (id, account, refresh_hash, expires_at, user_agent, address,"
    "   language, issuer, subject, sid)"
    "   select $1, owner.id, $3, now() + $4::interval, $5, $6, $8, $9, $10, $11 from owner"
    "   returning id, expires_at)"
    " select owner.id, email, name, colour, is_owner, created_at, disabled_at, email_proven_at,"
    "   opened.expires_at"
    " from owner, opened"
)


async def refresh(
    refresh_token: str, *, user_agent: str = "", address: str = "", language: str | None = None
) -> SignedIn:
    """Exchanges a refresh token, once, for a new pair.

    A token that was used before ends the whole session: SessionRevoked. Anything that is not
    ours, or whose time is over: Unauthenticated.
    """
    session_id = _session_of(refresh_token)
    token, digest = _new_refresh_token(session_id)
    row = await fetchrow(
        "update session set refresh_hash = $3, refreshed_at = now(), last_seen_at = now(),"
        "   expires_at = now() + $4::interval, user_agent = coalesce(nullif($5, ''), user_agent),"
        "   address = coalesce(nullif($6, ''), address), language = coalesce($7, language)"
        " from account where session.id = $1 and refresh_hash = $2 and revoked_at is null"
        "   and expires_at > now() and account.id = session.account and disabled_at is null"
        " returning account.*, expires_at",
        session_id,
        _digest(refresh_token),
        digest,
        _signing().refresh_lifetime,
        plain_line(user_agent, 300),
        plain_line(address, 64),
        language,
    )
    if row is None:
        raise await _refusal(session_id, refresh_token)
    return _signed_in(account_from(row), session_id, token, row["expires_at"])


async def sign_out(viewer: Viewer) -> None:
    """Ends the session that asks. An API token has none to end: nothing happens."""
    if viewer.session_id is not None:
        await _revoke(viewer.account_id, [viewer.session_id])


async def sign_out_by_refresh_token(refresh_token: str) -> None:
    """Ends the session of a device whose access token is over; a token not ours is ignored."""
    try:
        session_id = _session_of(refresh_token)
    except Unauthenticated:
        return
    account_id = await fetchval("select account from session where id = $1", session_id)
    if account_id is not None:
        await _revoke(account_id, [session_id])


async def sessions_of(viewer: Viewer) -> list[Session]:
    """Where the viewer is signed in, last seen first."""
    rows = await fetch(
        "select id, created_at, last_seen_at, user_agent, address, id is not distinct from $2 as is_current"
        " from session where account = $1 and revoked_at is null and expires_at > now()"
        " order by last_seen_at desc, id limit $3",
        viewer.account_id,
        viewer.session_id,
        MOST_LISTED,
    )
    return [Session(*(row[name] for name in Session.__struct_fields__)) for row in rows]


async def revoke_sessions(viewer: Viewer, ids: Sequence[UUID]) -> list[UUID]:
    """Ends some of the viewer's sessions at once; answers those ended now, others are left out."""
    require_scope(viewer)
    return await _revoke(viewer.account_id, good_ids(ids))


async def viewer_of(access_token: str) -> Viewer:
    """Who holds this access token, if their session and account still stand at this moment.

    Raises Unauthenticated (refresh and try again) or SessionRevoked (sign in again).
    """
    return (await proof_of(access_token)).viewer


async def proof_of(access_token: str) -> Proof:
    """The same, good until the token's time is over or the session is to be marked as seen."""
    session_id, account_id, expires_at = _read_access_token(access_token)
    row = await fetchrow(
        "select name, is_owner, revoked_at is null and expires_at > now() as open,"
        "   last_seen_at + $3::interval - now() as seen_for"
        " from session join account on account.id = session.account"
        " where session.id = $1 and account.id = $2 and disabled_at is null",
        session_id,
        account_id,
        SEEN_EVERY,
    )
    if row is None or not row["open"]:
        raise _revoked()
    seen_for: timedelta = row["seen_for"]
    if seen_for < timedelta(0):
        seen_for = SEEN_EVERY
        await execute(
            "update session set last_seen_at = now() where id = $1 and last_seen_at < now() - $2::interval",
            session_id,
            SEEN_EVERY,
        )
    viewer = Viewer(
        account_id=account_id,
        name=row["name"],
        is_owner=row["is_owner"],
        scope=Scope.WRITE,
        session_id=session_id,
        token_id=None,
    )
    return Proof(viewer, min(float(expires_at), time.time() + seen_for.total_seconds()))


def digest_of(credential: str) -> bytes:
    """By which a process may know a token again, for as long as it signs with the same secret."""
    return hmac.digest(_signing().access_key, credential.encode(), "sha256")


async def _revoke(account_id: UUID, ids: list[UUID]) -> list[UUID]:
    async with transaction() as connection:
        rows = await fetch(
            "update session set revoked_at = now()"
            " where id = any($2::uuid[]) and account = $1 and revoked_at is null returning id",
            account_id,
            ids,
        )
        if rows:
            await announce_access(connection, account_id)
    return sorted(row["id"] for row in rows)


async def _prove(email: str, password: str) -> tuple[UUID, str]:
    """The account and its password's hash. Without an account a hash of nobody's is compared with."""
    row = None
    if email.isprintable():
        row = await fetchrow("select id, password_hash, disabled_at from account where email = $1", email)
    stored = row["password_hash"] if row is not None else None
    right = await passwords.verify_password(password, stored)
    if not right or row is None or row["disabled_at"] is not None:
        raise directory.wrong()
    return row["id"], row["password_hash"]


async def _rehash(account_id: UUID, password: str, stored: str) -> str:
    """Replaces a hash made with other parameters, if there is room; answers the one that stands now."""
    try:
        hashed = await passwords.hash_password(password)
    except (BadInput, TooBusy):
        return stored
    replaced = await fetchval(
        "update account set password_hash = $3 where id = $1 and password_hash = $2 returning id",
        account_id,
        stored,
        hashed,
    )
    return hashed if replaced is not None else stored


async def _refusal(session_id: UUID, refresh_token: str) -> SessionRevoked | Unauthenticated:
    """Why a refresh failed. A token of ours that is not the present one has been used: the family ends."""
    row = await fetchrow(
        "select account, refresh_hash, revoked_at is null as open, expires_at > now() as in_time"
        " from session where id = $1",
        session_id,
    )
    if row is None or (row["open"] and not row["in_time"]):
        return Unauthenticated("The session is over. Sign in again.")
    if row["open"] and row["refresh_hash"] != _digest(refresh_token):
        await _revoke(row["account"], [session_id])
    return _revoked()


def _signed_in(
    account: Account, session_id: UUID, refresh_token: str, refresh_expires_at: datetime
) -> SignedIn:
    issued_at = datetime.now(UTC).replace(microsecond=0)
    access_expires_at = issued_at + _signing().access_lifetime
    claims = {
        "aud": AUDIENCE,
        "sub": str(account.id),
        "sid": str(session_id),
        "jti": secrets.token_hex(8),
        "iat": issued_at,
        "exp": access_expires_at,
    }
    access_token = jwt.encode(
        claims, _signing().access_key, algorithm=ALGORITHM, headers={"typ": ACCESS_TYPE}
    )
    return SignedIn(account, session_id, access_token, refresh_token, access_expires_at, refresh_expires_at)


def _read_access_token(access_token: str) -> tuple[UUID, UUID, int]:
    """Session, account and end. Algorithm, audience and type are pinned; the clocks of servers may differ."""
    try:
        token = jwt.decode_complete(
            access_token,
            _signing().access_key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "iat", "aud", "sub", "sid"], "verify_iat": False},
        )
        if token["header"].get("typ") != ACCESS_TYPE:
            raise Unauthenticated("This is not an access token.")
        payload = token["payload"]
        return UUID(payload["sid"]), UUID(payload["sub"]), int(payload["exp"])
    except jwt.ExpiredSignatureError as error:
        raise Unauthenticated("The access token is over. Refresh the session and try again.") from error
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("The access token is not valid. Sign in again.") from error


def _new_refresh_token(session_id: UUID) -> tuple[str, bytes]:
    """The token and the digest to keep of it."""
    body = REFRESH_PREFIX + session_id.bytes + secrets.token_bytes(SECRET_BYTES)
    token = base64.urlsafe_b64encode(body + _tag(body)).decode()
    return token, _digest(token)


def _session_of(refresh_token: str) -> UUID:
    """The session a refresh token of ours was issued for. Raises Unauthenticated for any other."""
    try:
        raw = base64.b64decode(refresh_token.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    body, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
    if (
        len(refresh_token) != REFRESH_CHARACTERS
        or len(raw) != REFRESH_BYTES
        or not hmac.compare_digest(tag, _tag(body))
    ):
        raise Unauthenticated("The refresh token is not valid. Sign in again.")
    return UUID(bytes=body[len(REFRESH_PREFIX) : len(REFRESH_PREFIX) + 16])


def _tag(body: bytes) -> bytes:
    return hmac.digest(_signing().refresh_key, body, "sha256")[:TAG_BYTES]


def _digest(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode()).digest()


def _signing() -> Signing:
    if SIGNING is None:
        raise RuntimeError("call sessions.sign_with(settings) when the process starts")
    return SIGNING


def _revoked() -> SessionRevoked:
    return SessionRevoked("This session was ended. Sign in again.")

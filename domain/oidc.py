"""Signing in at a provider of OpenID Connect: the way there, and what is believed of who comes back.

Authorization code with PKCE. What a sign-in needs to know again when its person comes back is in a cookie
that we signed, so nothing is kept here for strangers; whoever has no such cookie did not begin it.
"""

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import jwt

from domain import id_tokens, identities, logout_tokens, sessions, standing, vouching
from domain.access import Viewer
from domain.entries import plain_line
from domain.errors import SignInRefused
from domain.identities import Admission, Profile
from domain.providers import Asking, Provider, ProviderFailed
from domain.settings import Settings
from domain.standing import require_session
from domain.vouching import Voucher

LIFETIME = timedelta(minutes=10)
LONGEST_PATH = 1_000
LONGEST_CODE = 4_096
ALGORITHM = "HS256"
TYPE = "sign-in+jwt"

CANCELLED = frozenset({"access_denied", "login_required", "consent_required", "interaction_required"})

Said = TypeVar("Said")

log = logging.getLogger("webref.signing_in")


@dataclass(frozen=True)
class Begun:
    """address: where the browser goes. cookie: what it has to bring back."""

    address: str
    cookie: str


@dataclass(frozen=True)
class Arrived:
    """signed_in: None where an account was only linked. path: where the person wanted to go."""

    signed_in: sessions.SignedIn | None
    path: str


@dataclass(frozen=True)
class Proved:
    """What a code was worth. nonce: names this proof, which opens nothing a second time."""

    profile: Profile
    nonce: str
    voucher: Voucher


class LogoutRefused(Exception):
    """Nobody is signed out. code: as the protocol calls it; why is in the log."""

    def __init__(self, message: str, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.code = code


class Door:
    """The provider that the settings name, and what it takes to go there and back."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_client_id is not None
        self._settings = settings
        self._client_id = settings.oidc_client_id
        self._name = settings.provider_name
        self._key = hmac.digest(settings.with_secret().secret.encode(), b"webref sign-in elsewhere", "sha256")
        self._asking = Asking(settings)

    async def close(self) -> None:
        await self._asking.close()

    async def begin(
        self, redirect_uri: str, path: str, *, invite_code: str | None = None, afresh: bool = False
    ) -> Begun:
        """afresh: the provider shall ask who it is, though somebody is signed in there.

        Raises SignInRefused.
        """
        more = {"invite": invite_code[:200]} if invite_code else {}
        return await self._begun(redirect_uri, path, more, {"prompt": "login"} if afresh else {})

    async def begin_link(self, viewer: Viewer, redirect_uri: str, path: str) -> Begun:
        """So that the viewer can sign in there from now on. Raises SignInRefused, Forbidden."""
        require_session(viewer, "link an account")
        more = {"account": str(viewer.account_id), "session": str(viewer.session_id)}
        return await self._begun(redirect_uri, path, more, {})

    async def _begun(
        self, redirect_uri: str, path: str, more: Mapping[str, str], asked: Mapping[str, str]
    ) -> Begun:
        try:
            provider = await self._asking.provider()
        except ProviderFailed as error:
            raise self._untrusted(error) from error
        state = secrets.token_urlsafe(32)
        claims = {
            "state": state,
            "redirect_uri": redirect_uri,
            "path": own_path(path),
            "exp": datetime.now(UTC) + LIFETIME,
            **more,
        }
        cookie = jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"typ": TYPE})
        challenge = hashlib.sha256(self._derived("verifier", state).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._settings.oidc_scopes),
            "state": state,
            "nonce": self._derived("nonce", state),
            "code_challenge": _text(challenge),
            "code_challenge_method": "S256",
            **asked,
        }
        joint = "&" if "?" in provider.authorization_endpoint else "?"
        return Begun(f"{provider.authorization_endpoint}{joint}{urlencode(query)}", cookie)

    def path_of(self, cookie: str | None) -> str:
        """Where the person of this cookie wanted to go, though nothing came of it."""
        try:
            begun = jwt.decode(cookie or "", self._key, algorithms=[ALGORITHM], options={"verify_exp": False})
        except jwt.PyJWTError:
            return "/"
        return own_path(str(begun.get("path", "/")))

    async def finish(
        self,
        cookie: str | None,
        said: Mapping[str, str],
        *,
        user_agent: str = "",
        address: str = "",
        language: str = "en",
    ) -> Arrived:
        """said: what the provider sent along with the browser. Raises SignInRefused, WrongCredentials."""
        begun = self._begun_by(cookie, said.get("state", ""))
        try:
            provider = await self._asking.provider()
            _require_from(provider, said)
            if "error" in said:
                raise self._told_no(said["error"])
            proved = await self._proved(provider, said.get("code", ""), begun)
        except (ProviderFailed, id_tokens.TokenRefused) as error:
            raise self._untrusted(error) from error
        if "account" in begun:
            viewer = Viewer(UUID(begun["account"]), "", session_id=UUID(begun["session"]))
            if not await standing.still_signed_in([viewer]):
                raise SignInRefused("Your session ended meanwhile. Sign in and try again.", reason="EXPIRED")
            await identities.link(viewer, proved.profile, proved.nonce)
            return Arrived(None, begun["path"])
        account_id = await identities.account_for(
            proved.profile, self._admission(), proved.nonce, invite_code=begun.get("invite")
        )
        signed_in = await sessions.open_session(
            account_id, user_agent=user_agent, address=address, language=language, voucher=proved.voucher
        )
        return Arrived(signed_in, begun["path"])

    async def sign_out(self, logout_token: str) -> None:
        """Ends the sessions of who is signed out there, as the provider says. Raises LogoutRefused."""
        try:
            provider = await self._asking.provider()
            said = await self._believed(
                lambda keys: logout_tokens.verified(
                    logout_token, keys=keys, issuer=provider.issuer, client_id=self._client_id
                )
            )
        except ProviderFailed as error:
            log.warning("signing out by %s failed: %s", self._name, error)
            raise LogoutRefused(
                "The provider's keys cannot be had now.", "temporarily_unavailable"
            ) from error
        except id_tokens.TokenRefused as error:
            log.warning("signing out by %s failed: %s", self._name, error)
            raise LogoutRefused("It is no logout token of the provider for this server.") from error
        ended = await vouching.take_back(said)
        log.info("%s says that somebody is signed out there: %d sessions ended", self._name, ended)

    def _begun_by(self, cookie: str | None, state: str) -> dict[str, str]:
        """What this browser began. Raises SignInRefused."""
        try:
            token = jwt.decode_complete(
                cookie or "", self._key, algorithms=[ALGORITHM], options={"require": ["exp"]}
            )
            begun: dict[str, str] = token["payload"]
            known = token["header"].get("typ") == TYPE and hmac.compare_digest(
                begun["state"].encode(), state.encode(errors="replace")
            )
        except (jwt.PyJWTError, ValueError):
            known = False
        if not known:
            raise SignInRefused(
                "This sign-in was begun in another tab or browser, or over ten minutes ago. Try again.",
                reason="EXPIRED",
            )
        return begun

    async def _proved(self, provider: Provider, code: str, begun: Mapping[str, str]) -> Proved:
        if not 1 <= len(code) <= LONGEST_CODE:
            raise ProviderFailed("it sent no code")
        state = begun["state"]
        nonce = self._derived("nonce", state)
        given = await self._asking.exchanged(code, self._derived("verifier", state), begun["redirect_uri"])
        claims = await self._believed(
            lambda keys: id_tokens.verified(
                given.id_token,
                keys=keys,
                issuer=provider.issuer,
                client_id=self._client_id,
                nonce=nonce,
                access_token=given.access_token,
            )
        )
        sid = claims.get("sid")
        voucher = Voucher(
            issuer=provider.issuer,
            subject=claims["sub"],
            sid=sid if id_tokens.is_name(sid) else None,
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        )
        if any(claim_of(claims, name) is None for name in self._wanted()):
            more = await self._asking.userinfo(given.access_token)
            if more and more.get("sub") != claims["sub"]:
                raise id_tokens.TokenRefused("what it knows of the person is about another one")
            claims = {**more, **claims}
        return Proved(self._profile_of(claims, provider.issuer), nonce, voucher)

    async def _believed(self, verified: Callable[[Sequence[Mapping[str, Any]]], Said]) -> Said:
        """What a token of the provider says; keys that are not known are asked for once."""
        try:
            return verified(await self._asking.keys())
        except id_tokens.UnknownKey:
            return verified(await self._asking.keys(afresh=True))

    def _wanted(self) -> list[str]:
        settings = self._settings
        groups = [settings.oidc_groups_claim] if settings.oidc_groups or settings.oidc_owner_group else []
        return [settings.oidc_email_claim, settings.oidc_name_claim, *groups]

    def _profile_of(self, claims: Mapping[str, Any], issuer: str) -> Profile:
        """Raises SignInRefused for who is in none of the groups that are let in."""
        settings = self._settings
        groups = _texts(claim_of(claims, settings.oidc_groups_claim))
        if settings.oidc_groups and groups.isdisjoint(settings.oidc_groups):
            raise SignInRefused(
                "Your account there is not one of those that may use this server. Ask its owner.",
                reason="NOT_ALLOWED",
            )
        email = claim_of(claims, settings.oidc_email_claim)
        names = [claims.get(name) for name in ("preferred_username", "nickname")]
        name = next(
            (text for text in (claim_of(claims, settings.oidc_name_claim), *names) if _is_said(text)), None
        )
        return Profile(
            issuer=issuer,
            subject=claims["sub"],
            email=email if _is_said(email) else None,
            is_email_verified=claims.get("email_verified") in (True, "true"),
            name=name,
            may_own=settings.oidc_owner_group in groups if settings.oidc_owner_group else None,
        )

    def _admission(self) -> Admission:
        return Admission(
            door=self._settings.provider_name or "",
            joining=self._settings.oidc_registration,
            links_by_email=self._settings.oidc_link_by_email,
        )

    def _told_no(self, error: str) -> SignInRefused | ProviderFailed:
        if error in CANCELLED:
            return SignInRefused("The sign-in was cancelled there.", reason="CANCELLED")
        return ProviderFailed(f"it refused: {plain_line(error, 100)}")

    def _untrusted(self, error: Exception) -> SignInRefused:
        log.warning("signing in with %s failed: %s", self._name, error)
        return SignInRefused(
            f"Signing in with {self._name} does not work at the moment. Try again, or tell the server's"
            " owner.",
            reason="PROVIDER",
        )

    def _derived(self, purpose: str, state: str) -> str:
        """Known to us alone, without being kept."""
        return _text(hmac.digest(self._key, f"{purpose} {state}".encode(), "sha256"))


def _require_from(provider: Provider, said: Mapping[str, str]) -> None:
    """An answer of another provider than the one that was asked is none (RFC 9207). Raises ProviderFailed."""
    issuer = said.get("iss")
    if issuer != provider.issuer and (issuer is not None or provider.names_itself):
        raise ProviderFailed("the answer is from another provider than the one that was asked")


def own_path(path: str) -> str:
    """Where to go here afterwards: never to somebody else's address."""
    good = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if good and len(path) <= LONGEST_PATH else "/"


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """By its whole name, else through what is nested (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _texts(value: object) -> set[str]:
    """A list of words, or words in one string."""
    if isinstance(value, str):
        return {value, *value.replace(",", " ").split()}
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()


def _is_said(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

"""A provider of OpenID Connect over the network: what it says of itself, its keys, what a code is worth.

Its address is the word of the server's owner, so it may be inside the own network; all that it names
later has to be over TLS, or on this very machine.
"""

import asyncio
import base64
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpcore
import orjson

from domain.elsewhere import Elsewhere, is_safe_address
from domain.entries import plain_line
from domain.fetching import trusted_by_system
from domain.id_tokens import FITS

ANSWER_SECONDS = 10.0
MOST_BYTES = 1_000_000
KNOWN_FOR_SECONDS = 3600.0
KEYS_KNOWN_FOR_SECONDS = 3600.0
AGAIN_SECONDS = 1.0
"""How often one that is away is asked, however many want to go there."""

FORM = "application/x-www-form-urlencoded"


class ProviderFailed(Exception):
    """It cannot be reached, or what it answers is not what it should be; for the log."""


@dataclass(frozen=True)
class Provider:
    """What a provider says of itself. names_itself: its answers say who they are from (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    secret_in_body: bool
    names_itself: bool


@dataclass(frozen=True)
class Given:
    """What a code was exchanged for."""

    id_token: str
    access_token: str


@dataclass(frozen=True)
class Keys:
    """What came of asking for them. asked: when; until: how long nobody needs to ask again; by our clock."""

    asked: float
    until: float = -math.inf
    keys: Sequence[Mapping[str, Any]] = ()
    failure: str | None = None

    def told(self) -> Sequence[Mapping[str, Any]]:
        """Raises ProviderFailed."""
        if self.failure is not None:
            raise ProviderFailed(self.failure)
        return self.keys


class Asking:
    """One provider, and what was heard of it lately."""

    def __init__(self, settings: Elsewhere) -> None:
        assert settings.oidc_issuer is not None
        assert settings.oidc_client_id is not None
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret
        self._pool = httpcore.AsyncConnectionPool(ssl_context=trusted_by_system(), max_connections=8)
        self._known: tuple[Provider, float] | None = None
        self._keys = Keys(-math.inf)
        self._hearing = asyncio.Lock()
        self._failed: tuple[str, float] | None = None
        self._learning = asyncio.Lock()

    async def close(self) -> None:
        await self._pool.aclose()

    async def provider(self) -> Provider:
        """Raises ProviderFailed."""
        async with self._learning:
            now = time.monotonic()
            if self._known is not None and now < self._known[1]:
                return self._known[0]
            if self._failed is not None and now < self._failed[1]:
                raise ProviderFailed(self._failed[0])
            try:
                provider = await self._discovered()
            except ProviderFailed as error:
                self._failed = str(error), time.monotonic() + AGAIN_SECONDS
                raise
            self._known = provider, now + KNOWN_FOR_SECONDS
            return provider

    async def keys(self, *, afresh: bool = False) -> Sequence[Mapping[str, Any]]:
        """Those that it signs with, as JWKs. afresh: as they are from now on. Raises ProviderFailed.

        A second lies between two questions, and all who came before one are told its answer: anybody can
        name a key that nobody knows.
        """
        came = time.monotonic()
        provider = await self.provider()
        if not afresh and came < self._keys.until:
            return self._keys.told()
        async with self._hearing:
            if came >= self._keys.asked and (afresh or came >= self._keys.until):
                await asyncio.sleep(self._keys.asked + AGAIN_SECONDS - time.monotonic())
                self._keys = await self._heard_keys(provider)
            return self._keys.told()

    async def _heard_keys(self, provider: Provider) -> Keys:
        asked = time.monotonic()
        try:
            told = (await self._json("GET", provider.jwks_uri)).get("keys")
        except ProviderFailed as error:
            return Keys(asked, failure=str(error))
        if not isinstance(told, list):
            return Keys(asked, failure="its list of keys is none")
        keys = [key for key in told if isinstance(key, dict)]
        return Keys(asked, until=asked + KEYS_KNOWN_FOR_SECONDS, keys=keys)

    async def exchanged(self, code: str, verifier: str, redirect_uri: str) -> Given:
        """Raises ProviderFailed."""
        provider = await self.provider()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": FORM}
        if self._secret is None:
            form["client_id"] = self._client_id
        elif provider.secret_in_body:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        else:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        said = await self._json("POST", provider.token_endpoint, headers, urlencode(form).encode())
        id_token, access_token = said.get("id_token"), said.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise ProviderFailed("it gave no tokens for the code")
        if str(said.get("token_type")).lower() != "bearer":
            raise ProviderFailed("it gave tokens of a kind that we do not know")
        return Given(id_token, access_token)

    async def userinfo(self, access_token: str) -> dict[str, Any]:
        """What else it knows of the person; nothing where it has no such address. Raises ProviderFailed."""
        address = (await self.provider()).userinfo_endpoint
        if address is None:
            return {}
        return await self._json("GET", address, {"Authorization": f"Bearer {access_token}"})

    async def _discovered(self) -> Provider:
        told = await self._json("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        issuer = told.get("issuer")
        if not isinstance(issuer, str) or issuer.rstrip("/") != self._issuer.rstrip("/"):
            raise ProviderFailed(f"it calls itself {plain_line(str(issuer), 200)!r}, not {self._issuer!r}")
        signs = told.get("id_token_signing_alg_values_supported", ["RS256"])
        if isinstance(signs, list) and not any(name in FITS for name in signs if isinstance(name, str)):
            raise ProviderFailed("it signs in no way that we take")
        methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        userinfo = told.get("userinfo_endpoint")
        return Provider(
            issuer=issuer,
            authorization_endpoint=_address(told, "authorization_endpoint"),
            token_endpoint=_address(told, "token_endpoint"),
            jwks_uri=_address(told, "jwks_uri"),
            userinfo_endpoint=None if userinfo is None else _address(told, "userinfo_endpoint"),
            secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
            names_itself=told.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _json(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> dict[str, Any]:
        """One request, no redirects: nobody else is to answer for it."""
        sent = [
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "webref"),
            *(headers or {}).items(),
        ]
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                self._pool.stream(method, address, headers=sent, content=content) as response,
            ):
                body = b""
                async for piece in response.aiter_stream():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise ProviderFailed("its answer is too long")
        except TimeoutError as error:
            raise ProviderFailed(f"it does not answer within {ANSWER_SECONDS:.0f} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise ProviderFailed(f"it cannot be reached: {plain_line(str(error), 200)}") from error
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            told = None
        if response.status != 200:
            why = told.get("error") if isinstance(told, dict) else None
            raise ProviderFailed(f"it answered {response.status} {plain_line(str(why or ''), 100)}".rstrip())
        if not isinstance(told, dict):
            raise ProviderFailed("its answer is no JSON object")
        return told


def _address(told: Mapping[str, Any], name: str) -> str:
    address = told.get(name)
    if not isinstance(address, str) or not is_safe_address(address):
        raise ProviderFailed(f"its {name} is no address that can be trusted")
    return address

"""A provider of OpenID Connect that says whatever a test wants it to: for lies that no real one tells."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT_ID = "webref"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk_of(key: Any, **more: str) -> dict[str, Any]:
    """Its public half."""
    kind = (
        jwt.algorithms.ECAlgorithm
        if isinstance(key, ec.EllipticCurvePrivateKey)
        else jwt.algorithms.RSAAlgorithm
    )
    told: dict[str, Any] = json.loads(kind.to_jwk(key.public_key()))
    told.pop("key_ops", None)
    return {**told, "use": "sig", **more}


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def half_hash(token: str) -> str:
    return text_of(hashlib.sha256(token.encode()).digest()[:16])


@dataclass
class Forger:
    """What it answers. asked: requests by path. token: makes an ID token of honest claims."""

    port: int = 0
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk_of(KEY, kid="1", alg="RS256")])
    document: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    token: Callable[[dict[str, Any]], str] = lambda claims: signed(claims)
    answer: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    nonces: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], dict[str, list[str]]]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def honest(self, nonce: str) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer,
            "sub": "ana-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "at_hash": half_hash("an access token"),
            "email": "ana@example.org",
            "email_verified": True,
            "name": "Ana Forged",
            **self.person,
        }

    def farewell(self, key: Any = KEY, kid: str = "1", **claims: Any) -> str:
        """A logout token; claims that are ... are left out."""
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": token_hex(8),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        said = {name: value for name, value in (honest | claims).items() if value is not ...}
        return signed(said, key, kid=kid, typ="logout+jwt")

    def authorize(self, address: str) -> dict[str, str]:
        """As the browser does when it is sent there: what it brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code {len(self.nonces)}"
        self.nonces[code] = asked["nonce"]
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def reply(self, path: str, form: dict[str, list[str]]) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "authorization_response_iss_parameter_supported": True,
                **self.document,
            }
        if path == "/keys":
            return {"keys": self.keys}
        if path == "/userinfo":
            return self.userinfo
        id_token = self.token(self.honest(self.nonces.get(form.get("code", [""])[0], "")))
        told = {"id_token": id_token, "access_token": "an access token", "token_type": "Bearer"}
        return {**told, **self.answer}


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "1", **header})


def signed_raw(claims: Any, key: Any = KEY) -> str:
    """Of claims that no honest library would sign."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key, "RS256", {"kid": "1"})


def unsigned(claims: Any, signature: str = "", **header: Any) -> str:
    parts = [text_of(json.dumps(each).encode()) for each in ({"alg": "none", "typ": "JWT"} | header, claims)]
    return ".".join([*parts, signature])


@contextmanager
def forger() -> Iterator[Forger]:
    made = Forger()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            form = parse_qs(self.rfile.read(length).decode())
            path = urlsplit(self.path).path
            made.asked.append((path, dict(self.headers.items()), form))
            body = json.dumps(made.reply(path, form)).encode()
            self.send_response(made.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - by these names they are called

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

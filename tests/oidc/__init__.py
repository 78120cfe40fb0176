"""A real provider of OpenID Connect for the tests: `oidc-provider`, which `npm ci` has put here."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.running import free_port

HERE = Path(__file__).resolve().parent
CLIENT_ID = "webref"
CLIENT_SECRET = "a secret between webref & the provider: 100 %"
PEOPLE: dict[str, dict[str, Any]] = {
    "ana": {"name": "Ana Harbour", "email": "ana@example.org", "email_verified": True, "groups": ["crew"]},
    "ben": {"name": "Ben Harbour", "email": "ben@example.org", "email_verified": False, "groups": ["crew"]},
    "cy": {"name": "Cy Harbour", "email": "cy@example.org", "email_verified": True, "groups": ["captains"]},
    "dot": {"name": "Dot Harbour"},
}


def require_provider() -> None:
    """Skips the test where it is not installed, but in CI."""
    if shutil.which("node") is not None and (HERE / "node_modules" / "oidc-provider").is_dir():
        return
    words = "the provider of OpenID Connect is not installed: npm --prefix tests/oidc ci --ignore-scripts"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


@dataclass
class Harbour:
    """The provider as one process; started again it has other keys."""

    port: int = field(default_factory=free_port)
    people: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(PEOPLE))
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        """For a webref that knows it."""
        return {
            "WEBREF_OIDC_ISSUER": self.issuer,
            "WEBREF_OIDC_CLIENT_ID": CLIENT_ID,
            "WEBREF_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "WEBREF_OIDC_NAME": "Harbour",
            "WEBREF_OIDC_SCOPES": "openid profile email groups",
            **more,
        }

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["node", str(HERE / "provider.mjs"), str(self.port), CLIENT_ID, CLIENT_SECRET],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.ask(self.people) == "ready"

    def ask(self, line: dict[str, Any]) -> str:
        """What it answers to a line (provider.mjs)."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def tell(self, webref: str, *, session: bool = True) -> None:
        """Where it says that somebody is signed out. session: it names its sessions, in ID tokens too."""
        address = f"{webref}/auth/oidc/backchannel-logout"
        assert self.ask({"logout": address, "session": session}) == "done"

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()


@contextmanager
def harbour() -> Iterator[Harbour]:
    require_provider()
    provider = Harbour()
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


async def walk(browser: httpx.AsyncClient, address: str, login: str) -> str:
    """From webref's redirect through the provider's pages; the address that it sends the browser back to."""
    for _ in range(10):
        answer = await browser.get(address)
        if answer.status_code == 200 and re.search("<form", answer.text):
            wanted = {"login": login} if login else {"cancel": "1"}
            answer = await browser.post(address, data=wanted)
        assert answer.is_redirect, answer.text
        address = urljoin(address, answer.headers["location"])
        if "/auth/oidc/callback" in address:
            return address
    raise AssertionError(f"no way back from {address}")


async def leave(browser: httpx.AsyncClient, issuer: str) -> None:
    """Signs out there, as its page does; webref has been told when this returns."""
    page = await browser.get(f"{issuer}/session/end")
    form = re.search(r'action="([^"]+)".*name="xsrf" value="([^"]+)"', page.text, re.DOTALL)
    assert form is not None, page.text
    answer = await browser.post(form[1], data={"xsrf": form[2], "logout": "yes"})
    assert answer.is_redirect, answer.text

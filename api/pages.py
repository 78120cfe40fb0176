"""The web app as files: the index for every page address, hashed assets for ever, compressed if offered."""

import asyncio
import errno
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from api.errors import MethodNotAllowed, send_error
from api.ranges import wanted
from api.security import page_policy
from domain.errors import NotFound

API_ROOTS = frozenset({"graphql", "uploads", "files", "health", "auth"})
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
AN_HOUR = "public, max-age=3600"
SERVICE_WORKER = "service-worker.js"

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".map": "application/json; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
}
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>webref</title>
<meta name="viewport" content="width=device-width">
<style>body{background:#17181c;color:#e8e8ea;font:16px/1.6 system-ui,sans-serif;
max-width:40rem;margin:15vh auto;padding:0 1.5rem}code{background:#2a2b30;padding:.1em .4em;border-radius:4px}
a{color:#7db7ff}</style></head><body>
<h1>webref is running</h1>
<p>Its web app has not been built yet, so there is nothing to look at here.</p>
<p>In the folder of webref, <code>make web</code> builds it; then reload this page.
<code>make run</code> builds and starts everything.</p>
<p>The API answers already: <code>POST /graphql</code>.
State of the server: <a href="/health/ready">/health/ready</a>.</p>
</body></html>
"""


@dataclass(frozen=True)
class Page:
    """One answer: the bytes, and the headers that go with them."""

    body: bytes
    headers: dict[str, str]
    status: int = 200


class WebApp:
    """The folder that the web build writes. It may be missing, or be rebuilt while the server runs.

    reaches: the other origin that its pages may send files to.
    """

    def __init__(self, root: Path, *, ide: bool, reaches: str | None = None) -> None:
        self.root = root.resolve()
        self.ide = ide
        self.reaches = reaches

    def page(self, path: str, accept_encoding: str) -> Page:
        """Blocking. Raises NotFound, in words, for an address that is neither a file nor a page."""
        steps = PurePosixPath(path.lstrip("/")).parts
        if any(step in ("..", ".") or "\\" in step or "\x00" in step for step in steps):
            raise NotFound("There is no such file.")
        first = steps[0] if steps else ""
        if first in API_ROOTS:
            raise NotFound("There is nothing at this address of the API. GraphQL is at /graphql.")
        if steps in (("ide",), ("ide.html",)):
            if not self.ide:
                raise NotFound("The IDE page is switched off on this server (WEBREF_IDE).")
            return self._file("ide.html", accept_encoding) or self._not_built()
        if first == "assets":
            found = self._file("/".join(steps), accept_encoding)
            if found is None:
                raise NotFound("There is no such file. Reload the page: webref was updated.")
            return found
        if steps and (found := self._file("/".join(steps), accept_encoding)) is not None:
            return found
        if steps and "." in steps[-1]:
            raise NotFound("There is no such file.")
        return self._file("index.html", accept_encoding) or self._not_built()

    def _file(self, name: str, accept_encoding: str) -> Page | None:
        try:
            return self._read(name, accept_encoding)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:  # longer than any file's can be
                return None
            raise

    def _read(self, name: str, accept_encoding: str) -> Page | None:
        file = (self.root / name).resolve()
        if not file.is_relative_to(self.root) or file.suffix in (".br", ".gz") or not file.is_file():
            return None
        chosen, encoding = file, None
        for offered, suffix in _ENCODINGS:
            candidate = file.with_name(file.name + suffix)
            if accepts(accept_encoding, offered) and candidate.is_file():
                chosen, encoding = candidate, offered
                break
        state = chosen.stat()
        headers = {
            "Content-Type": _TYPES.get(file.suffix.lower(), "application/octet-stream"),
            "ETag": f'"{state.st_mtime_ns:x}-{state.st_size:x}{f"-{encoding}" if encoding else ""}"',
            "Vary": "Accept-Encoding",
            "Cache-Control": FOREVER if name.startswith("assets/") else AN_HOUR,
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        if file.suffix == ".html":
            headers["Cache-Control"] = ASK_AGAIN
            headers["Content-Security-Policy"] = page_policy(file.read_bytes(), self.reaches)
        elif file.suffix == ".js":
            if name == SERVICE_WORKER:  # an old one would bring an old app
                headers["Cache-Control"] = ASK_AGAIN
            # A worker takes its policy from its own answer, not from the page's.
            headers["Content-Security-Policy"] = page_policy(b"")
        return Page(chosen.read_bytes(), headers)

    def _not_built(self) -> Page:
        headers = {
            "Content-Type": _TYPES[".html"],
            "Cache-Control": "no-store",
            "Content-Security-Policy": page_policy(b""),
        }
        return Page(_NOT_BUILT.encode(), headers, status=503)


def accepts(header: str, encoding: str) -> bool:
    """Whether Accept-Encoding takes this one (a weight of 0 refuses it)."""
    for entry in header.lower().split(","):
        name, _, parameters = entry.partition(";")
        if name.strip() == encoding:
            weight = parameters.replace(" ", "").removeprefix("q=")
            return not weight or weight.strip("0.") != ""
    return False


def pages_of(web: WebApp) -> ASGIApp:
    """The door for every address that is not the API's."""

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        try:
            asked = request.scope["path"]
            accept = request.headers.get("accept-encoding", "")
            found = await asyncio.to_thread(web.page, asked, accept)
            if request.method not in ("GET", "HEAD"):
                raise MethodNotAllowed("Pages are read with GET or HEAD.", allow=("GET", "HEAD"))
        except Exception as error:
            await send_error(scope, receive, send, error)
            return
        await _respond(request, found, send)

    return pages


async def _respond(request: Request[Any, Any, Any], page: Page, send: Send) -> None:
    status, body = page.status, page.body
    headers = {**page.headers, "Content-Length": str(len(body))}
    etag = headers.get("ETag")
    if etag is not None and status == 200:
        part = wanted(len(body), etag, if_none_match=request.headers.get("if-none-match"))
        if part.status == 304:
            status, body = 304, b""
            del headers["Content-Length"]
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    await send(
        {
            "type": "http.response.body",
            "body": b"" if request.method == "HEAD" else body,
            "more_body": False,
        }
    )

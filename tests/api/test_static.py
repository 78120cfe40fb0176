"""The web app as files: what is cached for how long, what is compressed, what is never given."""

import base64
import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.app import create_app, everything_else
from api.errors import HANDLERS
from api.pages import WebApp, accepts
from api.security import secured
from api.services import STATE_KEY, Services
from domain.settings import Settings

INLINE = "document.documentElement.dataset.theme='dark'"
INDEX = (
    f"<!doctype html><title>webref</title><script>{INLINE}</script><script src='/assets/app-1.js'></script>"
)


@pytest.fixture
def web_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "ide.html").write_text("<!doctype html><title>IDE</title>")
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "assets" / "app-1.js").write_text("console.log(1)")
    (folder / "assets" / "app-1.js.gz").write_bytes(gzip.compress(b"console.log(1)", mtime=0))
    (folder / "assets" / "app-1.js.br").write_bytes(b"\x0b\x06\x80console.log(1)\x03")
    (tmp_path / "secret").write_text("not for anyone")
    return folder


def client_of(
    folder: Path, *, ide: bool = True, settings: Settings | None = None, reaches: str | None = None
) -> TestClient[Any]:
    web = WebApp(folder, ide=ide, reaches=reaches)
    app = Litestar(
        [everything_else(Services(settings=settings or Settings(), web=web))],
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    app.asgi_handler = secured(app.asgi_handler, settings or Settings())
    return TestClient(app)


@pytest.fixture
def client(web_folder: Path) -> Iterator[TestClient[Any]]:
    with client_of(web_folder) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/boards", "/boards/0f0e/settings", "/index.html"])
def test_every_page_address_gives_the_index_and_asks_again(client: TestClient[Any], path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_reaches_this_server_and_at_most_one_other_origin(web_folder: Path) -> None:
    for reaches, said in ((None, "'self'"), ("https://s3.example.org", "'self' https://s3.example.org")):
        with client_of(web_folder, reaches=reaches) as client:
            for path in ("/", "/assets/app-1.js"):
                policy = client.get(path).headers["content-security-policy"].split("; ")
                wanted = said if path == "/" else "'self'"
                assert f"connect-src {wanted}" in policy
    assert Settings(s3_public_endpoint="https://s3.example.org").direct_origin is None, (
        "files are in a folder"
    )


def test_the_policy_of_a_page_names_its_inline_scripts_by_hash_only(client: TestClient[Any]) -> None:
    policy = client.get("/").headers["content-security-policy"]
    wanted = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == f"script-src 'self' 'sha256-{wanted}'"
    assert "img-src 'self' blob: data:" in policy
    assert "frame-ancestors 'none'" in policy


def test_every_answer_carries_the_headers_of_the_house(client: TestClient[Any]) -> None:
    for path in ("/", "/assets/app-1.js", "/assets/none.js", "/graphql/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["content-security-policy"]
        assert "strict-transport-security" not in headers


def test_over_tls_browsers_are_told_to_stay_there(web_folder: Path) -> None:
    with client_of(web_folder, settings=Settings(public_url="https://boards.example")) as client:
        assert client.get("/").headers["strict-transport-security"] == "max-age=31536000"


def test_assets_are_kept_for_ever_and_sent_compressed(client: TestClient[Any]) -> None:
    plain = client.get("/assets/app-1.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == "console.log(1)"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    zipped = client.get("/assets/app-1.js", headers={"Accept-Encoding": "gzip, br;q=0"})
    assert (zipped.headers["content-encoding"], zipped.text) == ("gzip", "console.log(1)")
    with client.stream("GET", "/assets/app-1.js", headers={"Accept-Encoding": "gzip, br"}) as brotli:
        assert brotli.headers["content-encoding"] == "br"
        assert brotli.headers["content-type"] == "text/javascript; charset=utf-8"
        assert len({brotli.headers["etag"], plain.headers["etag"], zipped.headers["etag"]}) == 3


def test_the_service_worker_is_asked_for_again_and_may_speak_to_its_own_server_only(
    web_folder: Path, client: TestClient[Any]
) -> None:
    (web_folder / "service-worker.js").write_text("self")
    (web_folder / "manifest.webmanifest").write_text("{}")
    worker = client.get("/service-worker.js")
    assert worker.headers["content-type"] == "text/javascript; charset=utf-8"
    assert worker.headers["cache-control"] == "no-cache"
    policy = worker.headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "connect-src 'self'"} <= set(policy)
    assert "worker-src 'self' blob:" in client.get("/").headers["content-security-policy"]
    manifest = client.get("/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json; charset=utf-8"
    # A browser without the worker that another app shares something with: said in words.
    assert client.post("/share", data={"title": "x"}).status_code == 405


def test_head_gives_the_headers_alone(client: TestClient[Any]) -> None:
    answer = client.head("/favicon.svg")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "41"
    assert answer.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/assets/../../secret",
        "/%2e%2e/secret",
        "/assets/%2e%2e/%2e%2e/secret",
        "/..%2fsecret",
        "/assets/..%5c..%5csecret",
        "/assets/app-1.js%00.html",
    ],
)
def test_nothing_outside_the_folder_is_ever_read(client: TestClient[Any], path: str) -> None:
    answer = client.get(path)
    assert "not for anyone" not in answer.text
    assert answer.status_code in (200, 404)


def test_a_link_out_of_the_folder_is_not_followed(web_folder: Path, client: TestClient[Any]) -> None:
    (web_folder / "assets" / "out.txt").symlink_to(web_folder.parent / "secret")
    assert client.get("/assets/out.txt").status_code == 404


@pytest.mark.parametrize("path", ["/assets/none.js", "/nothing.png", "/graphql/nothing", "/health/nothing"])
def test_an_unknown_address_is_said_in_words_as_json(client: TestClient[Any], path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert answer.json()["error"]["message"].endswith((".", "!"))


def test_pages_are_only_read(client: TestClient[Any]) -> None:
    answer = client.post("/boards")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


def test_the_ide_page_is_there_only_when_switched_on(web_folder: Path, client: TestClient[Any]) -> None:
    assert "IDE" in client.get("/ide").text
    with client_of(web_folder, ide=False) as closed:
        assert closed.get("/ide").status_code == 404
        assert closed.get("/ide.html").status_code == 404


def test_before_the_web_app_is_built_a_page_says_so_in_words(tmp_path: Path) -> None:
    with client_of(tmp_path / "nothing") as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "has not been built yet" in answer.text
        assert "make web" in answer.text
        assert "script-src 'self';" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("header", "encoding", "wanted"),
    [
        ("gzip, deflate, br", "br", True),
        ("gzip;q=1.0, br;q=0", "br", False),
        ("br;q=0.000", "br", False),
        ("br; q=0.5", "br", True),
        ("", "gzip", False),
        ("xgzip", "gzip", False),
    ],
)
def test_weights_of_zero_refuse_an_encoding(header: str, encoding: str, wanted: bool) -> None:
    assert accepts(header, encoding) is wanted


@pytest.mark.parametrize(
    "path", ["/" + "a" * 300, "/a" * 3_000, "/assets/" + "a" * 300, "/" + "a" * 300 + ".js"]
)
def test_an_address_longer_than_any_file_is_no_failure(client: TestClient[Any], path: str) -> None:
    assert client.get(path).status_code in (200, 404)


def test_the_folder_may_be_named(web_folder: Path) -> None:
    app = create_app(Settings(web=web_folder))
    services: Services = app.state[STATE_KEY]
    assert services.web.root == web_folder.resolve()
    assert services.web.page("/", "").status == 200

"""Pictures of the web, as a person brings them: an address, a page to choose from, a drop and a paste."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import canvas, new_board, sign_up
from tests.pictures import photo
from tests.running import RunningServer, Script, running_server

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PAGE = """<!doctype html><title>Foxes and owls</title><meta property="og:image" content="/one.jpg">
<img src="/one.jpg" alt="A fox" width="300" height="200">
<a href="/two.jpg"><img src="/small.jpg" alt="An owl"></a>
<img src="/none.jpg" alt="Gone"><div style="background: url(three.jpg)"></div>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    for seed, name in enumerate(("one.jpg", "two.jpg", "three.jpg", "small.jpg", "four.jpg", "five.jpg")):
        (folder / name).write_bytes(photo(300, 200, seed=seed))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path, WEBREF_FETCH_ALLOW="127.0.0.1/32") as server:
        yield server


def test_pictures_of_a_page_are_chosen_and_laid_on_the_board(
    server: RunningServer,
    open_page: Callable[..., Page],
    site: str,
    picture_taker: Callable[[Page, str], None],
) -> None:
    page = open_page()
    sign_up(page)
    url = new_board(page)
    page.keyboard.press("Control+Shift+I")
    dialog = page.get_by_role("dialog", name="Add from the web")
    dialog.get_by_label("Address of a picture or a page").fill("http://10.0.0.1/")
    dialog.get_by_role("button", name="Look").click()
    expect(dialog.get_by_text("not on the public internet")).to_be_visible()
    dialog.get_by_label("Address of a picture or a page").fill(f"{site}/")
    dialog.get_by_role("button", name="Look").click()
    expect(dialog.get_by_text("Foxes and owls")).to_be_visible()
    expect(dialog.get_by_text("3 pictures")).to_be_visible()  # the one that is gone was taken out
    for name in ("A fox", "An owl"):
        dialog.get_by_role("button", name=name).click()
    page.wait_for_timeout(300)
    picture_taker(page, "from-the-web")
    dialog.get_by_role("button", name="Add 2 pictures").click()
    expect(canvas(page)).to_have_attribute("data-items", "2")

    transfer = page.evaluate_handle(
        """urls => { const carried = new DataTransfer();
           carried.setData("text/uri-list", urls[0]);
           carried.setData("text/html", `<img src="${urls[0]}">`);
           return carried; }""",
        [f"{site}/three.jpg"],
    )
    for event in ("dragenter", "dragover", "drop"):
        canvas(page).dispatch_event(
            event, {"clientX": 900, "clientY": 500, "dataTransfer": transfer, "bubbles": True}
        )
    expect(canvas(page)).to_have_attribute("data-items", "3")
    page.evaluate(
        """text => { const carried = new DataTransfer();
           carried.setData("text/plain", text);
           const paste = new ClipboardEvent("paste", {clipboardData: carried, bubbles: true});
           document.body.dispatchEvent(paste); }""",
        f"{site}/four.jpg",
    )
    expect(canvas(page)).to_have_attribute("data-items", "4")
    expect(canvas(page)).to_have_attribute("data-pending", "0")

    script = Script(server)
    script.sign_in()
    names = [item["image"]["name"] for item in script.items_on(url.rsplit("/", 1)[1])]
    assert sorted(names) == ["four.jpg", "one.jpg", "three.jpg", "two.jpg"]
    sources = script.ask("{ images { nodes { name sourceUrl } } }")["images"]["nodes"]
    assert {one["name"]: one["sourceUrl"] for one in sources} == {
        "one.jpg": f"{site}/",
        "two.jpg": f"{site}/",
        "three.jpg": f"{site}/three.jpg",
        "four.jpg": f"{site}/four.jpg",
    }

"""The app without the network: it opens, shows the board, takes work, and sends it when it can."""

import re
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import all_sharp, canvas, drop, new_board, pictures, sign_up
from tests.journeys.looking import axe_complaints
from tests.running import REPOSITORY, RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]
KEPT = """async () => {
  const open = indexedDB.open('webref.offline');
  const db = await new Promise(done => open.onsuccess = () => done(open.result));
  const count = name => new Promise(done => {
    const asked = db.transaction(name).objectStore(name).count();
    asked.onsuccess = () => done(asked.result); });
  const found = { boards: await count('boards'), errands: await count('errands'),
    pictures: await caches.has('webref.pictures') };
  db.close();
  return found; }"""


def until_kept(page: Page, **wanted: Any) -> None:
    for _ in range(100):
        kept = page.evaluate(KEPT)
        if all(kept[name] == value for name, value in wanted.items()):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"the browser keeps {kept}, not {wanted}")


def let_it_keep(page: Page) -> None:
    """Until the browser has all that it needs to open this board without the network."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    all_sharp(page, 2)
    until_kept(page, boards=1, pictures=True)


def test_work_done_without_the_server_outlives_the_tab_and_is_sent_when_it_is_back(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana = open_page(works_offline=True)
    sign_up(ana)
    url = new_board(ana)
    board_id = url.rsplit("/", 1)[1]
    drop(ana, pictures(2))
    all_sharp(ana, 2)
    let_it_keep(ana)
    script = Script(server)
    script.sign_in()
    before = {item["id"]: item["x"] for item in script.items_on(board_id)}

    # The server dies, and the tab with it: the board opens from what is kept, and takes work.
    server.kill()
    later = ana.context.new_page()
    ana.close()
    later.goto(url)
    expect(canvas(later)).to_have_attribute("data-ready", "true")
    expect(canvas(later)).to_have_attribute("data-items", "2")
    expect(canvas(later)).to_have_attribute("data-coarse", "0")
    canvas(later).focus()
    later.keyboard.press("Control+a")
    later.keyboard.press("Shift+ArrowRight")
    later.keyboard.press("ArrowDown")
    expect(canvas(later)).to_have_attribute("data-pending", "2")
    later.keyboard.press("Control+z")  # nobody has seen it: it is simply not done
    expect(canvas(later)).to_have_attribute("data-pending", "1")
    later.keyboard.press("m")
    later.get_by_test_id("placing").wait_for()
    later.mouse.click(640, 120)
    later.keyboard.type("Said on the train")
    later.keyboard.press("Enter")
    expect(canvas(later)).to_have_attribute("data-pending", "2")
    expect(later.get_by_text("2 changes wait here", exact=False)).to_be_visible()
    later.get_by_text("What waits").click()
    expect(later.get_by_text("Nudge 2 items")).to_be_visible()
    picture_taker(later, "offline-queue")
    until_kept(later, errands=2)
    last = later.context.new_page()
    later.close()

    # Another tab, still without the server: what was done is there, and waits.
    last.goto(url)
    expect(canvas(last)).to_have_attribute("data-pending", "2")
    expect(last.get_by_test_id("pin")).to_have_count(1)
    complaints = axe_complaints(last)

    # Of the boards, those that are kept are shown; who would sign out is told what would be lost.
    last.goto("/")
    expect(last.get_by_role("link", name="Mood")).to_be_visible()
    complaints += axe_complaints(last)
    last.get_by_role("button", name="account and settings").click()
    last.get_by_role("menuitem", name="Sign out").click()
    question = last.get_by_role("dialog", name="Sign out and lose what is unsent?")
    expect(question).to_contain_text("2 changes are not sent yet")
    complaints += axe_complaints(last)
    question.get_by_role("button", name="Cancel").click()
    last.goto(url)
    expect(canvas(last)).to_have_attribute("data-pending", "2")
    assert not complaints, "\n".join(complaints)
    server.start()
    expect(canvas(last)).to_have_attribute("data-pending", "0", timeout=30_000)
    after = {item["id"]: item["x"] for item in script.items_on(board_id)}
    assert all(after[item] > x for item, x in before.items())
    said = script.ask("query ($id: ID!) { board(id: $id) { comments { nodes { text } } } }", id=board_id)[
        "board"
    ]["comments"]["nodes"]
    assert said == [{"text": "Said on the train"}]
    until_kept(last, errands=0)


def test_what_could_not_be_done_is_told_and_signing_out_leaves_nothing_private(
    server: RunningServer, open_page: OpenPage, picture_taker: TakePicture
) -> None:
    ana = open_page(works_offline=True)
    sign_up(ana)
    url = new_board(ana)
    board_id = url.rsplit("/", 1)[1]
    drop(ana, pictures(2))
    all_sharp(ana, 2)
    let_it_keep(ana)
    script = Script(server)
    script.sign_in()
    server.kill()
    canvas(ana).focus()
    ana.keyboard.press("Control+a")
    ana.keyboard.press("ArrowRight")
    until_kept(ana, errands=1)
    again = ana.context.new_page()
    ana.close()
    server.start()
    script.ask(
        "mutation ($input: RemoveItemsInput!) { removeItems(input: $input) { change { seq } } }",
        input={"boardId": board_id, "ids": [item["id"] for item in script.items_on(board_id)]},
    )
    again.goto(url)
    expect(again.get_by_test_id("conflicts")).to_contain_text("Nudge 2 items")
    expect(canvas(again)).to_have_attribute("data-items", "0")
    picture_taker(again, "offline-conflict")
    again.get_by_role("button", name="Understood").click()
    expect(again.get_by_test_id("conflicts")).to_have_count(0)

    # A picture shared by another app goes where it is told to.
    again.evaluate(
        """async bytes => { const form = new FormData();
           const file = new File([Uint8Array.from(atob(bytes), one => one.charCodeAt(0))], 'shared.jpg',
             {type: 'image/jpeg'});
           form.append('pictures', file);
           await fetch('/share', {method: 'POST', body: form}); }""",
        _base64(pictures(3)[2][1]),
    )
    again.goto("/share")
    expect(again.get_by_text("shared.jpg")).to_be_visible()
    picture_taker(again, "share")
    complaints = axe_complaints(again)
    again.get_by_role("button", name="Place on a board").click()
    expect(again.get_by_role("button", name="Mood")).to_be_visible()
    complaints += axe_complaints(again)
    assert not complaints, "\n".join(complaints)
    again.get_by_role("button", name="Mood").click()
    all_sharp(again, 1)

    again.goto("/")
    again.get_by_role("button", name="account and settings").click()
    again.get_by_role("menuitem", name="Sign out").click()
    expect(again.get_by_label("E-mail")).to_be_visible()
    assert again.evaluate(KEPT) == {"boards": 0, "errands": 0, "pictures": False}


def entry_of(page: Page) -> str:
    return str(page.evaluate("document.querySelector('script[type=module][src]').getAttribute('src')"))


def release(web: Path, *, gone: str) -> str:
    """Makes another release of the app in this folder: its script has another name, a part is no more."""
    [page, worker] = [web / "index.html", web / "service-worker.js"]
    found = re.search(r"assets/(index-[\w-]+)\.js", page.read_text())
    assert found is not None
    name, fresh = found[1], f"{found[1]}2"
    shutil.copy(web / f"assets/{name}.js", web / f"assets/{fresh}.js")
    [part] = [file.name for file in web.glob(f"assets/{gone}-*.js")]
    page.write_text(page.read_text().replace(f"{name}.js", f"{fresh}.js"))
    words = worker.read_text().replace(f"/assets/{name}.js", f"/assets/{fresh}.js")
    worker.write_text(
        re.sub(f'"/assets/{re.escape(part)}",?', "", words).replace('"version":"', '"version":"2')
    )
    for file in (page, worker):
        for packed in (".gz", ".br"):
            file.with_name(file.name + packed).unlink(missing_ok=True)
    for file in web.glob(f"assets/{part}*"):
        file.unlink()
    return f"/assets/{fresh}.js"


def test_a_new_release_comes_in_without_breaking_a_page_of_the_old_one(
    server: RunningServer, open_page: OpenPage, tmp_path: Path
) -> None:
    web = tmp_path / "web"
    shutil.copytree(REPOSITORY / "build" / "web", web)
    server.stop()
    server.environment["WEBREF_WEB"] = str(web)
    server.start()
    old = open_page(works_offline=True)
    sign_up(old)
    old.evaluate("navigator.serviceWorker.ready.then(() => true)")
    fresh = release(web, gone="Trash")
    old.evaluate("navigator.serviceWorker.getRegistration().then(one => one.update()).then(() => true)")
    expect(old.get_by_text("There is a new version of webref.")).to_be_visible()
    assert entry_of(old) != fresh

    # A page that comes with it lets it in, and has nothing to say.
    new = old.context.new_page()
    new.goto("/")
    expect(new.get_by_role("heading", name="Boards")).to_be_visible()
    assert entry_of(new) == fresh
    new.wait_for_function(
        "caches.keys().then(names => names.some(name => name.startsWith('webref.shell.2')))"
    )
    new.wait_for_function(
        "navigator.serviceWorker.getRegistration().then(one => !one.waiting && !!one.active)"
    )
    expect(new.get_by_text("There is a new version of webref.")).to_have_count(0)

    # What the old page loads late is no more on the server, and there all the same.
    old.get_by_role("link", name="Trash").click()
    expect(old.get_by_role("heading", name="Trash", exact=True)).to_be_visible()
    old.get_by_role("button", name="Reload").click()
    old.wait_for_function(f"document.querySelector('script[type=module][src]')?.src.endsWith('{fresh}')")


def _base64(content: bytes) -> str:
    return b64encode(content).decode()

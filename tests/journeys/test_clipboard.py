"""Pictures go in and out by the real clipboard and by dragging: between boards, and other programs."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.browsing import all_sharp, canvas, carry, let_go, new_board
from tests.journeys.test_hands import a_board, board_of, of_kind
from tests.running import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]

# What the clipboard of the system holds, as another program would find it.
READ = """async type => {
    const [item] = await navigator.clipboard.read();
    if (!item.types.includes(type)) return null;
    const bytes = new Uint8Array(await (await item.getType(type)).arrayBuffer());
    return btoa(String.fromCharCode(...bytes.slice(0, 64)));
}"""
WRITE = """async encoded => {
    const bytes = Uint8Array.from(atob(encoded), one => one.charCodeAt(0));
    const picture = new Blob([bytes], { type: 'image/png' });
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
}"""
CARRIED_OUT = """grip => {
    const transfer = new DataTransfer();
    grip.dispatchEvent(new DragEvent('dragstart', { dataTransfer: transfer, bubbles: true }));
    return Object.fromEntries([...transfer.types].map(type => [type, transfer.getData(type)]));
}"""


def a_png() -> bytes:
    content = BytesIO()
    Image.new("RGB", (90, 60), (200, 30, 30)).save(content, "PNG")
    return content.getvalue()


def kept(board: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Of each picture what a journey over the clipboard must not change."""
    found = of_kind(board, "IMAGE")
    return sorted((item["image"]["id"], item["width"], item["height"]) for item in found)


def test_cutting_and_pasting_within_a_board_across_boards_and_with_other_programs(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page(1000, 800)
    ana.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    script = a_board(server, ana, 2)
    before = board_of(script, ana)

    # Cut and pasted where the hand is: new items of the same pictures, two changes in all.
    canvas(ana).focus()
    ana.keyboard.press("Control+a")
    ana.keyboard.press("Control+x")
    expect(canvas(ana)).to_have_attribute("data-items", "0")
    ana.mouse.move(300, 300)
    ana.keyboard.press("Control+v")
    expect(canvas(ana)).to_have_attribute("data-items", "2")
    pasted = board_of(script, ana)
    assert kept(pasted) == kept(before)
    assert pasted["seq"] == before["seq"] + 2
    assert not {item["id"] for item in pasted["items"]["nodes"]} & {
        item["id"] for item in before["items"]["nodes"]
    }

    # Cut here and pasted on another board: there, and no longer here.
    ana.keyboard.press("Control+x")
    expect(canvas(ana)).to_have_attribute("data-items", "0")
    assert board_of(script, ana)["items"]["nodes"] == []
    ana.goto("/")
    new_board(ana, "Elsewhere")
    canvas(ana).focus()
    ana.keyboard.press("Control+v")
    expect(canvas(ana)).to_have_attribute("data-items", "2")
    assert kept(board_of(script, ana)) == kept(before)

    # One that is copied is a PNG for other programs, a moment later.
    ana.keyboard.press("Escape")
    ana.keyboard.press(".")
    expect(canvas(ana)).to_have_attribute("data-selected", "1")
    ana.keyboard.press("Control+c")
    for _ in range(100):
        if copied := ana.evaluate(READ, "image/png"):
            break
        ana.wait_for_timeout(50)
    assert b64decode(copied or "").startswith(b"\x89PNG")

    # And the PNG of another program becomes a picture of the board.
    ana.evaluate(WRITE, b64encode(a_png()).decode())
    canvas(ana).focus()
    ana.keyboard.press("Control+v")
    all_sharp(ana, 3)
    assert (90, 60) in {(item["width"], item["height"]) for item in of_kind(board_of(script, ana), "IMAGE")}


def test_a_picture_is_dragged_out_as_its_file_and_another_is_dropped_into_its_place(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page(1000, 800)
    script = a_board(server, ana, 1)
    canvas(ana).focus()
    ana.keyboard.press("Control+a")
    [item] = of_kind(board_of(script, ana), "IMAGE")

    # What other programs are handed: the name, the kind and the address of the file itself.
    out = ana.get_by_label("Drag the file out: to the desktop or another program").evaluate(CARRIED_OUT)
    kind, name, address = out["downloadurl"].split(":", 2)
    assert (kind, name) == ("image/jpeg", "landscape-0.jpg")
    assert address.startswith(f"{server.url}/files/")
    assert out["text/uri-list"] == address.removesuffix("?download=1")
    answer = ana.request.get(address)
    assert answer.headers["content-type"] == "image/jpeg"
    assert "attachment" in answer.headers["content-disposition"]

    # A file let go over it with Alt takes its place: the same item, about the same middle, one change.
    began = board_of(script, ana)["seq"]
    at = ana.evaluate("() => ({ x: innerWidth / 2, y: innerHeight / 2 })")
    other = carry(ana, [("red.png", a_png())])
    place = {"clientX": at["x"], "clientY": at["y"], "dataTransfer": other, "bubbles": True, "altKey": True}
    canvas(ana).dispatch_event("dragover", place)
    expect(ana.get_by_text("Drop to put it in this picture’s place")).to_be_visible()
    canvas(ana).dispatch_event("drop", place)
    expect(ana.get_by_text("Drop to put it in this picture’s place")).to_be_hidden()
    for _ in range(100):
        [now] = of_kind(board_of(script, ana), "IMAGE")
        if now["image"]["id"] != item["image"]["id"]:
            break
        ana.wait_for_timeout(50)
    assert now["id"] == item["id"]
    assert now["image"]["id"] != item["image"]["id"]
    assert now["transform"] == item["transform"]
    assert now["width"] <= item["width"]
    assert now["height"] <= item["height"]
    assert board_of(script, ana)["seq"] == began + 1
    ana.keyboard.press("Control+z")
    [back] = of_kind(board_of(script, ana), "IMAGE")
    assert back["image"]["id"] == item["image"]["id"]

    # Without the key it is added beside it.
    let_go(ana, carry(ana, [("red.png", a_png())]), 500, 400)
    expect(canvas(ana)).to_have_attribute("data-items", "2")

"""A board of many pictures, seen as a whole, comes in one request for all of them; closer, each sharpens."""

import io
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from domain.atlases import LEAST_PICTURES
from tests.journeys.browsing import all_sharp, canvas, sign_in
from tests.running import RunningServer, Script

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300), (number * 3, 255 - number * 3, 90)).save(buffer, "JPEG")
    return buffer.getvalue()


def a_full_board(script: Script) -> tuple[str, str, str]:
    """Ids of the board, of an item on it, and of the picture of that.

    The atlas is made by workers when the board has been quiet for a while.
    """
    board_id = script.create_board()
    with ThreadPoolExecutor(4) as pool:
        images = list(
            pool.map(lambda n: str(script.upload(picture(n), f"{n}.jpg")["id"]), range(LEAST_PICTURES))
        )
    # Far apart: seen as a whole, each is small.
    placed = [
        {
            "id": str(uuid4()),
            "content": {"imageId": image},
            "transform": {"x": n % 8 * 2_000, "y": n // 8 * 1_500},
        }
        for n, image in enumerate(images)
    ]
    script.ask(
        "mutation ($input: AddItemsInput!) { addItems(input: $input) { board { id } } }",
        input={"boardId": board_id, "items": placed},
    )
    for _ in range(300):
        found = script.ask("query ($id: ID!) { board(id: $id) { atlas { pages { images } } } }", id=board_id)
        if found["board"]["atlas"]:
            [page] = found["board"]["atlas"]["pages"]
            assert set(page["images"]) == set(images)
            return board_id, str(placed[0]["id"]), images[0]
        time.sleep(0.1)
    raise AssertionError("there was no atlas within 30 s")


def test_many_pictures_come_at_once_and_sharpen_when_looked_at(
    server: RunningServer, open_page: OpenPage
) -> None:
    board_id, item_id, image_id = a_full_board(Script(server).register())
    page = open_page()
    sign_in(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/boards/{board_id}")
    all_sharp(page, LEAST_PICTURES)
    expect(canvas(page)).to_have_attribute("data-drawn", str(LEAST_PICTURES))
    expect(canvas(page)).to_have_attribute("data-bare", "0")
    assert len([url for url in asked if "/atlas/" in url]) == 1
    alone = re.compile(r"/files/[0-9a-f-]{36}/\d+$")
    early = [url for url in asked if alone.search(url)]
    assert len(early) <= 6, "no more than are asked for at a time, before the atlas is known"
    asked.clear()
    page.goto(f"/boards/{board_id}?item={item_id}")
    all_sharp(page, LEAST_PICTURES)
    closer = [url for url in asked if alone.search(url)]
    assert closer, "it is more than its cell in the atlas"
    assert all(f"/files/{image_id}/" in url for url in closer), "only what is in view"

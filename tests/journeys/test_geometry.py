"""What the canvas shows lies where the server says, within half a pixel, on random boards."""

import base64
import io
import math
import random
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from domain.geometry import Point
from tests.journeys.browsing import all_sharp, canvas, sign_in
from tests.journeys.scattered import INK, NOTE, PAPER, QUARTERS, Camera, Colour, Patch, camera_for, scattered
from tests.pictures import quadrants, saved
from tests.running import RunningServer, Script
from tests.thoroughness import BOARDS

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
COLOURS: list[Colour] = [*(colour for colour, _, _ in QUARTERS), NOTE, PAPER, INK]
WITHIN_PX = 0.5
MEASURED_PX = 0.05
"""How exactly the middle of a quarter is known: each pixel between two of them counts for one alone."""
MIXED, PLAIN = 150, 50
"""How far a colour may be from what it should be: between two quarters of a picture they mix."""


@pytest.mark.parametrize("first", range(0, BOARDS, 10))
def test_what_is_shown_lies_where_the_server_says(
    server: RunningServer, open_page: OpenPage, first: int
) -> None:
    script = Script(server).register()
    image_id = script.upload(saved(quadrants(480, 320), "PNG"), "quadrants.png")["id"]
    page = open_page()
    sign_in(page)
    for seed in range(first, min(first + 10, BOARDS)):
        items = scattered(seed, image_id)
        board_id = script.create_board(f"Board {seed}")
        script.ask(
            "mutation ($input: AddItemsInput!) { addItems(input: $input) { board { id } } }",
            input={"boardId": board_id, "items": [item.new for item in items]},
        )
        group(script, board_id, random.Random(seed).sample([item.new["id"] for item in items], 5))
        page.goto(f"/boards/{board_id}")
        expected = len(items) + 1  # the group
        all_sharp(page, expected)
        camera = camera_for(items, 1280, 800)
        expect(canvas(page)).to_have_attribute("data-zoom", f"{camera.zoom:.4f}")
        shown = picture_of(page)
        for item in items:
            corners = [
                camera.seen(Point(x, y))
                for x, y in ((item.box.left, item.box.top), (item.box.right, item.box.bottom))
            ]
            for patch in item.patches:
                require_near(shown, corners, camera, patch, seed)


def group(script: Script, board_id: str, ids: list[str]) -> None:
    """Where things lie does not change by it."""
    script.ask(
        "mutation ($input: GroupItemsInput!) { groupItems(input: $input) { board { id } } }",
        input={"boardId": board_id, "ids": ids},
    )


def picture_of(page: Page) -> Image.Image:
    """What the lower layer holds, see-through where nothing is painted."""
    url = page.evaluate("document.querySelector('[data-testid=canvas] canvas').toDataURL('image/png')")
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA")


Found = list[tuple[float, float, float]]
"""x, y of pixels' middles, and how much of each is covered."""


def pixels_of(shown: Image.Image, corners: list[tuple[float, float]], colour: Colour) -> Found:
    """Those of them that are more of this colour than of the others."""
    (left, top), (right, bottom) = corners
    box = max(0, int(left)), max(0, int(top)), min(shown.width, int(right)), min(shown.height, int(bottom))
    part = shown.crop(box)
    raw, width = part.tobytes(), part.width
    others = [other for other in COLOURS if other != colour]
    farthest = PLAIN if colour in (NOTE, PAPER, INK) else MIXED
    found: Found = []
    for n in range(0, len(raw), 4):
        alpha = raw[n + 3]
        if alpha < 16:
            continue
        red, green, blue = raw[n], raw[n + 1], raw[n + 2]
        distance = (red - colour[0]) ** 2 + (green - colour[1]) ** 2 + (blue - colour[2]) ** 2
        if distance > farthest**2:
            continue  # a frame's edge, or its title
        if any((red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2 < distance for r, g, b in others):
            continue
        y, x = divmod(n // 4, width)
        found.append((box[0] + x + 0.5, box[1] + y + 0.5, alpha / 255))
    return found


def require_near(
    shown: Image.Image, corners: list[tuple[float, float]], camera: Camera, patch: Patch, seed: int
) -> None:
    found = pixels_of(shown, corners, patch.colour)
    covered = sum(share for *_, share in found)
    said = f"board {seed}: {patch}"
    assert covered > 0, said
    x = sum(x * share for x, _, share in found) / covered
    y = sum(y * share for _, y, share in found) / covered
    wanted = camera.seen(patch.middle)
    # Upright pictures are painted in whole pixels: each of their edges at most half a pixel off.
    astray = max(abs(x - wanted[0]), abs(y - wanted[1]))
    exactly = 0.0 if patch.colour in (NOTE, PAPER, INK) else MEASURED_PX
    assert astray <= WITHIN_PX + exactly, f"{said} is at {x:.2f}, {y:.2f}, not at {wanted}"
    # As if each edge lay so far out or in.
    off = (covered - patch.area * camera.zoom**2) / (patch.edge * camera.zoom)
    off += patch.covered_px
    assert abs(off) <= WITHIN_PX, f"{said} is larger by {off:.2f} px at each edge"
    if patch.ends:
        (ax, ay), (bx, by) = map(camera.seen, patch.ends)
        length = math.dist((ax, ay), (bx, by))
        # How far its pixels lie from the line through its ends: nothing on the whole where it is that line.
        along = [((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length for x, y, _ in found]
        across = [((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length for x, y, _ in found]
        middle = sum(a * share for a, (*_, share) in zip(along, found, strict=True)) / covered
        turn = sum(
            (a - middle) * b * share for a, b, (*_, share) in zip(along, across, found, strict=True)
        ) / sum((a - middle) ** 2 * share for a, (*_, share) in zip(along, found, strict=True))
        assert abs(turn * length / 2) <= WITHIN_PX, f"{said} is turned by {math.degrees(turn):.2f}°"


def test_the_measure_sees_half_a_pixel() -> None:
    """A picture shifted by more than is allowed is found out, and so is one that is mirrored."""
    [item] = [item for item in scattered(3, "none") if len(item.patches) == 4][:1]
    camera = camera_for(scattered(3, "none"), 1280, 800)
    shown = Image.new("RGBA", (1280, 800))
    corners = [
        camera.seen(Point(x, y))
        for x, y in ((item.box.left, item.box.top), (item.box.right, item.box.bottom))
    ]
    patch = item.patches[0]
    x, y = camera.seen(patch.middle)
    side = math.sqrt(patch.area) * camera.zoom
    left, top = round(x - side / 2), round(y - side / 2)
    shown.paste((*patch.colour, 255), (left, top, left + round(side), top + round(side)))
    exact = Patch(
        patch.colour,
        Point(
            (left + round(side) / 2) / camera.zoom + camera.x,
            (top + round(side) / 2) / camera.zoom + camera.y,
        ),
        round(side) ** 2 / camera.zoom**2,
        patch.edge,
    )
    require_near(shown, corners, camera, exact, 3)
    for wrong in (
        Patch(
            exact.colour, Point(exact.middle.x + 0.6 / camera.zoom, exact.middle.y), exact.area, exact.edge
        ),
        Patch(exact.colour, exact.middle, exact.area + 0.6 * exact.edge / camera.zoom, exact.edge),
        Patch(QUARTERS[1][0], exact.middle, exact.area, exact.edge),
    ):
        with pytest.raises(AssertionError):
            require_near(shown, corners, camera, wrong, 3)

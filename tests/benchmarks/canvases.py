"""C1, C2, C3: how the canvas moves and opens in a real Chromium, and how others do.

The page is webref's own, built, from a real server. The others, from npm, show the same files from a
loopback server; they may reach no other host. Gestures are events of the wheel and the mouse for webref; for
the others
their own calls that set the camera, which cost them less.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from tests.benchmarks.canvas_boards import LOOKS, STEP_PX, Boards, box, distinct, looks, prepared
from tests.benchmarks.installing import built
from tests.benchmarks.rows import Measure
from tests.journeys.browsing import CHROMIUM_FLAGS, find_chromium, sign_in
from tests.running import RunningServer

SMALL, LARGE = 500, 5_000
WIDTH, HEIGHT = 1600, 900
WARM_UP, FRAMES = 15, 100
LONGEST_MS = 25_000
"""So long a gesture goes on at most; the slowest of the others take seconds a frame."""

RUNS = 3
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
ARCHITECTURES = {
    "CPU": ["--disable-gpu"],
    "GPU": [
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--enable-gpu-rasterization",
        "--ignore-gpu-blocklist",
    ],
}
"""Where the picture is painted: by the CPU, or as with a GPU, behind which is software here; then only what
the main thread does means anything."""

# One step a frame: pan to and fro with everything in view, zoom between that and twice as large.
DRIVE = """async ({gesture, frames, from, longest}) => {
  const pan = n => 95 * Math.sin(2 * Math.PI * n / 50);
  const zoom = n => 2 ** ((1 - Math.cos(2 * Math.PI * n / 50)) / 2);
  const target = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  const fire = init => target.dispatchEvent(new WheelEvent('wheel',
    {bubbles: true, cancelable: true, clientX: innerWidth / 2, clientY: innerHeight / 2, ...init}));
  const turn = window.bench?.turn ?? ((before, after) => -Math.log(after / before) / 0.011);
  const step = n => {
    if (gesture === 'pan') fire({deltaX: pan(n - 1) - pan(n), deltaY: 0});
    else fire({deltaY: turn(zoom(n - 1), zoom(n)), ctrlKey: true});
  };
  const began = performance.now(), times = [];
  let last = await new Promise(requestAnimationFrame);
  for (let n = 1; n <= frames && (n <= 3 || performance.now() - began < longest); n++) {
    step(from + n);
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times;
}"""
COLLECT = """() => { const times = window.frameTimes = []; let last = null;
  const frame = now => { if (last !== null) times.push(now - last); last = now;
    if (window.frameTimes === times) requestAnimationFrame(frame); };
  requestAnimationFrame(frame); }"""
COLLECTED = "() => { const times = window.frameTimes; window.frameTimes = null; return times; }"


@dataclass(frozen=True)
class Moved:
    """times: milliseconds from frame to frame, in tenths; busy: of the main thread's CPU a frame."""

    times: list[float]
    busy: float

    @property
    def p95(self) -> float:
        return round(sorted(self.times)[int(len(self.times) * 0.95)], 1)


@dataclass
class Stage:
    """A server with the boards, and a browser."""

    server: RunningServer
    boards: Boards
    browser: Browser

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Signed in, in a profile of its own, with nothing kept."""
        context = self.browser.new_context(
            base_url=self.server.url, viewport={"width": WIDTH, "height": HEIGHT}
        )
        page = context.new_page()
        page.set_default_timeout(300_000)
        sign_in(page)
        try:
            yield page
        finally:
            context.close()

    def open(self, page: Page, board_id: str, count: int, *, sharp: bool = True) -> float:
        """Seconds until every picture is shown, or sharp."""
        began = time.perf_counter()
        page.goto(f"/boards/{board_id}", wait_until="commit")
        state = "[data-bare='0'][data-coarse='0']" if sharp else "[data-bare='0']"
        page.locator(f"[data-ready=true][data-drawn='{count}']{state}").wait_for(state="attached")
        return time.perf_counter() - began


@contextmanager
def stage(architecture: str) -> Iterator[Stage]:
    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("this needs Chromium: install the package chromium, or name one in CHROMIUM")
    boards = prepared((SMALL, LARGE))
    server = RunningServer(boards.data)
    server.start()
    flags = [flag for flag in CHROMIUM_FLAGS if flag != "--disable-gpu"]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=[*flags, ALONE, *ARCHITECTURES[architecture]]
            )
            yield Stage(server, boards, browser)
            browser.close()
    finally:
        server.stop()


def moved(page: Page, gesture: str) -> Moved:
    """Drives the gesture in the page, and asks the browser what its main thread spent."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")

    asked = {"gesture": gesture, "from": 0, "frames": WARM_UP, "longest": LONGEST_MS / 4}
    page.evaluate(DRIVE, asked)
    before = spent()
    times = page.evaluate(DRIVE, {**asked, "from": WARM_UP, "frames": FRAMES, "longest": LONGEST_MS})
    busy = (spent() - before) / len(times) * 1000
    session.detach()
    return Moved(times, busy)


def collected(page: Page, act: Callable[[], None]) -> list[float]:
    page.evaluate(COLLECT)
    act()
    return list(page.evaluate(COLLECTED))


def frame_times(folder: Path) -> list[Measure]:
    """C1."""
    measures = []
    with stage("CPU") as made:
        for count in (SMALL, LARGE):
            with made.page() as page:
                made.open(page, made.boards.ids[count], count)
                page.wait_for_timeout(1_000)
                found = {gesture: moved(page, gesture).times for gesture in ("pan", "zoom")}
                found["drag 100"] = _dragged(page, count)
                found["drag all"] = _dragged_all(page, count)
                found["fit all"] = _fitted(page)
            for gesture, times in found.items():
                p95 = Moved(times, 0).p95
                how = (
                    f"{count} pictures in view, {WIDTH} × {HEIGHT}, painted by the CPU; {len(times)} frames, "
                    f"median {median(times):.1f} ms, longest {max(times):.1f} ms"
                )
                measures.append(Measure("C1", f"{count}: {gesture}, p95 frame", p95, "ms", 16.8, how))
    return measures


def _dragged(page: Page, count: int) -> list[float]:
    """Ten times ten of those at the left, below the bar, held and moved about."""
    zoom, left, top = _corner(page, count)
    to_x, to_y = (corner + 9.4 * STEP_PX * zoom for corner in (left, top))
    page.mouse.move(left - STEP_PX * zoom, top - STEP_PX / 2 * zoom)
    page.mouse.down()
    page.mouse.move(to_x, to_y, steps=5)
    page.mouse.up()
    page.locator("[data-selected='100']").wait_for(state="attached")
    return _carried(page, left, top)


def _dragged_all(page: Page, count: int) -> list[float]:
    _, left, top = _corner(page, count)
    page.keyboard.press("Control+a")
    page.locator(f"[data-selected='{count}']").wait_for(state="attached")
    return _carried(page, left, top)


def _corner(page: Page, count: int) -> tuple[float, float, float]:
    """With everything in view: the zoom, and where on the screen the fourth picture at the left is."""
    page.keyboard.press("Shift+1")
    page.wait_for_timeout(1_000)
    zoom = float(page.locator("[data-zoom]").get_attribute("data-zoom") or 1)
    columns = round((count * 16 / 9) ** 0.5)
    rows = -(-count // columns)
    left = WIDTH / 2 - (columns - 1) / 2 * STEP_PX * zoom
    top = HEIGHT / 2 - (rows - 1) / 2 * STEP_PX * zoom + 3 * STEP_PX * zoom
    return zoom, left, top


def _carried(page: Page, x: float, y: float) -> list[float]:
    """What is selected is taken there and moved about, and then left where it was."""
    page.mouse.move(x, y)
    page.mouse.down()

    def go() -> None:
        began = time.perf_counter()
        for step in range(FRAMES):
            page.mouse.move(x + 4 * step, y + 2 * step)
            time.sleep(max(0, began + (step + 1) / 60 - time.perf_counter()))

    times = collected(page, go)
    page.keyboard.press("Escape")
    page.mouse.up()
    page.keyboard.press("Escape")
    return times


def _fitted(page: Page) -> list[float]:
    """Back from closely to everything."""
    times = []
    for _ in range(3):
        moved(page, "pan")
        page.mouse.move(WIDTH / 2, HEIGHT / 2)
        page.keyboard.press("Shift+0")
        page.wait_for_timeout(1_500)

        def go() -> None:
            page.keyboard.press("Shift+1")
            page.wait_for_timeout(700)

        times += collected(page, go)
    return times


def main_thread(folder: Path) -> list[Measure]:
    """C2."""
    built_in = built("C2", "canvases")
    if built_in is None:
        return []
    measures = []
    for architecture in ARCHITECTURES:
        spent: dict[str, dict[str, list[float]]] = {}
        with stage(architecture) as made, _peers(folder / architecture, built_in, LARGE) as url:
            for _ in range(RUNS):
                with made.page() as page:
                    made.open(page, made.boards.ids[LARGE], LARGE)
                    page.wait_for_timeout(1_000)
                    _noted(spent, "webref", page)
            for peer in ("excalidraw", "tldraw"):
                with _peer_page(made.browser, url, peer) as page:
                    with suppress(TimeoutError):  # then with what came by then, which costs them less
                        page.wait_for_function("window.bench.isSharp()", polling=500, timeout=60_000)
                    page.wait_for_timeout(3_000)
                    _noted(spent, peer, page)
        for gesture in ("pan", "zoom"):
            own = median(spent["webref"][gesture])
            others = {peer: median(spent[peer][gesture]) for peer in ("excalidraw", "tldraw")}
            how = (
                f"{LARGE} pictures in view, painted as with a {architecture}; main thread's CPU a frame: "
                f"webref {own:.1f} ms (median of {RUNS}), "
                + ", ".join(f"{peer} {each:.0f} ms" for peer, each in others.items())
            )
            ratio = own / min(others.values())
            measures.append(
                Measure("C2", f"{gesture}, {architecture}: against the better", ratio, "×", 0.25, how)
            )
    return measures


def _noted(spent: dict[str, dict[str, list[float]]], who: str, page: Page) -> None:
    for gesture in ("pan", "zoom"):
        spent.setdefault(who, {}).setdefault(gesture, []).append(moved(page, gesture).busy)


def openings(folder: Path) -> list[Measure]:
    """C3."""
    built_in = built("C3", "canvases")
    if built_in is None:
        return []
    own, tldraw, coarse, alone = [], [], [], []
    with stage("CPU") as made, _peers(folder / "small", built_in, SMALL) as url:
        for _ in range(RUNS):
            with made.page() as page:
                own.append(made.open(page, made.boards.ids[SMALL], SMALL))
            began = time.perf_counter()
            with _peer_page(made.browser, url, "tldraw") as page:
                page.wait_for_function("window.bench.isSharp()", polling=50)
                tldraw.append(time.perf_counter() - began)
            with made.page() as page:
                coarse.append(made.open(page, made.boards.ids[LARGE], LARGE, sharp=False))
        with made.page() as page:
            alone.append(made.open(page, made.boards.alone, LARGE, sharp=False))
    how_small = (
        f"{SMALL} pictures, empty cache, from the address to every one as sharp as its place asks: "
        f"{median(own):.2f} against {median(tldraw):.2f} s, medians of {RUNS} in turn"
    )
    how_large = (
        f"{LARGE} pictures, empty cache, until every one is shown: {median(coarse):.2f} s from the atlas "
        f"(median of {RUNS}), {median(alone):.1f} s by the same page from a file each"
    )
    return [
        Measure(
            "C3", f"{SMALL} pictures sharp, against tldraw", median(own) / median(tldraw), "×", 0.5, how_small
        ),
        Measure(
            "C3",
            f"{LARGE} pictures shown, against single files",
            median(coarse) / median(alone),
            "×",
            0.1,
            how_large,
        ),
    ]


@contextmanager
def _peer_page(browser: Browser, url: str, peer: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    page.set_default_timeout(600_000)
    try:
        page.goto(f"{url}/index.html?peer={peer}", wait_until="commit")
        page.wait_for_function("window.bench?.isReady", polling=50)
        yield page
    finally:
        context.close()


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def _peers(folder: Path, site: Path, count: int) -> Iterator[str]:
    """The others' page, with the same pictures at the same places."""
    folder.mkdir(parents=True)
    for path in site.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "pictures").mkdir()
    made = looks()
    pictures = []
    for number in range(count):
        look = made[number % LOOKS]
        name = f"pictures/{number}.jpg"
        (folder / name).write_bytes(distinct(look.original, number))
        x, y, width, height = box(number, count, look)
        placed = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
        pictures.append({"url": f"./{name}", "w": look.width, "h": look.height, **placed})
    (folder / "board.json").write_text(json.dumps({"pictures": pictures}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

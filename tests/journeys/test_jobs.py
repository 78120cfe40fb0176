"""Background work as people meet it: what they look at comes first, and the owner sees, stops and repeats."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import canvas, new_board, sign_up
from tests.pictures import photo
from tests.running import RunningServer, Script, running_server

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
JOBS = "query ($state: JobState) { jobs(first: 50, state: $state) { nodes { id subject state priority } } }"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """One on which nobody works: whatever is to be done waits."""
    with running_server(tmp_path, WEBREF_WORKERS="0") as server:
        yield server


def jobs_of(script: Script, state: str | None = None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = script.ask(JOBS, state=state)["jobs"]["nodes"]
    return found


def test_what_somebody_looks_at_is_made_before_what_came_first(
    server: RunningServer, open_page: OpenPage
) -> None:
    ana = open_page()
    sign_up(ana)
    url = new_board(ana)
    script = Script(server).sign_in()
    early, late = [script.upload(photo(1200, 900, seed=seed), f"{seed}.jpg")["id"] for seed in (1, 2)]
    assert {job["priority"] for job in jobs_of(script)} == {0}
    script.add_images(url.rpartition("/")[2], [late])
    expect(canvas(ana)).to_have_attribute("data-items", "1")
    canvas(ana).focus()
    ana.keyboard.press("Shift+1")
    for _ in range(100):
        priorities = {job["subject"]: job["priority"] for job in jobs_of(script)}
        if priorities[late] == 10:
            break
        time.sleep(0.1)
    assert priorities == {early: 0, late: 10}


def test_the_owner_sees_stops_and_repeats_work(server: RunningServer, open_page: OpenPage) -> None:
    ana = open_page()
    sign_up(ana)
    script = Script(server).sign_in()
    for seed in range(3):
        script.upload(photo(1200, 900, seed=seed), f"{seed}.jpg")
    ana.goto("/settings/jobs")
    queue = ana.get_by_role("table").get_by_role("row", name=re.compile("Renditions"))
    expect(queue.get_by_role("cell").first).to_contain_text("3")
    rows = ana.get_by_role("list", name="Background jobs").get_by_role("listitem")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("button", name="Cancel").click()
    expect(ana.get_by_text("The job was cancelled.")).to_be_visible()
    expect(rows.first.get_by_text("Cancelled", exact=True)).to_be_visible()
    expect(queue.get_by_role("cell").first).to_contain_text("2")
    assert len(jobs_of(script, "CANCELLED")) == 1
    rows.first.get_by_role("button", name="Try again").click()
    expect(queue.get_by_role("cell").first).to_contain_text("3")
    assert jobs_of(script, "CANCELLED") == []

"""Files that go from the browser straight to the bucket: cut, gone on with, given up, or sent as usual."""

import asyncio
import io
import os
import re
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Request, Route, expect

from domain import buckets
from domain.settings import Settings
from tests.journeys.browsing import sign_up
from tests.running import RunningServer, running_server
from tests.s3 import S3Server

pytestmark = [pytest.mark.browser, pytest.mark.journey]

T = TypeVar("T")
PART = re.compile(r"partNumber=(\d+)")


def aside(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture
def bucket(s3_server: S3Server, tmp_path: Path) -> Settings:
    return s3_server.settings(Settings(data=tmp_path), aside(s3_server.make_bucket()))


@pytest.fixture
def server(bucket: Settings, tmp_path: Path) -> Iterator[RunningServer]:
    environment = {
        "WEBREF_STORAGE": bucket.storage,
        "WEBREF_S3_ENDPOINT": bucket.s3_endpoint or "",
        "WEBREF_S3_PUBLIC_ENDPOINT": bucket.s3_endpoint or "",
        "WEBREF_S3_ACCESS_KEY": bucket.s3_access_key or "",
        "WEBREF_S3_SECRET_KEY": bucket.s3_secret_key or "",
    }
    with running_server(tmp_path, **environment) as running:
        yield running


def large(name: str) -> FilePayload:
    """9 MB, two parts: noise, which no PNG makes smaller."""
    file = io.BytesIO()
    Image.frombytes("RGB", (1800, 1700), os.urandom(1800 * 1700 * 3)).save(file, "PNG", compress_level=0)
    return {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}


async def unfinished(bucket: Settings) -> int:
    store = buckets.store_at(bucket.storage, bucket, bucket.data)
    left = await store.abort_old(-60)
    await store.close()
    return left


def test_a_large_file_goes_straight_to_the_bucket_and_on_where_it_was_cut(
    server: RunningServer, bucket: Settings, open_page: Callable[..., Page]
) -> None:
    page, parts, others = open_page(), list[str](), list[str]()
    sign_up(page)

    def seen(request: Request) -> None:
        found = PART.search(request.url)
        if request.method == "PUT" and found and request.url.startswith(bucket.s3_endpoint or "?"):
            parts.append(found[1])
        elif request.method in ("PATCH", "PUT"):
            others.append(request.url)

    page.on("request", seen)
    answer = page.goto("/library")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert f"connect-src 'self' {bucket.s3_endpoint};" in policy
    cut = [True]

    def once(route: Route) -> None:
        if route.request.method == "PUT" and cut:
            cut.pop()
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route(re.compile("partNumber=2"), once)
    choose = page.locator("input[type=file]:not([webkitdirectory])")
    choose.set_input_files([large("noise.png")])
    expect(page.locator("[data-picture]")).to_have_count(1, timeout=30_000)
    assert parts == ["1", "2", "2"], "what had come was not sent again"
    assert others == []

    # Given up while a part is on its way: the bucket keeps nothing of it.
    held: list[Route] = []
    page.route(re.compile("partNumber=1"), lambda route: held.append(route))
    choose.set_input_files([large("given up.png")])
    bar = page.get_by_role("region", name="Uploads")
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    bar.get_by_role("button", name="Cancel given up.png").click()
    expect(bar.get_by_role("button", name="Cancel given up.png")).to_have_count(0)
    page.unroute(re.compile("partNumber=1"))
    expect(page.locator("[data-picture]")).to_have_count(1)
    assert len(held) == 1

    # A bucket that cannot be reached: the ordinary way serves as well, and from there on at once.
    page.route(re.compile("partNumber="), lambda route: route.abort())
    for count in (2, 3):
        choose.set_input_files([large(f"around {count}.png")])
        expect(page.locator("[data-picture]")).to_have_count(count, timeout=30_000)
    assert others
    assert all("/uploads/tus/" in url for url in others)
    assert len(parts) == 5, "once it was tried"
    assert aside(unfinished(bucket)) == 0

"""Pictures from the web become images like others: known by content, with their source, one by one."""

import asyncio
import base64
from urllib.parse import quote
from uuid import uuid4

import pytest

from domain import attempts, from_web, images
from domain.access import Scope, Viewer
from domain.database import fetch, fetchval
from domain.errors import DomainError, FetchFailed, Forbidden, LimitExceeded, MutationIdConflict, TooBusy
from domain.from_web import WantedImage, add_images_from_urls
from domain.settings import Settings
from tests.domain.webbing import a_site, allowing
from tests.factories import a_viewer
from tests.pictures import photo, quadrants, saved


@pytest.fixture
def open_settings(settings: Settings, database: str) -> Settings:
    attempts.forget_all()
    return allowing(settings)


async def add(viewer: Viewer, settings: Settings, *urls: str) -> list[str | None]:
    outcomes = await add_images_from_urls(viewer, settings, [WantedImage(url) for url in urls])
    assert all((one.image_id is None) == (one.code is not None) for one in outcomes)
    return [one.code for one in outcomes]


async def test_each_address_has_its_own_outcome_and_the_good_ones_come(open_settings: Settings) -> None:
    ana, image_id = await a_viewer(), uuid4()
    async with a_site() as site:
        site.answers |= {
            "/fox.jpg": photo(300, 200),
            "/page": ("text/html", b"<img src=fox.jpg>"),
            "/text": ("image/png", b"no picture"),
            "/moved": "/fox.jpg",
        }
        wanted = [
            WantedImage(site.url("/fox.jpg"), image_id=image_id),
            WantedImage(site.url("/page")),
            WantedImage(site.url("/text")),
            WantedImage(site.url("/none")),
            WantedImage("http://10.0.0.1/"),
            WantedImage("picture"),
        ]
        outcomes = await add_images_from_urls(ana, open_settings, wanted)
        assert [one.code for one in outcomes] == [
            *(None, "FETCH_FAILED", "IMAGE_REFUSED", "FETCH_FAILED", "URL_REFUSED", "URL_REFUSED"),
        ]
        assert outcomes[0].image_id == image_id
        assert all(one.message for one in outcomes[1:])
        again = await add_images_from_urls(
            ana, open_settings, [WantedImage(site.url("/moved"), source="https://example.org/page")]
        )
        assert (again[0].image_id, again[0].deduplicated) == (image_id, True)
        assert "Referer: https://example.org/page" in site.asked[-1]
        (row,) = await fetch("SELECT name, source_url, width FROM image")
        assert tuple(row) == ("fox.jpg", site.url("/fox.jpg"), 300)
    assert not list((open_settings.blobs / "incoming").iterdir())


async def test_the_page_is_kept_as_the_source_where_it_is_named(open_settings: Settings) -> None:
    ana = await a_viewer()
    async with a_site() as site:
        site.answers["/fox.jpg"] = photo(300, 200)
        wanted = WantedImage(site.url("/fox.jpg"), name="A fox.jpg", source="https://example.org/foxes#one")
        (one,) = await add_images_from_urls(ana, open_settings, [wanted])
    (image,) = await images.images_by_ids(ana, [one.image_id or uuid4()])
    assert image is not None
    assert (image.name, image.source_url) == ("A fox.jpg", "https://example.org/foxes")


async def test_data_urls_in_both_forms(open_settings: Settings) -> None:
    ana, picture = await a_viewer(), saved(quadrants(30, 20), "PNG")
    encoded = base64.b64encode(picture).decode()
    forms = [
        f"data:image/png;base64,{encoded}",
        f"DATA:image/png;charset=x;BASE64,{quote(encoded)}",
        f"data:,{quote(picture)}",
        f"data:image/png;base64,{encoded.rstrip('=').replace('+', '-').replace('/', '_')}",
    ]
    assert await add(ana, open_settings, *forms) == [None] * 4
    assert await fetchval("SELECT array_agg(source_url) FROM image") == [None]
    bad = [
        "data:image/png;base64",
        "data:;base64,***",
        "data:,",
        "data:text/plain,hello",
        "data:" + "x" * 600 + ",a",
    ]
    codes = await add(ana, open_settings, *bad)
    assert codes == ["URL_REFUSED", "URL_REFUSED", "IMAGE_REFUSED", "IMAGE_REFUSED", "URL_REFUSED"]
    assert await fetchval("SELECT count(*) FROM image") == 1


async def test_the_same_mutation_again_asks_nobody_again(open_settings: Settings) -> None:
    ana, mutation_id = await a_viewer(), uuid4()
    async with a_site() as site:
        site.answers["/fox.jpg"] = photo(300, 200)
        wanted = [WantedImage(site.url("/fox.jpg"))]
        first = await add_images_from_urls(ana, open_settings, wanted, mutation_id=mutation_id)
        site.answers["/fox.jpg"] = photo(200, 200)
        assert await add_images_from_urls(ana, open_settings, wanted, mutation_id=mutation_id) == first
        assert len(site.asked) == 1
        with pytest.raises(MutationIdConflict):
            await add_images_from_urls(ana, open_settings, wanted * 2, mutation_id=mutation_id)
    assert await fetchval("SELECT count(*) FROM image") == 1


async def test_who_may_only_read_makes_the_server_ask_nobody(open_settings: Settings) -> None:
    ana = await a_viewer()
    reader = Viewer(ana.account_id, ana.name, scope=Scope.READ)
    async with a_site() as site:
        site.answers["/fox.jpg"] = photo(300, 200)
        with pytest.raises(Forbidden):
            await add(reader, open_settings, site.url("/fox.jpg"))
        with pytest.raises(Forbidden):
            await from_web.pictures_on_page(reader, open_settings, site.url("/fox.jpg"))
        with pytest.raises(Forbidden):
            await from_web.preview(reader, open_settings, site.url("/fox.jpg"))
        assert site.asked == []
    assert await fetchval("SELECT count(*) FROM image") == 0


async def test_one_person_is_held_to_so_many_at_once_and_lately(
    open_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, now, most = await a_viewer(), await a_viewer(), 0, 0

    async def slow(*_: object, **__: object) -> None:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0.02)
        now -= 1
        raise FetchFailed("nothing")

    monkeypatch.setattr(from_web, "_received", slow)
    await asyncio.gather(
        *(add(ana, open_settings, *[f"http://example.org/{n}" for n in range(20)]) for _ in range(3))
    )
    assert most == from_web.AT_ONCE_OF_ONE_PERSON
    monkeypatch.setattr(attempts, "FETCHES", attempts.Limiter(3, 600))
    assert (await add(ana, open_settings, *["http://example.org/"] * 5)).count("TOO_BUSY") == 2
    assert await add(ben, open_settings, "http://example.org/") == ["FETCH_FAILED"]
    with pytest.raises(TooBusy):
        await from_web.pictures_on_page(ana, open_settings, "http://example.org/")
    with pytest.raises(LimitExceeded):
        await add(ana, open_settings, *["http://example.org/"] * 21)


async def test_the_pictures_of_a_page_are_listed_and_previewed(open_settings: Settings) -> None:
    ana = await a_viewer()
    async with a_site() as site:
        site.answers |= {
            "/gallery/": (
                "text/html; charset=iso-8859-1",
                "<title>Füchse</title><img src=fox.jpg>".encode("latin-1"),
            ),
            "/gallery/fox.jpg": photo(900, 600),
            "/old": "/gallery/",
            "/meta": ("text/html", '<meta charset="utf-8"><title>Füchse</title>'.encode()),
            "/odd": ("text/html; charset=none-such", b"<title>odd</title>"),
            "/long": ("text/html", b"<img src=a.png>" + b" " * 6_000_000 + b"<img src=b.png>"),
            "/zip": ("application/zip", b"PK"),
        }
        page = await from_web.pictures_on_page(ana, open_settings, site.url("/old"))
        assert (page.url, page.title) == (site.url("/gallery/"), "Füchse")
        assert [picture.url for picture in page.pictures] == [site.url("/gallery/fox.jpg")]
        assert (await from_web.pictures_on_page(ana, open_settings, site.url("/meta"))).title == "Füchse"
        assert (await from_web.pictures_on_page(ana, open_settings, site.url("/odd"))).title == "odd"
        assert len((await from_web.pictures_on_page(ana, open_settings, site.url("/long"))).pictures) == 1
        alone = await from_web.pictures_on_page(ana, open_settings, site.url("/gallery/fox.jpg"))
        assert [picture.url for picture in alone.pictures] == [site.url("/gallery/fox.jpg")]
        with pytest.raises(DomainError, match="neither"):
            await from_web.pictures_on_page(ana, open_settings, site.url("/zip"))
        small = await from_web.preview(ana, open_settings, site.url("/gallery/fox.jpg"))
        assert small[8:12] == b"WEBP"
    assert await fetchval("SELECT count(*) FROM image") == 0
    assert not list((open_settings.blobs / "incoming").iterdir())
    assert not list((open_settings.blobs / "originals").iterdir())

"""Previews of pictures of the web: for who is signed in and may write, on our own pages."""

from dataclasses import replace

from domain import attempts, tokens
from domain.access import Scope
from domain.sessions import viewer_of
from domain.settings import Settings
from tests.api.serving import Served, serving
from tests.domain.webbing import HERE, a_site
from tests.pictures import photo


async def test_a_preview_is_small_and_for_who_may_add_it(server_settings: Settings) -> None:
    attempts.forget_all()
    async with serving(replace(server_settings, fetch_allow=(HERE,))) as served, a_site() as site:
        ana = await served.join("ana")
        reader = await tokens.create_token(
            await viewer_of(ana.access_token), name="reader", scope=Scope.READ, expires_at=None
        )
        site.answers["/fox.jpg"] = photo(900, 600)
        site.answers["/text"] = b"no picture"
        asked = {"url": site.url("/fox.jpg"), "source": "https://example.org/foxes"}
        async with served.client() as client:
            assert (await client.get("/files/preview", params=asked)).status_code == 401
        async with served.client(reader.secret) as client:
            assert (await client.get("/files/preview", params=asked)).status_code == 403
        async with served.browser(ana) as page:
            elsewhere = await page.get(
                "/files/preview", params=asked, headers={"Sec-Fetch-Site": "cross-site"}
            )
            assert elsewhere.status_code == 403
            assert site.asked == []
            answer = await page.get("/files/preview", params=asked)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
            assert answer.headers["content-security-policy"].startswith("sandbox")
            assert answer.content[8:12] == b"WEBP"
            assert "Referer: https://example.org/foxes" in site.asked[0]
            for params, status in (
                ({}, 400),
                ({"url": site.url("/text")}, 422),
                ({"url": site.url("/none")}, 502),
                ({"url": "http://10.0.0.1/"}, 422),
            ):
                refused = await page.get("/files/preview", params=params)
                assert refused.status_code == status, refused.text
                assert refused.json()["error"]["message"]
            assert (await page.post("/files/preview", params=asked)).status_code == 405


async def test_by_default_nothing_beside_the_internet_is_asked(served: Served) -> None:
    ana = await served.join("ana")
    async with a_site() as site, served.browser(ana) as page:
        answer = await page.get("/files/preview", params={"url": site.url("/fox.jpg")})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "URL_REFUSED")
        document = """mutation ($input: AddImagesFromUrlsInput!) { addImagesFromUrls(input: $input) {
            results { code message image { id } } } }"""
        variables = {
            "input": {"urls": [{"url": site.url("/fox.jpg")}, {"url": f"http://localhost:{site.port}/"}]}
        }
        said = (await page.post("/graphql", json={"query": document, "variables": variables})).json()
        assert {one["code"] for one in said["data"]["addImagesFromUrls"]["results"]} == {"URL_REFUSED"}
        assert site.asked == []

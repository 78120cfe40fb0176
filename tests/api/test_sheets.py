"""Pages of documents, small: for who may see the document, and nothing comes of looking."""

import io
from uuid import uuid4

from PIL import Image

from domain.database import fetchval
from tests import pictures, sources
from tests.api.serving import Served


async def test_pages_are_shown_small_to_who_sees_the_document(served: Served) -> None:
    ana, eve = await served.join("ana"), await served.join("eve")
    async with served.client(ana.access_token) as client:
        sent = await client.post("/uploads", params={"name": "a.pdf"}, content=sources.pdf(pages=3))
        image_id = sent.json()["image"]["id"]
        shown = []
        for page in (1, 2, 3):
            answer = await client.get(f"/files/{image_id}/pages/{page}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
            assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
            assert answer.headers["content-security-policy"].startswith("sandbox")
            picture = Image.open(io.BytesIO(answer.content))
            assert picture.size == (320, 213)
            assert pictures.corners(picture) == pictures.UPRIGHT
            shown.append(answer.content)
        assert len(set(shown)) == 3
        for none in ("0", "4", "-1", "1.5", "x", "9999999"):
            answer = await client.get(f"/files/{image_id}/pages/{none}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND"), none
        for address in (f"/files/{uuid4()}/pages/1", "/files/none/pages/1"):
            assert (await client.get(address)).status_code == 404
        assert (await client.post(f"/files/{image_id}/pages/1")).status_code == 405
    async with served.client(eve.access_token) as client:
        assert (await client.get(f"/files/{image_id}/pages/1")).status_code == 404
    async with served.client() as client:
        assert (await client.get(f"/files/{image_id}/pages/1")).status_code == 401
    assert await fetchval("SELECT count(*) FROM image") == 1

"""What tests say to the tus door: the requests of a client, one by one, and tuspy."""

import base64
import hashlib
from pathlib import Path

import httpx
from tusclient.client import TusClient

from tests.api.serving import Served

VERSION = {"Tus-Resumable": "1.0.0"}
BODY = {**VERSION, "Content-Type": "application/offset+octet-stream"}


def metadata(**words: str) -> str:
    return ",".join(f"{key} {base64.b64encode(word.encode()).decode()}" for key, word in words.items())


def checksum(algorithm: str, content: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


def parts(served: Served) -> list[Path]:
    return list((served.settings.blobs / "parts").iterdir())


async def begin(client: httpx.AsyncClient, length: int, **words: str) -> str:
    headers = {**VERSION, "Upload-Length": str(length)}
    if words:
        headers["Upload-Metadata"] = metadata(**words)
    answer = await client.post("/uploads/tus", headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def go_on(
    client: httpx.AsyncClient, address: str, offset: int, content: bytes, **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.patch(
        address, headers={**BODY, "Upload-Offset": str(offset), **named}, content=content
    )


async def offset_of(client: httpx.AsyncClient, address: str) -> int:
    answer = await client.head(address, headers=VERSION)
    assert answer.status_code == 200, answer.headers
    return int(answer.headers["upload-offset"])


def tuspy(url: str, token: str) -> TusClient:
    return TusClient(f"{url}/uploads/tus", headers={"Authorization": f"Bearer {token}"})

"""The server that R1 to R5 ask: webref as it is served, and one route more that gives the same bytes.

`python -m tests.benchmarks.reading_server <folder> <database url> <port> [nothing-kept]`; the bytes are
<folder>/answer.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from litestar import Response, get

from api.app import create_app, drain
from api.server import Server
from domain.settings import Settings
from schema import reads

SECRET = "a secret of the bench, " * 3
STATIC = "/static-answer"
NOTHING_KEPT = "nothing-kept"


async def serve(folder: Path, url: str, port: int) -> None:
    content = (folder / "answer").read_bytes()

    @get(STATIC, sync_to_thread=False)
    def same_bytes() -> Response[bytes]:
        return Response(content, media_type="application/json; charset=utf-8")

    settings = Settings(data=folder, database_url=url, secret=SECRET)
    app = create_app(settings, durable=False)  # the bench's database may forget: it is only read
    app.register(same_bytes)
    bound = socket.create_server(("127.0.0.1", port))
    server = Server(app, asyncio.Event(), lambda: None, beside=_nothing, drain=lambda: drain(app))
    await server.serve(sockets=[bound])


@contextlib.asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


if __name__ == "__main__":
    import uvloop

    if NOTHING_KEPT in sys.argv:
        reads.LARGEST_KEPT_BYTES = 0

    uvloop.run(serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

"""The way to a bucket: one connection for every loop, and one request at a time over it."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import aioboto3
from botocore.config import Config
from botocore.exceptions import ClientError

from domain.bucket_words import bucket_words, code_of

CONNECTIONS = 32
ATTEMPTS = 4
"""Of one request, with the client's own growing pauses between them, and of reading on after a cut."""

CONNECT_SECONDS, READ_SECONDS = 5, 20


@dataclass(frozen=True)
class Access:
    """How a bucket is reached. endpoint None: Amazon's own; public_endpoint None: by others at the same.

    key_id None: with what the machine has, AWS_* or a role.
    """

    endpoint: str | None = None
    public_endpoint: str | None = None
    region: str = "us-east-1"
    key_id: str | None = None
    secret_key: str | None = field(default=None, repr=False)


class BucketClient:
    """prefix: before every key, empty or ending in '/'."""

    def __init__(self, bucket: str, prefix: str, access: Access) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.access = access
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str | None, asyncio.Task[Any]]] = (
            WeakKeyDictionary()
        )
        self._opened = AsyncExitStack()

    async def client(self) -> Any:
        """The connection of the running loop, opened when first asked for."""
        return await self._client_of(self.access.endpoint)

    async def signer(self) -> Any:
        """What signs addresses for others; nothing is asked through it."""
        return await self._client_of(self.access.public_endpoint or self.access.endpoint)

    async def _client_of(self, endpoint: str | None) -> Any:
        loop = asyncio.get_running_loop()
        clients = self._clients.setdefault(loop, {})
        opening = clients.get(endpoint)
        if opening is None or (opening.done() and opening.exception() is not None):
            opening = clients[endpoint] = loop.create_task(self._connect(endpoint))
        return await asyncio.shield(opening)

    async def _connect(self, endpoint: str | None) -> Any:
        session = aioboto3.Session(
            aws_access_key_id=self.access.key_id,
            aws_secret_access_key=self.access.secret_key,
            region_name=self.access.region,
        )
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            # Checksums of our own instead: older servers know no trailers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
        )
        opened = session.client("s3", endpoint_url=endpoint, config=config)
        return await self._opened.enter_async_context(opened)

    async def close(self) -> None:
        opened, self._opened = self._opened, AsyncExitStack()
        self._clients.clear()
        await opened.aclose()

    def named(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + key}

    async def ask(self, operation: str, **arguments: Any) -> Any:
        """One request. Raises ClientError where the server refuses for a reason that the caller may know."""
        client = await self.client()
        return await getattr(client, operation)(**arguments)

    async def head(self, key: str) -> dict[str, Any] | None:
        """Of the object; None where the bucket is there and has none."""
        with self.words():
            try:
                found: dict[str, Any] = await self.ask("head_object", **self.named(key))
            except ClientError as error:
                if code_of(error) not in ("404", "NoSuchKey", "NotFound"):
                    raise
                await self.ask("head_bucket", Bucket=self.bucket)  # else it is the bucket that is missing
                return None
        return found

    def words(self) -> contextlib.AbstractContextManager[None]:
        return bucket_words(self.bucket, self.access.endpoint)

"""A bucket as a store: objects of any server that speaks S3, each put whole and looked at before it counts.

Only an installation that keeps its files in a bucket loads this module, and with it the client library.
"""

import asyncio
import base64
import contextlib
import hashlib
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from domain import blobs, bucket_client
from domain.bucket_client import Access
from domain.bucket_parts import DIGEST, BucketParts
from domain.bucket_words import FAILURES, code_of
from domain.errors import StorageUnavailable
from domain.nearby import Nearby
from domain.places import CHUNK_BYTES, Damaged, Stored
from domain.settings import Settings
from domain.slices import Slice

PART_BYTES = 16 << 20
MOST_COPIED_BYTES = 5 << 30
"""What one request copies within a bucket; larger objects are copied by parts."""

PAUSE_SECONDS = 0.2
PARTS_MIXED_UP = ("InvalidPart", "InvalidPartOrder", "NoSuchUpload", "BadDigest")
"""Said where something was changed on its way: sending all of it again mends that."""

Body = Callable[[], AbstractContextManager[object]]
"""What is sent, opened anew for every attempt."""

log = logging.getLogger("webref.storage")


def store_at(place: str, settings: Settings, drafts: Path) -> "BucketStore":
    """place: s3://bucket/prefix."""
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    access = Access(
        settings.s3_endpoint,
        settings.s3_public_endpoint,
        settings.s3_region,
        settings.s3_access_key,
        settings.s3_secret_key,
    )
    return BucketStore(bucket, f"{prefix}/" if prefix else "", access, drafts)


class BucketStore(BucketParts):
    """drafts: a folder for what has to be a file for a while."""

    def __init__(self, bucket: str, prefix: str, access: Access, drafts: Path) -> None:
        super().__init__(bucket, prefix, access)
        self.drafts = drafts
        self._conditional = True
        self._nearby = Nearby(drafts)

    async def close(self) -> None:
        await asyncio.to_thread(self._nearby.clear)
        await super().close()

    async def find(self, key: str) -> Stored | None:
        found = await self.head(key)
        if found is None:
            return None
        return Stored(key, found["ContentLength"], found["LastModified"].timestamp())

    async def put(self, key: str, content: bytes) -> None:
        digest, md5 = await asyncio.to_thread(lambda: (_sha256(content), _md5(content)))
        with self.words():
            await self._put_verified(
                key, lambda: contextlib.nullcontext(content), len(content), md5, digest, conditional=False
            )

    async def put_file(
        self, key: str, draft: Path, *, digest: str, size_bytes: int, keeps_draft: bool = False
    ) -> None:
        found = await self.head(key)
        if found is not None and _is_as_said(found, size_bytes, digest):
            return
        with self.words():
            if size_bytes > PART_BYTES:
                await self._put_parts_verified(key, draft, size_bytes, digest)
            else:
                md5 = await asyncio.to_thread(_md5_of_piece, draft, 0, size_bytes)
                await self._put_verified(
                    key,
                    lambda: Slice(draft, 0, size_bytes),
                    size_bytes,
                    md5,
                    digest,
                    conditional=found is None,
                )
        if not keeps_draft:
            await asyncio.to_thread(self._nearby.take, digest, draft, size_bytes)

    async def _put_verified(
        self, key: str, body: Body, size_bytes: int, md5: bytes, digest: str, *, conditional: bool
    ) -> None:
        arguments: dict[str, Any] = {
            **self.named(key),
            "ContentMD5": base64.b64encode(md5).decode(),
            "Metadata": {DIGEST: digest},
        }

        async def send() -> None:
            condition = {"IfNoneMatch": "*"} if conditional and self._conditional else {}
            try:
                with body() as content:
                    await self.ask("put_object", **arguments, **condition, Body=content)
            except ClientError as error:
                if not condition:
                    raise
                if code_of(error) in ("PreconditionFailed", "412"):
                    if await self._is_kept(key, size_bytes, digest, md5.hex()):
                        return  # by somebody else, or by ourselves and the answer was lost
                elif code_of(error) in ("NotImplemented", "501", "InvalidArgument"):
                    self._conditional = False
                elif code_of(error) != "ConditionalRequestConflict":
                    raise
                with body() as content:
                    await self.ask("put_object", **arguments, Body=content)

        await self._verified(key, send, size_bytes, digest, md5.hex())

    async def _verified(self, key: str, send: Any, size_bytes: int, digest: str, etag: str) -> None:
        """Sends, and looks whether what was sent is what lies there; once more where it is not."""
        for attempt in (1, 2):
            try:
                await send()
            except FAILURES as error:
                # The answer may be lost and the object be there.
                with contextlib.suppress(*FAILURES):
                    if await self._is_kept(key, size_bytes, digest, etag):
                        return
                if attempt == 2 or not isinstance(error, ClientError) or code_of(error) not in PARTS_MIXED_UP:
                    raise
                continue
            if await self._is_kept(key, size_bytes, digest, etag):
                return
            log.warning("the bucket holds other bytes under %s than were sent (attempt %d)", key, attempt)
        await self.ask("delete_object", **self.named(key))
        raise StorageUnavailable(
            "The S3 store kept other bytes than it was sent; nothing was stored. "
            "Check that server, then try again.",
            retry_after_seconds=10,
        )

    async def _is_kept(self, key: str, size_bytes: int, digest: str, etag: str) -> bool:
        """By size and digest, and by the ETag where it is one of MD5: encrypting servers have others."""
        try:
            found = await self.ask("head_object", **self.named(key))
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        if not _is_as_said(found, size_bytes, digest):
            return False
        if found["ETag"].strip('"') == etag:
            return True
        try:
            return await self._sha256_of(key) == digest
        except FileNotFoundError:
            return False

    async def _sha256_of(self, key: str) -> str:
        seen = hashlib.sha256()
        async with contextlib.aclosing(self.read(key)) as pieces:
            async for piece in pieces:
                seen.update(piece)
        return seen.hexdigest()

    async def _put_parts_verified(self, key: str, draft: Path, size_bytes: int, digest: str) -> None:
        starts = range(0, size_bytes, PART_BYTES)
        md5s = [await asyncio.to_thread(_md5_of_piece, draft, start, PART_BYTES) for start in starts]
        etag = f"{_md5(b''.join(md5s)).hex()}-{len(starts)}"

        async def send() -> None:
            await self.put_in_parts(key, draft, part_bytes=PART_BYTES, md5s=md5s, digest=digest)

        await self._verified(key, send, size_bytes, digest, etag)

    async def copy(self, key: str, to: str, *, digest: str, size_bytes: int) -> bool:
        with self.words():
            try:
                if size_bytes > MOST_COPIED_BYTES:
                    await self.copy_in_parts(key, to, digest=digest, size_bytes=size_bytes)
                else:
                    await self.ask(
                        "copy_object",
                        **self.named(to),
                        CopySource=self.named(key),
                        MetadataDirective="REPLACE",
                        Metadata={DIGEST: digest},
                    )
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                    return False
                raise
            found = await self.ask("head_object", **self.named(to))
        if not _is_as_said(found, size_bytes, digest):
            raise StorageUnavailable("The S3 store copied other bytes; nothing was stored. Try again.")
        return True

    async def read(self, key: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        offset, failed = start, 0
        etag: str | None = None
        while stop is None or offset < stop:
            began_at = offset
            try:
                with self.words():
                    condition: dict[str, str] = {} if etag is None else {"IfMatch": etag}
                    answer = await self._get(key, offset, stop, **condition)
            except StorageUnavailable:
                if etag is None or failed >= bucket_client.ATTEMPTS:
                    raise
                failed += 1
                await asyncio.sleep(PAUSE_SECONDS * failed)
                continue
            if answer is None:
                return
            etag, stop = answer["ETag"], _end_of(answer, offset)
            body = answer["Body"]
            try:
                while offset < stop:
                    piece = await body.read(min(CHUNK_BYTES, stop - offset))
                    if not piece:
                        break
                    offset += len(piece)
                    yield piece
            except FAILURES as error:
                log.info(
                    "reading %s was cut after %d bytes (%s); going on", key, offset, type(error).__name__
                )
            finally:
                body.close()
            failed = failed + 1 if offset == began_at else 0
            if offset < stop and failed >= bucket_client.ATTEMPTS:
                raise StorageUnavailable(
                    "The S3 store breaks off again and again while it is read. Try again in a moment.",
                    retry_after_seconds=5,
                )

    async def _get(self, key: str, start: int, stop: int | None, **condition: Any) -> Any:
        """None: there is nothing from there on. Raises FileNotFoundError."""
        asked = (
            {}
            if start == 0 and stop is None
            else {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}
        )
        try:
            return await self.ask("get_object", **self.named(key), **asked, **condition)
        except ClientError as error:
            if code_of(error) in ("InvalidRange", "416"):
                return None
            if code_of(error) in ("NoSuchKey", "404", "NotFound"):
                raise FileNotFoundError(key) from None
            raise

    @asynccontextmanager
    async def as_file(self, key: str, *, digest: str | None = None) -> AsyncIterator[Path]:
        draft = self.drafts / uuid4().hex
        try:
            if digest is None or not await self._lent(key, digest, draft):
                size_bytes = await self._fetched(key, digest, draft)
                if digest is not None:
                    await asyncio.to_thread(self._nearby.take, digest, draft, size_bytes)
            yield draft
        finally:
            await asyncio.to_thread(blobs.discard, draft)

    async def _lent(self, key: str, digest: str, draft: Path) -> bool:
        """Whether what lies there, and is what it says of itself, was at hand. Raises FileNotFoundError."""
        if digest not in self._nearby:
            return False
        found = await self.head(key)
        if found is None:
            raise FileNotFoundError(key)
        is_as_said = _is_as_said(found, found["ContentLength"], digest)
        return is_as_said and await asyncio.to_thread(
            self._nearby.lend, digest, found["ContentLength"], draft
        )

    async def _fetched(self, key: str, digest: str | None, draft: Path) -> int:
        """How many bytes it has. Raises FileNotFoundError, Damaged."""
        for _ in (1, 2):
            seen = await self._fetch(key, draft)
            if digest in (None, seen):
                return (await asyncio.to_thread(draft.stat)).st_size
            await asyncio.to_thread(blobs.discard, draft)
        raise Damaged(key)

    async def _fetch(self, key: str, draft: Path) -> str:
        seen = hashlib.sha256()
        with blobs.storage_words():
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            async with contextlib.aclosing(self.read(key)) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(_write, descriptor, piece, seen)
        finally:
            os.close(descriptor)
        return seen.hexdigest()

    async def remove(self, key: str) -> None:
        with self.words():
            await self.ask("delete_object", **self.named(key))

    async def listed(self, prefix: str) -> AsyncGenerator[Stored, None]:
        following: dict[str, str] = {}
        while True:
            with self.words():
                page = await self.ask(
                    "list_objects_v2", Bucket=self.bucket, Prefix=self.prefix + prefix, **following
                )
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix(self.prefix)
                yield Stored(key, found["Size"], found["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            following = {"ContinuationToken": page["NextContinuationToken"]}

    async def touch(self, key: str) -> None:
        found = await self.head(key)
        if found is None:
            return
        source = {"Bucket": self.bucket, "Key": self.prefix + key}
        with self.words():
            await self.ask(
                "copy_object",
                **self.named(key),
                CopySource=source,
                MetadataDirective="REPLACE",
                Metadata=found["Metadata"],
            )

    async def check(self) -> None:
        with self.words():
            await self.ask("head_bucket", Bucket=self.bucket)

    async def prepare(self) -> None:
        await self.check()


def _is_as_said(found: dict[str, Any], size_bytes: int, digest: str) -> bool:
    return bool(found["ContentLength"] == size_bytes and found["Metadata"].get(DIGEST) == digest)


def _end_of(answer: dict[str, Any], offset: int) -> int:
    return offset + int(answer["ContentLength"])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _md5(content: bytes) -> bytes:
    """What S3 compares a body with; nothing rests on it but that it finds accidents."""
    return hashlib.md5(content, usedforsecurity=False).digest()


def _md5_of_piece(path: Path, start: int, size_bytes: int) -> bytes:
    seen = hashlib.md5(usedforsecurity=False)
    with blobs.storage_words(), open(path, "rb") as file:
        file.seek(start)
        for place in range(start, start + size_bytes, CHUNK_BYTES):
            seen.update(file.read(min(CHUNK_BYTES, start + size_bytes - place)))
    return seen.digest()


def _write(descriptor: int, piece: bytes, seen: Any) -> None:
    seen.update(piece)
    rest = memoryview(piece)
    with blobs.storage_words():
        while rest:
            rest = rest[os.write(descriptor, rest) :]

"""Objects of a bucket that come in parts, each of them by itself; nobody sees one before it is completed."""

import asyncio
import base64
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from domain import blobs
from domain.bucket_client import BucketClient
from domain.bucket_words import FAILURES, code_of
from domain.places import Part
from domain.slices import Slice

PARTS_AT_ONCE = 2
COPIED_PART_BYTES = 1 << 30

DIGEST = "sha256"
"""The metadata that every object of ours carries: its SHA-256 in hex."""


class BucketParts(BucketClient):
    async def begin(self, key: str) -> str:
        with self.words():
            begun = await self.ask("create_multipart_upload", **self.named(key))
        return str(begun["UploadId"])

    async def part_url(self, key: str, upload_id: str, number: int, size_bytes: int, seconds: int) -> str:
        """The size is signed as well: a PUT of any other is refused by the server."""
        signer = await self.signer()
        part = {**self.named(key), "UploadId": upload_id, "PartNumber": number, "ContentLength": size_bytes}
        with self.words():
            url = await signer.generate_presigned_url("upload_part", Params=part, ExpiresIn=seconds)
        return str(url)

    async def parts(self, key: str, upload_id: str) -> list[Part] | None:
        found: list[Part] = []
        following: dict[str, int] = {}
        while True:
            with self.words():
                try:
                    page = await self.ask("list_parts", **self.named(key), UploadId=upload_id, **following)
                except ClientError as error:
                    if code_of(error) in ("NoSuchUpload", "404"):
                        return None
                    raise
            found += [Part(each["PartNumber"], each["Size"], each["ETag"]) for each in page.get("Parts", ())]
            if not page.get("IsTruncated"):
                return found
            following = {"PartNumberMarker": page["NextPartNumberMarker"]}

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        with self.words():
            try:
                await self._complete(
                    key, upload_id, [{"PartNumber": each.number, "ETag": each.etag} for each in parts]
                )
            except FAILURES:
                if await self.head(key) is None:  # else it was done and the answer was lost
                    raise

    async def put_in_parts(
        self, key: str, draft: Path, *, part_bytes: int, md5s: Sequence[bytes], digest: str
    ) -> None:
        """Few of the parts are in memory at once. Raises ClientError; then nothing of it is left.

        md5s: of each part.
        """
        begun = await self.ask("create_multipart_upload", **self.named(key), Metadata={DIGEST: digest})
        upload = {**self.named(key), "UploadId": begun["UploadId"]}
        places = asyncio.Semaphore(PARTS_AT_ONCE)

        async def part(number: int, md5: bytes) -> dict[str, Any]:
            async with places:
                said = base64.b64encode(md5).decode()
                start = (number - 1) * part_bytes
                with blobs.storage_words(), Slice(draft, start, part_bytes) as content:
                    sent = await self.ask(
                        "upload_part", **upload, PartNumber=number, Body=content, ContentMD5=said
                    )
                return {"PartNumber": number, "ETag": sent["ETag"]}

        try:
            parts = await _all_or_none([part(number, md5) for number, md5 in enumerate(md5s, 1)])
            await self._complete(key, begun["UploadId"], parts)
        except BaseException:
            await asyncio.shield(self.abort(key, begun["UploadId"]))
            raise

    async def copy_in_parts(self, key: str, to: str, *, digest: str, size_bytes: int) -> None:
        """Raises ClientError; then nothing of it is left."""
        begun = await self.ask("create_multipart_upload", **self.named(to), Metadata={DIGEST: digest})
        upload, parts = {**self.named(to), "UploadId": begun["UploadId"]}, []
        try:
            for number, start in enumerate(range(0, size_bytes, COPIED_PART_BYTES), 1):
                last = min(start + COPIED_PART_BYTES, size_bytes) - 1
                copied = await self.ask(
                    "upload_part_copy",
                    **upload,
                    PartNumber=number,
                    CopySource=self.named(key),
                    CopySourceRange=f"bytes={start}-{last}",
                )
                parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
            await self._complete(to, begun["UploadId"], parts)
        except BaseException:
            await asyncio.shield(self.abort(to, begun["UploadId"]))
            raise

    async def _complete(self, key: str, upload_id: str, parts: Sequence[dict[str, Any]]) -> None:
        """Raises ClientError; a repeat of one whose answer was lost says NoSuchUpload."""
        await self.ask(
            "complete_multipart_upload",
            **self.named(key),
            UploadId=upload_id,
            MultipartUpload={"Parts": list(parts)},
        )

    async def abort(self, key: str, upload_id: str) -> None:
        """What cannot be aborted now, `abort_old` aborts later."""
        with contextlib.suppress(*FAILURES):
            await self.ask("abort_multipart_upload", **self.named(key), UploadId=upload_id)

    async def abort_old(self, older_than_seconds: float) -> int:
        """Objects in parts that nobody completed; how many went."""
        aborted, before = 0, time.time() - older_than_seconds
        following: dict[str, str] = {}
        while True:
            with self.words():
                page = await self.ask(
                    "list_multipart_uploads", Bucket=self.bucket, Prefix=self.prefix, **following
                )
            for found in page.get("Uploads", ()):
                if found["Initiated"].timestamp() < before:
                    await self.abort(found["Key"].removeprefix(self.prefix), found["UploadId"])
                    aborted += 1
            if not page.get("IsTruncated"):
                return aborted
            following = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}


async def _all_or_none(work: Sequence[Any]) -> list[Any]:
    """In their order; the first that fails ends the others before it is raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise

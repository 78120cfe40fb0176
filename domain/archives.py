"""ZIP archives: unpacked entry by entry into pictures, within bounds, by Python's own reader.

Nothing is written under a name that an archive gives: an entry is a stream of bytes like any other upload.
"""

import asyncio
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import UUID

from domain import images, originals
from domain.access import Viewer, require_scope
from domain.errors import ArchiveRefused, DomainError
from domain.images import AddedImage
from domain.settings import Settings

SUFFIX = ".zip"
MOST_ENTRIES = 5_000
MOST_PICTURES = 1_000
MOST_DIRECTORY_BYTES = 8_000_000
READ_BYTES = 1 << 20
# Compressed to less than this part of itself, a picture is no picture but a bomb; small ones may be.
MOST_RATIO = 200
RATIO_FROM_BYTES = 10_000_000
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
NESTED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
# Left by those who pack; nobody means to bring them.
CLUTTER = ("thumbs.db", "desktop.ini")

_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"


@dataclass(frozen=True)
class Entry:
    """What became of one entry: a picture, or why not. name: without its folders."""

    name: str
    added: AddedImage | None
    error: DomainError | None = None


def is_archive_name(name: str) -> bool:
    return name.lower().endswith(SUFFIX)


def room_for(settings: Settings) -> Settings:
    """Settings by which an archive is received: it may be as large as a batch."""
    return replace(settings, max_file_bytes=settings.max_batch_bytes)


class Archive:
    """An open one. names: of its entries that could be pictures, in its order, without their folders."""

    def __init__(
        self, settings: Settings, archive: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo]
    ) -> None:
        self.names = [PurePosixPath(info.filename.replace("\\", "/")).name for info in infos]
        self._settings = settings
        self._archive = archive
        self._infos = infos

    async def take(self, viewer: Viewer, number: int, *, batch: UUID, image_id: UUID | None = None) -> Entry:
        """Makes a picture of one entry, or says why it is none.

        The same image_id again gives the same answer. Raises Forbidden, and what passes: StorageUnavailable,
        DatabaseUnavailable, TooBusy.
        """
        require_scope(viewer)
        name = self.names[number]
        try:
            _require_fair(self._infos[number])
            return Entry(name, await self._add(viewer, number, batch, image_id))
        except DomainError as error:
            if error.http_status >= 500 or error.http_status == 429:
                raise
            return Entry(name, None, error)

    async def _add(self, viewer: Viewer, number: int, batch: UUID, image_id: UUID | None) -> AddedImage:
        async with originals.receive(self._settings) as intake:
            try:
                stream = await asyncio.to_thread(self._archive.open, self._infos[number])
                with stream:
                    while piece := await asyncio.to_thread(stream.read, READ_BYTES):
                        await intake.write(piece)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
                raise ArchiveRefused("This entry of the archive is broken.") from None
            name = self.names[number]
            return await images.add_image(viewer, intake, name=name, image_id=image_id, batch=batch)


@asynccontextmanager
async def opened(path: Path, settings: Settings) -> AsyncIterator[Archive]:
    """Raises ArchiveRefused: it is none, or larger than one may be."""
    archive, infos = await asyncio.to_thread(_opened, path, settings)
    with archive:
        yield Archive(settings, archive, infos)


def _opened(path: Path, settings: Settings) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """Blocks. What its directory says is bounded before Python reads it whole."""
    with path.open("rb") as file:
        entries, directory_bytes = _directory(file, path.stat().st_size)
    if entries > MOST_ENTRIES or directory_bytes > MOST_DIRECTORY_BYTES:
        raise ArchiveRefused(f"An archive may have {MOST_ENTRIES:,} entries: bring it in parts.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeError):
        raise ArchiveRefused("This is no ZIP archive, or its directory is broken: pack it again.") from None
    infos = [info for info in archive.infolist() if _may_be_meant(info)]
    problem = None
    if len(archive.infolist()) > MOST_ENTRIES or len(infos) > MOST_PICTURES:
        problem = f"An archive may have {MOST_PICTURES:,} pictures: bring it in parts."
    elif sum(info.file_size for info in infos) > settings.max_batch_bytes:
        most = settings.max_batch_bytes // 1_000_000
        problem = f"Unpacked, an archive may have {most} MB: bring it in parts."
    elif not infos:
        problem = "There is no picture in this archive."
    if problem:
        archive.close()
        raise ArchiveRefused(problem)
    return archive, infos


def _directory(file: BinaryIO, size: int) -> tuple[int, int]:
    """How many entries there are and how large their directory is, by the records at the end."""
    file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise ArchiveRefused("This is no ZIP archive, or its end is missing: send it again.")
    entries, directory_bytes = struct.unpack_from("<HL", tail, at + 10)
    if tail[at - 20 : at - 16] == _LOCATOR_64 and at >= 76 and tail[at - 76 : at - 72] == _END_64:
        entries, directory_bytes = struct.unpack_from("<QQ", tail, at - 76 + 32)
    elif entries == 0xFFFF or directory_bytes == 0xFFFFFFFF:
        entries = MOST_ENTRIES + 1
    return entries, directory_bytes


def _may_be_meant(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.replace("\\", "/").split("/")
    name = parts[-1].lower()
    return not (info.is_dir() or "__MACOSX" in parts or name.startswith(".") or name in CLUTTER or not name)


def _require_fair(info: zipfile.ZipInfo) -> None:
    """Raises ArchiveRefused."""
    if info.flag_bits & 0x1:
        raise ArchiveRefused("This entry is locked by a password: pack it without one.")
    if info.filename.lower().endswith(NESTED):
        raise ArchiveRefused("Archives within archives are not unpacked: bring it by itself.")
    if info.compress_type not in METHODS:
        raise ArchiveRefused("This entry is packed in a way that is not read: pack it as plain ZIP.")
    if info.file_size > RATIO_FROM_BYTES and info.file_size > MOST_RATIO * max(1, info.compress_size):
        raise ArchiveRefused("This entry unpacks to so much that it is no picture.")

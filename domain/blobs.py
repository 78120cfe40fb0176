"""Blobs: files on a disk that are whole and durable before anything speaks of them. All of it blocks."""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from domain.errors import StorageUnavailable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ATTEMPTS = 5


def gone() -> StorageUnavailable:
    return StorageUnavailable(
        "The folder for pictures is gone. Check that its disk is there; then try again."
    )


@contextlib.contextmanager
def storage_words() -> Iterator[None]:
    """Puts what a full, read-only, missing or broken disk raises into words."""
    try:
        yield
    except FileNotFoundError as error:
        raise gone() from error
    except OSError as error:
        if error.errno in FULL:
            words = "The disk for pictures is full; nothing was stored. Make room and try again."
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            words = "The folder for pictures cannot be written; nothing was stored. Check who owns it."
        else:
            words = f"The store for pictures failed ({os.strerror(error.errno or errno.EIO)}). Try again."
        raise StorageUnavailable(words) from error


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """mkdir -p whose every new entry survives a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    sync_folder(folder.parent)


def publish(draft: Path, place: Path) -> None:
    """Moves a file that was fsynced to its name, durably."""
    for attempt in range(ATTEMPTS):
        try:
            make_folder(place.parent)
            draft.rename(place)
            sync_folder(place.parent)
            return
        except FileNotFoundError:
            # The folder was empty and went, with what was in it before (`remove_file`), or the disk did.
            if attempt == ATTEMPTS - 1 or not draft.exists():
                raise


def write_draft(draft: Path, content: bytes) -> None:
    """Synced, under a name that nobody looks for."""
    with open(draft, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def discard(draft: Path) -> None:
    """What the disk does not let go of now, `remove_old` removes later."""
    with contextlib.suppress(OSError):
        draft.unlink()


def remove_file(place: Path, root: Path) -> None:
    """Takes away the file and the folders below `root` that are empty without it."""
    with contextlib.suppress(FileNotFoundError):
        place.unlink()
    for folder in place.parents:
        if folder == root:
            return
        try:
            folder.rmdir()
        except OSError:
            return


def remove_old(folder: Path, older_than_seconds: float) -> int:
    """What uploads left behind when their server died."""
    removed, before = 0, time.time() - older_than_seconds
    for draft in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if draft.is_file() and draft.stat().st_mtime < before:
                draft.unlink()
                removed += 1
    return removed


def files_under(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every file at any depth; what goes meanwhile is passed over."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from files_under(Path(entry.path))
        else:
            yield entry


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 in hex, and how many bytes it is of."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, file.tell()

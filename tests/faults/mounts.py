"""Disks for one fault: small, or in a file and without power. They need root, and go with the process."""

import asyncio
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.listed import CannotRun

if TYPE_CHECKING:
    from tests.faults.stage import Stage

CLONE_NEWNS, CLONE_NEWNET = 0x0002_0000, 0x4000_0000
EXT4_IOC_SHUTDOWN, NOLOGFLUSH = 0x8004_587D, 2
DISK_MB = 3_000
SMALL_MB = 400
SMALL_INODES = 6_000
WAL_MB = 768
"""More than PostgreSQL keeps of its log unasked (512 MB): the ballast fills the disk, and goes again."""
PATIENCE_SECONDS = 20.0


def leave_the_others(*, network: bool) -> None:
    """From here on this process mounts, and speaks on loopback, for itself. Raises CannotRun."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | (CLONE_NEWNET if network else 0)) != 0:
        raise CannotRun(f"namespaces are refused: {os.strerror(ctypes.get_errno())}")
    system("mount", "--make-rprivate", "/")
    if network:
        system("ip", "link", "set", "lo", "up")


def system(program: str, *arguments: str) -> None:
    """Raises CannotRun where it does not do it."""
    path = shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if path is None:
        raise CannotRun(f"{program} is not installed")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(f"{program} is refused: {done.stderr.strip()}")


@contextmanager
def disk_of(folder: Path) -> Iterator[Path]:
    """An ext4 of its own, in a file."""
    image, place = folder / "disk", folder / "mounted"
    with image.open("xb") as file:
        file.truncate(DISK_MB << 20)
    system("mkfs.ext4", "-q", "-F", str(image))
    place.mkdir()
    system("mount", "-o", "loop", str(image), str(place))
    try:
        yield place
    finally:
        unmount(place)
        image.unlink()


def unmount(place: Path) -> None:
    """What still has files open there is waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            system("umount", str(place))
            return
        except CannotRun:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def mount_again(place: Path) -> None:
    system("mount", "-o", "loop", str(place.parent / "disk"), str(place))


def cut_power(place: Path) -> None:
    """From here on nothing reaches that disk: what was not synced is lost when it is mounted again."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
    except OSError as error:
        raise CannotRun(f"this kernel does not cut the power of a disk: {error.strerror}") from error
    finally:
        os.close(descriptor)


async def small_disk(stage: "Stage", opened: AsyncExitStack) -> None:
    """Under the pictures, or under PostgreSQL's log, which must be there first."""
    if stage.shape.disk == "tmpfs":
        place = stage.data / "blobs"
        place.mkdir(parents=True)
        system(
            "mount", "-t", "tmpfs", "-o", f"size={SMALL_MB}m,nr_inodes={SMALL_INODES}", "small", str(place)
        )
        opened.callback(system, "umount", "--lazy", str(place))
        return
    await stage.start("api")
    await asyncio.to_thread(stage.services["api"].stop)
    place = stage.cluster.cluster / "pg_wal"
    aside = stage.folder / "wal"
    shutil.copytree(place, aside)
    owner = place.stat()
    system("mount", "-t", "tmpfs", "-o", f"size={WAL_MB}m,mode=0700", "small", str(place))
    opened.callback(system, "umount", "--lazy", str(place))
    os.chown(place, owner.st_uid, owner.st_gid)
    shutil.copytree(aside, place, dirs_exist_ok=True)
    for path in place.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid)

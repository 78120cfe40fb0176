"""Disks that lose power, are full, read-only or broken (F10, F14 to F18), and rot (F28)."""

import asyncio
import errno
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from random import Random

import asyncpg

from tests.faults.listed import MANY, CannotRun, fault
from tests.faults.load import Load
from tests.faults.mounts import cut_power, mount_again, system, unmount
from tests.faults.stage import Stage


@fault("F10", "power cut: the disk loses what was not synced, and is mounted again", seeds=MANY, disk="image")
async def power_cut(stage: Stage, load: Load, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.6))
    unsynced = stage.base / "unsynced"
    unsynced.write_bytes(b"these bytes are not synced")
    processes = stage.postgres()
    cut_power(stage.base)
    stage.kill("api")
    for process in processes:
        with suppress(Exception):
            process.kill()
            process.wait(10)
    await asyncio.to_thread(unmount, stage.base)
    mount_again(stage.base)
    kept = unsynced.exists() and unsynced.stat().st_size > 0
    if kept and not stage.rounds:  # later the kernel may have been quicker
        raise CannotRun("this disk keeps what was not synced")
    await stage.start("api")


@fault("F14", "the disk of the pictures is full", disk="tmpfs")
async def full(stage: Stage, load: Load, chance: Random) -> None:
    ballast = stage.data / "blobs" / "ballast"
    await asyncio.to_thread(_fill, ballast)
    try:
        await load.goes_on(count=5, pictures=False)
        await asyncio.sleep(chance.uniform(0.5, 3))
    finally:
        ballast.unlink()


def _fill(ballast: Path) -> None:
    """To the last byte."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


@fault("F15", "the disk of PostgreSQL's log is full", disk="wal")
async def log_full(stage: Stage, load: Load, chance: Random) -> None:
    connection = await asyncpg.connect(stage.url)
    await connection.execute("CHECKPOINT")
    ballast = stage.cluster.cluster / "pg_wal" / "ballast"
    try:
        await asyncio.to_thread(_fill, ballast)
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with asyncio.timeout(10):
                while True:
                    await connection.execute("SELECT pg_switch_wal()")
                    await asyncio.sleep(0.05)
        await asyncio.sleep(chance.uniform(0.5, 3))
    finally:
        ballast.unlink()
        connection.terminate()


@fault("F16", "no inodes are left on the disk of the pictures", disk="tmpfs")
async def no_inodes(stage: Stage, load: Load, chance: Random) -> None:
    crowd = stage.data / "blobs" / "crowd"
    await asyncio.to_thread(_crowd, crowd)
    try:
        await load.goes_on(count=5, pictures=False)
        await asyncio.sleep(chance.uniform(0.5, 3))
    finally:
        await asyncio.to_thread(shutil.rmtree, crowd)


def _crowd(folder: Path) -> None:
    folder.mkdir()
    number = 0
    try:
        while True:
            (folder / str(number)).touch()
            number += 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@fault("F17", "the disk of the pictures is mounted read-only", disk="tmpfs")
async def read_only(stage: Stage, load: Load, chance: Random) -> None:
    place = str(stage.data / "blobs")
    while True:
        try:
            system("mount", "-o", "remount,ro", place)
            break
        except CannotRun as error:
            if "busy" not in str(error):
                raise
            await asyncio.sleep(0.01)
    try:
        await load.goes_on(count=5, pictures=False)
        await asyncio.sleep(chance.uniform(0.5, 3))
    finally:
        system("mount", "-o", "remount,rw", place)


BROKEN = (
    "enable_random name=posix/io/rw/write,probability=0.03,failinfo=5",
    "enable_random name=posix/io/rw/write/reduce,probability=0.2",
    "enable_random name=posix/io/rw/pread,probability=0.02,failinfo=5",
    "enable_random name=posix/io/sync/fsync,probability=0.05,failinfo=5",
    "enable_random name=posix/io/dir/rename,probability=0.05,failinfo=5",
    "enable_random name=posix/io/oc/open,probability=0.01,failinfo=28",
)
FIU = (
    ("LD_PRELOAD", "/usr/lib/fiu/fiu_run_preload.so /usr/lib/fiu/fiu_posix_preload.so"),
    ("PLAIN_LOOP", "1"),
)


@fault("F18", "I/O errors and short writes (libfiu)", workers=1, threads=0, extra=FIU)
async def broken(stage: Stage, load: Load, chance: Random) -> None:
    if shutil.which("fiu-ctrl") is None:
        raise CannotRun("fiu-ctrl is not installed (Debian: fiu-utils)")
    for name in ("api", "worker1"):
        _control(stage, name, list(BROKEN))
    await asyncio.sleep(chance.uniform(2, 5))
    for name in ("api", "worker1"):
        if not await stage.died(name, 0):
            try:
                _control(stage, name, [f"disable name={_name_of(line)}" for line in BROKEN])
                continue
            except subprocess.TimeoutExpired:  # what takes the orders was hit by what it had injected
                stage.kill(name)
        await stage.start(name)


def _name_of(command: str) -> str:
    return command.split("name=")[1].split(",")[0]


def _control(stage: Stage, name: str, commands: list[str]) -> None:
    process = stage.services[name].process
    assert process is not None
    prefix = stage.services[name].environment["FIU_CTRL_FIFO"]
    for command in commands:
        done = subprocess.run(
            ["fiu-ctrl", "-f", prefix, "-c", command, str(process.pid)],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if done.returncode != 0:
            raise CannotRun(f"fiu-ctrl is refused: {done.stderr.strip()}")


@fault("F28", "one bit of each of some files flips")
async def rot(stage: Stage, load: Load, chance: Random) -> None:
    """Renditions are made again; an original is said to be damaged, and right again when its bytes come."""
    blobs = stage.data / "blobs"
    renditions = [path for path in (blobs / "renditions").rglob("*") if path.is_file()]
    for path in chance.sample(renditions, max(1, len(renditions) // 100)):
        _flip(path, chance)
    originals = [path for path in (blobs / "originals").rglob("*") if path.is_file()]
    path = chance.choice(originals)
    right = path.read_bytes()
    _flip(path, chance)
    found = await asyncio.to_thread(stage.run, "doctor", "--deep")
    if "1 of " not in found.stdout or found.returncode != 1:
        load.faults.append(f"the doctor does not find one damaged original: {found.stdout}")
    checked = await asyncio.to_thread(stage.run, "storage", "check", "--repair")
    if path.name not in checked.stdout:
        load.faults.append(f"`storage check` does not name {path.name}: {checked.stdout} {checked.stderr}")
    await load.upload(right, "again.jpg", again=True)


def _flip(path: Path, chance: Random) -> None:
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    content[place] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    os.sync()

"""Peers from npm, in build/peers: exact versions, never part of `make setup`."""

import shutil
import subprocess
from pathlib import Path

from tests.running import REPOSITORY

PEERS = Path(__file__).parent / "peers"


def built(row: str, name: str) -> Path | None:
    """The folder of the site that these peers are built into; None, and said why, where they cannot be."""
    folder = installed(row, name)
    if folder is None:
        return None
    try:
        vite = ["node", "node_modules/vite/bin/vite.js", "build"]
        subprocess.run(vite, cwd=folder, check=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{row} is left out: its peers ({name}) could not be built: {error}")
        return None
    return folder / "dist"


def installed(row: str, name: str) -> Path | None:
    """The folder of the peers of this name; None, and said why, without Node.js or without a network."""
    folder = REPOSITORY / "build" / "peers" / name
    lock = (PEERS / name / "package-lock.json").read_bytes()
    mark = folder / "node_modules" / ".package-lock.ours"
    is_new = not mark.exists() or mark.read_bytes() != lock
    shutil.copytree(PEERS / name, folder, dirs_exist_ok=True)
    try:
        if is_new:
            npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(npm, cwd=folder, check=True, timeout=300)
            mark.write_bytes(lock)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{row} is left out: its peers ({name}) could not be installed: {error}")
        return None
    return folder

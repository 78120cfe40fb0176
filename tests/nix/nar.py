"""The hash that Nix gives a folder: of names, contents, links and what may be executed, in order."""

import base64
import hashlib
import os
import stat
from pathlib import Path
from typing import Protocol


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...


def nar_hash(path: Path) -> str:
    digest = hashlib.sha256()
    _say(digest, b"nix-archive-1")
    _node(digest, path)
    return "sha256-" + base64.b64encode(digest.digest()).decode()


def _say(digest: _Hash, *words: bytes) -> None:
    """Each with its length before it, filled up to eight bytes."""
    for word in words:
        digest.update(len(word).to_bytes(8, "little"))
        digest.update(word)
        digest.update(b"\0" * (-len(word) % 8))


def _node(digest: _Hash, path: Path) -> None:
    mode = path.lstat().st_mode
    _say(digest, b"(", b"type")
    if stat.S_ISLNK(mode):
        _say(digest, b"symlink", b"target", os.fsencode(os.readlink(path)))
    elif stat.S_ISDIR(mode):
        _say(digest, b"directory")
        for name in sorted(map(os.fsencode, os.listdir(path))):
            _say(digest, b"entry", b"(", b"name", name, b"node")
            _node(digest, path / os.fsdecode(name))
            _say(digest, b")")
    else:
        _say(digest, b"regular")
        if mode & stat.S_IXUSR:
            _say(digest, b"executable", b"")
        _say(digest, b"contents", path.read_bytes())
    _say(digest, b")")

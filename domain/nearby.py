"""What is nearby: copies on this machine of files that lie in a bucket, so that jobs fetch a picture once.

A copy is known by the SHA-256 that its bytes were compared with when they came; nobody writes to it again.
The last used stay. They lie among the drafts, so what a process leaves behind goes with those.
"""

import contextlib
import os
import threading
from collections import OrderedDict
from pathlib import Path
from uuid import uuid4

from domain import blobs

MOST_BYTES = 256 << 20
LARGEST_BYTES = 128 << 20


class Nearby:
    """All of it blocks, but asking whether something is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Path, int]] = OrderedDict()
        self._bytes = 0

    def __contains__(self, digest: str) -> bool:
        return digest in self._kept

    def take(self, digest: str, file: Path, size_bytes: int) -> None:
        """Gives the file a second name here; without that it is fetched again, which is no harm."""
        if size_bytes > LARGEST_BYTES or digest in self._kept:
            return
        place = self.folder / uuid4().hex
        try:
            os.link(file, place)
        except OSError:
            return
        with self._lock:
            former = self._kept.pop(digest, None)
            self._kept[digest] = place, size_bytes
            self._bytes += size_bytes - (former[1] if former else 0)
            gone = [former[0]] if former else []
            while self._bytes > MOST_BYTES:
                _, (oldest, oldest_bytes) = self._kept.popitem(last=False)
                self._bytes -= oldest_bytes
                gone.append(oldest)
        for each in gone:
            blobs.discard(each)

    def lend(self, digest: str, size_bytes: int, name: Path) -> bool:
        """Gives it another name, for whoever asks to keep or remove. False: it is not here."""
        with self._lock:
            place, known_bytes = self._kept.get(digest, (None, 0))
            if place is None or known_bytes != size_bytes:
                return False
            self._kept.move_to_end(digest)
            with contextlib.suppress(OSError):
                os.link(place, name)
                os.utime(name)  # what is used is not swept with old drafts
                return True
            del self._kept[digest]  # swept, or taken away by hand
            self._bytes -= known_bytes
        blobs.discard(place)
        return False

    def clear(self) -> None:
        with self._lock:
            places = [place for place, _ in self._kept.values()]
            self._kept.clear()
            self._bytes = 0
        for place in places:
            blobs.discard(place)

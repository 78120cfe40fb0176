"""One file of PostgreSQL's log, copied into an archive or out of it; PostgreSQL runs this itself.

`python wal_segment.py keep FILE PLACE` returns when PLACE.gz is durable, whole, and of these bytes;
`fetch PLACE FILE` brings it back. It knows nothing of the rest of webref, to be quick.
"""

import gzip
import os
import shutil
import sys
from pathlib import Path

CHUNK_BYTES = 1 << 20
PACKING = 4
"""Of gzip: the quickest that makes little of the zeros that fill the log of a quiet minute."""


def keep(source: Path, place: Path) -> None:
    """Given twice it is kept once. Raises FileExistsError where other bytes lie there: never written over."""
    packed = place.with_name(place.name + ".gz")
    if packed.exists():
        if _content(packed) != source.read_bytes():
            raise FileExistsError(f"{packed} holds something else: is this the archive of another webref?")
    else:
        draft = place.with_name(f"{place.name}.{os.getpid()}.part")
        with source.open("rb") as reading, draft.open("wb") as writing:
            with gzip.GzipFile("", "wb", PACKING, writing, mtime=0) as packing:
                shutil.copyfileobj(reading, packing, CHUNK_BYTES)
            writing.flush()
            os.fsync(writing.fileno())
        draft.rename(packed)
    _sync(packed.parent)


def fetch(place: Path, target: Path) -> None:
    """Raises FileNotFoundError where there is none, which is how PostgreSQL finds the end."""
    content = _content(place.with_name(place.name + ".gz"))
    with target.open("wb") as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())


def _content(packed: Path) -> bytes:
    with gzip.open(packed) as reading:
        return reading.read()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    order, first, second = sys.argv[1:]
    try:
        {"keep": keep, "fetch": fetch}[order](Path(first), Path(second))
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} is not there")
    except (OSError, EOFError) as error:
        sys.exit(f"{order} {first}: {error}")

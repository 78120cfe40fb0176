"""A slice of a file that reads like a file of its own: what is sent in parts is never all in memory."""

import io
import os
from pathlib import Path
from typing import BinaryIO


class Slice(io.RawIOBase):
    """The bytes from start on, `size_bytes` of them at most. Reading blocks, a little at a time."""

    def __init__(self, path: Path, start: int, size_bytes: int) -> None:
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115 (closed with this)
        self._start = start
        self._size = max(0, min(size_bytes, os.fstat(self._file.fileno()).st_size - start))
        self._at = 0

    def __len__(self) -> int:
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        most = max(0, min(len(buffer), self._size - self._at))
        piece = os.pread(self._file.fileno(), most, self._start + self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

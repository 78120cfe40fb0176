"""Slices: the bytes between, read like a file."""

import os
from pathlib import Path

import pytest

from domain.slices import Slice

WHOLE = bytes(range(200))


@pytest.mark.parametrize(("start", "size"), [(0, 200), (10, 50), (190, 50), (200, 5), (300, 5), (0, 0)])
def test_a_slice_reads_like_a_file_of_those_bytes(start: int, size: int, tmp_path: Path) -> None:
    path = tmp_path / "whole"
    path.write_bytes(WHOLE)
    wanted = WHOLE[start : start + size]
    with Slice(path, start, size) as part:
        assert (part.seek(0, os.SEEK_END), part.tell(), part.seek(0)) == (len(wanted), len(wanted), 0)
        assert part.read() == wanted
        assert part.read(5) == b""
        assert part.seek(2) == 2
        assert part.read(3) == wanted[2:5]
        assert part.seek(-1, os.SEEK_CUR) == max(0, min(5, len(wanted)) - 1 if len(wanted) > 2 else 1)
    with pytest.raises(ValueError, match="closed"):
        part.read(1)

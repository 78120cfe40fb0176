"""What is nearby: right bytes or none, and never more than fit."""

import hashlib
from pathlib import Path

import pytest

from domain import nearby
from domain.nearby import Nearby


def a_file(folder: Path, content: bytes) -> tuple[str, Path]:
    path = folder / f"draft-{len(list(folder.iterdir()))}"
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest(), path


def test_the_last_used_stay_and_the_others_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "MOST_BYTES", 25)
    kept, digests = Nearby(tmp_path), []
    for letter in (b"a", b"b", b"c"):
        digest, draft = a_file(tmp_path, letter * 10)
        kept.take(digest, draft, 10)
        draft.unlink()
        digests.append(digest)
        if letter == b"b":
            assert kept.lend(digests[0], 10, tmp_path / "used")
    assert [digest in kept for digest in digests] == [True, False, True]
    assert (tmp_path / "used").read_bytes() == b"a" * 10
    assert len(list(tmp_path.iterdir())) == 3
    kept.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["used"], "what is lent stays with who asked"


def test_what_was_swept_or_has_another_size_is_fetched_again(tmp_path: Path) -> None:
    kept = Nearby(tmp_path)
    digest, draft = a_file(tmp_path, b"abc")
    kept.take(digest, draft, 3)
    assert not kept.lend(digest, 4, tmp_path / "one")
    for path in tmp_path.iterdir():
        path.unlink()
    assert not kept.lend(digest, 3, tmp_path / "one")
    assert digest not in kept
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_kept_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Nearby(tmp_path)
    kept.take("0" * 64, tmp_path / "is not there", 3)
    monkeypatch.setattr(nearby, "LARGEST_BYTES", 2)
    digest, draft = a_file(tmp_path, b"abc")
    kept.take(digest, draft, 3)
    assert digest not in kept
    assert [path.name for path in tmp_path.iterdir()] == [draft.name]

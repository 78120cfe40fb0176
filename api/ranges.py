"""Conditional and partial requests (RFC 9110, sections 13 and 14): which bytes of a file to send, if any."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII)


@dataclass(frozen=True)
class Slice:
    """status: 200, 206, 304, 412 or 416; bytes start to stop (exclusive) are the body."""

    status: int
    start: int = 0
    stop: int = 0


def wanted(
    size_bytes: int,
    etag: str,
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    byte_range: str | None = None,
    if_range: str | None = None,
) -> Slice:
    """One range is honoured; several, or one that cannot be read, give the whole, as the RFC allows."""
    if if_match is not None and not _matches(if_match, etag, strong=True):
        return Slice(412)
    if if_none_match is not None and _matches(if_none_match, etag, strong=False):
        return Slice(304)
    whole = Slice(200, 0, size_bytes)
    if byte_range is None or (if_range is not None and if_range.strip() != etag):
        return whole
    found = _RANGE.fullmatch(byte_range.strip())
    if found is None or found.groups() == ("", ""):
        return whole
    first, last = found.groups()
    if not first:
        suffix = min(int(last), size_bytes)
        return Slice(206, size_bytes - suffix, size_bytes) if suffix else Slice(416)
    if last and int(last) < int(first):
        return whole
    if int(first) >= size_bytes:
        return Slice(416)
    return Slice(206, int(first), min(int(last) + 1, size_bytes) if last else size_bytes)


def _matches(header: str, etag: str, *, strong: bool) -> bool:
    if header.strip() == "*":
        return True
    offered = [entry.strip() for entry in header.split(",")]
    return etag in (offered if strong else [entry.removeprefix("W/") for entry in offered])

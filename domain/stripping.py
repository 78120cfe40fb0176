"""Stripping: what a file says beside its pixels is left out, and the pixels stay as they are, bit by bit.

Of a JPEG, PNG or WebP stays what is needed to show it right: its colour profile and, of a JPEG, which way is
up. What follows the end of the picture, such as the second one in a phone's file, goes as well. Raises
ValueError where the file is not built as its format says.
"""

import re
import struct

SOI, EOI, SOS = b"\xff\xd8", 0xD9, 0xDA
ICC, JFIF, ADOBE = b"ICC_PROFILE\0", b"JFIF\0", b"Adobe"
APP0, APP1, APP2, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
"""In entropy-coded data FF stands before 00 or a restart marker; anything else ends it."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD pHYs acTL fcTL fdAT".split()
)
_WEBP_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_WEBP_METADATA_FLAGS = 0x08 | 0x04  # EXIF, XMP


def jpeg(content: bytes, orientation: int) -> bytes:
    """orientation: 1…8 as in EXIF, written anew where it is not 1."""
    if not content.startswith(SOI):
        raise ValueError("no JPEG")
    kept: list[bytes | memoryview] = [SOI]
    if orientation != 1:
        kept.append(_oriented(orientation))
    view, position = memoryview(content), 2
    while True:
        found = _MARKER.match(content, position)
        if found is None:
            raise ValueError("no marker where one must be")
        marker, start = found[1][0], found.end() - 2
        if marker == EOI:
            kept.append(b"\xff\xd9")
            return b"".join(kept)
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        stop = found.end() + length
        if length < 2 or stop > len(content):
            raise ValueError("a segment is longer than the file")
        if marker == SOS:
            following = _MARKER.search(content, stop)
            if following is None:
                raise ValueError("it has no end")
            stop = following.start()
        if _shows(marker, content[found.end() + 2 : found.end() + 14]):
            kept.append(view[start:stop])
        position = stop


def _shows(marker: int, beginning: bytes) -> bool:
    """Whether the pixels would look otherwise without this segment."""
    match marker:
        case 0xE0:
            return beginning.startswith(JFIF)
        case 0xE2:
            return beginning.startswith(ICC)
        case 0xEE:
            return beginning.startswith(ADOBE)
    return not (APP0 <= marker <= APP15 or marker == COM)


def _oriented(orientation: int) -> bytes:
    """EXIF that says this and nothing else: one directory of one entry."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    body = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def png(content: bytes) -> bytes:
    """Also an animated one."""
    if not content.startswith(PNG_SIGNATURE):
        raise ValueError("no PNG")
    kept: list[bytes | memoryview] = [PNG_SIGNATURE]
    view, position = memoryview(content), len(PNG_SIGNATURE)
    while True:
        length = int.from_bytes(content[position : position + 4], "big")
        kind = content[position + 4 : position + 8]
        stop = position + 12 + length
        if stop > len(content):
            raise ValueError("it has no end")
        if kind in _PNG_KEPT:
            kept.append(view[position:stop])
        if kind == b"IEND":
            return b"".join(kept)
        position = stop


def webp(content: bytes) -> bytes:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise ValueError("no WebP")
    end = min(len(content), int.from_bytes(content[4:8], "little") + 8)
    kept, view, position = list[bytes | memoryview](), memoryview(content), 12
    while position + 8 <= end:
        kind = content[position : position + 4]
        length = int.from_bytes(content[position + 4 : position + 8], "little")
        stop = position + 8 + length
        if stop > len(content):
            raise ValueError("it has no end")
        if kind == b"VP8X":
            flags = content[position + 8] & ~_WEBP_METADATA_FLAGS
            kept += [view[position : position + 8], bytes([flags]), view[position + 9 : stop]]
        elif kind in _WEBP_KEPT:
            kept.append(view[position:stop])
        if kind in _WEBP_KEPT and length % 2:
            kept.append(b"\0")
        position = stop + length % 2
    body = b"".join([b"WEBP", *kept])
    return b"RIFF" + struct.pack("<I", len(body)) + body

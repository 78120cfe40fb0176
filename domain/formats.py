"""Formats: every kind of file that can become a picture, what it is called, and what it needs to be here."""

import shutil
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """PICTURE: pixels as they are. The others are drawn or taken out of something: RAW its embedded preview,
    VECTOR drawn large, DOCUMENT a page at a time, VIDEO one still."""

    PICTURE = "PICTURE"
    RAW = "RAW"
    VECTOR = "VECTOR"
    DOCUMENT = "DOCUMENT"
    VIDEO = "VIDEO"


@dataclass(frozen=True)
class Format:
    """title: for people; extensions: those it goes by, lower-case with their dot, the usual one first."""

    title: str
    mime: str
    extensions: tuple[str, ...]
    kind: Kind = Kind.PICTURE


def _raw(maker: str, mime: str, *extensions: str) -> Format:
    return Format(f"{maker} raw", mime, extensions, Kind.RAW)


def _video(title: str, mime: str, *extensions: str) -> Format:
    return Format(title, mime, extensions, Kind.VIDEO)


FORMATS = {
    "JPEG": Format("JPEG", "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")),
    "PNG": Format("PNG", "image/png", (".png", ".apng")),
    "WEBP": Format("WebP", "image/webp", (".webp",)),
    "GIF": Format("GIF", "image/gif", (".gif",)),
    "TIFF": Format("TIFF", "image/tiff", (".tif", ".tiff")),
    "BMP": Format("BMP", "image/bmp", (".bmp", ".dib")),
    "AVIF": Format("AVIF", "image/avif", (".avif", ".avifs")),
    "HEIF": Format("HEIC", "image/heic", (".heic", ".heif", ".hif", ".heics", ".heifs")),
    "JXL": Format("JPEG XL", "image/jxl", (".jxl",)),
    "JPEG2000": Format("JPEG 2000", "image/jp2", (".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc")),
    "SVG": Format("SVG", "image/svg+xml", (".svg", ".svgz"), Kind.VECTOR),
    "PDF": Format("PDF", "application/pdf", (".pdf", ".ai"), Kind.DOCUMENT),
    "DNG": _raw("Adobe DNG", "image/x-adobe-dng", ".dng"),
    "CR2": _raw("Canon", "image/x-canon-cr2", ".cr2"),
    "CR3": _raw("Canon", "image/x-canon-cr3", ".cr3"),
    "NEF": _raw("Nikon", "image/x-nikon-nef", ".nef", ".nrw"),
    "ARW": _raw("Sony", "image/x-sony-arw", ".arw", ".sr2"),
    "RAF": _raw("Fujifilm", "image/x-fuji-raf", ".raf"),
    "ORF": _raw("Olympus", "image/x-olympus-orf", ".orf"),
    "RW2": _raw("Panasonic", "image/x-panasonic-rw2", ".rw2"),
    "PEF": _raw("Pentax", "image/x-pentax-pef", ".pef"),
    "SRW": _raw("Samsung", "image/x-samsung-srw", ".srw"),
    "MP4": _video("MP4", "video/mp4", ".mp4", ".m4v", ".3gp", ".3g2"),
    "MOV": _video("QuickTime", "video/quicktime", ".mov", ".qt"),
    "WEBM": _video("WebM", "video/webm", ".webm"),
    "MKV": _video("Matroska", "video/x-matroska", ".mkv"),
    "AVI": _video("AVI", "video/x-msvideo", ".avi"),
    "MPEG": _video("MPEG", "video/mpeg", ".mpg", ".mpeg"),
    "OGV": _video("Ogg video", "video/ogg", ".ogv"),
}
"""By the name that rows and the schema use; for plain pictures it is Pillow's."""

PILLOW = tuple(name for name, format_ in FORMATS.items() if format_.kind is Kind.PICTURE)
"""What Pillow may open (its JPEG includes the multi-picture files of phones)."""

VIDEO_NEEDS = "Videos need ffmpeg and ffprobe on the server: on Debian and Ubuntu, `apt install ffmpeg`."


def video_tools() -> tuple[str, str] | None:
    """Where ffmpeg and ffprobe are, if they are."""
    found = shutil.which("ffmpeg"), shutil.which("ffprobe")
    return (found[0], found[1]) if found[0] and found[1] else None


def missing(format_: Format) -> str | None:
    """What this server lacks to show such files, in words; None: nothing."""
    return VIDEO_NEEDS if format_.kind is Kind.VIDEO and video_tools() is None else None

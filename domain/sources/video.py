"""Video: one still, taken by ffmpeg where it is installed, as confined as everything else here.

ffmpeg gets the open file and a pipe. It may read its own libraries and nothing else, write nothing, reach
nobody, start nothing, and ends with the child that started it.
"""

import fcntl
import io
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import msgspec
from PIL import Image

from domain import confinement, pixels
from domain.decoding import MAX_SIDE_PX
from domain.formats import VIDEO_NEEDS, video_tools
from domain.sources.opened import Opened

MAGIC = (
    ("MOV", re.compile(rb".{4}ftypqt  |.{4}(moov|mdat|wide|free|skip|pnot)", re.DOTALL)),
    ("MP4", re.compile(rb".{4}ftyp", re.DOTALL)),
    ("WEBM", re.compile(rb"\x1a\x45\xdf\xa3.{0,64}webm", re.DOTALL)),
    ("MKV", re.compile(rb"\x1a\x45\xdf\xa3")),
    ("AVI", re.compile(rb"RIFF.{4}AVI ", re.DOTALL)),
    ("MPEG", re.compile(rb"\x00\x00\x01[\xba\xb3]")),
    ("OGV", re.compile(rb"OggS")),
)
DEMUXERS = {
    "MOV": "mov",
    "MP4": "mov",
    "WEBM": "matroska",
    "MKV": "matroska",
    "AVI": "avi",
    "MPEG": "mpeg",
    "OGV": "ogg",
}
INTO = 0.1
"""The still is taken from so far into the video: the beginning is often black…"""

LATEST_SECONDS = 5.0
"""…but not later than this. Of the frames there, ffmpeg chooses the most typical."""

LONGEST_SECONDS = 2_000_000.0
"""Three weeks; what says more says nothing."""

CHOSEN_FROM_PIXELS = 48_000_000
MOST_OUTPUT_BYTES = 4 * 120_000_000 + 1_000
LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/nix/store")
HIGH_RANGE = ("smpte2084", "arib-std-b67")
TONES = (
    "zscale=t=linear:npl=200,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,"
    "zscale=t=iec61966-2-1:m=bt709:r=pc,format=gbrp"
)


class Stream(msgspec.Struct):
    """As ffprobe prints it."""

    index: int = 0
    codec_type: str = ""
    width: int = 0
    height: int = 0
    pix_fmt: str = ""
    color_space: str = "unknown"
    color_transfer: str = "unknown"
    sample_aspect_ratio: str = "1:1"
    duration: str = ""
    disposition: dict[str, int] = {}
    tags: dict[str, str] = {}


class Container(msgspec.Struct):
    duration: str = ""
    tags: dict[str, str] = {}


class Probed(msgspec.Struct):
    streams: list[Stream] = []
    format: Container = msgspec.field(default_factory=Container)


@dataclass(frozen=True)
class Tool:
    """source: descriptor of the video; demuxer: the only one that is tried."""

    path: str
    source: int
    demuxer: str

    def run(self, *arguments: str, before: tuple[str, ...] = ()) -> bytes:
        """What it prints, also when it fails. Raises Refused where that is more than any picture has."""
        quiet = ("-v", "fatal", "-threads", "1", "-protocol_whitelist", "file,pipe,fd")
        given = (self.path, *quiet, *before, "-f", self.demuxer, "-i", "/dev/stdin", *arguments)
        out, into = os.pipe()
        pid = os.fork()
        if pid == 0:
            _become(given, self.source, into)
        os.close(into)
        pieces, size = [], 0
        with open(out, "rb", buffering=0) as pipe:
            while piece := pipe.read(1 << 20):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_OUTPUT_BYTES:
                    os.kill(pid, signal.SIGKILL)
                    break
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
            raise pixels.Refused("TOO_EXPENSIVE", "The video takes too long or too much to decode.")
        return b"".join(pieces)


def _become(given: tuple[str, ...], source: int, into: int) -> NoReturn:
    try:
        confinement.die_with_parent()
        # None of the three standard ones is open in a decoder's child: the numbers may be taken by these.
        nothing = os.open(os.devnull, os.O_WRONLY)
        for number, taken in enumerate(
            [fcntl.fcntl(each, fcntl.F_DUPFD, 3) for each in (source, into, nothing)]
        ):
            os.dup2(taken, number)
        os.closerange(3, 1024)
        confinement.confine([*LIBRARIES, 0, os.devnull], [given[0], *_loaders()])
        os.execve(given[0], given, {"PATH": "", "LC_ALL": "C", "HOME": "/nonexistent"})  # noqa: S606 (no shell is the point)
    finally:
        os._exit(127)


def _loaders() -> list[str]:
    """What starts a program that has shared libraries."""
    folders = (Path("/lib64"), Path("/lib"), Path("/usr/lib64"), Path("/usr/lib"))
    return [str(path) for folder in folders if folder.is_dir() for path in folder.glob("ld-*.so*")]


def format_of(head: bytes) -> str | None:
    return next((name for name, pattern in MAGIC if pattern.match(head)), None)


def opened(file: io.BufferedReader, format_: str, max_pixels: int) -> Opened:
    """Raises Refused."""
    tools = video_tools()
    if tools is None:
        raise pixels.Refused("UNSUPPORTED_FORMAT", VIDEO_NEEDS)
    ffmpeg, ffprobe = (Tool(path, file.fileno(), DEMUXERS[format_]) for path in tools)
    probed = _probed(ffprobe)
    stream = next((one for one in probed.streams if _moves(one)), None)
    if stream is None:
        raise pixels.Refused("CORRUPT", f"No video could be found in the {format_} file.")
    if stream.width * stream.height > max_pixels or max(stream.width, stream.height) > MAX_SIDE_PX:
        raise pixels.Refused("TOO_MANY_PIXELS", f"The video is too large: {stream.width} × {stream.height}.")
    seconds = _seconds(probed.format.duration) or _seconds(stream.duration)
    still = _still(ffmpeg, stream, seconds)
    return Opened(
        still,
        io.BytesIO(),
        format_,
        duration_ms=round(seconds * 1000) if seconds else None,
    )


def _probed(ffprobe: Tool) -> Probed:
    try:
        return msgspec.json.decode(ffprobe.run("-of", "json", "-show_streams", "-show_format"), type=Probed)
    except msgspec.DecodeError:
        raise pixels.Refused(
            "CORRUPT", "The video is damaged, or of a kind that ffmpeg does not know."
        ) from None


def _moves(stream: Stream) -> bool:
    """A cover picture is a stream, too."""
    return (
        stream.codec_type == "video"
        and stream.width > 0 < stream.height
        and not stream.disposition.get("attached_pic")
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if 0 < seconds < LONGEST_SECONDS else 0.0


def _still(ffmpeg: Tool, stream: Stream, seconds: float) -> Image.Image:
    """A typical frame from a little into it; where there is none, the first that can be had."""
    begin = min(seconds * INTO, LATEST_SECONDS)
    chosen_from = max(1, min(50, CHOSEN_FROM_PIXELS // (stream.width * stream.height)))
    colours = [
        _colours(stream),
        "format=rgba" if "a" in stream.pix_fmt.removeprefix("gray") else "format=rgb24",
    ]
    if stream.color_transfer in HIGH_RANGE:
        colours.insert(0, TONES)
    for start, frames, colour in (
        (begin, chosen_from, colours[0]),
        (0.0, 1, colours[-2]),
        (0.0, 1, "scale='max(1,trunc(iw*sar))':ih"),
    ):
        seek = ("-ss", f"{start:.3f}") if start else ()
        chain = (
            f"thumbnail={frames},{colour},setsar=1,{colours[-1]}"
            if frames > 1
            else f"{colour},setsar=1,{colours[-1]}"
        )
        printed = ffmpeg.run(
            *("-map", f"0:{stream.index}", "-frames:v", "1", "-vf", chain),
            *("-f", "image2pipe", "-c:v", "pam", "-"),
            before=("-nostdin", "-an", "-sn", "-dn", *seek),
        )
        picture = _pam(printed)
        if picture is not None:
            return picture
    raise pixels.Refused("CORRUPT", "No frame of the video could be decoded.")


def _colours(stream: Stream) -> str:
    """Square pixels; and what is high but says nothing of its colours has those of television (BT.709)."""
    matrix = ""
    if stream.color_space in ("unknown", "") and stream.height >= 720 and stream.pix_fmt.startswith("yuv"):
        matrix = ":in_color_matrix=bt709"
    return f"scale='max(1,trunc(iw*sar))':ih{matrix}"


def _pam(printed: bytes) -> Image.Image | None:
    """Netpbm's PAM, as ffmpeg writes it: named values, then the pixels."""
    head, found, body = printed.partition(b"ENDHDR\n")
    values = dict(line.split(None, 1) for line in head.splitlines() if b" " in line)
    try:
        width, height, depth = (int(values[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH"))
    except (KeyError, ValueError):
        return None
    if not found or depth not in (3, 4) or len(body) < width * height * depth:
        return None
    return Image.frombytes("RGB" if depth == 3 else "RGBA", (width, height), body[: width * height * depth])

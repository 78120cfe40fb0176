"""Opening: which kind of file it is, and who makes a picture of it. Runs in the decoder only."""

import io
import sys
import sysconfig

from domain import confinement, exif, pixels
from domain.sources import pdf, raw, svg, video
from domain.sources.opened import Opened

HEAD_BYTES = 2_048
STORE = "/nix/store"
"""Where Python comes from there, its libraries have folders of their own; everybody may read all of it."""
READABLE = (
    *(sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), *svg.FONT_FOLDERS),
    *((STORE,) if sys.base_prefix.startswith(f"{STORE}/") else ()),
)
"""What libraries load late, and fonts. No picture of anybody, no secret, no socket."""


def opened(file: io.BufferedReader, max_pixels: int, page: int = 0) -> Opened:
    """Confines this process for good before anything reads more than the first bytes.

    page: of a document, from 0. What a JPEG or another plain picture holds is only looked at, not decoded.
    Raises Refused.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    # ffmpeg is a program that has to be started, confined by itself; what it answers is read in here.
    moving = None if pixels.knows(head) or raw.named(head) else video.format_of(head)
    if moving is not None:
        found = video.opened(file, moving, max_pixels)
        confinement.confine(READABLE)
        return found
    confinement.confine(READABLE)
    if (camera := raw.format_of(file, head)) is not None:
        return raw.opened(file, camera, max_pixels)
    if pdf.matches(head) and not pixels.knows(head):
        return pdf.opened(file, max_pixels, page)
    if svg.matches(head):
        return svg.opened(file.read(), max_pixels)
    picture = pixels.opened(file, max_pixels)
    format_, frames = pixels.format_of(picture), pixels.frames_of(picture)
    is_paged = format_ == "TIFF"  # what it has several of are sheets of paper, not moments
    if is_paged and page > 0:
        pixels.turn_to(picture, page, max_pixels)
    return Opened(
        picture,
        file,
        format_,
        orientation=pixels.orientation_of(picture),
        frames=1 if is_paged else frames,
        pages=frames if is_paged else 1,
        taken_at=exif.taken_at(picture),
        camera=exif.camera(picture),
    )

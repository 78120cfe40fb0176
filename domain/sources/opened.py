"""What every kind of file comes to once it is opened: a picture, and what is known of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from PIL import Image


@dataclass(frozen=True)
class Opened:
    """picture: perhaps not decoded yet; file: where its decoding may begin anew; format: as in FORMATS.

    orientation: 1…8 as in EXIF, of the pixels once they are decoded.
    """

    picture: Image.Image
    file: BinaryIO
    format: str
    orientation: int = 1
    frames: int = 1
    pages: int = 1
    duration_ms: int | None = None
    taken_at: datetime | None = None
    camera: str = ""

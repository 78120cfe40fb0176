"""PDF: a page of a document as a picture, drawn by PDFium without its scripts."""

import io
import math

import pypdfium2 as pdfium
from pypdfium2 import raw

from domain import pixels
from domain.sources.opened import Opened

MAGIC = b"%PDF-"
SEARCHED_BYTES = 1_024
"""The header may come so late."""

PIXELS_PER_POINT = 3.0
"""216 to the inch: small print can be read, and A4 has 4.5 megapixels."""

LONGEST_PX = 4_096
LEAST_PX = 1_600
FAILURES = {
    raw.FPDF_ERR_PASSWORD: (
        "PROTECTED",
        "The PDF is protected by a password: save it without one, and send it again.",
    ),
    raw.FPDF_ERR_SECURITY: ("PROTECTED", "The PDF is protected in a way that cannot be opened here."),
}


def matches(head: bytes) -> bool:
    return MAGIC in head[:SEARCHED_BYTES]


def opened(file: io.BufferedReader, max_pixels: int, page: int) -> Opened:
    """page: from 0. Raises Refused."""
    file.seek(0)
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        reason, words = FAILURES.get(
            error.err_code or 0, ("CORRUPT", "The file starts like PDF but is damaged.")
        )
        raise pixels.Refused(reason, words) from None
    pages = len(document)
    if pages < 1:
        raise pixels.Refused("CORRUPT", "The PDF has no page.")
    if page >= pages:
        raise pixels.Refused("NO_SUCH_PAGE", f"The PDF has {pages} pages; there is no page {page + 1}.")
    try:
        document.init_forms()
        sheet = document[page]
        width, height = sheet.get_size()
        bitmap = sheet.render(scale=_scale(width, height, max_pixels), rev_byteorder=True)
        picture = bitmap.to_pil().convert("RGB")
    except pdfium.PdfiumError:
        raise pixels.Refused("CORRUPT", f"Page {page + 1} of the PDF is damaged.") from None
    return Opened(picture, file, "PDF", pages=pages)


def _scale(width: float, height: float, max_pixels: int) -> float:
    """Both in points."""
    longest = max(width, height)
    if not min(width, height) > 0 or not longest < math.inf:
        raise pixels.Refused("CORRUPT", "The page has no size.")
    aim = min(max(longest * PIXELS_PER_POINT, LEAST_PX), LONGEST_PX)
    return min(aim / longest, math.sqrt(max_pixels / (width * height)))

"""Cells: which picture lies where in an atlas, so that few pages change when pictures come and go."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

PAGE_PX = 2048
CELL_PX = 64
STEP_PX = 66
"""From one cell to the next: around each is a pixel of its own edge, for what is drawn smaller or turned."""

MARGIN_PX = 2
COLUMNS = 31
CELLS = COLUMNS * COLUMNS

Page = tuple[UUID | None, ...]
"""The picture in each cell, row by row; None: an empty one. The last is none of these."""


def place(cell: int) -> tuple[int, int]:
    """The upper left corner of a cell of a page, in pixels."""
    row, column = divmod(cell, COLUMNS)
    return MARGIN_PX + column * STEP_PX, MARGIN_PX + row * STEP_PX


def height(page: Page) -> int:
    """Of a page with no more rows than it needs, in pixels."""
    return MARGIN_PX + -(-len(page) // COLUMNS) * STEP_PX


def arranged(
    pages: Mapping[int, Page], present: Collection[UUID], reachable: Collection[UUID]
) -> dict[int, Page]:
    """The pages by their numbers, with a cell for each that is present.

    reachable: those that may be on the board again; they keep their cells unless these are a quarter of a
    page. What is neither goes at once. Where half of all cells would be empty, all begin anew.
    """
    wanted = set(present)
    kept = {number: _kept(page, wanted, set(reachable)) for number, page in pages.items()}
    if len(kept) > 1 and 2 * len(wanted) <= (len(kept) - 1) * CELLS:
        kept = {}
    missing = sorted(wanted.difference(*kept.values()), reverse=True)
    # Pages that change anyway are filled first, then those with the most room.
    by_room = sorted(kept, key=lambda number: (kept[number] == pages[number], _taken(kept[number]), number))
    for number in by_room:
        kept[number] = _filled(kept[number], missing)
    number = 0
    while missing:
        if not kept.get(number):
            kept[number] = _filled((), missing)
        number += 1
    return {number: page for number, page in sorted(kept.items()) if page}


def _kept(page: Page, wanted: set[UUID], reachable: set[UUID]) -> Page:
    gone = sum(image is not None and image not in wanted for image in page)
    staying = wanted if 4 * gone > CELLS else wanted | reachable
    return _trimmed([image if image in staying else None for image in page])


def _filled(page: Page, missing: list[UUID]) -> Page:
    """Takes from the end of `missing` what there is room for."""
    cells = [*page, *[None] * (CELLS - len(page))]
    for cell, image in enumerate(cells):
        if image is None and missing:
            cells[cell] = missing.pop()
    return _trimmed(cells)


def _trimmed(cells: Sequence[UUID | None]) -> Page:
    length = len(cells)
    while length and cells[length - 1] is None:
        length -= 1
    return tuple(cells[:length])


def _taken(page: Page) -> int:
    return sum(image is not None for image in page)

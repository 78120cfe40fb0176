"""Atlases as the schema shows them: the small pictures of a board, many to a page."""

from collections.abc import Sequence
from uuid import UUID

import strawberry
from strawberry import field

from domain import atlases, cells
from schema.scalars import Long, Path


@strawberry.type(description="Small pictures in the cells of one WebP.")
class AtlasPage:
    url: Path = field(
        description="Where it is read by who may read the board. Another page has another path: keep it."
    )
    width: int = field(description="Of the page, in pixels.")
    height: int = field(description="Of the page, in pixels.")
    size_bytes: Long = field(description="Of the file.")
    images: list[strawberry.ID | None] = field(
        description="The image in each cell, row by row from the upper left one; null: the cell is empty. "
        "Some may not be on the board now, but were before."
    )


@strawberry.type(
    description="The pictures of a board as small ones. Cell n of a page is in column n mod `columns` and in "
    "row n ÷ `columns`; its upper left corner lies at `margin` + column × `step`, `margin` + row × `step`. "
    "There the whole picture begins, upright, scaled down so that its longer side is `cellSize`, the other "
    "rounded, each at least 1; a smaller one is as it is. Around it lies a pixel of its own edge."
)
class Atlas:
    cell_size: int = field(description="Longest side of the pictures in it, in pixels.")
    columns: int = field(description="How many cells a row has.")
    step: int = field(description="Pixels from one cell to the next.")
    margin: int = field(description="Pixels from the edge of a page to its first cell.")
    pages: list[AtlasPage] = field(description="Its pages; in no order that means something.")


def atlas_of(board_id: UUID, pages: Sequence[atlases.AtlasPage]) -> Atlas:
    return Atlas(
        cell_size=cells.CELL_PX,
        columns=cells.COLUMNS,
        step=cells.STEP_PX,
        margin=cells.MARGIN_PX,
        pages=[
            AtlasPage(
                url=Path(atlases.address(board_id, page.digest)),
                width=cells.PAGE_PX,
                height=cells.height(page.images),
                size_bytes=Long(page.size_bytes),
                images=[None if image is None else strawberry.ID(str(image)) for image in page.images],
            )
            for page in pages
        ],
    )

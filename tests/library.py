"""Pictures in the library of a test: added as an upload adds them, placed on a board."""

from uuid import UUID, uuid4

from domain import images, originals
from domain.access import Role, Viewer
from domain.database import execute
from domain.images import AddedImage
from domain.settings import Settings
from tests.factories import a_board, a_grant


async def add(
    viewer: Viewer,
    content: bytes,
    settings: Settings,
    *,
    name: str = "picture.jpg",
    image_id: UUID | None = None,
    batch: UUID | None = None,
) -> AddedImage:
    async with originals.receive(settings) as intake:
        await intake.write(content)
        return await images.add_image(viewer, intake, name=name, image_id=image_id, batch=batch)


async def place(viewer: Viewer, image_id: UUID, *members: Viewer) -> UUID:
    """A board of the viewer's with the image on it, which the members may read."""
    board = await a_board(viewer)
    for member in members:
        await a_grant(board.id, member, Role.VIEWER)
    await execute(
        "INSERT INTO item (id, board, kind, image_id, x, y, rotation, width, height, name, z, added_by, "
        "changed_seq) VALUES ($1, $2, 'IMAGE', $3, 0, 0, 0, 10, 10, '', 'a0', $4, 1)",
        uuid4(),
        board.id,
        image_id,
        viewer.account_id,
    )
    return board.id

"""A small library for tests: accounts as rows, and pictures added as an upload adds them."""

from uuid import UUID, uuid4

from domain import images, originals
from domain.access import Scope, Viewer
from domain.database import execute
from domain.images import AddedImage
from domain.settings import Settings


async def a_viewer(name: str = "ana", *, scope: Scope = Scope.WRITE, is_owner: bool = False) -> Viewer:
    account_id = uuid4()
    await execute(
        "INSERT INTO account (id, email, name, colour, password_hash, is_owner) "
        "VALUES ($1, $2, $3, $4, '', $5)",
        account_id,
        f"{name}-{account_id.hex[:8]}@example.org",
        name,
        "#0090ff",
        is_owner,
    )
    return Viewer(
        account_id=account_id, name=name, is_owner=is_owner, scope=scope, session_id=uuid4(), token_id=None
    )


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
    board_id = uuid4()
    await execute(
        "INSERT INTO board (id, title, description, created_by, item_count) VALUES ($1, 'board', '', $2, 1)",
        board_id,
        viewer.account_id,
    )
    for member, role in ((viewer, "OWNER"), *((each, "VIEWER") for each in members)):
        await execute(
            "INSERT INTO board_grant (id, board, account, role) VALUES ($1, $2, $3, $4)",
            uuid4(),
            board_id,
            member.account_id,
            role,
        )
    await execute(
        "INSERT INTO item (id, board, kind, image_id, x, y, rotation, width, height, name, z, added_by, "
        "changed_seq) VALUES ($1, $2, 'IMAGE', $3, 0, 0, 0, 10, 10, '', 'a0', $4, 1)",
        uuid4(),
        board_id,
        image_id,
        viewer.account_id,
    )
    return board_id

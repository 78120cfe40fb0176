"""The least that a test needs: people, boards, pictures. Everything is made in the open database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from uuid import UUID, uuid4

from domain import adding, recipes, renditions
from domain.access import BoardRow, Role, Scope, Viewer
from domain.adding import NewItem
from domain.boards import create_board
from domain.database import execute, fetch, transaction
from domain.notices import announce_image
from domain.operations import NoteContent

_numbers = count(1)


async def a_viewer(
    name: str | None = None, *, email: str | None = None, is_owner: bool = False, scope: Scope = Scope.WRITE
) -> Viewer:
    """An account with a session of its own; it cannot sign in, having no password."""
    number = next(_numbers)
    name = name or f"Person {number}"
    account_id, session_id = uuid4(), uuid4()
    await execute(
        "INSERT INTO account (id, email, name, colour, password_hash, is_owner) "
        "VALUES ($1, $2, $3, '#4f9cf9', '', $4)",
        account_id,
        email or f"{name.lower().replace(' ', '.')}.{number}@example.org",
        name,
        is_owner,
    )
    await execute(
        "INSERT INTO session (id, account, refresh_hash, expires_at, user_agent, address) "
        "VALUES ($1, $2, ''::bytea, $3, 'tests', '')",
        session_id,
        account_id,
        datetime.now(UTC) + timedelta(days=1),
    )
    return Viewer(account_id, name, is_owner=is_owner, scope=scope, session_id=session_id)


async def a_board(owner: Viewer, *, title: str = "Board", description: str = "") -> BoardRow:
    return await create_board(owner, title=title, description=description)


async def a_grant(board_id: UUID, viewer: Viewer, role: Role) -> None:
    await execute(
        "INSERT INTO board_grant (board, account, role) VALUES ($1, $2, $3) "
        "ON CONFLICT (board, account) DO UPDATE SET role = excluded.role",
        board_id,
        viewer.account_id,
        role.value,
    )


async def a_member(board_id: UUID, role: Role, name: str | None = None) -> Viewer:
    viewer = await a_viewer(name)
    await a_grant(board_id, viewer, role)
    return viewer


async def an_image(
    owner: Viewer,
    *,
    name: str = "picture.jpg",
    width: int = 400,
    height: int = 300,
    state: str = "READY",
    digest: str | None = None,
    created_at: datetime | None = None,
) -> UUID:
    """A row without bytes: for what only places pictures."""
    image_id = uuid4()
    await execute(
        "INSERT INTO image (id, owner, digest, name, size_bytes, format, mime, width, height, placeholder, "
        "state, created_at) VALUES ($1, $2, $3, $4, 1000, 'JPEG', 'image/jpeg', $5, $6, ''::bytea, $7, $8)",
        image_id,
        owner.account_id,
        digest or sha256(image_id.bytes).hexdigest(),
        name,
        width,
        height,
        state,
        created_at or datetime.now(UTC),
    )
    return image_id


async def a_note(viewer: Viewer, board_id: UUID, **values: object) -> UUID:
    item_id = uuid4()
    await adding.add_items(viewer, board_id, [NewItem(id=item_id, note=NoteContent(), **values)])  # type: ignore[arg-type]
    return item_id


async def a_rendition(
    image_id: UUID, size: int = 320, *, height: int = 240, size_bytes: int = 10, digest: str = ""
) -> None:
    """A row without a file, told to who follows the picture."""
    async with transaction() as connection:
        await connection.execute(
            "INSERT INTO rendition (image, size, width, height, size_bytes, mime, digest, recipe) "
            "VALUES ($1, $2, $2, $3, $4, 'image/webp', $5, $6)",
            image_id,
            size,
            height,
            size_bytes,
            digest,
            recipes.followed().name,
        )
        await renditions.gather(connection, [image_id])
        await announce_image(connection, image_id)


@dataclass(frozen=True)
class Rows:
    """Every row of a board as text: equal before and after means that nothing was changed."""

    lines: tuple[str, ...]


async def rows_of(board_id: UUID) -> Rows:
    lines: list[str] = []
    tables = (("board", "id"), *((table, "board") for table in ("board_grant", "item", "comment", "change")))
    for table, column in tables:
        records = await fetch(
            f"SELECT to_jsonb(t)::text AS line FROM {table} t WHERE t.{column} = $1 ORDER BY 1",
            board_id,
        )
        lines += [f"{table} {record['line']}" for record in records]
    return Rows(tuple(lines))

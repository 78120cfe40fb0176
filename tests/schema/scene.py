"""A board with everything on it that can be asked for, and the people who ask."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from domain import (
    adding,
    boards,
    comments,
    contents,
    history,
    invites,
    items,
    jobs,
    saved_searches,
    tokens,
    trash,
)
from domain.access import Role, Scope, Viewer
from domain.adding import NewItem
from domain.comments import NewComment, NewPin, NewText, Pin
from domain.contents import CropEdit, DrawingEdit
from domain.database import execute, fetch, transaction
from domain.findings import ImageFilter
from domain.operations import Crop, DrawingContent, FrameContent, NoteContent, Shape, Style, Transform
from domain.tables import TABLES
from tests.factories import a_board, a_member, a_rendition, a_viewer, an_image

# Words that nobody may read who is not on the board.
SECRETS = ("canary title", "canary text", "canary picture", "canary words", "canary owner")

ACTORS = (
    "anonymous",
    "outsider",
    "viewer",
    "commenter",
    "editor",
    "owner",
    "server_owner",
    "read_token",
)
MEMBERS = frozenset({"viewer", "commenter", "editor", "owner", "read_token"})


@dataclass(frozen=True)
class Scene:
    """ids: by name, as text, ready to be variables."""

    people: dict[str, Viewer | None]
    ids: dict[str, str]


async def a_scene() -> Scene:
    """The read token is the board owner's; the server's owner has no role on the board."""
    owner = await a_viewer("canary owner")
    board = await a_board(owner, title="canary title", description="canary words")
    people: dict[str, Viewer | None] = {"anonymous": None, "owner": owner, "outsider": await a_viewer()}
    people["server_owner"] = await a_viewer(is_owner=True)
    for role in (Role.VIEWER, Role.COMMENTER, Role.EDITOR):
        people[role.value.lower()] = await a_member(board.id, role)
    token = await tokens.create_token(owner, name="canary token", scope=Scope.READ)
    people["read_token"] = Viewer(
        owner.account_id, owner.name, scope=Scope.READ, session_id=None, token_id=token.token.id
    )
    editor = people["editor"]
    assert editor is not None
    placed = await _filled(board.id, owner, editor)
    trashed = await a_board(owner, title="canary title in the trash")
    await boards.trash_boards(owner, [trashed.id])
    other = await a_viewer("newcomer", email="newcomer@example.org")
    ids = {
        "board": board.id,
        "trashed": trashed.id,
        "newcomer": other.account_id,
        "member": people["viewer"].account_id,  # type: ignore[union-attr]
        "account": owner.account_id,
        "token": token.token.id,
        "session": owner.session_id or uuid4(),
        "fresh": uuid4(),
        **placed,
    }
    return Scene(people, {name: str(value) for name, value in ids.items()})


async def _filled(board_id: UUID, owner: Viewer, editor: Viewer) -> dict[str, UUID]:
    image = await an_image(owner, name="canary picture")
    failed = await an_image(owner, name="canary picture that failed", state="FAILED")
    thrown = await an_image(owner, name="canary picture in the trash")
    await trash.trash_images(owner, [thrown])
    saved = await saved_searches.save_search(
        owner, name="canary words", filter=ImageFilter(text="canary picture")
    )
    await a_rendition(image)
    await execute(
        "INSERT INTO twin (image, other, bits, likeness) "
        "VALUES (least($1::uuid, $2::uuid), greatest($1, $2), 1, 0.9)",
        image,
        failed,
    )
    frame, group = uuid4(), uuid4()
    change = await adding.add_items(
        owner,
        board_id,
        [
            NewItem(id=frame, frame=FrameContent("#2a2b30"), style=Style(name="canary title of a frame")),
            NewItem(image_id=image, crop=Crop(0.0, 0.25, 0.5, 1.0), parent_id=frame),
            NewItem(id=group, is_group=True),
            NewItem(note=NoteContent("canary text"), parent_id=group),
            NewItem(
                drawing=DrawingContent(points=[(0.0, 0.0), (9.0, 9.0)]),
                transform=Transform(900.0, 200.0, 2.0, 30.0),
                parent_id=group,
            ),
            NewItem(note=NoteContent("gone")),
        ],
    )
    states = change.operation.items  # type: ignore[union-attr]
    _, picture, _, note, drawing, removed = (state.id for state in states)
    await items.remove_items(owner, board_id, [removed])
    await contents.edit_drawings(owner, board_id, [DrawingEdit(drawing, DrawingContent(Shape.ELLIPSE))])
    await contents.crop_items(owner, board_id, [CropEdit(picture, Crop(0.0, 0.0, 0.5, 1.0))])
    said = await _talk(owner, board_id, picture)
    # Both who may write have something to undo, and something undone.
    for writer in (owner, editor):
        for _ in range(2):
            await adding.add_items(writer, board_id, [NewItem(note=NoteContent("canary text"))])
        await history.undo(writer, board_id)
    async with transaction() as connection:
        job = await jobs.enqueue(connection, jobs.RENDITIONS, failed, queue=jobs.PICTURES)
    await execute("UPDATE job SET state = 'DEAD', attempts = 3 WHERE id = $1", job)
    server_owner = await a_viewer("first", is_owner=True)
    invite = await invites.create_invite(server_owner, email="canary@example.org")
    return {
        "image": image,
        "failed": failed,
        "thrown": thrown,
        "saved": saved.id,
        "picture": picture,
        "note": note,
        "drawing": drawing,
        "frame": frame,
        "group": group,
        "removed": removed,
        "job": job,
        "invite": invite.invite.id,
        **said,
    }


async def _talk(owner: Viewer, board_id: UUID, picture: UUID) -> dict[str, UUID]:
    """Every operation on comments, all the owner's: a settled thread with a reply, and one removed."""
    comment, reply, silent = uuid4(), uuid4(), uuid4()
    await comments.add_comments(
        owner,
        board_id,
        [
            NewComment("canary text", Pin(item_id=picture), id=comment),
            NewComment("canary text", thread_id=comment, id=reply),
            NewComment("canary text", Pin(1.0, 2.0), id=silent),
        ],
    )
    await comments.edit_comments(owner, board_id, [NewText(comment, "canary text, rewritten")])
    await comments.move_comments(owner, board_id, [NewPin(comment, Pin(0.0, 1.0, picture))])
    await comments.resolve_comments(owner, board_id, [comment], resolved=True)
    await comments.remove_comments(owner, board_id, [silent])
    await comments.restore_comments(owner, board_id, [silent])
    await comments.remove_comments(owner, board_id, [silent])
    return {"comment": comment, "reply": reply, "silent": silent}


async def everything() -> tuple[str, ...]:
    """Every row of every table: equal before and after means that nothing at all was changed."""
    lines: list[str] = []
    for table in TABLES:
        name = table._meta.tablename
        rows = await fetch(f"SELECT to_jsonb(t)::text AS line FROM {name} t ORDER BY 1")
        lines += [f"{name} {row['line']}" for row in rows]
    return tuple(lines)

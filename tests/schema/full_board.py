"""A board on which lies what can lie on one, in every state, with everybody who may ask for it."""

from uuid import UUID, uuid4

from domain import adding, boards, items
from domain.access import Role, Scope, Viewer
from domain.adding import NewItem
from domain.checks import FARTHEST
from domain.database import execute, fetch
from domain.operations import (
    Crop,
    DrawingContent,
    FrameContent,
    NoteContent,
    Sampling,
    Shape,
    Style,
    Transform,
)
from tests.factories import a_board, a_grant, a_member, a_rendition, a_viewer, an_image


class FullBoard:
    """Everything that may lie on a board, in every state, and everybody who may ask for it."""

    def __init__(self) -> None:
        self.people: dict[str, Viewer | None] = {"nobody": None}
        self.ids: list[str] = []
        self.cursors: list[str | None] = [None, "", "nonsense"]
        self.board_id = UUID(int=0)
        self.image_ids: list[UUID] = []

    async def fill(self) -> None:
        owner = self.people["owner"] = await a_viewer('Ana "\\ é 漢 \u2028')
        board = await a_board(owner, title="Title é", description="Words\n\t<>&")
        self.board_id = board.id
        await execute("UPDATE board SET title = title || $1", '\x7f\x01"')
        for role in (Role.EDITOR, Role.COMMENTER, Role.VIEWER):
            self.people[role.value.lower()] = await a_member(board.id, role)
        self.people["read_token"] = Viewer(owner.account_id, owner.name, scope=Scope.READ)
        self.people["outsider"] = await a_viewer()
        self.people["disabled"] = disabled = await a_member(board.id, Role.EDITOR)
        await execute("UPDATE account SET disabled_at = now() WHERE id = $1", disabled.account_id)
        editor = self.people["editor"]
        assert editor is not None
        sizes: tuple[tuple[str, tuple[int, ...]], ...] = (
            ("WAITING", ()),
            ("WORKING", (320,)),
            ("READY", (1600, 320, 800)),
            ("FAILED", ()),
            ("READY", (320, 800)),
        )
        for state, made in sizes:
            image_id = await an_image(owner, state=state)
            self.image_ids.append(image_id)
            for size in made:
                await a_rendition(image_id, size, height=7, size_bytes=5_000_000_000)
        await execute(
            "UPDATE image SET failure = 'CORRUPT', tags = '{a,\"b c\"}', camera = 'Box', taken_at = now(), "
            "palette = '{#0090ff}', placeholder = 'abc', title = 'T' WHERE id = $1",
            self.image_ids[3],
        )
        await adding.add_items(
            owner,
            board.id,
            [NewItem(image_id=image_id) for image_id in (*self.image_ids, self.image_ids[2])]
            + [NewItem(note=NoteContent('one "\\ é', background=None)), NewItem(note=NoteContent(""))]
            + await self.others(),
        )
        await execute("UPDATE image SET owner = $1 WHERE id = $2", editor.account_id, self.image_ids[0])
        placed = [row["id"] for row in await fetch("SELECT id FROM item ORDER BY z, id")]
        await items.remove_items(editor, board.id, [placed[5]])
        for item_id, x in zip(
            placed, (1e-7, -0.0, FARTHEST, 0.1, 123456789.123, 5e-324, -1.5e-5), strict=False
        ):
            await execute(
                "UPDATE item SET x = $2, flip_x = true, name = 'n', hidden = true WHERE id = $1", item_id, x
            )
        empty, trashed = await a_board(owner), await a_board(owner)
        await adding.add_items(owner, trashed.id, [NewItem(image_id=self.image_ids[0])])
        await boards.trash_boards(owner, [trashed.id])
        covered = await boards.duplicate_board(owner, board.id)
        await execute("UPDATE board SET cover_id = $2 WHERE id = $1", covered.id, self.image_ids[1])
        viewer = self.people["viewer"]
        assert viewer is not None
        await a_grant(covered.id, viewer, Role.VIEWER)
        self.ids = [str(board.id)] * 6 + [str(each) for each in (empty.id, trashed.id, covered.id, uuid4())]
        self.ids.append("no id")
        self.cursors += (await items.items_on(owner, board.id)).cursors

    async def others(self) -> list[NewItem]:
        """Every kind of item, each look, and one in another."""
        frame, group = uuid4(), uuid4()
        looks = Style(
            0.5, True, 0.1, 4.0, 1e-3, Sampling.NEAREST, name="é", tags=["a", 'b "c"'], link="https://x.y/é"
        )
        stroke = DrawingContent(Shape.PEN, [(0.1, -2.0), (1e-7, 3.0)], [0.0, 1.0], "#010203", 0.1, "#fffefd")
        return [
            NewItem(id=frame, frame=FrameContent("#abcdef"), style=looks),
            NewItem(id=group, is_group=True, parent_id=frame),
            NewItem(frame=FrameContent(), parent_id=group, transform=Transform(30)),
            NewItem(drawing=stroke, parent_id=group, transform=Transform(3, 4)),
            NewItem(drawing=DrawingContent(Shape.ELLIPSE), width=3, height=4),
            NewItem(image_id=self.image_ids[2], crop=Crop(0.1, 0, 0.7, 1 / 3), style=looks),
        ]

"""Boards for C1, C2 and C3: many pictures in rows, each a file of its own, made without the way of an upload.

Rows and files are what uploads and jobs would have left; the atlases are made by their own job.
"""

import asyncio
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

from PIL import Image

from domain import accounts, adding, atlases, darkroom, originals, recipes, renditions, storage
from domain.access import Viewer
from domain.adding import NewItem
from domain.boards import duplicate_board
from domain.database import close_database, execute, fetchval, open_database, transaction
from domain.migrate import migrate
from domain.operations import Transform
from domain.postgres import embedded_postgres
from domain.settings import Settings
from tests.factories import a_board
from tests.journeys.scenery import landscape
from tests.running import PASSWORD, REPOSITORY
from tests.working import work

LOOKS = 60
"""So many different pictures; the others are their copies, each with words of its own in its file."""

STEP_PX, BOX_PX = 160, 150
COMMENT = b"\xff\xfe"


@dataclass(frozen=True)
class Look:
    """A picture and its renditions by their size. width, height: of the original."""

    original: bytes
    width: int
    height: int
    renditions: dict[int, tuple[int, int, bytes]]


def looks() -> list[Look]:
    found = []
    for seed in range(LOOKS):
        original = landscape(seed)
        with Image.open(io.BytesIO(original)) as picture:
            made = {}
            for size in (320, 800, 1600):
                smaller = picture.copy()
                smaller.thumbnail((size, size))
                buffer = io.BytesIO()
                smaller.save(buffer, "WEBP", quality=85, method=2)
                made[size] = (*smaller.size, buffer.getvalue())
                if max(picture.size) <= size:
                    break
            found.append(Look(original, *picture.size, made))
    return found


def distinct(original: bytes, number: int) -> bytes:
    """The same JPEG as another file."""
    words = f"picture {number}".encode()
    return original[:2] + COMMENT + (len(words) + 2).to_bytes(2, "big") + words + original[2:]


def box(number: int, count: int, look: Look) -> tuple[float, float, float, float]:
    """Centre, width and height of a picture: as many in a row as fill a wide screen."""
    columns = round((count * 16 / 9) ** 0.5)
    scale = BOX_PX / max(look.width, look.height)
    row, column = divmod(number, columns)
    return column * STEP_PX, row * STEP_PX, look.width * scale, look.height * scale


@dataclass(frozen=True)
class Boards:
    """A data folder with boards in it. ids: by how many pictures; alone: as the largest, without an atlas."""

    data: Path
    ids: dict[int, str]
    alone: str


def prepared(counts: tuple[int, ...]) -> Boards:
    """Made once, and again when the tables or this module are others: it takes some minutes."""
    told = sha256(Path(__file__).read_bytes())
    for migration in sorted((REPOSITORY / "migrations").glob("*.py")):
        told.update(migration.name.encode())
    folder = REPOSITORY / "build" / "canvas-boards" / f"{told.hexdigest()[:12]}-{'-'.join(map(str, counts))}"
    note = folder / "boards.json"
    if not note.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        made = asyncio.run(_make_boards(folder / "data", counts))
        darkroom.close()
        note.write_text(json.dumps({"ids": made.ids, "alone": made.alone}))
    said = json.loads(note.read_text())
    return Boards(folder / "data", {int(count): said["ids"][count] for count in said["ids"]}, said["alone"])


async def _make_boards(folder: Path, counts: Sequence[int]) -> Boards:
    """In the data folder of a server that does not run; its owner is ana@example.org."""
    settings = Settings(data=folder)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with embedded_postgres(settings) as url:
        await migrate(url)
        await open_database(url)
        try:
            storage.open_storage(settings)
            account = await accounts.register(name="Ana", email="ana@example.org", password=PASSWORD)
            viewer = Viewer(account.id, account.name)
            made = looks()
            ids = {count: await _board(viewer, settings, made, count) for count in counts}
            alone = str((await duplicate_board(viewer, UUID(ids[max(counts)]))).id)
            await execute("UPDATE board SET updated_at = updated_at - interval '1 minute'")
            await atlases.enqueue_due()
            await work()
            assert await fetchval("SELECT count(*) FROM job WHERE state <> 'DONE'") == 0
            await execute("DELETE FROM atlas_page WHERE board = $1", UUID(alone))
            await execute("VACUUM ANALYZE")
        finally:
            await close_database()
    return Boards(folder, ids, alone)


async def _board(viewer: Viewer, settings: Settings, made: list[Look], count: int) -> str:
    board = await a_board(viewer, title=f"{count} pictures")
    chosen = [made[number % LOOKS] for number in range(count)]
    images = [
        await _image(viewer, settings, look, 1_000_000 * count + number) for number, look in enumerate(chosen)
    ]
    async with transaction() as connection:
        await renditions.gather(connection, images)
    for first in range(0, count, 500):
        items = []
        for number, look in list(enumerate(chosen))[first : first + 500]:
            x, y, width, height = box(number, count, look)
            items.append(
                NewItem(image_id=images[number], transform=Transform(x=x, y=y), width=width, height=height)
            )
        await adding.add_items(viewer, board.id, items)
    return str(board.id)


async def _image(viewer: Viewer, settings: Settings, look: Look, number: int) -> UUID:
    """As it stands once all is made of it. Files are not synced: nothing here has to last."""
    content, image_id = distinct(look.original, number), uuid4()
    digest = sha256(content).hexdigest()
    _keep(settings, originals.key(digest), content)
    async with transaction() as connection:
        await connection.execute(
            "INSERT INTO image (id, owner, digest, name, size_bytes, format, mime, width, height, "
            "placeholder, palette, state) "
            "VALUES ($1, $2, $3, $4, $5, 'JPEG', 'image/jpeg', $6, $7, ''::bytea, "
            "ARRAY['#667788'], 'READY')",
            *(image_id, viewer.account_id, digest, f"{number}.jpg", len(content), look.width, look.height),
        )
        for size, (width, height, rendition) in look.renditions.items():
            _keep(settings, renditions.key(digest, size, recipes.followed().name), rendition)
            await connection.execute(
                "INSERT INTO rendition (image, size, width, height, size_bytes, mime, digest, recipe) "
                "VALUES ($1, $2, $3, $4, $5, 'image/webp', $6, $7)",
                *(image_id, size, width, height, len(rendition), sha256(rendition).hexdigest()),
                recipes.followed().name,
            )
    return image_id


def _keep(settings: Settings, key: str, content: bytes) -> None:
    place = settings.blobs / key
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)

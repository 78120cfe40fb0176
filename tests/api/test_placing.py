"""Pictures that come in for a board: they lie on it once, as a change of their sender; nothing is lost."""

from uuid import UUID, uuid4

import pytest

from domain import placing
from domain.access import Role, Viewer
from domain.changes import Change
from domain.database import execute, fetch, fetchval
from domain.errors import DatabaseUnavailable
from domain.placing import Placed
from domain.sessions import SignedIn, viewer_of
from tests.api.serving import Served
from tests.api.tus_words import BODY, VERSION, begin, go_on, metadata, offset_of, parts
from tests.factories import a_board, a_grant, a_viewer, rows_of
from tests.laws import require_laws
from tests.pictures import photo


async def board_of(signed_in: SignedIn) -> tuple[Viewer, UUID]:
    viewer = await viewer_of(signed_in.access_token)
    return viewer, (await a_board(viewer)).id


async def lying_on(board_id: UUID) -> list[tuple[UUID, UUID]]:
    """Items and their pictures, from back to front."""
    rows = await fetch("SELECT id, image_id FROM item WHERE board = $1 ORDER BY z", board_id)
    return [(row["id"], row["image_id"]) for row in rows]


async def laid(board_id: UUID) -> list[Change]:
    """What happened since the board was made."""
    return (await require_laws(board_id))[1:]


async def test_what_a_tus_client_sends_for_a_board_lies_on_it_as_its_senders_change(served: Served) -> None:
    ana = await served.join("ana")
    viewer, board_id = await board_of(ana)
    before = await rows_of(board_id)
    async with served.client(ana.access_token) as client:
        for number in range(2):
            content = photo(320, 200, seed=number)
            address = await begin(client, len(content), filename=f"{number}.jpg", board=str(board_id))
            assert await rows_of(board_id) == before
            last = await go_on(client, address, 0, content, Prefer="return=representation")
            assert last.status_code == 200, last.text
            said, before = last.json(), await rows_of(board_id)
            assert said == (await client.get(address)).json()
            assert (await lying_on(board_id))[-1] == (
                UUID(said["placed"]["items"][0]),
                UUID(said["image"]["id"]),
            )
            assert said["placed"]["board"] == str(board_id)
            assert await offset_of(client, address) == len(content)
    assert await rows_of(board_id) == before, "asking again lays nothing"
    assert [change.actor_id for change in await laid(board_id)] == [viewer.account_id] * 2
    places = await fetch("SELECT x, y FROM item WHERE board = $1", board_id)
    assert len({(row["x"], row["y"]) for row in places}) == 2


async def test_files_of_one_request_lie_in_rows_by_one_change(served: Served) -> None:
    ana = await served.join("ana")
    _, board_id = await board_of(ana)
    one, two = photo(320, 200, seed=1), photo(320, 200, seed=2)
    files = [("file", (f"{number}.jpg", content)) for number, content in enumerate((one, two, one))]
    files.append(("file", ("words.txt", b"no picture")))
    async with served.client(ana.access_token) as client:
        for query, form in (({"board": str(board_id)}, {}), ({}, {"board": str(board_id)})):
            answer = await client.post("/uploads", params=query, data=form, files=files)
            said = answer.json()
            came = [UUID(each["image"]["id"]) for each in said["images"] if "image" in each]
            assert len(came) == 3
            assert len(set(came)) == 2, "the same bytes are one picture, and lie there once"
            lies = (await lying_on(board_id))[-2:]
            assert [UUID(item) for item in said["placed"]["items"]] == [item for item, _ in lies]
            assert [image for _, image in lies] == list(dict.fromkeys(came))
    assert len(await laid(board_id)) == 2


async def test_a_file_with_an_id_of_its_own_may_be_sent_again_and_lies_there_once(served: Served) -> None:
    ana = await served.join("ana")
    _, board_id = await board_of(ana)
    _, other_id = await board_of(ana)
    content, image_id = photo(320, 200), str(uuid4())
    async with served.client(ana.access_token) as client:
        wish = {"name": "a.jpg", "id": image_id, "board": str(board_id)}
        first, again = [await client.post("/uploads", params=wish, content=content) for _ in range(2)]
        assert first.json() == again.json()
        elsewhere = await client.post("/uploads", params={**wish, "board": str(other_id)}, content=content)
    assert [len(await lying_on(each)) for each in (board_id, other_id)] == [1, 1]
    assert elsewhere.json()["placed"]["items"] != first.json()["placed"]["items"]
    assert await fetchval("SELECT count(*) FROM image") == 1
    assert len(await laid(board_id)) == 1


@pytest.mark.parametrize(
    ("role", "status", "code"),
    [
        (None, 404, "NOT_FOUND"),
        (Role.VIEWER, 403, "FORBIDDEN"),
        (Role.COMMENTER, 403, "FORBIDDEN"),
        (Role.OWNER, 409, "BOARD_TRASHED"),
    ],
)
async def test_who_may_not_lay_it_there_is_told_before_a_byte_is_kept(
    served: Served, role: Role | None, status: int, code: str
) -> None:
    await served.join("ana")
    owner, ben = await a_viewer(), await served.join("ben")
    board_id = (await a_board(owner)).id
    if role is not None:
        await a_grant(board_id, await viewer_of(ben.access_token), role)
    if role is Role.OWNER:
        await execute("UPDATE board SET trashed_at = now() WHERE id = $1", board_id)
    before, content, wish = await rows_of(board_id), photo(64, 64), str(board_id)
    headers = {**BODY, "Upload-Length": str(len(content)), "Upload-Metadata": metadata(board=wish)}
    async with served.client(ben.access_token) as client:
        for answer, expected in (
            (
                await client.post("/uploads/tus", headers=headers, content=content),
                422 if status == 409 else status,
            ),
            (await client.post("/uploads", params={"board": wish}, content=content), status),
            (await client.post("/uploads", data={"board": wish}, files={"file": ("a.jpg", content)}), status),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (expected, code)
        nonsense = await client.post("/uploads", params={"board": "seven"}, content=content)
        assert (nonsense.status_code, nonsense.json()["error"]["details"]["field"]) == (422, "board")
    assert await rows_of(board_id) == before
    assert await fetchval("SELECT count(*) FROM image") == await fetchval("SELECT count(*) FROM upload") == 0
    assert parts(served) == []


async def test_who_lost_the_board_meanwhile_has_the_picture_and_is_told_why(served: Served) -> None:
    await served.join("ana")
    owner, ben = await a_viewer(), await served.join("ben")
    editor = await viewer_of(ben.access_token)
    board_id, content = (await a_board(owner)).id, photo(320, 200)
    await a_grant(board_id, editor, Role.EDITOR)
    async with served.client(ben.access_token) as client:
        address = await begin(client, len(content), board=str(board_id))
        await a_grant(board_id, editor, Role.VIEWER)
        before = await rows_of(board_id)
        assert (await go_on(client, address, 0, content)).status_code == 204
        said = (await client.get(address)).json()
    assert said["image"]["width"] == 320
    assert (said["placed"]["items"], said["placed"]["error"]["code"]) == ([], "FORBIDDEN")
    assert await rows_of(board_id) == before
    assert await fetchval("SELECT owner FROM image") == editor.account_id


async def test_a_file_whose_server_stopped_before_it_was_laid_is_laid_once_by_asking(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await served.join("ana")
    _, board_id = await board_of(ana)
    content, real = photo(320, 200), placing.place_images
    tries = 0

    async def stops(*wish: object, **more: object) -> Placed:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise DatabaseUnavailable("The database is gone.")
        placed = await real(*wish, **more)  # type: ignore[arg-type]
        if tries == 2:
            raise DatabaseUnavailable("The answer is lost.")
        return placed

    monkeypatch.setattr("domain.placing.place_images", stops)
    async with served.client(ana.access_token) as client:
        address = await begin(client, len(content), board=str(board_id))
        for lies in (0, 1):
            failed = await (
                client.head(address, headers=VERSION) if lies else go_on(client, address, 0, content)
            )
            assert failed.status_code == 503
            assert len(await lying_on(board_id)) == lies
        assert await offset_of(client, address) == len(content)
        said = (await client.get(address)).json()
    assert [UUID(item) for item in said["placed"]["items"]] == [item for item, _ in await lying_on(board_id)]
    assert len(await laid(board_id)) == 1

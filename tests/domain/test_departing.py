"""Departing: all of a person goes into the zip; nothing that names them stays, and boards of others do."""

import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain import accounts, adding, comments, darkroom, departing, members, sessions, storage
from domain.access import Role, Viewer
from domain.adding import NewItem
from domain.comments import NewComment, Pin
from domain.database import execute, fetch, fetchval
from domain.errors import LastOwner, NotFound, WrongCredentials
from domain.members import NewGrant
from domain.operations import NoteContent
from domain.settings import Settings
from domain.vouching import Voucher
from tests import pictures
from tests.factories import a_board
from tests.laws import require_laws
from tests.library import add
from tests.running import PASSWORD

pytestmark = pytest.mark.usefixtures("database", "signing")


@pytest.fixture(scope="module", autouse=True)
def _decoder() -> Iterator[None]:
    yield
    darkroom.close()


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    made = Settings(data=tmp_path / "data")
    await storage.start_storage(made)
    return made


async def a_person(name: str) -> Viewer:
    email = f"{name.lower()}@example.org"
    await execute("UPDATE instance SET registration = 'OPEN'")
    account = await accounts.register(name=name, email=email, password=PASSWORD)
    signed_in = await sessions.sign_in(email=email, password=PASSWORD)
    return Viewer(account.id, account.name, session_id=signed_in.session_id)


async def grants_on(board: UUID) -> dict[str, str]:
    rows = await fetch(
        "SELECT a.name, g.role FROM board_grant g JOIN account a ON a.id = g.account WHERE g.board = $1",
        board,
    )
    return {row["name"]: row["role"] for row in rows}


async def test_a_zip_holds_all_that_is_known_and_no_secret(settings: Settings, tmp_path: Path) -> None:
    await a_person("Olga")
    ben = await a_person("Ben")
    word = Voucher("https://login.example.org", "ben-1", "s-1", datetime.now(UTC))
    await sessions.open_session(ben.account_id, voucher=word)
    content = pictures.photo(60, 40)
    image = (await add(ben, content, settings)).image
    board = await a_board(ben, title="Mood")
    await adding.add_items(ben, board.id, [NewItem(note=NoteContent("mine")), NewItem(image_id=image.id)])
    await comments.add_comments(ben, board.id, [NewComment("nice", Pin(0.0, 0.0))])
    target = tmp_path / "ben.zip"
    await departing.take_along("ben@example.org", target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["ben.zip", "data"]
    with zipfile.ZipFile(target) as found:
        assert found.testzip() is None
        names = set(found.namelist())
        told = {name: json.loads(found.read(name)) for name in names if name.endswith(".json")}
        others = names - told.keys()
        assert [found.read(name) for name in others] == [content]
    assert told["account.json"][0]["email"] == "ben@example.org"
    assert [each["title"] for each in told["boards.json"]] == ["Mood"]
    assert {each["kind"] for each in told["items.json"]} == {"NOTE", "IMAGE"}
    assert [each["text"] for each in told["comments.json"]] == ["nice"]
    assert [each["digest"] for each in told["pictures.json"]] == [image.digest]
    assert [each["sid"] for each in told["sessions.json"]] == [None, "s-1"]
    assert told["sessions.json"][1]["subject"] == "ben-1"
    assert "argon2" not in json.dumps(told)
    with pytest.raises(NotFound):
        await departing.take_along("nobody@example.org", tmp_path / "none.zip")
    assert not (tmp_path / "none.zip").exists()


async def test_who_is_erased_is_named_nowhere_and_others_keep_their_boards(settings: Settings) -> None:
    olga, ben, eve, cy = [await a_person(name) for name in ("Olga", "Ben", "Eve", "Cy")]
    alone, shared, of_others = [
        await a_board(who, title=t) for who, t in ((ben, "alone"), (ben, "shared"), (olga, "o"))
    ]
    for role, who in ((Role.VIEWER, eve), (Role.EDITOR, cy)):
        await members.grant_roles(ben, shared.id, [NewGrant(role, account_id=who.account_id)])
    await members.grant_roles(olga, of_others.id, [NewGrant(Role.EDITOR, account_id=ben.account_id)])
    goes, stays = [(await add(ben, pictures.photo(60, 40, seed=seed), settings)).image for seed in (1, 2)]
    await adding.add_items(ben, alone.id, [NewItem(image_id=goes.id)])
    new = [NewItem(image_id=stays.id), NewItem(note=NoteContent("hello"))]
    await adding.add_items(ben, of_others.id, new, mutation_id=uuid4())
    await comments.add_comments(ben, of_others.id, [NewComment("nice", Pin(0.0, 0.0))])
    before = await require_laws(of_others.id)
    erased = await departing.erase("ben@example.org")
    assert (erased.boards, erased.pictures, erased.staying) == (1, 1, 1)
    assert erased.handed == {shared.id: "cy@example.org"}
    assert await grants_on(shared.id) == {"Cy": "OWNER", "Eve": "VIEWER"}
    assert await grants_on(of_others.id) == {"Olga": "OWNER"}
    assert await fetchval("SELECT count(*) FROM board WHERE id = $1", alone.id) == 0
    assert [row["id"] for row in await fetch("SELECT id FROM image")] == [stays.id]
    assert await require_laws(of_others.id) == before, "what was done there stays"
    columns = {"saved_search": "owner", "upload": "owner", "receipt": "actor"}
    for table in ("session", "token", "preference", "saved_search", "upload", "receipt"):
        column = columns.get(table, "account")
        assert await fetchval(f"SELECT count(*) FROM {table} WHERE {column} = $1", ben.account_id) == 0
    everything = str([tuple(row) for row in await fetch("SELECT * FROM account")])
    assert "Ben" not in everything
    assert "ben@" not in everything
    with pytest.raises(WrongCredentials):
        await sessions.sign_in(email="ben@example.org", password=PASSWORD)
    with pytest.raises(NotFound):
        await departing.erase("ben@example.org")
    again = await a_person("Ben")
    assert again.account_id != ben.account_id, "the address is free for whoever comes"


async def test_nobody_comes_in_while_they_are_erased_and_it_goes_on_where_it_was_stopped(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person("Olga")
    ben = await a_person("Ben")
    await add(ben, pictures.photo(60, 40), settings)
    await a_board(ben)

    async def stop(*_: object) -> None:
        with pytest.raises(WrongCredentials):
            await sessions.sign_in(email="ben@example.org", password=PASSWORD)
        raise Stopped

    forget = departing._forget
    monkeypatch.setattr(departing, "_forget", stop)
    with pytest.raises(Stopped):
        await departing.erase("ben@example.org")
    monkeypatch.setattr(departing, "_forget", forget)
    assert (await departing.erase("ben@example.org")).boards == 0
    assert await fetchval("SELECT count(*) FROM image") == 0


class Stopped(Exception):
    """In the middle of it."""


async def test_the_owner_of_the_server_stays() -> None:
    await a_person("Olga")
    with pytest.raises(LastOwner):
        await departing.erase("olga@example.org")
    await sessions.sign_in(email="olga@example.org", password=PASSWORD)

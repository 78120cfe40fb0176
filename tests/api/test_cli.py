"""Laws of the command line: every command has help, tells failures in words, and keeps its exit codes."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.postgres import embedded_postgres
from domain.settings import Settings
from tests.mail import mail_server
from tests.running import PASSWORD

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose PostgreSQL keeps running, so that commands need not start it each time."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    with asyncio.Runner() as runner:
        running = embedded_postgres(Settings(data=folder))
        runner.run(running.__aenter__())
        yield folder
        runner.run(running.__aexit__(None, None, None))


def webref(
    *arguments: str, data: Path | None = None, said: str = "", settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBREF_")}
    environment |= settings or {}
    if data is not None:
        environment["WEBREF_DATA"] = str(data)
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=REPOSITORY,
        env=environment,
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_loads_no_framework() -> None:
    program = "import sys, api.cli; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in told.stdout.split()}
    assert not loaded & {"litestar", "uvicorn", "strawberry", "graphql", "dramatiq", "PIL"}


def test_every_command_has_help() -> None:
    listed = webref("--help")
    commands = [["serve"], ["worker"], ["migrate"], ["doctor"], ["compact"], ["collect"], ["export-schema"]]
    commands += [["user"], ["token"], ["backup"], ["restore"]]
    commands += [
        ["user", verb]
        for verb in ("create", "list", "disable", "enable", "set-password", "set-owner", "export", "erase")
    ]
    commands += [["token", verb] for verb in ("create", "list", "revoke")]
    for command in commands:
        assert command[0] in listed.stdout
        helped = webref(*command, "--help")
        assert helped.returncode == 0
        assert len(helped.stdout.splitlines()) > 4


def test_help_needs_no_database_and_loads_no_framework() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import api.cli, sys; print(' '.join(sys.modules))"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {"litestar", "strawberry", "piccolo", "asyncpg", "uvicorn", "dramatiq"} & set(loaded) == set()


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["user", "create"], ["token", "revoke", "no-uuid"]], ids=str
)
def test_a_wrong_call_is_explained(arguments: list[str]) -> None:
    answer = webref(*arguments)
    assert answer.returncode == 2
    assert "Usage: webref" in answer.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    answer = webref("user", "list", "--database-url", "rubbish", data=tmp_path)
    assert answer.returncode == 1
    assert "WEBREF_DATABASE_URL" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_that_does_not_answer_is_told_in_words(tmp_path: Path) -> None:
    answer = webref("user", "list", "--database-url", "postgresql://nobody@127.0.0.1:1/none", data=tmp_path)
    assert answer.returncode == 1
    assert "database" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_person_is_made_managed_and_listed(data: Path) -> None:
    def user(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return webref("user", *arguments, data=data, said=said)

    made = user("create", "Ana@example.org", "--name", "Ana", "--password-stdin", said=PASSWORD)
    assert (made.returncode, made.stderr) == (0, "")
    assert "owns this server" in made.stdout
    made = user("create", "ben@example.org", "--password-stdin", said=f"{PASSWORD}\n")
    assert "owns this server" not in made.stdout
    assert PASSWORD not in made.stdout
    refused = {
        "an account with this email": user("create", "ana@example.org", "--password-stdin", said=PASSWORD),
        "10 to 128 characters": user("create", "eve@example.org", "--password-stdin", said="short"),
        "not an email": user("create", "eve", "--password-stdin", said=PASSWORD),
        "owns this server": user("disable", "ana@example.org"),
        "no account": user("set-owner", "nobody@example.org"),
    }
    for words, answer in refused.items():
        assert answer.returncode == 1
        assert answer.stdout == ""
        assert words in answer.stderr
        assert "Traceback" not in answer.stderr
    assert user("set-owner", "ben@example.org").returncode == 0
    assert user("disable", "ana@example.org").returncode == 0
    assert (
        user("set-password", "ana@example.org", "--password-stdin", said="another good one").returncode == 0
    )
    listed = [line.split("\t")[1:] for line in user("list").stdout.splitlines()]
    assert [line[0] for line in listed] == ["ana@example.org", "ben@example.org"]
    assert "disabled" in listed[0][-1]
    assert listed[1][-1] == "owner"
    assert user("enable", "ana@example.org").returncode == 0
    assert "disabled" not in user("list").stdout


def test_a_token_is_made_listed_and_revoked(data: Path) -> None:
    webref("user", "create", "cy@example.org", "--password-stdin", data=data, said=PASSWORD)
    made = webref("token", "create", "cy@example.org", "--name", "backup", "--days", "3", data=data)
    assert re.fullmatch(r"wr_[0-9a-f]{16}_[0-9a-f]{64}\n", made.stdout), "standard output is the token alone"
    listed = webref("token", "list", "cy@example.org", data=data).stdout
    token_id, name, scope = listed.split("\t")[:3]
    assert (name, scope) == ("backup", "READ")
    assert made.stdout.strip() not in listed
    assert webref("token", "revoke", token_id, data=data).returncode == 0
    again = webref("token", "revoke", token_id, data=data)
    assert (again.returncode, "revoked already" in again.stderr) == (1, True)
    assert webref("token", "list", "cy@example.org", data=data).stdout == ""


def test_migrating_twice_is_once(data: Path) -> None:
    for _ in range(2):
        answer = webref("migrate", data=data)
        assert (answer.returncode, answer.stdout) == (0, "The database is up to date.\n")


def test_the_doctor_says_by_its_exit_code_how_it_is(data: Path, tmp_path: Path) -> None:
    webref("migrate", data=data)
    well = webref("doctor", "--deep", data=data)
    assert (well.returncode, "All is well." in well.stdout) == (0, True), well.stdout
    nobody = {"WEBREF_BROKER_URL": "redis://:not-the-secret@127.0.0.1:1/0"}
    ill = webref("doctor", data=tmp_path / "nowhere", settings=nobody)
    assert (ill.returncode, "FAIL" in ill.stdout) == (1, True)
    assert re.search("^FAIL  broker .*Connection refused", ill.stdout, re.MULTILINE)
    assert "not-the-secret" not in ill.stdout + ill.stderr
    assert not (tmp_path / "nowhere").exists()


def test_history_is_let_go_only_when_it_is_said_how_much(data: Path) -> None:
    answer = webref("compact", "--days", "30", data=data)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("0 boards begin later now")
    unsaid = webref("compact", data=data)
    assert (unsaid.returncode, "--days" in unsaid.stderr) == (1, True)
    assert webref("compact", "--days", "6", data=data).returncode == 2


def test_what_nobody_needs_is_let_go_of_and_a_dry_run_lets_go_of_nothing(data: Path) -> None:
    webref("migrate", data=data)
    digest = "ab" * 32
    stray = data / "blobs" / "originals" / "ab" / "ab" / digest
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"of an upload that came to nothing")
    os.utime(stray, (1_700_000_000, 1_700_000_000))
    looked = webref("collect", "--dry-run", data=data)
    assert (looked.returncode, stray.exists()) == (0, True), looked.stderr
    assert "files of 1 that are no picture's" in looked.stdout
    aside = webref("collect", data=data)
    assert (aside.returncode, stray.exists()) == (0, False)
    assert "1 originals put aside" in aside.stdout
    assert "1 original withdrawn" in webref("doctor", data=data).stdout
    gone = webref("collect", "--hours", "0", data=data)
    assert "1 removed" in gone.stdout
    assert [path for path in (data / "blobs").rglob("*") if path.is_file()] == []


def test_the_schema_is_printed_or_written(tmp_path: Path) -> None:
    printed = webref("export-schema")
    written = webref("export-schema", "--output", str(tmp_path / "schema.graphql"))
    assert (printed.returncode, written.returncode) == (0, 0)
    assert "type Mutation" in printed.stdout
    assert (tmp_path / "schema.graphql").read_text() == printed.stdout
    nowhere = webref("export-schema", "--output", str(tmp_path / "none" / "schema.graphql"))
    assert (nowhere.returncode, "Traceback" in nowhere.stderr) == (1, False)


def test_a_mail_is_tried_and_what_the_mail_server_says_is_told() -> None:
    assert "WEBREF_SMTP_URL" in webref("mail", "ana@example.org").stderr
    with mail_server() as (box, port):
        settings = {
            "WEBREF_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "WEBREF_MAIL_FROM": "webref@example.org",
            "WEBREF_PUBLIC_URL": "https://boards.example.org",
        }
        box.refusals = ["550 nobody of that name"]
        refused = webref("mail", "ana@example.org", settings=settings)
        assert refused.returncode != 0
        assert "nobody of that name" in refused.stderr
        assert webref("mail", "ana@example.org", "--language", "de", settings=settings).returncode == 0
        (mail,) = box.received
        assert mail.message["Subject"] == "Mail von boards.example.org kommt an"

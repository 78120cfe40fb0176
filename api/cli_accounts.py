"""`webref user` and `webref token`: people and their programs, from the machine's side."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import click

from api.cli_frame import open_webref, run_quietly, say, takes_place, told_in_words
from domain.settings import Settings

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@click.group()
def user() -> None:
    """Make and manage the people of this server."""


@user.command("create")
@told_in_words
@takes_place
@click.argument("email")
@click.option("--name", help="The name others see (default: the email's first part).")
@password_option
def create_user(settings: Settings, email: str, name: str | None, password_stdin: bool) -> None:
    """Make an account for EMAIL, whatever the registration policy.

    Asks for a password twice (10 to 128 characters). The very first account owns the server.
    """
    from domain import operators

    password = asked_password(from_stdin=password_stdin)

    async def run() -> None:
        async with open_webref(settings):
            account = await operators.create_account(
                name=name or email.strip().partition("@")[0], email=email, password=password
            )
        owns = ", who owns this server" if account.is_owner else ""
        say(f"{account.name} <{account.email}> can sign in now{owns}.")

    run_quietly(run())


@user.command("list")
@told_in_words
@takes_place
def list_users(settings: Settings) -> None:
    """List everybody: id, email, name, when they came, and what is special."""
    from domain import operators

    async def run() -> None:
        async with open_webref(settings):
            accounts = await operators.accounts_present()
        if not accounts:
            say("There are no accounts yet: the first one to register owns the server.")
        for account in accounts:
            marks = [
                "owner" if account.is_owner else "",
                f"disabled {moment(account.disabled_at)}" if account.disabled_at else "",
            ]
            columns = [str(account.id), account.email, account.name, moment(account.created_at)]
            say("\t".join([*columns, ", ".join(filter(None, marks))]).rstrip())

    run_quietly(run())


@user.command("disable")
@told_in_words
@takes_place
@click.argument("email")
def disable_user(settings: Settings, email: str) -> None:
    """Keep EMAIL out: ends all sessions, tokens and live streams at once. Nothing is deleted."""
    from domain import operators

    async def run() -> None:
        async with open_webref(settings):
            account = await operators.disable_account(email)
        say(f"{account.email} is disabled. `webref user enable {account.email}` takes it back.")

    run_quietly(run())


@user.command("enable")
@told_in_words
@takes_place
@click.argument("email")
def enable_user(settings: Settings, email: str) -> None:
    """Let EMAIL sign in again, with the password and the API tokens of before."""
    from domain import operators

    async def run() -> None:
        async with open_webref(settings):
            account = await operators.enable_account(email)
        say(f"{account.email} can sign in again.")

    run_quietly(run())


@user.command("export")
@told_in_words
@takes_place
@click.argument("email")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export_user(settings: Settings, email: str, file: Path) -> None:
    """Write all that is known of EMAIL into FILE, a zip: tables as JSON, and their original pictures.

    For somebody who wants to take along what is theirs, or to know what is kept of them.
    """
    from domain import departing
    from domain.storage import close_storage, start_storage

    async def run() -> None:
        async with open_webref(settings):
            await start_storage(settings)
            try:
                account = await departing.take_along(email, file)
            finally:
                await close_storage()
        say(f"What is known of {account.email} is in {file}.")

    run_quietly(run())


@user.command("erase")
@told_in_words
@takes_place
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask whether this is meant.")
def erase_user(settings: Settings, email: str, yes: bool) -> None:
    """Forget EMAIL for good: their boards and pictures, and everything that names them.

    What they did on boards of others stays, of a "Former member"; a board that others use goes to
    the one who may do most there. Pictures that such boards show stay. Cannot be undone: backups
    made before still know them. `webref user export` first keeps a copy.
    """
    from domain import departing

    if not yes:
        click.confirm(f"Forget {email} for good?", abort=True)

    async def run() -> None:
        async with open_webref(settings):
            erased = await departing.erase(email)
        for board_id, owner in erased.handed.items():
            say(f"The board {board_id} is {owner}'s now.")
        staying = f", {erased.staying} stay on boards of others" if erased.staying else ""
        say(f"{email} is forgotten: {erased.boards} boards and {erased.pictures} pictures are gone{staying}.")

    run_quietly(run())


@user.command("set-password")
@told_in_words
@takes_place
@click.argument("email")
@password_option
def set_user_password(settings: Settings, email: str, password_stdin: bool) -> None:
    """Give EMAIL another password, for somebody who forgot it. Ends all their sessions."""
    from domain import operators

    password = asked_password(from_stdin=password_stdin)

    async def run() -> None:
        async with open_webref(settings):
            account = await operators.set_password(email, password)
        say(f"{account.email} has the new password and is signed out everywhere.")

    run_quietly(run())


@user.command("set-owner")
@told_in_words
@takes_place
@click.argument("email")
def set_server_owner(settings: Settings, email: str) -> None:
    """Make EMAIL the one owner of this server, instead of whoever owned it before."""
    from domain import operators

    async def run() -> None:
        async with open_webref(settings):
            account = await operators.set_owner(email)
        say(f"{account.email} owns this server now.")

    run_quietly(run())


@user.command("quota")
@told_in_words
@takes_place
@click.argument("email")
@click.option("--mb", help="Megabytes of originals, trash included.")
@click.option("--boards", help="Boards that they made.")
@click.option("--items", help="Items on these boards.")
@click.option("--sockets", help="Websockets open at once, at each process.")
@click.option("--cost", help="Entries of lists a minute, at each process.")
def set_user_quota(settings: Settings, email: str, **given: str | None) -> None:
    """Say how much of this server EMAIL may take, and show how much that is.

    Each is a number, 0 for no limit, or "default" for what everybody has (WEBREF_QUOTA_…). Holds within 15 s.
    """
    from domain import operators, quotas
    from domain.access import Viewer

    async def run() -> None:
        async with open_webref(settings):
            quotas.follow(settings)
            account = await operators.account_called(email)
            await quotas.set_quota(account.id, _quota_given(given))
            uses = await quotas.use_of(Viewer(account.id, account.name))
        for use in uses[:3]:
            unit = 1_000_000 if use.kind is quotas.Kind.BYTES else 1
            limit = f"{use.limit // unit}" if use.limit else "no limit"
            name = "mb" if unit > 1 else use.kind.value.lower()
            say(f"{name}\t{-(-use.used // unit)}\t{limit}")
        for use in uses[3:]:
            say(f"{use.kind.value.lower()}\t\t{use.limit or 'no limit'}")

    run_quietly(run())


def _quota_given(given: Mapping[str, str | None]) -> dict[str, int | None]:
    """Raises UsageError."""
    found: dict[str, int | None] = {}
    for name, text in given.items():
        if text is None:
            continue
        if text != "default" and not (text.isascii() and text.isdigit() and len(text) < 13):
            raise click.UsageError(f"--{name} is a whole number, or default.")
        unit = 1_000_000 if name == "mb" else 1
        found["bytes" if name == "mb" else name] = None if text == "default" else int(text) * unit
    return found


@click.group()
def token() -> None:
    """Make and revoke API tokens, with which programs act for a person."""


@token.command("create")
@told_in_words
@takes_place
@click.argument("email")
@click.option("--name", required=True, help="What the token is for.")
@click.option(
    "--scope",
    type=click.Choice(["READ", "WRITE"], case_sensitive=False),
    default="READ",
    show_default=True,
    help="What it may do.",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="Days until it ends (default: it does not).")
def create_user_token(settings: Settings, email: str, name: str, scope: str, days: int | None) -> None:
    """Make a token that acts for EMAIL, and print it on standard output, this once."""
    from domain import operators
    from domain.access import Scope

    async def run() -> None:
        async with open_webref(settings):
            expires_at = datetime.now(UTC) + timedelta(days=days) if days is not None else None
            made = await operators.create_token(
                email, name=name, scope=Scope(scope.upper()), expires_at=expires_at
            )
        click.echo(f"Keep it safe, it is not shown again. Its id is {made.token.id}.", err=True)
        say(made.secret)

    run_quietly(run())


@token.command("list")
@told_in_words
@takes_place
@click.argument("email")
def list_tokens(settings: Settings, email: str) -> None:
    """List the tokens of EMAIL that work: id, name, scope, when made, when it ends, when last used."""
    from domain import operators

    async def run() -> None:
        async with open_webref(settings):
            tokens = await operators.tokens_called(email)
        if not tokens:
            click.echo("There are no tokens that work.", err=True)
        for listed in tokens:
            ends = f"ends {moment(listed.expires_at)}" if listed.expires_at else "does not end"
            used = f"used {moment(listed.last_used_at)}" if listed.last_used_at else "never used"
            columns = [str(listed.id), listed.name, listed.scope.value, moment(listed.created_at)]
            say("\t".join([*columns, ends, used]))

    run_quietly(run())


@token.command("revoke")
@told_in_words
@takes_place
@click.argument("token_id", type=click.UUID, metavar="ID")
def revoke_user_token(settings: Settings, token_id: UUID) -> None:
    """Make the token with this ID useless at once and end its live streams."""
    from domain import operators

    async def run() -> None:
        async with open_webref(settings):
            await operators.revoke_token(token_id)
        say("The token is revoked.")

    run_quietly(run())


def asked_password(*, from_stdin: bool) -> str:
    """Never an argument: those are seen by everybody on the machine and kept by the shell."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

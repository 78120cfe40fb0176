"""`webref mail`: whether mail leaves this machine, and what the mail server says if not."""

import click

from api.cli_frame import run_quietly, say, takes_place, told_in_words
from domain.settings import Settings


@click.command("mail")
@told_in_words
@takes_place
@click.argument("email")
@click.option(
    "--language", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Its language."
)
def mail(settings: Settings, email: str, language: str) -> None:
    """Send a mail to EMAIL through the server that WEBREF_SMTP_URL names.

    Says what the mail server said where it does not take it. Needs no database.
    """
    from domain import post

    async def run() -> None:
        await post.send_trial(settings, email, language)
        say(f"The mail server has taken a mail to {email}. Look whether it arrives.")

    run_quietly(run())

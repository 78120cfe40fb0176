"""Mail as people meet it, through a real mail server on loopback: an address is confirmed, a forgotten
password set anew, somebody invited to a board."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browsing import canvas, new_board, sign_up
from tests.journeys.looking import axe_complaints, too_wide
from tests.mail import SECRET, USER, Mailbox, a_certificate, mail_server
from tests.running import PASSWORD, RunningServer, Script, free_port

pytestmark = [pytest.mark.browser, pytest.mark.journey]

OpenPage = Callable[..., Page]
TakePicture = Callable[[Page, str], None]
OTHER = "another long password"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[Mailbox, int, Path]]:
    pair = a_certificate(tmp_path)
    with mail_server(certificate=pair) as (box, port):
        yield box, port, pair[0]


@pytest.fixture
def server(tmp_path: Path, box: tuple[Mailbox, int, Path]) -> Iterator[RunningServer]:
    """One whose mail leaves by STARTTLS and with a password that lies in a file."""
    _, mail_port, certificate = box
    named = tmp_path / "smtp-url"
    user, secret = (
        USER.replace("@", "%40"),
        SECRET.replace("@", "%40").replace("/", "%2F").replace(" ", "%20"),
    )
    named.write_text(f"smtp://{user}:{secret}@127.0.0.1:{mail_port}?starttls=on\n")
    port = free_port()
    server = RunningServer(
        tmp_path / "data",
        port,
        {
            "WEBREF_SMTP_URL_FILE": str(named),
            "WEBREF_MAIL_FROM": "webref <webref@example.org>",
            "WEBREF_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SSL_CERT_FILE": str(certificate),
        },
    )
    server.start()
    yield server
    server.stop()


def looked_at(page: Page, take: TakePicture, name: str) -> list[str]:
    """What is wrong with it in a wide dark window, and on a light phone."""
    found = []
    for scheme, width, height in (("light", 360, 760), ("dark", 1600, 900)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{name} {scheme}: {each}" for each in axe_complaints(page) + too_wide(page)]
        take(page, f"mail-{name}-{scheme}")
    return found


def test_mails_bring_people_in_and_back(
    server: RunningServer,
    open_page: OpenPage,
    box: tuple[Mailbox, int, Path],
    picture_taker: TakePicture,
) -> None:
    mails, wrong = box[0], list[str]()

    def look(page: Page, name: str) -> None:
        wrong.extend(looked_at(page, picture_taker, name))

    # Register → mail → confirmed.
    ana = open_page(width=1600)
    sign_up(ana)
    banner = ana.get_by_role("region", name="Your address")
    expect(banner).to_contain_text("ana@example.org")
    look(ana, "banner")
    welcome = mails.wait("ana@example.org")
    assert (welcome.tls, welcome.user) == (True, USER)
    tab = ana.context.new_page()
    tab.goto(welcome.link)
    look(tab, "verify")
    tab.get_by_role("button", name="Confirm the address").click()
    expect(tab.get_by_text("Mails about your account go to ana@example.org")).to_be_visible()
    tab.close()
    ana.reload()
    expect(ana.get_by_role("heading", name="Boards")).to_be_visible()
    expect(banner).to_be_hidden()
    ana.goto("/settings/profile")
    expect(ana.get_by_text("Confirmed", exact=True)).to_be_visible()
    ana.get_by_role("button", name="Change the address").click()
    expect(ana.get_by_label("Your password")).to_be_visible()
    expect(ana.get_by_label("Mail me when somebody shares a board with me")).to_be_checked()
    look(ana, "address")
    # Invite → mail → on the board.
    ana.goto("/")
    board = new_board(ana)
    ana.get_by_role("button", name="People").click()
    ana.get_by_label("Add someone by e-mail").fill("ben@example.org")
    ana.get_by_role("button", name="Add", exact=True).click()
    expect(ana.get_by_role("button", name="Invite them")).to_be_visible()
    look(ana, "invite")
    ana.get_by_role("button", name="Invite them").click()
    expect(ana.get_by_role("list", name="Invited")).to_contain_text("ben@example.org")
    look(ana, "invited")
    invitation = mails.wait("ben@example.org")
    assert invitation.message["Subject"] == "Ana invites you to “Mood”"
    ben = open_page(width=1600, locale="en-US")
    ben.goto(invitation.link)
    expect(ben.get_by_label("E-mail")).to_have_value("ben@example.org")
    look(ben, "join")
    ben.get_by_label("Name").fill("Ben")
    ben.get_by_label("Password", exact=True).fill(PASSWORD)
    ben.get_by_role("button", name="Create account").click()
    ben.get_by_role("link", name=re.compile("Mood")).first.click()
    expect(canvas(ben)).to_have_attribute("data-ready", "true")
    assert ben.url == board
    # Forgot → mail → new password → the old session is over.
    phone = open_page(width=360, height=760, locale="de-DE")
    phone.goto("/sign-in")
    phone.get_by_role("link", name="Passwort vergessen?").click()
    look(phone, "forgot")
    phone.get_by_label("E-Mail").fill("ben@example.org")
    phone.get_by_role("button", name="Link senden").click()
    expect(phone.get_by_role("heading", name="Schau in dein Postfach")).to_be_visible()
    look(phone, "sent")
    letter = mails.wait("ben@example.org", 2)
    assert letter.message["Subject"] == f"Ein neues Passwort für 127.0.0.1:{server.port}"
    phone.goto(letter.link)
    look(phone, "reset")
    phone.get_by_label("Neues Passwort").fill(OTHER)
    phone.get_by_role("button", name="Passwort setzen").click()
    expect(phone.get_by_role("link", name=re.compile("Mood")).first).to_be_visible()
    expect(ben.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "neu gesetzt" in mails.wait("ben@example.org", 3).message["Subject"]
    phone.goto(letter.link)
    phone.get_by_label("Neues Passwort").fill(PASSWORD)
    phone.get_by_role("button", name="Passwort setzen").click()
    expect(phone.get_by_role("heading", name="Dieser Link gilt nicht mehr")).to_be_visible()
    look(phone, "over")
    # Where everyone may join, the address comes first.
    Script(server).sign_in().ask(
        "mutation { setRegistration(input: {registration: OPEN}) { instance { registration } } }"
    )
    cy = open_page()
    cy.goto("/register")
    cy.get_by_label("E-mail").fill("cy@example.org")
    look(cy, "register")
    cy.get_by_role("button", name="Send the link").click()
    cy.goto(mails.wait("cy@example.org").link)
    cy.get_by_label("Name").fill("Cy")
    cy.get_by_label("Password", exact=True).fill(PASSWORD)
    cy.get_by_role("button", name="Create account").click()
    expect(cy.get_by_role("heading", name="Boards")).to_be_visible()
    # Shared with who has an account → mail → the board.
    ana.get_by_label("Add someone by e-mail").fill("cy@example.org")
    ana.get_by_role("button", name="Add", exact=True).click()
    shared = mails.wait("cy@example.org", 2)
    assert shared.message["Subject"] == "Ana shares “Mood” with you"
    cy.goto(shared.link)
    expect(canvas(cy)).to_have_attribute("data-ready", "true")
    assert cy.url == board
    log = server.log.read_text()
    assert not any(mail.code and mail.code in log for mail in mails.received)
    assert SECRET not in log
    assert not wrong, "\n".join(wrong)

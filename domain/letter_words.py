"""The words of letters, in the languages of the product: English, and German (Du-form)."""

from collections.abc import Mapping

from msgspec import Struct

LANGUAGES = ("en", "de")


class Wording(Struct, frozen=True):
    """before, after: paragraphs around the link. button: its words; empty: there is no link.

    In braces: server (its host), name, email, inviter, board, role (a sentence about what one may do there).
    """

    subject: str
    before: tuple[str, ...]
    button: str = ""
    after: tuple[str, ...] = ()


def wording(name: str, language: str, values: Mapping[str, str]) -> Wording:
    """With the values in their places, each one line; English where a language is not spoken."""
    if language not in _WORDS:
        language = "en"
    found = _WORDS[language][name]
    placed = {key: " ".join(value.split()) for key, value in values.items()}
    if "role" in placed:
        placed["role"] = _ROLES[language][placed["role"]]
    return Wording(
        found.subject.format_map(placed),
        tuple(line.format_map(placed) for line in found.before),
        found.button.format_map(placed),
        tuple(line.format_map(placed) for line in found.after),
    )


_ENGLISH = {
    "VERIFY": Wording(
        "Confirm your address for {server}",
        (
            "Hello {name},",
            "{email} is to be the address of your account on {server}. Please confirm that it is yours.",
        ),
        "Confirm the address",
        (
            "The link works once, for three days.",
            "You have no account there? Then somebody mistyped their address: let this mail be, and "
            "nothing happens.",
        ),
    ),
    "RESET": Wording(
        "A new password for {server}",
        (
            "Hello {name},",
            "somebody, hopefully you, wants to set a new password for your account on {server}.",
        ),
        "Set a new password",
        (
            "The link works once, for an hour. It signs you out everywhere else.",
            "That was not you? Then let this mail be: your password stays as it is.",
        ),
    ),
    "JOIN": Wording(
        "Your account on {server}",
        ("Hello,", "somebody, hopefully you, wants to create an account with this address on {server}."),
        "Create the account",
        (
            "The link works once, for a day.",
            "That was not you? Then let this mail be, and there will be no account.",
        ),
    ),
    "TAKEN": Wording(
        "You have an account on {server}",
        (
            "Hello {name},",
            "somebody, hopefully you, wants to use this address for an account on {server}. You have one "
            "already: "
            "sign in with it. If you forgot the password, the page where you sign in helps.",
        ),
        "Sign in",
        ("That was not you? Then let this mail be: nothing has changed.",),
    ),
    "INVITE": Wording(
        "{inviter} invites you to {server}",
        (
            "Hello,",
            "{inviter} invites you to {server}, a server of webref: boards for pictures, looked at and "
            "laid out together.",
        ),
        "Accept the invitation",
        ("The link works once, for two weeks.", "You know nothing of this? Then let this mail be."),
    ),
    "INVITE_TO_BOARD": Wording(
        "{inviter} invites you to “{board}”",
        (
            "Hello,",
            "{inviter} shares the board “{board}” with you, on {server}, a server of webref: boards for "
            "pictures, "
            "looked at and laid out together.",
        ),
        "Accept the invitation",
        ("The link works once, for two weeks.", "You know nothing of this? Then let this mail be."),
    ),
    "CHANGED": Wording(
        "The address of your account on {server} was changed",
        (
            "Hello {name},",
            "from now on your account on {server} has another address, and mails about it no longer come "
            "here.",
            "That was not you? Then tell the owner of the server at once.",
        ),
    ),
    "PASSWORD": Wording(
        "Your password on {server} was set anew",
        (
            "Hello {name},",
            "the password of your account on {server} was set anew, with a link that was mailed to you. "
            "All sessions from before have ended.",
            "That was not you? Then somebody else reads your mail: change its password first, "
            "and ask for a new one for {server}.",
        ),
    ),
    "SHARED": Wording(
        "{inviter} shares “{board}” with you",
        ("Hello {name},", "{inviter} shares the board “{board}” on {server} with you. {role}"),
        "Open the board",
        ("You want no mails of this kind? Turn them off in the settings of your profile.",),
    ),
    "TRIAL": Wording(
        "Mail from {server} arrives",
        (
            "Hello,",
            "this is the mail that somebody had {server} send, to see whether mail from there arrives.",
        ),
    ),
}

_GERMAN = {
    "VERIFY": Wording(
        "Bestätige deine Adresse für {server}",
        (
            "Hallo {name},",
            "{email} soll die Adresse deines Kontos auf {server} sein. Bitte bestätige, dass es deine ist.",
        ),
        "Adresse bestätigen",
        (
            "Der Link gilt einmal, drei Tage lang.",
            "Du hast dort kein Konto? Dann hat sich jemand vertippt: Lass diese Mail liegen, und es "
            "geschieht nichts.",
        ),
    ),
    "RESET": Wording(
        "Ein neues Passwort für {server}",
        (
            "Hallo {name},",
            "jemand, hoffentlich du, möchte für dein Konto auf {server} ein neues Passwort setzen.",
        ),
        "Neues Passwort setzen",
        (
            "Der Link gilt einmal, eine Stunde lang. Überall sonst wirst du damit abgemeldet.",
            "Das warst nicht du? Dann lass diese Mail liegen: Dein Passwort bleibt, wie es ist.",
        ),
    ),
    "JOIN": Wording(
        "Dein Konto auf {server}",
        ("Hallo,", "jemand, hoffentlich du, möchte mit dieser Adresse ein Konto auf {server} anlegen."),
        "Konto anlegen",
        (
            "Der Link gilt einmal, einen Tag lang.",
            "Das warst nicht du? Dann lass diese Mail liegen, und es gibt kein Konto.",
        ),
    ),
    "TAKEN": Wording(
        "Du hast ein Konto auf {server}",
        (
            "Hallo {name},",
            "jemand, hoffentlich du, möchte diese Adresse für ein Konto auf {server} verwenden. Du hast "
            "dort schon "
            "eines: Melde dich damit an. Falls du das Passwort vergessen hast, hilft die Seite, auf der "
            "man sich anmeldet.",
        ),
        "Anmelden",
        ("Das warst nicht du? Dann lass diese Mail liegen: Es hat sich nichts geändert.",),
    ),
    "INVITE": Wording(
        "{inviter} lädt dich zu {server} ein",
        (
            "Hallo,",
            "{inviter} lädt dich zu {server} ein, einem Server von webref: Boards für Bilder, gemeinsam "
            "betrachtet "
            "und ausgelegt.",
        ),
        "Einladung annehmen",
        ("Der Link gilt einmal, zwei Wochen lang.", "Du weißt davon nichts? Dann lass diese Mail liegen."),
    ),
    "INVITE_TO_BOARD": Wording(
        "{inviter} lädt dich zu „{board}“ ein",
        (
            "Hallo,",
            "{inviter} teilt das Board „{board}“ mit dir, auf {server}, einem Server von webref: Boards "
            "für Bilder, "
            "gemeinsam betrachtet und ausgelegt.",
        ),
        "Einladung annehmen",
        ("Der Link gilt einmal, zwei Wochen lang.", "Du weißt davon nichts? Dann lass diese Mail liegen."),
    ),
    "CHANGED": Wording(
        "Die Adresse deines Kontos auf {server} wurde geändert",
        (
            "Hallo {name},",
            "dein Konto auf {server} hat von nun an eine andere Adresse, und Mails dazu kommen nicht mehr "
            "hierher.",
            "Das warst nicht du? Dann sag es sofort dem Menschen, dem der Server gehört.",
        ),
    ),
    "PASSWORD": Wording(
        "Dein Passwort auf {server} wurde neu gesetzt",
        (
            "Hallo {name},",
            "das Passwort deines Kontos auf {server} wurde neu gesetzt, mit einem Link, der dir gemailt "
            "wurde. "
            "Alle Sitzungen von vorher sind beendet.",
            "Das warst nicht du? Dann liest jemand deine Mails: Ändere zuerst deren Passwort, und lass dir "
            "dann "
            "ein neues für {server} geben.",
        ),
    ),
    "SHARED": Wording(
        "{inviter} teilt „{board}“ mit dir",
        ("Hallo {name},", "{inviter} teilt das Board „{board}“ auf {server} mit dir. {role}"),
        "Board öffnen",
        ("Du willst keine Mails dieser Art? Schalte sie in den Einstellungen deines Profils aus.",),
    ),
    "TRIAL": Wording(
        "Mail von {server} kommt an",
        (
            "Hallo,",
            "diese Mail hat jemand von {server} schicken lassen, um zu sehen, ob Mail von dort ankommt.",
        ),
    ),
}

_WORDS = {"en": _ENGLISH, "de": _GERMAN}

_ROLES = {
    "en": {
        "VIEWER": "You can look at it.",
        "COMMENTER": "You can look at it and comment.",
        "EDITOR": "You can add, move and change what is on it.",
        "OWNER": "You own it as well: you can do everything, including sharing and deleting.",
    },
    "de": {
        "VIEWER": "Du kannst es ansehen.",
        "COMMENTER": "Du kannst es ansehen und kommentieren.",
        "EDITOR": "Du kannst hinzufügen, verschieben und ändern, was darauf ist.",
        "OWNER": "Es gehört auch dir: Du kannst alles, auch teilen und löschen.",
    },
}

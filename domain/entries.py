"""Entries: what people may type for a name, an email or a colour, and the form in which it is kept."""

import re
import unicodedata
from collections.abc import Iterable
from uuid import UUID

from domain.errors import BadInput

MAX_NAME_CHARACTERS = 80
MAX_EMAIL_CHARACTERS = 254
MAX_IDS = 500
EMAIL = re.compile(r"[^\s@<>\"(),:;\\]+@[^\s@<>\"(),:;\\]+")
COLOUR = re.compile(r"#[0-9a-f]{6}")
UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators


def good_line(text: str, field: str, most: int = MAX_NAME_CHARACTERS) -> str:
    """One line of visible text, 1 to `most` characters, trimmed. Raises BadInput."""
    line = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(line) <= most or any(unicodedata.category(letter) in UNSEEN for letter in line):
        raise BadInput(f"The {field} is one line of 1 to {most} characters.", field=field)
    return line


def good_email(email: str) -> str:
    """Lower-cased. Only its shape is checked, for no message is sent. Raises BadInput."""
    address = email.strip().lower()
    if len(address) > MAX_EMAIL_CHARACTERS or not address.isprintable() or not EMAIL.fullmatch(address):
        raise BadInput("This is not an email address, such as ana@example.org.", field="email")
    return address


def good_colour(colour: str) -> str:
    """#rrggbb in lower case. Raises BadInput."""
    if COLOUR.fullmatch(colour.lower()) is None:
        raise BadInput("A colour is written #rrggbb, for example #0090ff.", field="colour")
    return colour.lower()


def good_ids(ids: Iterable[UUID]) -> list[UUID]:
    """Distinct, bounded, and in the order in which rows are locked. Raises BadInput."""
    distinct = sorted(set(ids))
    if not 1 <= len(distinct) <= MAX_IDS:
        raise BadInput(f"A list holds 1 to {MAX_IDS} ids.", field="ids")
    return distinct


def seen_line(text: str, most: int) -> str:
    """What somebody else's software says of itself, made harmless: never refused, only cut and cleaned."""
    visible = (letter if unicodedata.category(letter) not in UNSEEN else " " for letter in text[:most])
    return "".join(visible).strip()

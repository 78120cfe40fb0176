"""Entries: what may be sent as a name, an email, a colour or a list, and the form in which it is kept."""

import re
import unicodedata
from collections.abc import Iterable, Sequence, Sized
from uuid import UUID

from domain.errors import BadInput, LimitExceeded

LONGEST_NAME = 80
LONGEST_EMAIL = 254
MOST_AT_ONCE = 500
LONGEST_TAG = 64
MOST_TAGS = 50
EMAIL = re.compile(r"[^\s@<>\"(),:;\\]+@[^\s@<>\"(),:;\\]+")
COLOUR = re.compile(r"#[0-9a-f]{6}")
UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators


def good_line(text: str, field: str, most: int = LONGEST_NAME) -> str:
    """One line of visible text, 1 to `most` characters, trimmed. Raises BadInput."""
    line = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(line) <= most or any(unicodedata.category(letter) in UNSEEN for letter in line):
        raise BadInput(f"The {field} is one line of 1 to {most} characters.", field=field)
    return line


def good_email(email: str) -> str:
    """Lower-cased. Only its shape is checked; whether mail arrives, letters tell. Raises BadInput."""
    address = email.strip().lower()
    if len(address) > LONGEST_EMAIL or not address.isprintable() or not EMAIL.fullmatch(address):
        raise BadInput("This is not an email address, such as ana@example.org.", field="email")
    return address


def good_colour(colour: str, field: str = "colour") -> str:
    """#rrggbb in lower case. Raises BadInput."""
    lowered = colour.lower()
    if not COLOUR.fullmatch(lowered):
        raise BadInput(f"{field} must be a colour like #2a2b30.", field=field)
    return lowered


def good_text(text: str, field: str, most: int) -> str:
    """Text that PostgreSQL and JSON can hold: no NUL, no lone surrogate. Raises BadInput."""
    if len(text) > most:
        raise BadInput(f"{field} has {len(text)} characters; at most {most} are kept.", field=field)
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise BadInput(f"{field} holds a character that is no text.", field=field)
    return text


def good_ids(ids: Sequence[UUID], field: str = "ids") -> list[UUID]:
    """Distinct, bounded, and in the order in which rows are locked. Raises BadInput, LimitExceeded."""
    require_few(ids, field)
    return sorted(set(ids))


def require_few(values: Sized, field: str, most: int = MOST_AT_ONCE) -> None:
    """A list argument holds 1 to `most` values. Raises BadInput, LimitExceeded."""
    if not len(values):
        raise BadInput(f"{field} is empty: name at least one.", field=field)
    if len(values) > most:
        raise LimitExceeded(
            f"{field} has {len(values)} entries; send at most {most} at once.", field=field, limit=most
        )


def require_distinct(ids: Iterable[UUID], field: str) -> None:
    """Raises BadInput naming the one that comes twice."""
    seen: set[UUID] = set()
    for identifier in ids:
        if identifier in seen:
            raise BadInput(f"{field} names {identifier} twice.", field=field, ids=[str(identifier)])
        seen.add(identifier)


def good_tags(given: Sequence[str], field: str = "tags") -> list[str]:
    """In the form in which they are kept and looked for: distinct lines, none empty. Raises BadInput."""
    lines = (short_line(tag, field, LONGEST_TAG) for tag in given)
    tags = list(dict.fromkeys(line for line in lines if line))
    if len(tags) > MOST_TAGS:
        raise BadInput(f"There are at most {MOST_TAGS} tags on one thing.", field=field, limit=MOST_TAGS)
    return tags


def short_line(text: str, field: str, most: int) -> str:
    """One line of printable text. Raises BadInput when it is too long."""
    line = plain_line(text, most + 1)
    if len(line) > most:
        raise BadInput(f"The {field} may have at most {most} characters.", field=field, limit=most)
    return line


def plain_line(text: str, most: int) -> str:
    """One line of printable text, cut to `most` characters: never refused."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:most].rstrip()

"""Who is told what: the answers that the rows of the access matrix are made of."""

from dataclasses import dataclass

from tests.schema.scene import ACTORS

OK = "OK"


@dataclass(frozen=True)
class Row:
    """What is asked, and what each actor is told: OK or a code. data_for: who gets more than null."""

    document: str
    told: dict[str, str]
    data_for: frozenset[str] = frozenset(ACTORS)


def told(default: str, **others: str) -> dict[str, str]:
    return {"anonymous": "UNAUTHENTICATED"} | dict.fromkeys(ACTORS[1:], default) | others


EVERYBODY = told(OK, anonymous=OK)
SIGNED_IN = told(OK)
SELF_WRITE = told(OK, read_token="FORBIDDEN")
SERVER_OWNER = told("FORBIDDEN", server_owner=OK)
STRANGERS = {"outsider": "NOT_FOUND", "server_owner": "NOT_FOUND"}
READERS = told(OK, **STRANGERS)
EDITORS = told("FORBIDDEN", editor=OK, owner=OK, **STRANGERS)
COMMENTERS = told("FORBIDDEN", commenter=OK, editor=OK, owner=OK, **STRANGERS)
OWNERS = told("FORBIDDEN", owner=OK, **STRANGERS)
# Of a picture that lies on no board nobody else learns.
NOT_SEEN = told("NOT_FOUND", owner=OK, read_token="FORBIDDEN")
# Only its owner may change a picture, wherever it is placed.
IMAGE_OWNER = told("FORBIDDEN", owner=OK, **STRANGERS)

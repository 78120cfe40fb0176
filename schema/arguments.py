"""Arguments: how ids come in, and how a client names its own calls."""

from typing import Protocol
from uuid import UUID

import strawberry
from strawberry import argument

from domain.errors import BadInput

INPUT = argument(description="Everything the mutation needs.")
MUTATION_ID = (
    "A UUID you make for this call, kept 7 days: sending the same call with it again gives the stored answer "
    "instead of doing it twice; with another payload it is refused (MUTATION_ID_CONFLICT)."
)


class Repeatable(Protocol):
    """An input whose call can be sent again."""

    client_mutation_id: strawberry.ID | None


def uuid_of(text: str, argument_name: str = "id") -> UUID:
    """Raises BadInput for what is no UUID in its usual form."""
    try:
        value = UUID(text)
    except ValueError:
        value = None
    if value is None or len(text) != 36:
        raise BadInput(
            f"{argument_name} is no id: ids are UUIDs such as 3f2b8c1e-0d4a-4f6b-9a57-1c2d3e4f5a6b.",
            field=argument_name,
        )
    return value


def uuids_of(texts: list[strawberry.ID], argument_name: str = "ids") -> list[UUID]:
    return [uuid_of(text, argument_name) for text in texts]


def maybe_uuid(text: str | None, argument_name: str) -> UUID | None:
    """None for a value that was left out."""
    return uuid_of(text, argument_name) if isinstance(text, str) else None


def mutation_id_of(input: Repeatable) -> UUID | None:
    return maybe_uuid(input.client_mutation_id, "clientMutationId")

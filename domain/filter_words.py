"""A filter in words: JSON with the names of the schema's input, as an address holds it."""

import re
from collections.abc import Callable

import msgspec

from domain.errors import BadInput
from domain.findings import ImageFilter

_NAMES = re.compile(r"(?<=[a-z])[A-Z]")


def words_of(wanted: ImageFilter) -> str:
    """Without what narrows nothing."""
    return msgspec.json.encode(_renamed(msgspec.to_builtins(wanted), _camel)).decode()


def filter_of(words: str) -> ImageFilter:
    """Raises BadInput, also for a part that does not exist: else it would find more than was meant."""
    try:
        given = msgspec.json.decode(words)
        if not isinstance(given, dict) or given.keys() - set(map(_camel, ImageFilter.__struct_fields__)):
            raise msgspec.ValidationError
        return msgspec.convert(_renamed(given, _snake), ImageFilter)
    except msgspec.MsgspecError:
        raise BadInput(
            "'filter' must be JSON in the words of the schema's input ImageFilter.", field="filter"
        ) from None


def _renamed(value: object, rename: Callable[[str], str]) -> object:
    if isinstance(value, dict):
        return {rename(key): _renamed(each, rename) for key, each in value.items()}
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def _snake(name: str) -> str:
    return _NAMES.sub(lambda letter: f"_{letter[0].lower()}", name)

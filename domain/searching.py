"""Full-text search: what people type, as PostgreSQL's words, the last of them still being typed."""

import re

from domain.entries import good_text
from domain.errors import BadInput

LONGEST_SEARCH = 200

_LAST_IS_WHOLE = re.compile(r'"\s*$|(?:^|\s)-\S*$')


def search_terms(text: str | None, field: str = "search") -> tuple[str | None, bool]:
    """The text to search for (None: no search) and whether its last word may go on. Raises BadInput."""
    if text is None or not text.strip():
        return None, False
    if len(text) > LONGEST_SEARCH:
        raise BadInput(f"A search has at most {LONGEST_SEARCH} characters.", field=field)
    return good_text(text, field, LONGEST_SEARCH), _LAST_IS_WHOLE.search(text) is None


def matches(column: str, text: int, goes_on: int) -> str:
    """SQL: whether a tsvector column matches, given the numbers of the two parameters above.

    websearch understands "a phrase", or, -without; ':*' behind its last word makes that a prefix.
    """
    query = f"websearch_to_tsquery('simple', ${text}::text)::text"
    return (
        f"(${text}::text IS NULL OR {column} @@ (SELECT CASE WHEN ${goes_on}::bool AND right(q, 1) = '''' "  # noqa: S608
        f"THEN (q || ':*')::tsquery ELSE q::tsquery END FROM (SELECT {query} AS q) AS typed))"
    )

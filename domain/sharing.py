"""Sharing: who is told by mail that somebody gave them a board, and how many such mails there may be."""

from collections.abc import Sequence
from uuid import UUID

from domain import letters
from domain.access import Viewer
from domain.database import Connection, fetchrow
from domain.letters import Kind, Letter

MOST_BY_ONE = 50
"""A day, by who shares. Beyond it boards are shared all the same, and nobody is told by mail."""
MOST_TO_ONE = 10
"""A day, to one person, whoever shares."""

ONE_AT_A_TIME = 0x5348415245  # advisory lock: whoever holds it counts


async def tell(
    connection: Connection, viewer: Viewer, board_id: UUID, account_ids: Sequence[UUID], *, language: str
) -> None:
    """Writes to who came onto a board, in the transaction that let them in.

    Nobody asked for these mails: they go only to addresses that are known to be their person's, about one
    board once a day however often they come onto it, and not beyond the limits above. language: where theirs
    is not known.
    """
    if not account_ids or not letters.are_sent():
        return
    await connection.execute("SELECT pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
    rows = await connection.fetch(
        _TO_BE_TOLD, list(account_ids), board_id, viewer.account_id, language, MOST_BY_ONE, MOST_TO_ONE
    )
    for row in rows:
        await letters.write(
            connection,
            Kind.SHARED,
            row["email"],
            language=row["language"],
            account_id=viewer.account_id,
            board_id=board_id,
        )


_TO_BE_TOLD = """
WITH today AS (
  SELECT account, email, board, ended_at IS NULL OR sent_at IS NOT NULL AS holds FROM letter
  WHERE kind = 'SHARED' AND created_at > now() - interval '1 day'
    AND (account = $3 OR email IN (SELECT email FROM account WHERE id = ANY($1::uuid[])))
)
SELECT person.email, coalesce((
    SELECT language FROM session WHERE session.account = person.id AND language IS NOT NULL
    ORDER BY last_seen_at DESC LIMIT 1
  ), $4) AS language
FROM account person
WHERE person.id = ANY($1::uuid[]) AND person.id <> $3 AND person.email_proven_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM today WHERE email = person.email AND board = $2 AND holds)
  AND (SELECT count(*) FROM today WHERE email = person.email) < $6
ORDER BY person.email LIMIT greatest(0, $5 - (SELECT count(*) FROM today WHERE account = $3))
"""


async def news_of(letter: Letter) -> dict[str, str] | None:
    """What its words need, as things are now; None: they are off the board again, or want no such mail."""
    row = await fetchrow(
        "SELECT person.name, sharer.name AS inviter, board.title AS board, g.role "
        "FROM board_grant g JOIN board ON board.id = g.board "
        "JOIN account person ON person.id = g.account AND person.disabled_at IS NULL "
        "JOIN account sharer ON sharer.id = $3 AND sharer.disabled_at IS NULL "
        "LEFT JOIN preference ON preference.account = person.id "
        "WHERE g.board = $1 AND person.email = $2 AND person.email_proven_at IS NOT NULL "
        "AND board.trashed_at IS NULL AND coalesce(sharing_mail, true)",
        letter.board,
        letter.email,
        letter.account,
    )
    return None if row is None else dict(row)

"""Whereabouts: the row that says where files are kept, which wins over what a process was configured with.

A move (domain/moving.py) goes through it in two steps that every process sees at its next write, its next
miss, or within seconds. `place` is where all files are. While `target` is named, what is written goes to
both. When they have changed places, `former` is where a file can still be found that was not copied.
"""

from msgspec import Struct

from domain.database import Connection, execute, fetchrow, transaction
from domain.settings import BadSetting, Settings

_COLUMNS = "place, target, former, complaint"


class Whereabouts(Struct, frozen=True):
    """Places as `settings.good_place` writes them. complaint: of a process that cannot reach the target."""

    place: str
    target: str | None = None
    former: str | None = None
    complaint: str | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """Where what is kept must be. The last of them may take the file away from who hands it in."""
        return (self.place,) if self.target is None else (self.target, self.place)

    @property
    def read(self) -> tuple[str, ...]:
        """Where what is kept can be, the likeliest first."""
        return tuple(place for place in (self.place, self.target, self.former) if place is not None)


async def whereabouts(connection: "Connection | None" = None) -> Whereabouts | None:
    """As the row says now; None: no process has started yet. connection: of who has one of its own."""
    query = f"SELECT {_COLUMNS} FROM whereabouts"  # noqa: S608 (constants)
    row = await (fetchrow(query) if connection is None else connection.fetchrow(query))
    return None if row is None else Whereabouts(**dict(row))


async def require_whereabouts(settings: Settings) -> Whereabouts:
    """The row, made of the settings at the first start. Raises BadSetting where they speak of somewhere else.

    A process that still names the place before a move, or already the one after it, is understood.
    """
    await execute(
        "INSERT INTO whereabouts (id, place) VALUES (1, $1) ON CONFLICT DO NOTHING", settings.storage
    )
    found = await whereabouts()
    assert found is not None
    if settings.storage not in found.read:
        raise BadSetting(
            f"The files of this webref are in {found.place}, and WEBREF_STORAGE says {settings.storage}. "
            f"Set it to {found.place}, or move them with `webref storage move {settings.storage}`. "
            "If you moved them yourself, say so with `webref storage adopt`.",
            variable="WEBREF_STORAGE",
        )
    return found


async def adopt(place: str) -> None:
    """Says that all files are there, however they came there. Raises BadSetting while a move is under way."""
    async with transaction() as connection:
        found = await _locked(connection)
        if found is not None and found.target is not None:
            raise _under_way(found)
        await connection.execute(
            "INSERT INTO whereabouts (id, place) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET "
            "place = excluded.place, former = NULL, complaint = NULL, changed_at = now()",
            place,
        )


async def begin(target: str) -> Whereabouts:
    """From here on every file that comes is written there too. Raises BadSetting while another move is."""
    async with transaction() as connection:
        found = await _locked(connection)
        assert found is not None
        if found.target not in (None, target):
            raise _under_way(found)
        await connection.execute(
            "UPDATE whereabouts SET target = $1, complaint = NULL, changed_at = now()", target
        )
    return Whereabouts(found.place, target, found.former)


async def switch(target: str) -> Whereabouts:
    """From here on all files are there; where they were is remembered.

    Raises BadSetting if the move was called off.
    """
    async with transaction() as connection:
        found = await _locked(connection)
        assert found is not None
        if found.target != target:
            raise BadSetting("The move was called off meanwhile.", variable="WEBREF_STORAGE")
        await connection.execute(
            "UPDATE whereabouts SET place = target, former = place, target = NULL, complaint = NULL, "
            "changed_at = now()"
        )
    return Whereabouts(target, None, found.place)


async def call_off() -> str | None:
    """The target that is none any more; what was copied there stays there."""
    async with transaction() as connection:
        found = await _locked(connection)
        await connection.execute("UPDATE whereabouts SET target = NULL, complaint = NULL, changed_at = now()")
    return None if found is None else found.target


async def complain(target: str, words: str) -> None:
    """A process cannot reach the target: who moves should know before it is the only place."""
    await execute("UPDATE whereabouts SET complaint = $2 WHERE target = $1", target, words)


async def _locked(connection: Connection) -> Whereabouts | None:
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM whereabouts FOR UPDATE")  # noqa: S608 (constants)
    return None if row is None else Whereabouts(**dict(row))


def _under_way(found: Whereabouts) -> BadSetting:
    return BadSetting(
        f"A move to {found.target} is under way. Finish it with the same command, or call it off with "
        "`webref storage cancel`.",
        variable="WEBREF_STORAGE",
    )

"""Saved searches: what somebody looks for again and again, under a name, always with today's answer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
import msgspec
from msgspec import UNSET, Struct, UnsetType

from domain import receipts
from domain.access import Viewer, require_scope
from domain.database import Connection, fetch, transaction
from domain.entries import good_ids, good_line, require_distinct, require_few
from domain.errors import AlreadyExists, BadInput, LimitExceeded, NotFound
from domain.findings import Asked, ImageFilter, ImageSort

LONGEST_NAME = 80
MOST_SAVED = 100


class SavedSearch(Struct, frozen=True):
    id: UUID
    name: str
    filter: ImageFilter
    sort: ImageSort
    created_at: datetime


def _saved(row: asyncpg.Record) -> SavedSearch:
    return SavedSearch(
        row["id"],
        row["name"],
        msgspec.json.decode(row["filter"], type=ImageFilter),
        ImageSort(row["sort"]),
        row["created_at"],
    )


async def saved_searches_of(viewer: Viewer) -> list[SavedSearch]:
    """The viewer's, in their order: at most MOST_SAVED."""
    rows = await fetch("SELECT * FROM saved_search WHERE owner = $1 ORDER BY place, id", viewer.account_id)
    return [_saved(row) for row in rows]


async def saved_searches_by_ids(viewer: Viewer, ids: Sequence[UUID]) -> list[SavedSearch | None]:
    """In the order of the ids; None for what is not the viewer's."""
    rows = await fetch(
        "SELECT * FROM saved_search WHERE owner = $1 AND id = ANY($2::uuid[])", viewer.account_id, list(ids)
    )
    found = {row["id"]: _saved(row) for row in rows}
    return [found.get(search_id) for search_id in ids]


async def save_search(
    viewer: Viewer,
    *,
    id: UUID | None = None,
    name: str,
    filter: ImageFilter,
    sort: ImageSort = ImageSort.NEWEST,
    mutation_id: UUID | None = None,
) -> SavedSearch:
    """A new one, the last of the viewer's. Raises BadInput, LimitExceeded, AlreadyExists."""
    require_scope(viewer)
    name = good_line(name, "name", LONGEST_NAME)
    Asked(viewer, filter).order(sort)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection,
            viewer.account_id,
            mutation_id,
            "save_search",
            id=id,
            name=name,
            filter=filter,
            sort=sort,
        )
        if receipt.is_repeat:
            return receipt.answer(SavedSearch)
        await _hold(connection, viewer)
        count = await connection.fetchval(
            "SELECT count(*) FROM saved_search WHERE owner = $1", viewer.account_id
        )
        if count >= MOST_SAVED:
            raise LimitExceeded(f"At most {MOST_SAVED} searches are saved: delete one.", limit=MOST_SAVED)
        row = await connection.fetchrow(
            "INSERT INTO saved_search (id, owner, name, filter, sort, place) SELECT $1, $2, $3, $4, $5, "
            "coalesce(max(place) + 1, 0) FROM saved_search WHERE owner = $2 ON CONFLICT (id) DO NOTHING "
            "RETURNING *",
            id or uuid4(),
            viewer.account_id,
            name,
            msgspec.json.encode(filter),
            sort.value,
        )
        if row is None:
            raise AlreadyExists("The id is taken by another saved search: make a new one.", id=str(id))
        saved = _saved(row)
        await receipt.keep(saved)
    return saved


async def edit_saved_search(
    viewer: Viewer,
    search_id: UUID,
    *,
    name: str | UnsetType = UNSET,
    filter: ImageFilter | UnsetType = UNSET,
    sort: ImageSort | UnsetType = UNSET,
    mutation_id: UUID | None = None,
) -> SavedSearch:
    """What is UNSET stays as it is. Raises BadInput, NotFound."""
    require_scope(viewer)
    if name is UNSET and filter is UNSET and sort is UNSET:
        raise BadInput("Nothing to change was given: a name, a filter or an order.", field="input")
    if name is not UNSET:
        name = good_line(name, "name", LONGEST_NAME)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection,
            viewer.account_id,
            mutation_id,
            "edit_saved_search",
            id=search_id,
            name=name,
            filter=filter,
            sort=sort,
        )
        if receipt.is_repeat:
            return receipt.answer(SavedSearch)
        await _require_own(connection, viewer, [search_id])
        row = await connection.fetchrow(
            "UPDATE saved_search SET name = coalesce($2, name), filter = coalesce($3::jsonb, filter), "
            "sort = coalesce($4, sort) WHERE id = $1 RETURNING *",
            search_id,
            None if name is UNSET else name,
            None if filter is UNSET else msgspec.json.encode(filter),
            None if sort is UNSET else sort.value,
        )
        assert row is not None
        saved = _saved(row)
        Asked(viewer, saved.filter).order(saved.sort)
        await receipt.keep(saved)
    return saved


async def order_saved_searches(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[SavedSearch]:
    """These first, in this order, then the others as they were. Returns all. Raises BadInput, NotFound."""
    require_scope(viewer)
    require_few(ids, "ids", MOST_SAVED)
    require_distinct(ids, "ids")
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "order_saved_searches", ids=ids
        )
        if receipt.is_repeat:
            return receipt.answer(list[SavedSearch])
        await _hold(connection, viewer)
        await _require_own(connection, viewer, ids)
        await connection.execute(
            "UPDATE saved_search SET place = new.place - 1 FROM (SELECT id, row_number() OVER (ORDER BY "
            "array_position($2::uuid[], id) NULLS LAST, place, id) AS place FROM saved_search "
            "WHERE owner = $1) AS new WHERE saved_search.id = new.id",
            viewer.account_id,
            list(ids),
        )
        ordered = await saved_searches_of(viewer)
        await receipt.keep(ordered)
    return ordered


async def delete_saved_searches(
    viewer: Viewer, ids: Sequence[UUID], *, mutation_id: UUID | None = None
) -> list[UUID]:
    """All or none; the pictures stay as they are. Raises BadInput, LimitExceeded, NotFound."""
    require_scope(viewer)
    wanted = good_ids(ids)
    async with transaction() as connection:
        receipt = await receipts.claim(
            connection, viewer.account_id, mutation_id, "delete_saved_searches", ids=wanted
        )
        if receipt.is_repeat:
            return receipt.answer(list[UUID])
        await _require_own(connection, viewer, wanted)
        await connection.execute("DELETE FROM saved_search WHERE id = ANY($1::uuid[])", wanted)
        await receipt.keep(wanted)
    return wanted


async def _hold(connection: Connection, viewer: Viewer) -> None:
    """One change of the list at a time: its order and its bound are those of all together."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"saved_search:{viewer.account_id}"
    )


async def _require_own(connection: Connection, viewer: Viewer, ids: Sequence[UUID]) -> None:
    rows = await connection.fetch(
        "SELECT id FROM saved_search WHERE owner = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE",
        viewer.account_id,
        list(ids),
    )
    if len(rows) != len(ids):
        raise NotFound("Some of these saved searches do not exist.", kind="savedSearch")

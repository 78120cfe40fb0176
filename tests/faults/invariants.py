"""The eight invariants, looked at after every fault; what does not hold is said in a line each."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx

from domain import collecting, storage
from domain.changes import Change
from domain.database import close_database, fetch, open_database
from tests.faults.load import RECOVERY_SECONDS, Load
from tests.faults.stage import Stage
from tests.journeys.copying import Copy, copy_of_rows, talk_of_rows
from tests.laws import require_laws, state_in_rows

CANARY = "What about this?"
"""Words of comments that the clients write (tests/journeys/restless.py)."""

JOB_SECONDS = 1.0
"""What each picture of the load may take on a slow machine, beyond the time for recovering."""


async def violations(stage: Stage, load: Load) -> list[str]:
    """Of all that should hold now, what does not."""
    found: list[str] = []
    await open_database(stage.url, pool_size=2)
    try:
        await storage.start_storage(stage.settings)
        for number, look in enumerate(
            (_acknowledged, _folded, _streams, _jobs, _blobs, _collected, _unseen), start=1
        ):
            try:
                async for words in look(stage, load):
                    found.append(f"{look.__name__.strip('_')}: {words}")
            except AssertionError as error:
                said = str(error).splitlines()
                found.append(f"{look.__name__.strip('_')} ({number}): {said[0] if said else 'does not hold'}")
    finally:
        await storage.close_storage()
        await close_database()
    found += await asyncio.to_thread(_doctor, stage)
    return found


async def _acknowledged(stage: Stage, load: Load) -> AsyncIterator[str]:
    """1: every acknowledged mutation is there once, at the seq that was told, and none that was refused."""
    log = await _log(load)
    ids = [str(change.mutation_id) for change in log if change.mutation_id]
    if len(ids) != len(set(ids)):
        yield "a mutation was done twice"
    seqs = {str(change.mutation_id): change.seq for change in log if change.mutation_id}
    told = {key: seq for client in load.clients for key, seq in client.answered.items() if seq is not None}
    for key in told.keys() - seqs.keys():
        yield f"{key} was acknowledged as {told[key]} and is lost"
    for key in seqs.keys() - told.keys():
        yield f"{key} is in the log at {seqs[key]} and was never acknowledged"
    for key in told.keys() & seqs.keys():
        if told[key] != seqs[key]:
            yield f"{key} is at {seqs[key]} and was acknowledged as {told[key]}"


async def _folded(stage: Stage, load: Load) -> AsyncIterator[str]:
    """2 and 3: seqs from 1 to n, and log, rows and every client are one board."""
    log = await _log(load)
    rows = await state_in_rows(UUID(load.board))
    read = Copy()
    read.read(load.whole, since=None)
    if (read.items, read.title, read.seq) != (copy_of_rows(rows), rows.title, len(log)):
        yield "what the API reads is not what the rows say"
    for number, client in enumerate(load.clients):
        if (client.copy.items, client.copy.title, client.copy.seq) != (read.items, read.title, read.seq):
            yield f"client {number} holds another board than the rows"
        if client.copy.comments != talk_of_rows(rows):
            yield f"client {number} holds other comments than the rows"


async def _streams(stage: Stage, load: Load) -> AsyncIterator[str]:
    """4: every stream went on without a gap from where it was, or with a RESYNC."""
    for client in load.clients:
        for words in client.faults:
            yield words
        if len(client.seen) != len(set(client.seen)):
            yield "a change was told twice"
    for words in load.faults:
        yield words


async def _jobs(stage: Stage, load: Load) -> AsyncIterator[str]:
    """6: every job is done, or given up after three attempts where that is meant; none is lost."""
    deadline = asyncio.get_running_loop().time() + RECOVERY_SECONDS + JOB_SECONDS * len(load.kept)
    wrong = await _unsettled(stage)
    while any(row["state"] in ("QUEUED", "RUNNING") for row in wrong):
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.1)
        wrong = await _unsettled(stage)
    for row in wrong:
        yield f"a job ({row['kind']}) is {row['state']} after {row['attempts']} attempts: {row['error']}"
    ids = [UUID(image) for image in load.kept if image not in stage.dead]
    for row in await fetch(
        "SELECT id, state, failure FROM image WHERE id = ANY($1) AND state <> 'READY'", ids
    ):
        yield f"the picture {row['id']} is {row['state']} {row['failure'] or ''}"


async def _unsettled(stage: Stage) -> list[asyncpg.Record]:
    """Jobs that are not done, but those that are meant to be given up and were, in time."""
    rows = await fetch("SELECT * FROM job WHERE state <> 'DONE' OR attempts > max_attempts")
    return [
        row
        for row in rows
        if not (
            str(row["subject"]) in stage.dead
            and row["state"] == "DEAD"
            and row["attempts"] <= row["max_attempts"]
        )
    ]


async def _blobs(stage: Stage, load: Load) -> AsyncIterator[str]:
    """5: every acknowledged picture has its row, and its bytes as they were sent, as anybody reads them."""
    rows = await fetch(
        "SELECT id, digest, size_bytes FROM image WHERE id = ANY($1)", [UUID(key) for key in load.kept]
    )
    known = {str(row["id"]): (row["digest"], row["size_bytes"]) for row in rows}
    for image, told in load.kept.items():
        if known.get(image) != told:
            yield f"the picture {image} was acknowledged and its row is {known.get(image)}"
            continue
        answer = await load.http.get(f"/files/{image}/original")
        if answer.status_code != 200 or hashlib.sha256(answer.content).hexdigest() != told[0]:
            yield f"the original of {image} is not what was sent ({answer.status_code})"


async def _collected(stage: Stage, load: Load) -> AsyncIterator[str]:
    """5: what has no picture goes when it is collected, and nothing else does."""
    before = {row["digest"] for row in await fetch("SELECT DISTINCT digest FROM image")}
    for hours in (2, 30):
        await collecting.collect(stage.settings, strays=True, now=datetime.now(UTC) + timedelta(hours=hours))
    async with contextlib.aclosing(storage.listed("originals/")) as files:
        there = {file.key.rpartition("/")[2] async for file in files}
    for digest in before - there:
        yield f"the original {digest} of a picture is gone after collecting"
    for digest in there - before:
        yield f"the original {digest} has no picture and stays"


async def _unseen(stage: Stage, load: Load) -> AsyncIterator[str]:
    """7: nobody else reads any of it, and the logs hold no secret."""
    image = next(iter(load.kept), stage.images[0])
    query = {"query": "query ($id: ID!) { board(id: $id) { title } }", "variables": {"id": load.board}}
    for bearer in (None, stage.stranger):
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        async with httpx.AsyncClient(base_url=load.http.base_url, headers=headers) as http:
            answer = (await http.post("/graphql", json=query)).json()
            if (answer.get("data") or {}).get("board") is not None:
                yield "a stranger reads the board"
            if (await http.get(f"/files/{image}/original")).status_code not in (401, 403, 404):
                yield "a stranger reads a picture"
    for path in stage.logs():
        text = path.read_text(errors="replace")
        for secret in (*stage.secrets, CANARY):
            if secret in text:
                yield f"{path.name} holds a secret"


def _doctor(stage: Stage) -> list[str]:
    """8: the doctor finds nothing wrong."""
    done = stage.run("doctor", "--deep")
    if done.returncode == 0:
        return []
    lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(("ok", "note"))]
    return [f"doctor: {line}" for line in lines if line.strip()] or [f"doctor: {done.returncode}"]


async def _log(load: Load) -> list[Change]:
    return await require_laws(UUID(load.board))

"""Exposing metrics: at an address of their own, by a thread, for who can reach it."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import TimeoutError as NotInTime

from prometheus_client import start_http_server
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.registry import Collector

from domain.database import DB, fetch
from domain.errors import DomainError
from domain.settings import BadSetting, Settings

ASK_SECONDS = 2.0


class FromDatabase(Collector):
    """What only the database knows, asked for when somebody reads: the same from every process."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def collect(self) -> Iterable[GaugeMetricFamily]:
        asking = asyncio.run_coroutine_threadsafe(_asked(), self._loop)
        try:
            return asking.result(ASK_SECONDS)
        except (NotInTime, DomainError):
            asking.cancel()
            return []


async def _asked() -> list[GaugeMetricFamily]:
    """Nothing while the database is not open."""
    if DB.pool is None:
        return []
    waiting = GaugeMetricFamily("webref_jobs", "Background jobs by kind and state.", labels=["kind", "state"])
    oldest = GaugeMetricFamily(
        "webref_jobs_oldest_seconds", "For how long the oldest job that may run has waited.", labels=["kind"]
    )
    rows = await fetch(
        "SELECT queue, state, count(*) AS number, "
        "extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now()))::float8 AS waited "
        "FROM job WHERE state IN ('QUEUED', 'RUNNING', 'DEAD') GROUP BY queue, state"
    )
    for row in rows:
        waiting.add_metric([row["queue"], row["state"].lower()], row["number"])
        if row["state"] == "QUEUED":
            oldest.add_metric([row["queue"]], row["waited"] or 0.0)
    pool = GaugeMetricFamily(
        "webref_database_connections", "Of this process's pool, by whether they are in use.", labels=["state"]
    )
    idle = DB.pool.get_idle_size()
    pool.add_metric(["idle"], idle)
    pool.add_metric(["busy"], DB.pool.get_size() - idle)
    return [waiting, oldest, pool]


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[None]:
    """While the block runs, at the address that the settings name, if they do. Raises BadSetting."""
    if settings.metrics is None:
        yield
        return
    host, port = settings.metrics
    try:
        server, thread = start_http_server(port, host)
    except OSError as error:
        raise BadSetting(
            f"WEBREF_METRICS: {host}:{port} cannot be listened on: {error.strerror or error}.",
            variable="WEBREF_METRICS",
        ) from error
    from_database = FromDatabase(asyncio.get_running_loop())
    REGISTRY.register(from_database)
    try:
        yield
    finally:
        REGISTRY.unregister(from_database)
        server.shutdown()
        server.server_close()
        thread.join()

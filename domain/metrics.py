"""Metrics: what is counted and timed in this process, in the form that Prometheus reads.

Labels are doors, fields of the schema, kinds of jobs: few and ours, never what a client made up.
"""

import contextlib
import time
from collections.abc import Iterator

from prometheus_client import Counter, Gauge, Histogram

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

REQUESTS = Histogram(
    "webref_request_seconds", "From a request to the end of its answer.", ["door", "status"], buckets=FAST
)
OPERATIONS = Histogram(
    "webref_operation_seconds",
    "Queries and mutations by their first field; outcome: ok, failed (with errors), refused (never ran).",
    ["field", "outcome"],
    buckets=FAST,
)
COSTS = Histogram(
    "webref_operation_entries",
    "Entries of lists that an operation may give, as its cost is counted.",
    buckets=(1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000),
)
SOCKETS = Gauge("webref_sockets", "Websockets that are open.")
FOLLOWERS = Gauge("webref_followers", "Streams of events that are followed: subscriptions, mostly.")
EVENTS = Counter("webref_events", "Changes of boards, counted once for each follower that was told.")
EVENT_LAG = Histogram(
    "webref_event_lag_seconds", "From a change's commit to its being handed out here.", buckets=FAST
)
CUT = Counter("webref_followers_cut", "Followers that read too slowly and must read again.")
JOBS = Histogram(
    "webref_job_seconds",
    "Runs of background jobs; outcome: done, failed, given_back (an outage, a stop).",
    ["kind", "outcome"],
    buckets=SLOW,
)
STORED = Histogram(
    "webref_storage_seconds", "Files kept; outcome: ok or failed.", ["outcome"], buckets=(*FAST, 30.0)
)
STORED_BYTES = Counter("webref_storage_written_bytes", "Bytes of files kept.")
READ_BYTES = Counter("webref_storage_read_bytes", "Bytes of files read.")


@contextlib.contextmanager
def storing(size_bytes: int) -> Iterator[None]:
    """Around the keeping of a file."""
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "ok"
        STORED_BYTES.inc(size_bytes)
    finally:
        STORED.labels(outcome).observe(time.perf_counter() - began)

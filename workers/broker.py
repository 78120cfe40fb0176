"""The broker: how a worker learns that a job is due. The job table is the truth, this is only the hint."""

import queue
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

import dramatiq
from dramatiq import Broker, Consumer, Message, MessageProxy
from dramatiq.middleware import Middleware, TimeLimit

from domain.jobs import RUN_SECONDS

TIME_LIMIT_MS = int(RUN_SECONDS + 30) * 1000
"""Of Dramatiq, behind the limit that `jobs.run` sets itself."""


def layers(*middleware: Middleware) -> list[Middleware]:
    """Retries are the job row's business, so none of Dramatiq's own takes part."""
    return [TimeLimit(time_limit=TIME_LIMIT_MS), *middleware]


class PostgresBroker(Broker):
    """Hands hints to the worker threads of this process; nothing in here needs to survive it.

    The feeder (workers/process.py) reads the job table and enqueues what is due. `taken` are the jobs
    that wait here or run here, so that none is hinted twice.
    """

    def __init__(self, middleware: list[Middleware]) -> None:
        super().__init__(middleware)
        self.queues: dict[str, queue.SimpleQueue[Message[Any] | None]] = {}
        self._taken: set[UUID] = set()
        self._lock = threading.Lock()

    @property
    def taken(self) -> set[UUID]:
        with self._lock:
            return set(self._taken)

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = queue.SimpleQueue()
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """delay is not for this broker: a job that is not due stays in its table."""
        job_id = UUID(message.args[0])
        with self._lock:
            if job_id in self._taken:
                return message
            self._taken.add(job_id)
        self.emit_before("enqueue", message, delay)
        self.queues[message.queue_name].put(message)
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30_000) -> Consumer:
        return HintConsumer(self, self.queues[queue_name], timeout / 1000)

    def release(self, messages: Iterable[MessageProxy]) -> None:
        with self._lock:
            self._taken.difference_update(UUID(message.args[0]) for message in messages)

    def wake(self) -> None:
        """Lets every consumer look up at once, to see that it was stopped."""
        for waiting in self.queues.values():
            waiting.put(None)


class HintConsumer(Consumer):
    """An ack or a nack only forgets the hint: what became of the job is in its row."""

    def __init__(
        self,
        broker: PostgresBroker,
        waiting: "queue.SimpleQueue[Message[Any] | None]",
        timeout_seconds: float,
    ) -> None:
        self.broker = broker
        self.waiting = waiting
        self.timeout_seconds = timeout_seconds

    def __next__(self) -> MessageProxy | None:
        try:
            message = self.waiting.get(timeout=self.timeout_seconds)
        except queue.Empty:
            return None
        return None if message is None else MessageProxy(message)

    def ack(self, message: MessageProxy) -> None:
        self.broker.release([message])

    nack = ack

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        self.broker.release(messages)


def actor_for(
    broker: Broker, queue_name: str, function: Callable[[str], Awaitable[None]]
) -> "dramatiq.Actor[[str], None]":
    """Declares an actor on this broker, not on a global one. It takes the id of its job."""
    return dramatiq.actor(broker=broker, queue_name=queue_name)(function)

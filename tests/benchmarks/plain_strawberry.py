"""Strawberry's own subscriptions as they come: executed and encoded for each subscriber.

`python -m tests.benchmarks.plain_strawberry <port>`; `{ switch }` starts and stops the events.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator

import strawberry
import uvicorn
import uvloop
from litestar import Litestar
from strawberry.litestar import make_graphql_controller

RATE = 60
queues: set["asyncio.Queue[Event]"] = set()
talking = asyncio.Event()


@strawberry.type
class Person:
    id: strawberry.ID
    name: str
    colour: str


@strawberry.type
class Transform:
    x: float
    y: float
    scale: float
    rotation: float
    flip_x: bool
    flip_y: bool


@strawberry.type
class Placement:
    id: strawberry.ID
    transform: Transform


@strawberry.type
class Event:
    phase: str
    gesture_id: strawberry.ID | None
    seq: int | None
    actor: Person
    items: list[Placement]


@strawberry.type
class Query:
    @strawberry.field
    def switch(self) -> bool:
        talking.clear() if talking.is_set() else talking.set()
        return talking.is_set()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def transforms(self, board_id: strawberry.ID) -> AsyncGenerator[Event, None]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)


def an_event(number: int) -> Event:
    return Event(
        phase="MOVING",
        gesture_id=strawberry.ID("0f0e0d0c-0b0a-4908-8706-050403020100"),
        seq=None,
        actor=Person(id=strawberry.ID("0f0e0d0c-0b0a-4908-8706-050403020101"), name="Ana", colour="#1188aa"),
        items=[
            Placement(
                id=strawberry.ID("0f0e0d0c-0b0a-4908-8706-050403020102"),
                transform=Transform(
                    x=number / 3, y=number / 7, scale=1.0, rotation=0.0, flip_x=False, flip_y=False
                ),
            )
        ],
    )


async def talk() -> None:
    loop = asyncio.get_running_loop()
    number = 0
    while True:
        await talking.wait()
        due = loop.time() + 1 / RATE
        number += 1
        event = an_event(number)
        for queue in queues:
            queue.put_nowait(event)
        await asyncio.sleep(max(0.001, due - loop.time()))


async def main(port: int) -> None:
    schema = strawberry.Schema(query=Query, subscription=Subscription)
    app = Litestar([make_graphql_controller(schema, path="/graphql")])
    config = uvicorn.Config(app, port=port, ws="websockets-sansio", log_level="warning")
    talker = asyncio.create_task(talk())
    await uvicorn.Server(config).serve()
    talker.cancel()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

"""A restless client: writes at random, insists on answers, and follows its board through every cut."""

import asyncio
import json
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.journeys.copying import FOLLOW, READ, TALK, Copy

TRY_AGAIN = {"DATABASE_UNAVAILABLE", "TOO_BUSY", "TIMEOUT"}
PATIENCE_SECONDS = 10
Wanted = tuple[str, dict[str, Any]]


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Restless:
    """answered: by mutation id the seq that it was told, None where nothing was written."""

    def __init__(self, port: int, token: str, board_id: str, images: list[str], seed: int) -> None:
        self.chance = random.Random(seed)
        self.board_id = board_id
        self.images = images
        self.copy = Copy()
        self.answered: dict[str, int | None] = {}
        self.refused: dict[str, str] = {}
        self.seen: list[str] = []
        self.faults: list[str] = []
        self.resumed = self.reread = self.resent = 0
        self.gone: list[str] = []
        self.silenced: list[str] = []
        self._socket_url = f"ws://127.0.0.1:{port}/graphql"
        self._token = token
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE_SECONDS,
        )

    # Asking

    @property
    def done(self) -> int:
        return len(self.answered) + len(self.refused)

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Insists until there is an answer. Raises Refused."""
        while True:
            try:
                sent = {"query": document, "variables": variables}
                answer = (await self.http.post("/graphql", json=sent)).json()
                if not answer.get("errors"):
                    return dict(answer["data"])
                error = answer["errors"][0]
                code = error["extensions"]["code"]
                if code not in TRY_AGAIN:
                    raise Refused(code, error["message"])
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            self.resent += 1
            await asyncio.sleep(0.05)

    async def write(self, count: int) -> None:
        for _ in range(count):
            field, given = self._choose()
            mutation_id = self._new_id()
            board = "id" if field == "editBoard" else "boardId"
            sent = {board: self.board_id, "clientMutationId": mutation_id, **given}
            kind = field[0].upper() + field[1:]
            document = f"mutation ($input: {kind}Input!) {{ {field}(input: $input) {{ change {{ seq }} }} }}"
            try:
                change = (await self.ask(document, input=sent))[field]["change"]
                self.answered[mutation_id] = None if change is None else change["seq"]
            except Refused as refusal:
                self.refused[mutation_id] = str(refusal)
                if refusal.code in ("INTERNAL", "MUTATION_ID_CONFLICT"):
                    self.faults.append(f"{field}: {refusal}")

    def _new_id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128)))

    def _choose(self) -> Wanted:
        there = list(self.copy.items)
        if len(there) < 4:
            return self._added()
        some = self.chance.sample(there, min(len(there), self.chance.randint(1, 3)))
        of_kind = {
            kind: [i for i in there if self.copy.items[i]["kind"] == kind]
            for kind in ("NOTE", "FRAME", "GROUP", "IMAGE")
        }
        boxes = [i for i in some if self.copy.items[i]["kind"] != "GROUP"] or of_kind["NOTE"][:1] or some
        holders = [*of_kind["GROUP"], *of_kind["FRAME"]]
        number = self.chance.random()
        place = {
            "x": round(500 * number),
            "y": round(500 * self.chance.random()),
            "rotation": 90 * round(3 * number),
        }
        note = {"text": f"{number}", "width": 50, "height": 60}
        pictures, picture = of_kind["IMAGE"] or some, self.chance.choice(self.images)
        crop = self.chance.choice([None, {"left": 0.25, "top": 0.0, "right": 0.75, "bottom": number}])
        choices: list[tuple[int, Wanted]] = [
            (30, ("transformItems", {"items": [{"id": i, "transform": place} for i in boxes]})),
            (14, self._added()),
            (
                8,
                (
                    "restyleItems",
                    {"items": [{"id": i, "opacity": number, "name": f"{number}"} for i in some]},
                ),
            ),
            (2, ("restyleItems", {"items": [{"id": i, "locked": number < 0.4} for i in some]})),
            (
                5,
                (
                    "reorderItems",
                    {"items": [{"id": i, "z": f"a{self.chance.choice('123456789V')}"} for i in some]},
                ),
            ),
            (8, ("editNotes", {"items": [{"id": i, "note": note} for i in of_kind["NOTE"][-2:] or some]})),
            (6, ("removeItems", {"ids": some[:1]})),
            (3, ("restoreItems", {"ids": self.gone[-1:] or some})),
            (5, ("groupItems", {"ids": some, "id": self._new_id()})),
            (2, ("ungroupItems", {"ids": (holders or some)[:1]})),
            (4, ("regroupItems", {"ids": some, "parentId": self.chance.choice([None, *holders])})),
            (5, ("cropItems", {"items": [{"id": i, "crop": crop} for i in pictures[-2:]]})),
            (3, ("replaceImages", {"items": [{"id": i, "imageId": picture} for i in pictures[:2]]})),
            *self._talk(boxes),
            (9, ("undo", {})),
            (4, ("redo", {})),
            (2, ("editBoard", {"title": f"{number}"})),
        ]
        weights = [weight for weight, _ in choices]
        return self.chance.choices([wanted for _, wanted in choices], weights)[0]

    def _talk(self, boxes: list[str]) -> list[tuple[int, Wanted]]:
        pin = {"item": {"id": boxes[0], "x": 0.25, "y": 1.0}}
        if self.chance.random() < 0.4:
            pin = {"at": {"x": self.chance.randint(-9, 9), "y": 7.0}}
        new = {"id": self._new_id(), "text": "What about this?", "place": pin}
        said = self.copy.comments
        if not said:
            return [(12, ("addComments", {"comments": [new]}))]
        some = self.chance.sample(list(said), min(len(said), 2))
        roots = [said[i]["threadId"] or i for i in some]
        text = f"{self.chance.random()}"
        reply = {"id": self._new_id(), "text": text, "place": {"threadId": roots[0]}}
        return [
            (6, ("addComments", {"comments": [new]})),
            (8, ("addComments", {"comments": [reply]})),
            (4, ("editComments", {"comments": [{"id": some[0], "text": text}]})),
            (3, ("moveComments", {"comments": [{"id": roots[0], "pin": pin}]})),
            (5, ("resolveComments", {"ids": roots[:1], "resolved": self.chance.random() < 0.7})),
            (5, ("removeComments", {"ids": some[:1]})),
            (2, ("restoreComments", {"ids": self.silenced[-1:] or some[:1]})),
        ]

    def _added(self) -> Wanted:
        contents: list[dict[str, Any]] = [
            {"note": {"text": "new"}},
            {"note": {"text": ""}},
            {"frame": {}},
            *({"imageId": image} for image in self.images),
        ]
        new = [{"id": self._new_id(), "content": self.chance.choice(contents)} for _ in range(2)]
        return "addItems", {"items": new[: self.chance.randint(1, 2)]}

    # Following

    async def begin(self) -> None:
        await self._read(None)

    async def _read(self, since: int | None) -> None:
        board = (await self.ask(READ, board=self.board_id, since=since))["board"]
        talk = (await self.ask(TALK, board=self.board_id, at=board["seq"]))["board"]
        self.copy.read(board, since=since)
        self.copy.hear(talk)
        self.reread += 1

    async def follow(self) -> None:
        """Until it is cancelled: goes on with the last seq seen, now and then by reading what has changed."""
        while True:
            with suppress(OSError, WebSocketException, TimeoutError, ValueError):
                async with connect(
                    self._socket_url,
                    subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
                    open_timeout=PATIENCE_SECONDS,
                    close_timeout=1,
                    max_size=None,
                ) as socket:
                    await self._listen(socket)
            self.resumed += 1
            await asyncio.sleep(0.02)
            if self.chance.random() < 0.15:
                await self._read(self.chance.choice([None, self.copy.seq]))

    async def _listen(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"token": self._token}}))
        variables = {"board": self.board_id, "after": self.copy.seq}
        payload = {"query": FOLLOW, "variables": variables}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "next":
                if "errors" in message["payload"]:
                    self.faults.append(f"an event was said in part: {message['payload']['errors']}")
                self._take(message["payload"]["data"]["boardChanges"])
            elif message["type"] == "error":
                code = message["payload"][0]["extensions"]["code"]
                if code == "RESYNC":
                    await self._read(self.chance.choice([None, self.copy.seq]))
                elif code not in TRY_AGAIN:
                    self.faults.append(f"the stream ended with {code}")
                return

    def _take(self, change: Mapping[str, Any]) -> None:
        if change["seq"] != self.copy.seq + 1:
            self.faults.append(f"{change['seq']} came after {self.copy.seq}")
        before, said = set(self.copy.items), set(self.copy.comments)
        self.copy.apply(change["operation"])
        self.copy.seq = change["seq"]
        self.gone += sorted(before - self.copy.items.keys())
        self.silenced += sorted(said - self.copy.comments.keys())
        if change["clientMutationId"]:
            self.seen.append(change["clientMutationId"])

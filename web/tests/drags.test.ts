import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DragSender } from "$lib/board/drags";
import { connection } from "$lib/graphql/connection.svelte";
import { RequestFailed } from "$lib/graphql/failure";

interface Said {
  way: "socket" | "post";
  phase: string;
  x: number;
}

const wire = vi.hoisted(() => ({
  said: [] as Said[],
  fails: null as unknown,
  waits: false,
  answer: () => {},
}));

function hear(way: Said["way"]) {
  return (
    _document: unknown,
    { input }: { input: { phase: string; items: { transform: { x: number } }[] } },
  ) => {
    wire.said.push({ way, phase: input.phase, x: input.items[0]!.transform.x });
    if (wire.waits) return new Promise<void>((resolve) => (wire.answer = resolve));
    return wire.fails ? Promise.reject(wire.fails) : Promise.resolve({});
  };
}

vi.mock("$lib/graphql/subscriptions", () => ({ ask: hear("socket") }));
vi.mock("$lib/graphql/client", () => ({ request: hear("post") }));

const at = (x: number) => new Map([["a", { x, y: 0, scale: 1, rotation: 0, flipX: false, flipY: false }]]);
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

let sender: DragSender;

beforeEach(() => {
  vi.useFakeTimers();
  wire.said.length = 0;
  wire.fails = null;
  wire.waits = false;
  connection.up();
  sender = new DragSender("board");
});

afterEach(() => {
  connection.idle();
  vi.useRealTimers();
});

test("the moments of a drag go over the socket, the newest of each thirtieth of a second, and its end last", async () => {
  for (let x = 0; x < 20; x++) {
    sender.send("gesture", at(x), "MOVING");
    await wait(10);
  }
  sender.send("gesture", at(20), "DROPPED");
  await wait(100);
  expect(wire.said.every(({ way }) => way === "socket")).toBe(true);
  expect(wire.said.length).toBeGreaterThan(4);
  expect(wire.said.length).toBeLessThan(9);
  expect(wire.said.map(({ x }) => x)).toEqual(wire.said.map(({ x }) => x).toSorted((a, b) => a - b));
  expect(wire.said.at(-1)).toEqual({ way: "socket", phase: "DROPPED", x: 20 });
});

test.each(["down", "connecting", "idle"] as const)(
  "while the socket is %s they are posted",
  async (state) => {
    connection[state]();
    sender.send("gesture", at(1), "MOVING");
    await wait(50);
    connection.up();
    sender.send("gesture", at(2), "MOVING");
    await wait(50);
    expect(wire.said.map(({ way, x }) => [way, x])).toEqual([
      ["post", 1],
      ["socket", 2],
    ]);
  },
);

test("a moment that fails is let go, and the next is sent", async () => {
  wire.fails = new RequestFailed("TOO_BUSY", "Too many drags at once.");
  sender.send("gesture", at(1), "MOVING");
  await wait(50);
  wire.fails = null;
  sender.send("gesture", at(2), "DROPPED");
  await wait(50);
  expect(wire.said.map(({ x }) => x)).toEqual([1, 2]);
});

test("what was under way when the socket was lost is answered by the next, and nothing overtakes it", async () => {
  wire.waits = true;
  sender.send("gesture", at(1), "MOVING");
  await wait(10);
  connection.down();
  for (const x of [2, 3]) sender.send("gesture", at(x), "MOVING");
  await wait(3_000);
  expect(wire.said.map(({ x }) => x)).toEqual([1]);
  connection.up();
  wire.waits = false;
  wire.answer();
  await wait(50);
  expect(wire.said.map(({ way, x }) => [way, x])).toEqual([
    ["socket", 1],
    ["socket", 3],
  ]);
});

test("a gesture that was never begun has no end to tell", async () => {
  sender.send("gesture", at(1), "CANCELLED");
  sender.send("gesture", new Map(), "MOVING");
  await wait(50);
  expect(wire.said).toEqual([]);
});

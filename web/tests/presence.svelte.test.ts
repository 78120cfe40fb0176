import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PresenceEvent } from "$lib/board/presence";
import { BoardPresence } from "$lib/board/presence.svelte";
import { RequestFailed } from "$lib/graphql/failure";
import type { Sink } from "$lib/graphql/subscriptions";
import { aDesk, anItem, type Desk } from "./board";

interface Stream {
  variables: { boardId: string; clientId: string | null };
  sink: Sink<{ presence: PresenceEvent }>;
  isOpen: boolean;
}

const wire = vi.hoisted(() => ({ streams: [] as Stream[], said: [] as Record<string, unknown>[] }));

vi.mock("$lib/graphql/subscriptions", () => ({
  subscribe: (_document: unknown, variables: () => Stream["variables"], sink: Stream["sink"]) => {
    const stream = { variables: variables(), sink, isOpen: true };
    wire.streams.push(stream);
    return () => (stream.isOpen = false);
  },
  ask: (_document: unknown, { input }: { input: Record<string, unknown> }) => {
    const { boardId: _board, clientId: _client, ...facts } = input;
    wire.said.push(facts);
    return Promise.resolve({});
  },
}));

let desk: Desk;
let presence: BoardPresence;

const stream = () => wire.streams.at(-1)!;
const self = () => stream().variables.clientId;

function told(here: Partial<PresenceEvent["here"][number]>[], left: string[] = [], isComplete = false): void {
  const whole = here.map((one) => ({
    clientId: "ana",
    account: { id: "account-ana", name: "Ana", colour: "#46a758" },
    cursor: null,
    selection: [],
    viewport: null,
    following: null,
    status: "ACTIVE" as const,
    ...one,
  }));
  stream().sink.next({ presence: { here: whole, left, isComplete } });
}

const sight = { x: 100, y: 100, zoom: 0.5, width: 1000, height: 800 };
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  wire.streams.length = wire.said.length = 0;
  desk = aDesk([anItem("a")]);
  presence = new BoardPresence("board", "account-me", desk.editor);
  presence.open();
});

afterEach(() => {
  presence.close();
  vi.useRealTimers();
});

describe("telling", () => {
  test("one who is alone tells it once a second, and who comes is told everything at once", async () => {
    presence.point({ x: 0, y: 0 });
    await wait(500);
    expect(wire.said).toEqual([]);
    told([], [], true);
    for (let x = 1; x <= 29; x++) {
      presence.point({ x, y: 10 });
      await wait(100);
    }
    expect(wire.said).toHaveLength(3);
    presence.point({ x: 10, y: 10 });
    desk.editor.select(["a"]);
    await wait(1_500);
    presence.point({ x: 11, y: 10 });
    await wait(10);
    presence.point({ x: 10, y: 10 });
    wire.said.length = 0;
    told([{}]);
    await wait(10);
    expect(wire.said).toHaveLength(1);
    expect(wire.said[0]).toMatchObject({ cursor: { x: 10, y: 10 }, selection: ["a"], status: "ACTIVE" });
    told([{ cursor: { x: 1, y: 1 } }]);
    await wait(500);
    expect(wire.said).toHaveLength(1);
  });

  test("what happens fast is told twenty times a second, only what is new, and the last of it", async () => {
    told([{}], [], true);
    await wait(100);
    wire.said.length = 0;
    for (let x = 1; x <= 100; x++) {
      presence.point({ x, y: 0 });
      await wait(10);
    }
    await wait(100);
    expect(wire.said.length).toBeLessThanOrEqual(22);
    expect(wire.said.length).toBeGreaterThanOrEqual(15);
    expect(wire.said.every((one) => Object.keys(one).join() === "cursor")).toBe(true);
    expect(wire.said.at(-1)).toEqual({ cursor: { x: 100, y: 0 } });
  });

  test("after a minute without a hand one is idle, and active again with the first movement", async () => {
    told([{}], [], true);
    presence.point({ x: 1, y: 1 });
    await wait(59_000);
    expect(wire.said.at(-1)).not.toMatchObject({ status: "IDLE" });
    await wait(2_000);
    expect(wire.said.at(-1)).toEqual({ status: "IDLE" });
    presence.stir();
    await wait(100);
    expect(wire.said.at(-1)).toEqual({ status: "ACTIVE" });
  });

  test("a tab that is hidden takes its hand away and falls silent", async () => {
    told([{}], [], true);
    presence.point({ x: 1, y: 1 });
    await wait(200);
    vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    await wait(200);
    expect(Object.assign({}, ...wire.said)).toMatchObject({ cursor: null, status: "IDLE" });
    const count = wire.said.length;
    told([{ cursor: { x: 4, y: 4 } }]);
    presence.stir();
    await wait(120_000);
    expect(wire.said).toHaveLength(count);
    vi.spyOn(document, "hidden", "get").mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    await wait(200);
    expect(wire.said.at(-1)).toEqual({ status: "ACTIVE" });
  });

  test("where there is no room one looks on, and a taken id is given up", () => {
    const first = self();
    stream().sink.failed(new RequestFailed("ALREADY_EXISTS", "taken"));
    expect(self()).not.toBe(first);
    expect(self()).not.toBeNull();
    stream().sink.failed(new RequestFailed("LIMIT_EXCEEDED", "full"));
    expect(self()).toBeNull();
    const count = wire.streams.length;
    stream().sink.failed(new RequestFailed("NOT_FOUND", "gone"));
    expect(wire.streams).toHaveLength(count);
    expect(presence.people).toEqual([]);
  });
});

describe("following", () => {
  beforeEach(() => told([{ viewport: sight }, { clientId: "ben", following: self()! }], [], true));

  const arrived = () => ({ ...desk.editor.camera });

  test("brings the view to theirs and keeps it there", async () => {
    expect(presence.follow("ana")).toBeNull();
    await wait(3_000);
    expect(arrived()).toEqual({ x: -900, y: -700, zoom: 0.5 });
    expect(Object.assign({}, ...wire.said)).toMatchObject({ following: "ana" });
    told([{ viewport: { ...sight, x: 300 } }]);
    await wait(3_000);
    expect(arrived()).toEqual({ x: -700, y: -700, zoom: 0.5 });
    expect(presence.followed?.clientId).toBe("ana");
  });

  test("ends with a pan of one's own, on the way too, and the view stays", async () => {
    presence.follow("ana");
    await wait(50);
    const own = { x: 5, y: 5, zoom: 2 };
    desk.editor.look(own);
    expect(presence.followed).toBeNull();
    await wait(3_000);
    expect(desk.editor.camera).toBe(own);
    expect(wire.said.at(-1)).toMatchObject({ following: null });
  });

  test("ends when they leave, by Esc, and is refused in a circle", () => {
    presence.follow("ana");
    told([], ["ana"]);
    expect(presence.followed).toBeNull();
    told([{ viewport: sight }]);
    presence.follow("ana");
    expect(presence.unfollow()).toBe(true);
    expect(presence.unfollow()).toBe(false);
    expect(presence.follow("ben")).toBe("Ana is following you.");
    presence.follow("ana");
    told([{ viewport: sight, following: self()! }]);
    expect(presence.followed).toBeNull();
  });
});

describe("a cut", () => {
  beforeEach(() =>
    told([{ viewport: sight, cursor: { x: 1, y: 1 }, selection: ["a"] }, { clientId: "ben" }], [], true),
  );

  test("takes the others away until one is told of them again, and says oneself anew", async () => {
    await wait(200);
    presence.cut();
    expect([presence.people, presence.glides.size, desk.editor.marks.size]).toEqual([[], 0, 0]);
    wire.said.length = 0;
    presence.point({ x: 3, y: 3 });
    await wait(1_000);
    expect(wire.said).toEqual([]);
    told([{ selection: ["a"] }], [], true);
    await wait(200);
    expect(presence.people.map(({ clientId }) => clientId)).toEqual(["ana"]);
    expect(desk.editor.marks.size).toBe(1);
    expect(wire.said[0]).toMatchObject({ cursor: { x: 3, y: 3 }, status: "ACTIVE", selection: [] });
  });

  test("does not end following somebody who comes back a little later", async () => {
    presence.follow("ana");
    presence.cut();
    told([{ clientId: "ben" }], [], true);
    await wait(3_000);
    expect(presence.followed?.clientId).toBe("ana");
    told([{ viewport: { ...sight, x: 500 } }]);
    await wait(6_000);
    expect(presence.followed?.clientId).toBe("ana");
    expect(desk.editor.camera.x).toBe(-500);
  });

  test("ends it when they do not come back", async () => {
    presence.follow("ana");
    presence.cut();
    told([{ clientId: "ben" }], [], true);
    await wait(9_000);
    expect(presence.followed).toBeNull();
    expect(wire.said.at(-1)).toMatchObject({ following: null });
  });
});

import { describe, expect, test } from "vitest";
import {
  Company,
  differing,
  inOrder,
  nameOf,
  oneOfEach,
  type PresenceEvent,
  type Showing,
} from "$lib/board/presence";
import { approached, cameraOn, Glide, sightOf } from "$lib/canvas/cursors";
import { seen, toScreen } from "$lib/geometry/camera";

type Facts = PresenceEvent["here"][number];

function facts(clientId: string, changes: Partial<Facts> & { who?: string } = {}): Facts {
  const { who = clientId, ...rest } = changes;
  return {
    clientId,
    account: { id: `account-${who}`, name: who, colour: "#46a758" },
    cursor: { x: 0, y: 0 },
    selection: [],
    viewport: null,
    following: null,
    status: "ACTIVE",
    ...rest,
  };
}

const event = (here: Facts[], left: string[] = [], isComplete = false): PresenceEvent => ({
  here,
  left,
  isComplete,
});

describe("a cursor", () => {
  test("passes through every place between two that were heard, at an even pace", () => {
    const glide = new Glide({ x: 0, y: 0 }, 1000);
    glide.heard({ x: 100, y: 50 }, 1050);
    expect(glide.at(1050)).toEqual({ x: 0, y: 0 });
    expect(glide.at(1075)).toEqual({ x: 50, y: 25 });
    expect(glide.at(1100)).toEqual({ x: 100, y: 50 });
    expect(glide.isMoving(1099)).toBe(true);
    expect(glide.isMoving(1100)).toBe(false);
    expect(glide.at(5000)).toEqual({ x: 100, y: 50 });
  });

  test("never jumps, whenever the next place comes", () => {
    const glide = new Glide({ x: 0, y: 0 }, 0);
    let now = 0;
    for (const [pause, x] of [
      [40, 10],
      [15, 30],
      [90, -20],
      [400, 60],
      [33, 61],
      [5, 200],
    ] as const) {
      now += pause;
      const before = glide.at(now);
      glide.heard({ x, y: 0 }, now);
      expect(glide.at(now).x).toBeCloseTo(before.x, 9);
    }
    expect(glide.at(now + 500)).toEqual({ x: 200, y: 0 });
  });

  test("does not creep after a pause, and for less motion is there at once", () => {
    const glide = new Glide({ x: 0, y: 0 }, 0);
    glide.heard({ x: 10, y: 0 }, 20_000);
    expect(glide.at(20_050).x).toBe(10);
    glide.heard({ x: 50, y: 0 }, 20_100);
    glide.settle();
    expect(glide.at(20_100).x).toBe(50);
    expect(glide.isMoving(20_100)).toBe(false);
  });
});

describe("a view that follows", () => {
  test("shows all that the other sees, on a screen of any shape", () => {
    const theirs = sightOf({ x: -100, y: 40, zoom: 2 }, { width: 1600, height: 900 });
    for (const mine of [
      { width: 1600, height: 900 },
      { width: 400, height: 900 },
      { width: 2000, height: 300 },
    ]) {
      const area = seen(cameraOn(theirs, mine), mine);
      expect(area.left).toBeLessThanOrEqual(-100 + 1e-9);
      expect(area.top).toBeLessThanOrEqual(40 + 1e-9);
      expect(area.right).toBeGreaterThanOrEqual(700 - 1e-9);
      expect(area.bottom).toBeGreaterThanOrEqual(490 - 1e-9);
    }
    expect(cameraOn(theirs, { width: 1600, height: 900 })).toEqual({ x: -100, y: 40, zoom: 2 });
  });

  test("comes nearer with every frame and arrives", () => {
    const viewport = { width: 1000, height: 800 };
    const goal = { x: 5000, y: -300, zoom: 0.25 };
    let camera = { x: 0, y: 0, zoom: 4 };
    let frames = 0;
    const off = (one: typeof camera) => Math.abs(Math.log(one.zoom / goal.zoom));
    while (camera !== goal && frames < 200) {
      const next = approached(camera, goal, 16, viewport);
      expect(off(next)).toBeLessThanOrEqual(off(camera));
      camera = next;
      frames += 1;
    }
    expect(camera).toBe(goal);
    expect(frames).toBeGreaterThan(10);
    expect(toScreen(camera, { x: 5000, y: -300 })).toEqual({ x: 0, y: 0 });
  });
});

describe("company", () => {
  test("is what the events say, without oneself", () => {
    const company = new Company("me");
    expect(company.take(event([facts("me"), facts("ana"), facts("ben")], [], true))).toBe(true);
    expect([...company.people.keys()]).toEqual(["ana", "ben"]);
    expect(company.take(event([facts("eve")], ["ana"]))).toBe(true);
    expect([...company.people.keys()]).toEqual(["ben", "eve"]);
    expect(company.take(event([facts("ana")], [], true))).toBe(true);
    expect([...company.people.keys()]).toEqual(["ana"]);
  });

  test("makes no news of a hand or a view that moves", () => {
    const company = new Company("me");
    company.take(event([facts("ana")], [], true));
    const sight = { x: 0, y: 0, zoom: 1, width: 10, height: 10 };
    expect(company.take(event([facts("ana", { cursor: { x: 9, y: 9 }, viewport: sight })]))).toBe(false);
    expect(company.people.get("ana")?.cursor).toEqual({ x: 9, y: 9 });
    expect(company.take(event([facts("ana", { cursor: null })]))).toBe(true);
    expect(company.take(event([facts("ana", { cursor: null, status: "IDLE" })]))).toBe(true);
    expect(company.take(event([facts("ana", { cursor: null, status: "IDLE", selection: ["a"] })]))).toBe(
      true,
    );
    expect([...company.marks]).toEqual([["a", "#46a758"]]);
    expect(company.take(event([facts("me", { selection: ["b"] })]))).toBe(false);
  });

  test("who follows leads on to whom they follow, and nobody goes round in circles", () => {
    const company = new Company("me");
    company.take(
      event([
        facts("ana", { following: "ben" }),
        facts("ben", { following: "eve" }),
        facts("eve"),
        facts("kim", { following: "me" }),
        facts("lea", { following: "kim" }),
        facts("mia", { following: "nia" }),
        facts("nia", { following: "mia" }),
        facts("ola", { following: "gone" }),
      ]),
    );
    expect(company.leaderOf("ana")?.clientId).toBe("eve");
    expect(company.leaderOf("eve")?.clientId).toBe("eve");
    for (const lost of ["kim", "lea", "mia", "nobody"]) expect(company.leaderOf(lost)).toBeNull();
    expect(company.leaderOf("ola")?.clientId).toBe("ola");
  });

  test("one's own other tabs are named so and come last", () => {
    const company = new Company("me");
    company.take(
      event([facts("tab", { who: "Aaron" }), facts("z", { who: "Zoe" }), facts("b", { who: "Ben" })]),
    );
    const people = inOrder(company.people.values(), "account-Aaron");
    expect(people.map((person) => nameOf(person, "account-Aaron"))).toEqual([
      "Ben",
      "Zoe",
      "You, another tab",
    ]);
  });
});

test("of a person with several tabs the one is shown that is followed, or that is used", () => {
  const company = new Company("me");
  company.take(
    event([
      facts("ana-1", { who: "ana", status: "IDLE" }),
      facts("ana-2", { who: "ana" }),
      facts("ana-3", { who: "ana" }),
      facts("ben-1", { who: "ben", status: "IDLE" }),
      facts("ben-2", { who: "ben", status: "IDLE" }),
    ]),
  );
  const people = inOrder(company.people.values(), "account-me");
  const shown = (followed?: string) => oneOfEach(people, followed).map((person) => person.clientId);
  expect(shown()).toEqual(["ana-2", "ben-1"]);
  expect(shown("ana-1")).toEqual(["ana-1", "ben-1"]);
  expect(shown("ana-3")).toEqual(["ana-3", "ben-1"]);
  expect(shown("ben-2")).toEqual(["ana-2", "ben-2"]);
});

test("only what has changed is sent, and everything to who knows nothing", () => {
  const now: Showing = {
    cursor: { x: 1, y: 2 },
    selection: ["a"],
    viewport: null,
    following: null,
    status: "ACTIVE",
  };
  expect(differing(null, now)).toEqual(now);
  expect(differing(now, { ...now, cursor: { x: 1, y: 2 }, selection: ["a"] })).toBeNull();
  expect(differing(now, { ...now, cursor: null, selection: [] })).toEqual({ cursor: null, selection: [] });
});

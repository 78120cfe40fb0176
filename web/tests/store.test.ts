import { describe, expect, test } from "vitest";
import { fold, type Items, type Operation } from "$lib/board/operations";
import { Store } from "$lib/board/store";
import { IDENTITY } from "$lib/geometry/shapes";
import { anItem } from "./board";

const moved = (id: string, x: number): Operation => ({
  kind: "transform",
  items: [{ id, transform: { ...IDENTITY, x } }],
});

describe("folding operations", () => {
  test("each operation writes its own register and leaves the others", () => {
    const items: Items = new Map([["a", anItem("a", { opacity: 0.5 })]]);
    fold(moved("a", 7), items);
    fold({ kind: "restyle", items: [{ id: "a", grayscale: true, opacity: undefined }] }, items);
    fold({ kind: "reorder", items: [{ id: "a", z: "a5" }] }, items);
    expect(items.get("a")).toMatchObject({ transform: { x: 7 }, grayscale: true, opacity: 0.5, z: "a5" });
  });

  test("what does not fit is passed over", () => {
    const items: Items = new Map();
    fold(moved("gone", 1), items);
    fold({ kind: "remove", ids: ["gone"] }, items);
    expect(items.size).toBe(0);
  });

  test("removed and restored is as before", () => {
    const a = anItem("a", { at: { x: 3 } });
    const items: Items = new Map([["a", a]]);
    fold({ kind: "remove", ids: ["a"] }, items);
    fold({ kind: "restore", items: [a] }, items);
    expect([...items.values()]).toEqual([a]);
  });
});

describe("the store", () => {
  test("shows a proposal at once, and the confirmed board after it is withdrawn", () => {
    const store = new Store();
    store.reset([anItem("a")], 4);
    store.propose("m1", moved("a", 50));
    expect(store.get("a")?.transform.x).toBe(50);
    store.withdraw("m1");
    expect(store.get("a")?.transform.x).toBe(0);
  });

  test("keeps its own pending move over somebody else's, until the server has ordered both", () => {
    const store = new Store();
    store.reset([anItem("a")], 0);
    store.propose("mine", moved("a", 10));
    store.receive({ seq: 1, mutationId: "theirs", operation: moved("a", 99) });
    expect(store.get("a")?.transform.x).toBe(10);
    store.receive({ seq: 2, mutationId: "mine", operation: moved("a", 10) });
    expect(store.get("a")?.transform.x).toBe(10);
    expect(store.isPending("mine")).toBe(false);
  });

  test("a later change of somebody else wins over a confirmed one of ours", () => {
    const store = new Store();
    store.reset([anItem("a")], 0);
    store.propose("mine", moved("a", 10));
    store.receive({ seq: 1, mutationId: "mine", operation: moved("a", 10) });
    store.receive({ seq: 2, mutationId: null, operation: moved("a", 20) });
    expect(store.get("a")?.transform.x).toBe(20);
  });

  test("applies changes in the order of seq, each once, however they arrive", () => {
    const store = new Store();
    store.reset([anItem("a")], 0);
    expect(store.receive({ seq: 2, mutationId: null, operation: moved("a", 2) })).toBe(false);
    expect(store.get("a")?.transform.x).toBe(0);
    expect(store.receive({ seq: 1, mutationId: null, operation: moved("a", 1) })).toBe(true);
    expect(store.get("a")?.transform.x).toBe(2);
    store.receive({ seq: 1, mutationId: null, operation: moved("a", 1) });
    expect(store.get("a")?.transform.x).toBe(2);
    expect(store.seq).toBe(2);
  });

  test("a fresh reading keeps what is still pending on top", () => {
    const store = new Store();
    store.reset([anItem("a")], 0);
    store.propose("mine", moved("a", 10));
    store.reset([anItem("a", { at: { x: 5 } }), anItem("b")], 9);
    expect(store.get("a")?.transform.x).toBe(10);
    expect(store.size).toBe(2);
  });

  test("sorts back to front by rank, equal ranks by id", () => {
    const store = new Store();
    store.reset([anItem("c", { z: "a1" }), anItem("b", { z: "a0" }), anItem("a", { z: "a1" })], 0);
    expect(store.inOrder.map((item) => item.id)).toEqual(["b", "a", "c"]);
  });

  test("replaying every change gives what is shown", () => {
    const store = new Store();
    store.reset([], 0);
    const log: Operation[] = [
      { kind: "add", items: [anItem("a"), anItem("b", { z: "a1" })] },
      moved("a", 4),
      { kind: "remove", ids: ["b"] },
      { kind: "restore", items: [anItem("b", { z: "a1" })] },
      { kind: "reorder", items: [{ id: "b", z: "Zz" }] },
    ];
    log.forEach((operation, i) => store.receive({ seq: i + 1, mutationId: null, operation }));
    const items: Items = new Map();
    for (const operation of log) fold(operation, items);
    expect(new Map(store.inOrder.map((item) => [item.id, item]))).toEqual(items);
  });
});

/** What goes out from a board: once, in order, taken back while nobody has seen it, and told where it could not be done. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Message } from "$lib/board/errands";
import { Posting } from "$lib/board/posting.svelte";
import { RequestFailed } from "$lib/graphql/failure";

const away = new RequestFailed("NETWORK", "The server cannot be reached.");
const refused = new RequestFailed("NOT_FOUND", "Some of these items are not on this board.");

const server = vi.hoisted(() => ({
  answer: (_name: string): Error | null => null,
  sent: [] as { id: string; name: string }[],
}));
const kept = vi.hoisted(() => ({
  errands: new Map<string, Record<string, unknown>>(),
  left: [] as unknown[],
}));

vi.mock("$lib/board/errands", async (original) => ({
  ...(await original<object>()),
  deliver: async ({ clientMutationId }: { clientMutationId: string }, message: Message) => {
    const name = nameOf(message);
    server.sent.push({ id: clientMutationId, name });
    const failure = server.answer(name);
    if (failure) throw failure;
    return { change: null, skipped: [] };
  },
}));
vi.mock("$lib/offline/errands", () => ({
  keepErrand: async (errand: { mutationId: string }) => Boolean(kept.errands.set(errand.mutationId, errand)),
  forgetErrand: async (id: string) => void kept.errands.delete(id),
  takeOverErrands: async () => ({ errands: kept.left.splice(0), expired: [] }),
}));

function nameOf(message: Message): string {
  return message.kind === "say" && message.saying.kind === "remove" ? message.saying.ids[0]! : message.kind;
}

function aMessage(name: string): Message {
  return { kind: "say", saying: { kind: "remove", ids: [name] } };
}

let shown: string[];
let posting: Posting;

function aPosting(): Posting {
  const names = new Map<string, string>();
  return new Posting("board", "ana/board", {
    propose: (id, message) => {
      names.set(id, nameOf(message));
      shown.push(nameOf(message));
    },
    withdraw: (id) => (shown = shown.filter((name) => name !== names.get(id))),
    hide: (id) => (shown = shown.filter((name) => name !== names.get(id))),
    answered: () => undefined,
    changed: () => undefined,
  });
}

const post = (name: string) => posting.post(aMessage(name), name);
const settle = () => vi.advanceTimersByTimeAsync(60_000);

beforeEach(() => {
  vi.useFakeTimers();
  server.sent.length = 0;
  server.answer = () => null;
  kept.errands.clear();
  shown = [];
  posting = aPosting();
  return () => vi.useRealTimers();
});

describe("without the network", () => {
  beforeEach(async () => {
    server.answer = () => away;
    for (const name of ["a", "b", "c"]) post(name);
    await vi.advanceTimersByTimeAsync(5_000);
  });

  test("what waits is kept and named; when the server is back it is sent in order under its ids, and kept no more", async () => {
    expect([posting.labels, posting.isStalled]).toEqual([["a", "b", "c"], true]);
    const [first] = server.sent;
    const ids = [...kept.errands.keys()];
    server.answer = () => null;
    server.sent.length = 0;
    await settle();
    expect(server.sent.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(server.sent.map(({ id }) => id)).toEqual(ids);
    expect(server.sent[0]?.id).toBe(first?.id);
    expect([posting.waiting, kept.errands.size, posting.wouldLose]).toEqual([0, 0, false]);
  });

  test("an undo takes back what was never sent, and a redo does it again", async () => {
    expect(posting.takeBack()).toBe(true);
    expect([shown, posting.labels]).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(kept.errands.size).toBe(2);
    expect(posting.giveAgain()).toBe(true);
    expect(posting.labels).toEqual(["a", "b", "c"]);
    server.answer = () => null;
    server.sent.length = 0;
    await settle();
    expect(server.sent.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test("what may have arrived is undone by the server, and hidden meanwhile", async () => {
    for (let n = 0; n < 3; n += 1) expect(posting.takeBack()).toBe(true);
    expect([shown, posting.labels]).toEqual([["undo"], ["a", "Undo"]]);
    expect(posting.canTakeBack).toBe(false);
    server.answer = () => null;
    server.sent.length = 0;
    await settle();
    expect(server.sent.map(({ name }) => name)).toEqual(["a", "undo"]);
  });

  test("an undo of what is refused is not sent: it would undo something else", async () => {
    for (let n = 0; n < 3; n += 1) posting.takeBack();
    server.answer = (name) => (name === "a" ? refused : null);
    server.sent.length = 0;
    await settle();
    expect(server.sent.map(({ name }) => name)).toEqual(["a"]);
    expect([posting.waiting, kept.errands.size]).toEqual([0, 0]);
  });

  test("the same where a later page goes on", async () => {
    for (let n = 0; n < 3; n += 1) posting.takeBack();
    posting.close();
    kept.left.push(...kept.errands.values());
    const later = (posting = aPosting());
    server.answer = (name) => (name === "a" ? refused : null);
    server.sent.length = 0;
    await later.goOn();
    await settle();
    expect(server.sent.map(({ name }) => name)).toEqual(["a"]);
    expect(later.conflicts).toEqual([{ label: "a", reason: refused.message }]);
  });

  test("a redo of an undo that waits takes that out again", async () => {
    for (let n = 0; n < 3; n += 1) posting.takeBack();
    expect(posting.giveAgain()).toBe(true);
    expect(posting.labels).toEqual(["a"]);
    expect(shown).toContain("a");
    expect(posting.giveAgain()).toBe(true);
    expect(posting.labels).toEqual(["a", "b"]);
  });

  test("something new leaves nothing to do again", () => {
    posting.takeBack();
    post("d");
    expect(posting.canGiveAgain).toBe(false);
    expect(posting.giveAgain()).toBe(false);
    expect(posting.labels).toEqual(["a", "b", "d"]);
  });
});

test("what is on its way to a server that answers is for the server to undo", async () => {
  post("a");
  expect(posting.takeBack()).toBe(false);
  await settle();
  expect([posting.takeBack(), posting.canTakeBack]).toEqual([false, false]);
});

test("what was left is sent, and refused silently where an earlier page had sent it otherwise", async () => {
  kept.left.push({ mutationId: "m1", message: aMessage("a"), label: "a" });
  server.answer = () => new RequestFailed("MUTATION_ID_CONFLICT", "This id was used.");
  await posting.goOn();
  await settle();
  expect(server.sent).toEqual([{ id: "m1", name: "a" }]);
  expect([posting.conflicts, posting.waiting]).toEqual([[], 0]);
});

/** What this browser keeps of unsent work and of boards: whose it is, who goes on with it, and when it is gone. */
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { OpeningQuery } from "$generated/graphql";
import type { Message } from "$lib/board/errands";
import type { Copy } from "$lib/offline/keepsake";

const DAY_MS = 24 * 3600 * 1000;
const NUDGE: Message = { kind: "undo" };
const COPY: Copy = {
  seq: 3,
  title: "Mood",
  role: "OWNER",
  isTrashed: false,
  items: [],
  pictures: [],
  comments: [],
  talkSeq: null,
  atlas: null,
};

/** Names of locks, as the living pages of this browser hold them. */
const held = new Set<string>();

/** The modules as another page has them: its own name, its own connection. */
async function aPage() {
  vi.resetModules();
  const [errands, boards, opening, database] = await Promise.all([
    import("$lib/offline/errands"),
    import("$lib/offline/boards"),
    import("$lib/offline/opening"),
    import("$lib/offline/database"),
  ]);
  return { ...errands, ...boards, ...opening, ...database };
}

function anOpening(id: string): OpeningQuery {
  return { instance: { hasOwner: true }, viewer: { account: { id } } } as unknown as OpeningQuery;
}

function anErrand(mutationId: string, queue = "ana/board") {
  return { mutationId, queue, label: `Nudge ${mutationId}`, message: NUDGE };
}

beforeEach(async () => {
  held.clear();
  localStorage.clear();
  Object.defineProperty(navigator, "locks", {
    configurable: true,
    value: {
      request: (name: string) => {
        held.add(name);
        return new Promise(() => undefined);
      },
      query: () => Promise.resolve({ held: [...held].map((name) => ({ name })) }),
    },
  });
  const page = await aPage();
  await page.forgetErrands();
  await page.forgetSights();
  page.rememberOpening(anOpening("ana"));
});

describe("errands", () => {
  test("go over to a later page in the order in which they were done, once the first is no more", async () => {
    const first = await aPage();
    for (const id of ["c", "a", "b"]) expect(await first.keepErrand(anErrand(id))).toBe(true);
    const second = await aPage();
    expect((await second.takeOverErrands("ana/board")).errands).toEqual([]);
    held.clear();
    const { errands } = await second.takeOverErrands("ana/board");
    expect(errands.map(({ mutationId }) => mutationId)).toEqual(["c", "a", "b"]);
    expect(errands[0]?.message).toEqual(NUDGE);
    // What is taken over is one's own now.
    expect((await second.takeOverErrands("ana/board")).errands).toEqual([]);
    expect(await second.countErrands("ana")).toBe(3);
  });

  test("go to nobody else, and to no other board", async () => {
    await (await aPage()).keepErrand(anErrand("a"));
    held.clear();
    const later = await aPage();
    expect((await later.takeOverErrands("ben/board")).errands).toEqual([]);
    expect((await later.takeOverErrands("ana/other")).errands).toEqual([]);
    expect((await later.takeOverErrands("ana/board")).errands).toHaveLength(1);
  });

  test("that are acknowledged are not kept", async () => {
    const page = await aPage();
    await page.keepErrand(anErrand("a"));
    await page.forgetErrand("a");
    held.clear();
    expect((await (await aPage()).takeOverErrands("ana/board")).errands).toEqual([]);
  });

  test("that are older than the server remembers ids are told and not sent", async () => {
    await (await aPage()).keepErrand(anErrand("a"));
    held.clear();
    const later = await aPage();
    const { errands, expired } = await later.takeOverErrands("ana/board", Date.now() + 6.5 * DAY_MS);
    expect(errands).toEqual([]);
    expect(expired.map(({ label }) => label)).toEqual(["Nudge a"]);
    expect(await later.countErrands("ana")).toBe(0);
  });

  test("of others go when somebody signs in, one's own stay", async () => {
    const page = await aPage();
    await page.keepErrand(anErrand("mine"));
    page.rememberOpening(anOpening("ben"));
    await page.keepErrand(anErrand("his", "ben/board"));
    await page.forgetErrands((account) => account !== "ana");
    expect([await page.countErrands("ana"), await page.countErrands("ben")]).toEqual([1, 0]);
  });
});

describe("after signing out", () => {
  test("a page that has not heard of it keeps nothing any more", async () => {
    const [page, slow] = [await aPage(), await aPage()];
    await slow.keepBoard({ ...COPY, key: "ana/board" });
    page.forgetOpening();
    await Promise.all([page.forgetErrands(), page.forgetSights()]);
    await slow.keepBoard({ ...COPY, key: "ana/board" });
    expect(await slow.keepErrand(anErrand("a"))).toBe(false);
    expect(await page.recallBoard("ana/board")).toBeNull();
    expect(await page.countErrands("ana")).toBe(0);
  });

  test("the next person's page keeps nothing of the one before", async () => {
    const page = await aPage();
    page.rememberOpening(anOpening("ben"));
    await page.keepBoard({ ...COPY, key: "ana/board" });
    expect(await page.recallBoard("ana/board")).toBeNull();
    await page.keepBoard({ ...COPY, key: "ben/board" });
    expect((await page.keptBoards("ben")).map(({ title }) => title)).toEqual(["Mood"]);
    expect(await page.keptBoards("ana")).toEqual([]);
  });
});

describe("boards", () => {
  test("are the twenty that were seen last", async () => {
    const page = await aPage();
    vi.useFakeTimers({ toFake: ["Date"] });
    for (let n = 0; n < 23; n += 1) {
      vi.setSystemTime(n * 1_000);
      await page.keepBoard({ ...COPY, key: `ana/${n}` });
    }
    vi.useRealTimers();
    const kept = await page.keptBoards("ana");
    expect(kept.map(({ key }) => key)).toEqual(Array.from({ length: 20 }, (_, n) => `ana/${22 - n}`));
  });

  test("that lost their storage are simply not there", async () => {
    localStorage.setItem("webref.opening", "{ not JSON");
    const page = await aPage();
    expect(page.recallOpening()).toBeNull();
    expect(await page.recallBoard("ana/none")).toBeNull();
  });
});

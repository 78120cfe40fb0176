import { expect, test } from "vitest";
import { Paged, type Read } from "$lib/graphql/paged.svelte";

type Row = { id: string; word?: string };

function rows(count: number): Row[] {
  return Array.from({ length: count }, (_, at) => ({ id: `r${at}` }));
}

/** A connection over an array that may change between pages; remembers how it was asked. */
function over(all: () => readonly Row[]) {
  const asked: [number, string | null][] = [];
  const read: Read<Row> = async (first, after) => {
    asked.push([first, after]);
    const list = all();
    const start = after === null ? 0 : Number(after) + 1;
    const nodes = list.slice(start, start + first);
    return {
      nodes,
      pageInfo: {
        hasNextPage: start + nodes.length < list.length,
        endCursor: String(start + nodes.length - 1),
      },
      totalCount: list.length,
    };
  };
  return { asked, read };
}

const ids = (paged: Paged<Row>) => paged.nodes.map((node) => node.id);

test("pages follow each other by cursor until there are no more", async () => {
  const { asked, read } = over(() => rows(5));
  const paged = new Paged(read, 2);
  await paged.restart(read);
  await paged.more();
  await paged.more();
  await paged.more();
  expect(ids(paged)).toEqual(["r0", "r1", "r2", "r3", "r4"]);
  expect(asked).toEqual([
    [2, null],
    [2, "1"],
    [2, "3"],
  ]);
  expect(paged.total).toBe(5);
});

test("a node that moved to a later page is shown once", async () => {
  let all = rows(4);
  const { read } = over(() => all);
  const paged = new Paged(read, 2);
  await paged.restart(read);
  all = [{ id: "new" }, ...all];
  await paged.more();
  expect(ids(paged)).toEqual(["r0", "r1", "r2"]);
});

test("a quiet refresh keeps what is shown when it fails, and says so", async () => {
  let isDown = false;
  const { read } = over(() => {
    if (isDown) throw new Error("no database");
    return rows(2);
  });
  const paged = new Paged(read, 2);
  await paged.restart(read);
  isDown = true;
  await paged.refresh();
  expect(ids(paged)).toEqual(["r0", "r1"]);
  expect(paged.phase).toBe("ready");
  expect(paged.failure).toBeInstanceOf(Error);
  isDown = false;
  await paged.refresh();
  expect(paged.failure).toBeNull();
});

test("the answer to an older question never replaces a newer one", async () => {
  const waiting: ((page: { nodes: Row[] }) => void)[] = [];
  const slow =
    (word: string): Read<Row> =>
    () =>
      new Promise((resolve) => {
        waiting.push(() =>
          resolve({
            nodes: [{ id: word }],
            pageInfo: { hasNextPage: false, endCursor: null },
            totalCount: 1,
          }),
        );
      });
  const paged = new Paged<Row>(slow("none"), 2);
  const first = paged.restart(slow("first"));
  const second = paged.restart(slow("second"));
  waiting[1]?.({ nodes: [] });
  waiting[0]?.({ nodes: [] });
  await Promise.all([first, second]);
  expect(ids(paged)).toEqual(["second"]);
});

test("nodes are replaced, put first and removed in place, and the total follows", async () => {
  const { read } = over(() => rows(3));
  const paged = new Paged(read, 10);
  await paged.restart(read);
  paged.replace({ id: "r1", word: "changed" });
  paged.prepend({ id: "r9" });
  paged.prepend({ id: "r9", word: "again" });
  expect(paged.nodes.map((node) => node.word)).toEqual(["again", undefined, "changed", undefined]);
  expect(paged.total).toBe(4);
  paged.remove(["r0", "unknown"]);
  expect(ids(paged)).toEqual(["r9", "r1", "r2"]);
  expect(paged.total).toBe(3);
});

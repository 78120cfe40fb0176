import { describe, expect, it } from "vitest";
import { Awaiting, isAwaited, more } from "$lib/board/awaiting";
import type { Picture } from "$lib/canvas/pictures";

const PLAIN: Picture = {
  id: "plain",
  name: "",
  title: "",
  width: 400,
  height: 300,
  placeholder: "",
  palette: [],
  state: "READY",
  failure: null,
  mime: "image/jpeg",
  originalUrl: "/o",
  fullUrl: "/f",
  hasAlpha: false,
  pages: 1,
  frames: 1,
  tiles: null,
  animation: null,
  renditions: [{ size: 320, url: "/320" }],
};
const DEEP: Picture = { ...PLAIN, id: "deep", width: 8000, height: 6000 };
const LONG: Picture = { ...PLAIN, id: "long", width: 16_384, height: 10 };
const MOVES: Picture = { ...PLAIN, id: "moves", mime: "image/gif", frames: 12 };
const PAGES: Picture = { ...PLAIN, id: "pages", mime: "image/tiff", frames: 3 };
const TILES = { tileSize: 512, url: "/t", levels: [] };
const FILM = { url: "/a", width: 1, height: 1, frames: 2, durationMs: 9, sizeBytes: 9 };

/** Stands for the socket: which subscriptions are open, and what they are told. */
function socket() {
  const open: { asked: Record<string, unknown>; next: (told: unknown) => void; failed: () => void }[] = [];
  const listen = ((_document: unknown, asked: () => Record<string, unknown>, sink: never) => {
    const one = { asked: asked(), ...(sink as { next: (told: unknown) => void; failed: () => void }) };
    open.push(one);
    return () => {
      const at = open.indexOf(one);
      if (at >= 0) open.splice(at, 1);
    };
  }) as never;
  const told: string[] = [];
  const awaiting = new Awaiting("b", ({ id }) => told.push(id), listen);
  return { open, told, awaiting };
}

describe("what is still being made", () => {
  it("is awaited of what is deep or moves, until it is there", () => {
    expect([PLAIN, DEEP, LONG, MOVES, PAGES].map(isAwaited)).toEqual([false, true, true, true, false]);
    expect(isAwaited({ ...DEEP, tiles: TILES })).toBe(false);
    expect(isAwaited({ ...MOVES, animation: FILM })).toBe(false);
    expect(isAwaited({ ...DEEP, state: "FAILED" })).toBe(false);
  });

  it("is not asked for on a board where all is there", () => {
    const { open, awaiting } = socket();
    awaiting.follow([PLAIN, { ...DEEP, tiles: TILES }]);
    expect(open).toEqual([]);
  });

  it("is followed for those pictures alone on a board whose pictures are ready", () => {
    const { open, told, awaiting } = socket();
    awaiting.follow([PLAIN, DEEP, MOVES]);
    awaiting.follow([PLAIN, DEEP, MOVES]);
    expect(open.map(({ asked }) => asked)).toEqual([{ imageIds: ["deep", "moves"] }]);
    open[0]!.next({ imageProgress: { image: { id: "deep" } } });
    expect(told).toEqual(["deep"]);
    awaiting.follow([PLAIN, DEEP, MOVES, LONG]);
    expect(open.map(({ asked }) => asked)).toEqual([{ imageIds: ["deep", "moves", "long"] }]);
    awaiting.stop();
    expect(open).toEqual([]);
  });

  it("is followed for the whole board while renditions are made, and that goes on", () => {
    const { open, awaiting } = socket();
    awaiting.follow([DEEP]);
    awaiting.follow([DEEP, { ...PLAIN, state: "WAITING" }]);
    awaiting.follow([DEEP, PLAIN]);
    expect(open.map(({ asked }) => asked)).toEqual([{ boardId: "b" }]);
  });

  it("is asked for again after a picture of them was gone", () => {
    const { open, awaiting } = socket();
    awaiting.follow([DEEP, MOVES]);
    open[0]!.failed();
    expect(open).toEqual([]);
    awaiting.follow([DEEP]);
    expect(open.map(({ asked }) => asked)).toEqual([{ imageIds: ["deep"] }]);
  });

  it("never becomes less by what was read earlier", () => {
    const full = { ...DEEP, tiles: TILES, animation: FILM };
    expect(more(full, DEEP)).toEqual(full);
    expect(more(full, { ...DEEP, renditions: [] })).toBe(full);
    expect(more(undefined, DEEP)).toBe(DEEP);
    expect(more(full, { ...DEEP, state: "FAILED" }).state).toBe("FAILED");
  });
});

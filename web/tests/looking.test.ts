/** Looking at a board for oneself: which picture is next, what a study counts, how small maps and grids lie. */
import { beforeEach, describe, expect, test } from "vitest";
import { Looking } from "$lib/board/looking.svelte";
import { onMap, toPlace } from "$lib/board/minimap";
import { hexOf, over, rgbOf } from "$lib/board/pixels";
import { clock, Slides, type Plan } from "$lib/board/slides";
import { Tools } from "$lib/canvas/tools";
import { drawnStep, ontoGrid } from "$lib/geometry/grid";
import { inReadingOrder, neighbourOf, type Boxed } from "$lib/geometry/neighbours";
import type { Camera } from "$lib/geometry/camera";
import { aDesk, anItem, type Desk } from "./board";

const boxed = (id: string, x: number, y: number, size = 100): Boxed => ({
  id,
  box: { left: x, top: y, right: x + size, bottom: y + size },
});

describe("neighbours", () => {
  const all = [boxed("a", 0, 0), boxed("b", 200, 10), boxed("c", 420, 0), boxed("d", 10, 300)];

  test("the nearest that way, straight ahead before askew, none beyond the edge", () => {
    expect(neighbourOf(all, "a", "right")).toBe("b");
    expect(neighbourOf(all, "c", "left")).toBe("b");
    expect(neighbourOf(all, "b", "down")).toBe("d");
    expect(neighbourOf(all, "a", "left")).toBeNull();
    expect(
      neighbourOf([boxed("a", 0, 0), boxed("near", 110, 105), boxed("ahead", 260, 0)], "a", "right"),
    ).toBe("ahead");
  });

  test("one reads in rows, though their pictures do not stand quite level", () => {
    expect(inReadingOrder(all)).toEqual(["a", "b", "c", "d"]);
    expect(inReadingOrder([boxed("second", 200, -20), boxed("first", 0, 0), boxed("third", 0, 90)])).toEqual([
      "first",
      "second",
      "third",
    ]);
  });
});

describe("focus", () => {
  let desk: Desk;
  let flights: Camera[];
  let looking: Looking;

  beforeEach(() => {
    localStorage.clear();
    desk = aDesk([
      anItem("a", { at: { x: 0, y: 0 } }),
      anItem("b", { at: { x: 400, y: 0 }, z: "a1" }),
      anItem("hidden", { at: { x: 800, y: 0 }, z: "a2", hidden: true }),
    ]);
    flights = [];
    looking = new Looking("board", desk.editor, (camera) => {
      flights.push(camera);
      desk.editor.look(camera);
    });
  });

  test("it goes close, on to the neighbour, and back to where one was", () => {
    const before = desk.editor.camera;
    looking.focus(desk.store.get("a")!, new Set());
    expect(desk.editor.camera.zoom).toBeGreaterThan(1);
    looking.goTo("right");
    expect([...desk.editor.selection]).toEqual(["b"]);
    looking.goTo("right"); // what is hidden is no neighbour
    expect([...desk.editor.selection]).toEqual(["b"]);
    looking.focus(desk.store.get("b")!, new Set());
    expect(desk.editor.camera).toEqual(before);
    expect(looking.back).toBeNull();
    expect(desk.sent).toEqual([]);
  });

  test("next and previous go round, from what is selected", () => {
    looking.step(1);
    expect([...desk.editor.selection]).toEqual(["a"]);
    looking.step(-1);
    expect([...desk.editor.selection]).toEqual(["b"]);
  });

  test("gray, mirror and grid are remembered by board", () => {
    looking.set({ isMirrored: true, snapsToGrid: true, gridStep: 20 });
    expect(desk.editor.isMirrored).toBe(true);
    const other = aDesk([]);
    new Looking("another", other.editor, () => undefined);
    expect(other.editor.isMirrored).toBe(false);
    new Looking("board", other.editor, () => undefined);
    expect([other.editor.isMirrored, other.editor.gridStep]).toEqual([true, 20]);
  });

  test("on the grid, what is dragged comes to lie on its lines; with Ctrl it does not", () => {
    looking.set({ snapsToGrid: true, gridStep: 50 });
    desk.editor.snaps = false;
    const tools = new Tools(desk.editor, { openMenu: () => undefined, activate: () => undefined });
    const at = (x: number, y: number, control = false) => ({
      x,
      y,
      id: 1,
      button: 0,
      shift: false,
      control,
      alt: false,
      touch: false,
    });
    tools.down(at(0, 0));
    tools.move(at(30, 20));
    tools.move(at(63, 31));
    tools.up(at(63, 31));
    expect(desk.store.get("a")?.transform).toMatchObject({ x: 50, y: 50 });
  });
});

describe("a run through pictures", () => {
  const study: Plan = { seconds: 30, isRandom: false, most: 3 };

  test("a study ends and says how many were finished, how many skipped, and how long it took", () => {
    const slides = new Slides(["a", "b", "c", "d"], study);
    expect(slides.ids).toEqual(["a", "b", "c"]);
    slides.pass(30_000);
    expect(slides.now).toBe("b");
    slides.pass(10_000);
    slides.skip(1);
    slides.pass(90_000); // asleep for a while: one picture, not three
    expect(slides.isOver).toBe(true);
    expect(slides.now).toBeUndefined();
    expect(slides.summary).toEqual({ finished: 2, skipped: 1, ms: 70_000 });
  });

  test("while it is paused no time passes", () => {
    const slides = new Slides(["a", "b"], study);
    slides.isPaused = true;
    slides.pass(60_000);
    expect([slides.now, slides.leftMs]).toEqual(["a", 30_000]);
  });

  test("a slideshow goes round both ways, each picture once in a random order", () => {
    const ids = Array.from({ length: 20 }, (_, n) => String(n));
    const slides = new Slides(ids, { seconds: 5, isRandom: true, most: null }, 7);
    expect([...slides.ids].sort()).toEqual([...ids].sort());
    expect(slides.ids).not.toEqual(ids);
    slides.skip(-1);
    expect(slides.now).toBe(slides.ids.at(-1));
    slides.pass(5_000);
    expect(slides.now).toBe(slides.ids[0]);
    expect(new Slides([], study).isOver).toBe(true);
  });

  test("time is told in minutes and seconds, the last one whole", () => {
    expect([clock(90_000), clock(500), clock(0)]).toEqual(["1:30", "0:01", "0:00"]);
  });
});

describe("small things", () => {
  test("the map shows all of the board, and a place on it is found again", () => {
    const map = { whole: { left: -500, top: 0, right: 1500, bottom: 400 }, width: 200, height: 136 };
    const box = onMap(map, map.whole);
    expect(box.left).toBeCloseTo(6);
    expect(box.left + box.width).toBeCloseTo(194);
    expect(box.top).toBeGreaterThan(6);
    const place = toPlace(map, { x: box.left, y: box.top });
    expect([place.x, place.y].map(Math.round)).toEqual([-500, 0]);
  });

  test("a grid seen from afar is drawn coarser, never denser than the eye can tell", () => {
    expect(drawnStep(50, 1)).toBe(50);
    expect(drawnStep(50, 0.1)).toBe(25);
    expect(drawnStep(5, 0.005)).toBeGreaterThanOrEqual(12);
    expect(ontoGrid({ left: 61, top: -12, right: 0, bottom: 0 }, 50)).toEqual({ dx: -11, dy: 12 });
  });

  test("a pixel is what is seen: half a colour over the ground", () => {
    const ground = { red: 0, green: 0, blue: 0 };
    expect(hexOf(over(ground, [255, 128, 0, 255], 0))).toBe("#ff8000");
    expect(rgbOf(over(ground, [0, 0, 0, 0, 200, 100, 50, 127.5], 4))).toBe("rgb(100, 50, 25)");
  });
});

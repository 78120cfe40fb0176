import { beforeEach, describe, expect, test } from "vitest";
import { zoomedAt, type Camera, type Viewport } from "$lib/geometry/camera";
import { MANY, Plates, REST_MS, type Painting } from "$lib/canvas/plates";
import { rotate, type Point } from "$lib/geometry/shapes";
import type { Ground, Sheet } from "$lib/canvas/ground";
import type { Context, Counts } from "$lib/canvas/painter";

const SCREEN: Viewport = { width: 1000, height: 600 };
const STEPS = 5;
const COUNTS: Counts = { drawn: MANY + 1, coarse: 0, bare: 0, beyond: 0, unfinished: new Set() };

let now = 0;
let beyond = 0;
let bare = 0;
let painted: Camera[] = [];
let drafts: boolean[] = [];
/** Where the sheet that is seen lies: corner, width and height on the screen; null: none is. */
let shown: number[] | null = null;
let turned = 0;
let sheets = new Set<Sheet>();
let finished = new Set<Sheet>();
let stepMs = 1;

const ground: Ground = {
  make(width, height) {
    const context = { setTransform() {}, clearRect() {} } as unknown as Context;
    const sheet = { canvas: { width, height }, context };
    sheets.add(sheet);
    return sheet;
  },
  finish(sheet) {
    expect(sheets.has(sheet)).toBe(true);
    finished.add(sheet);
  },
  pictureOf: (sheet) => sheet.canvas as CanvasImageSource,
  lay(sheet, x, y, stretch, degrees) {
    expect(sheets.has(sheet) && finished.has(sheet)).toBe(true);
    shown = [x, y, sheet.canvas.width * stretch, sheet.canvas.height * stretch];
    turned = degrees;
  },
  clear() {
    shown = null;
  },
  free(sheet) {
    expect(sheets.delete(sheet)).toBe(true);
  },
};

function* paint(_: Context, camera: Camera, __: Viewport, isDraft: boolean): Painting {
  painted.push(camera);
  drafts.push(isDraft);
  for (let step = 0; step < STEPS; step++) {
    now += stepMs;
    yield;
  }
  return { ...COUNTS, beyond, bare };
}

function aPlate(isHasty = false): Plates {
  const plates = new Plates(paint, ground, isHasty, () => now);
  plates.count(MANY + 1);
  show(plates, at(0));
  now += REST_MS + 1;
  return plates;
}

function show(plates: Plates, camera: Camera, isUrgent = false, viewport = SCREEN): number | null {
  now += 16;
  return plates.show(camera, viewport, 1, isUrgent);
}

/** Asks until it is as it is to be seen. */
function settle(plates: Plates, camera: Camera): void {
  for (let n = 0; n < 500 && show(plates, camera) !== null; n++);
}

/** Of the screen, what no part of the sheet that is seen lies on. */
function blank(): number {
  const [left, top, width, height] = shown!;
  const across = Math.min(SCREEN.width, left! + width!) - Math.max(0, left!);
  const down = Math.min(SCREEN.height, top! + height!) - Math.max(0, top!);
  return 1 - (across * down) / (SCREEN.width * SCREEN.height);
}

const at = (x: number, zoom = 1): Camera => ({ x, y: 0, zoom });
const about = (zoom: number): Camera => zoomedAt(at(0), { x: 500, y: 300 }, zoom);

beforeEach(() => {
  [now, beyond, bare, stepMs] = [0, 0, 0, 1];
  [painted, drafts, shown, sheets, finished] = [[], [], null, new Set(), new Set()];
});

describe("while the view moves", () => {
  test("one painting is shown in every frame", () => {
    const plates = aPlate();
    for (let frame = 1; frame <= 100; frame++) show(plates, at(frame * 30));
    expect(plates.counters).toMatchObject({ made: 1, slices: 1, frames: 101 });
    // A plate begins 150 pixels before the screen, which has moved on by 3,000.
    expect(shown).toEqual([-150 - 3000, -90, 1300, 780]);
  });

  test("what the plate lacks is painted in slices, and what there is is shown meanwhile", () => {
    beyond = 1;
    stepMs = 3;
    const plates = aPlate();
    const { slices, frames } = plates.counters;
    const before = painted.length;
    for (let frame = 1; plates.counters.made < 2 && frame < 50; frame++) show(plates, at(160 + frame));
    expect(painted.length).toBe(before + 1);
    expect(plates.counters.slices - slices).toBeGreaterThan(1);
    expect(plates.counters.frames - frames).toBe(plates.counters.slices - slices);
  });

  test("it is stretched, and painted anew where that shows", () => {
    const plates = aPlate();
    show(plates, at(0, 2));
    expect(shown).toEqual([-300, -180, 2600, 1560]);
    expect(painted.length).toBe(1);
    show(plates, at(0, 2.2));
    expect(painted.length).toBe(2);
  });

  test("what changed on the board is painted, once at a time", () => {
    stepMs = 3;
    const plates = aPlate();
    for (let frame = 0; frame < 4; frame++) {
      plates.spoil();
      show(plates, at(frame));
    }
    expect(painted.length).toBe(3);
    expect(plates.counters.made).toBe(2);
  });

  test("a hand that zooms to and fro finds what it left: nothing is painted twice", () => {
    const plates = aPlate();
    const zoom = (n: number) => 3 ** ((1 - Math.cos((2 * Math.PI * n) / 50)) / 2);
    const round = (from: number) => {
      for (let n = from; n < from + 50; n++) {
        // A plate of the whole board lacks nothing; one of a part of it does.
        beyond = zoom(n) > 1.1 ? 1 : 0;
        show(plates, about(zoom(n)));
        expect(blank()).toBeLessThanOrEqual(0);
      }
    };
    round(0);
    const { made } = plates.counters;
    expect(made).toBe(2);
    for (let n = 1; n < 10; n++) round(n * 50);
    expect(plates.counters.made).toBe(made);
    expect(sheets.size).toBeLessThanOrEqual(3);
  });

  test("between a view and one twice as close nothing is painted at all", () => {
    const plates = aPlate();
    for (let n = 0; n < 200; n++) {
      show(plates, about(2 ** ((1 - Math.cos((2 * Math.PI * n) / 50)) / 2)));
      expect(blank()).toBeLessThanOrEqual(0);
    }
    expect(plates.counters).toMatchObject({ made: 1, slices: 1 });
  });

  test("nothing is painted to be sharper while the view widens, which makes it so, up to a limit", () => {
    const plates = aPlate();
    const comeFrom = (zoom: number) => {
      plates.count(MANY);
      plates.lend(MANY, about(zoom), SCREEN, 1);
      expect(plates.areUsed).toBe(false);
      plates.count(MANY + 1);
    };
    comeFrom(9);
    for (let n = 1; n <= 8; n++) show(plates, about(4.9 * 0.9 ** n));
    expect(painted.length).toBe(1);
    comeFrom(9);
    show(plates, about(5));
    expect(painted.length).toBe(2);
  });

  test("what could be sharper is painted once the view rests, and what is not there at all at once", () => {
    const plates = aPlate();
    for (let n = 1; n <= 50; n++) {
      plates.sharpen();
      expect(show(plates, at(n))).toBe(REST_MS);
    }
    expect(painted.length).toBe(1);
    settle(plates, at(50));
    expect([painted.length, drafts]).toEqual([2, [false, false]]);

    bare = 1;
    plates.spoil();
    settle(plates, at(50));
    const before = painted.length;
    plates.sharpen();
    bare = 0;
    show(plates, at(51));
    expect(painted.length).toBe(before + 1);
    settle(plates, at(51));
    plates.sharpen();
    expect(show(plates, at(52))).toBe(REST_MS);
  });

  test("no edge is blank while one zooms out of a part of the board, or moves over it", () => {
    beyond = 1;
    const plates = aPlate();
    for (let n = 1; n <= 120; n++) {
      show(plates, about(0.97 ** n));
      expect(blank(), `frame ${n}`).toBeLessThanOrEqual(1e-9);
    }
    settle(plates, about(1));
    for (let n = 1; n <= 120; n++) {
      show(plates, { ...about(1), x: n * 12 });
      expect(blank(), `frame ${n}`).toBeLessThanOrEqual(1e-9);
    }
  });

  test("what has changed is not seen as it was once it has been painted, however well it would fit", () => {
    const plates = aPlate();
    settle(plates, about(2));
    plates.spoil();
    settle(plates, about(2));
    const before = painted.length;
    show(plates, about(1));
    expect(plates.counters.exact).toBeGreaterThan(0);
    settle(plates, about(1));
    expect(painted.length).toBe(before + 1);
  });
});

describe("what is turned about the middle of the screen", () => {
  const turn = (plates: Plates, degrees: number, camera = at(0)) => {
    now += 16;
    return plates.show(camera, SCREEN, 1, false, degrees);
  };

  /** Where on the screen a point of the sheet comes to lie, in shares of its width and height. */
  function placed(x: number, y: number): Point {
    const [left, top, width, height] = shown!;
    return rotate({ x: left! + x * width!, y: top! + y * height! }, turned, { x: left!, y: top! });
  }

  test("is one painting laid at an angle, and laid straight again exactly", () => {
    const plates = aPlate();
    for (let degrees = 1; degrees < 720; degrees += 7) {
      expect(turn(plates, degrees % 360)).toBeNull();
      expect(turned).toBe(degrees % 360);
      const middle = placed(0.5, 0.5);
      expect(Math.hypot(middle.x - 500, middle.y - 300)).toBeLessThan(1e-9);
    }
    expect(plates.counters.made).toBe(1);
    now += REST_MS;
    expect(turn(plates, 0)).toBeNull();
    expect([shown, painted.length]).toEqual([[-150, -90, 1300, 780], 1]);
  });

  test("leaves no corner blank: where there is more, it is painted once, from further away", () => {
    beyond = 1;
    const plates = aPlate();
    for (let n = 0; n < 10; n++) turn(plates, 30);
    expect(painted.length).toBe(2);
    expect(drafts[1]).toBe(true);
    for (let degrees = 0; degrees < 360; degrees += 5) {
      turn(plates, degrees || 1);
      const [left, top, width, height] = shown!;
      for (const x of [0, SCREEN.width])
        for (const y of [0, SCREEN.height]) {
          const back = rotate({ x, y }, -turned, { x: left!, y: top! });
          expect(Math.min(back.x - left!, left! + width! - back.x)).toBeGreaterThan(0);
          expect(Math.min(back.y - top!, top! + height! - back.y)).toBeGreaterThan(0);
        }
    }
    expect(painted.length).toBe(2);
  });
});

describe("when the view rests", () => {
  test("exactly what it sees is painted, and nothing after that", () => {
    const plates = aPlate();
    expect(show(plates, at(33.3))).toBe(REST_MS);
    now += REST_MS;
    while (show(plates, at(33.3)) === 0);
    expect(painted.at(-1)).toEqual({ x: 33.3 - 150, y: -90, zoom: 1 });
    expect(shown).toEqual([-150, -90, 1300, 780]);
    const { made, exact } = plates.counters;
    expect(exact).toBeGreaterThan(0);
    now += 1000;
    expect(show(plates, at(33.3))).toBeNull();
    expect(plates.counters.made).toBe(made);
  });

  test("it is copied pixel by pixel, and the plate is taken away", () => {
    const plates = aPlate();
    settle(plates, at(33.3));
    const drawn: unknown[][] = [];
    const context = {
      setTransform: (...matrix: number[]) => expect(matrix).toEqual([1, 0, 0, 1, 0, 0]),
      drawImage: (_: unknown, ...place: number[]) => drawn.push(place),
    } as unknown as Context;
    plates.settle(context, { viewport: SCREEN, ratio: 1 });
    expect(drawn).toEqual([[-150, -90]]);
    expect(shown).toBeNull();
    expect(plates.counts!.drawn).toBe(MANY + 1);
  });

  test("what was painted in haste is painted well, also where it lies just as it is to be seen", () => {
    const plates = aPlate();
    show(plates, at(0, 2.2));
    for (let n = 0; n < 5; n++) show(plates, at(0, 2.2));
    expect([painted.length, drafts]).toEqual([2, [false, true]]);
    settle(plates, at(0, 2.2));
    expect([painted.length, drafts]).toEqual([3, [false, true, false]]);
    expect(painted[2]).toEqual(painted[1]);
  });

  test("what a hand takes or lets go is right at once", () => {
    stepMs = 100;
    const plates = aPlate();
    plates.spoil();
    now += REST_MS;
    expect(show(plates, at(0), true)).toBeNull();
    expect(plates.counters).toMatchObject({ made: 2, exact: 2 });
  });

  test("of thousands in one hand that is so in haste, and well once the hand rests", () => {
    const plates = aPlate(true);
    plates.spoil();
    expect(show(plates, at(0), true)).not.toBeNull();
    for (let n = 1; n < 20; n++) show(plates, at(n));
    expect(drafts).toEqual([true, true]);
    settle(plates, at(19));
    expect(drafts).toEqual([true, true, false]);
  });

  test("plates are let go where little is seen, and where the screen has another size", () => {
    beyond = 1;
    const plates = aPlate();
    show(plates, at(0), false, { width: 500, height: 300 });
    expect(shown!.slice(2)).toEqual([650, 390]);
    plates.count(MANY);
    expect(plates.areUsed).toBe(false);
    expect(plates.counts).toBeNull();
    expect([shown, sheets.size]).toEqual([null, 0]);
  });

  test("that of the whole board is lent to a view of less that moves, and given back once it rests", () => {
    const plates = aPlate();
    plates.count(MANY);
    plates.sharpen();
    const lent = (camera: Camera, drawn = MANY) => {
      now += 16;
      plates.lend(drawn, camera, SCREEN, 1);
      return plates.areUsed;
    };
    const before = painted.length;
    // Nothing moves; then what is seen would have to be enlarged too much; then there is too little to paint.
    expect(lent(at(0))).toBe(false);
    expect([lent(about(9)), lent(about(4.5)), lent(about(4.6))]).toEqual([false, false, false]);
    expect([lent(about(2), 20), lent(about(2.2))]).toEqual([false, false]);
    expect(lent(about(1.9))).toBe(true);
    expect(show(plates, about(1.9))).toBe(REST_MS);
    expect(painted.length).toBe(before);
    settle(plates, about(1.9));
    expect(painted.length).toBe(before + 1);
    plates.count(MANY);
    expect([plates.areUsed, sheets.size]).toEqual([false, 1]);
    plates.spoil();
    expect([lent(about(1.8)), lent(about(1.7))]).toEqual([false, false]);
  });

  test("of the whole board one is kept while little is seen of it, until the board is another", () => {
    const plates = aPlate();
    plates.count(MANY);
    expect([shown, sheets.size]).toEqual([null, 1]);
    const before = painted.length;
    plates.count(MANY + 1);
    show(plates, at(700));
    expect(painted.length).toBe(before);
    plates.count(MANY);
    plates.spoil();
    expect(sheets.size).toBe(0);
  });
});

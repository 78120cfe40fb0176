import { beforeEach, describe, expect, test } from "vitest";
import type { Item } from "$lib/board/operations";
import { Animations } from "$lib/canvas/animations";
import { Atlas } from "$lib/canvas/atlas";
import type { Bitmaps } from "$lib/canvas/bitmaps";
import { Painter, type Context, type Scene } from "$lib/canvas/painter";
import type { Picture } from "$lib/canvas/pictures";
import { anItem } from "./board";

const SCREEN = { width: 1000, height: 800 };
const COLOURS = { edge: "#000000", title: "#000000" };

const kept = new Map<string, ImageBitmap>();
let asked: string[] = [];
let patient: string[] = [];
let failed = new Set<string>();
let drawn: { from: unknown; source: number[] }[] = [];
let said: string[] = [];
let scales: number[][] = [];

const bitmaps = {
  find: (key: string) => kept.get(key) ?? null,
  want(key: string, _source: unknown, _tone: unknown, _most: number, waits = false) {
    if (failed.has(key)) return false;
    (waits ? patient : asked).push(key);
    return true;
  },
} as unknown as Bitmaps;

const context = {
  setTransform() {},
  fillRect() {},
  save() {},
  restore() {},
  translate() {},
  scale: (...by: number[]) => scales.push(by),
  fillText: (text: string) => said.push(text),
  drawImage: (from: unknown, ...places: number[]) => drawn.push({ from, source: places.slice(0, 4) }),
} as unknown as Context;

const painter = new Painter(bitmaps, new Animations(() => {}, null), "sans-serif", () => COLOURS);

function pictureOf(item: Item): Picture {
  return {
    ...{ id: item.imageId!, name: "", title: "", width: 640, height: 320, placeholder: "", palette: [] },
    ...{
      state: "READY",
      failure: null,
      pages: 1,
      frames: 1,
      mime: "image/jpeg",
      originalUrl: "",
      fullUrl: null,
      hasAlpha: false,
    },
    ...{ tiles: null, animation: null },
    renditions: [320, 800].map((size) => ({ size, url: `/files/${item.imageId}/${size}` })),
  };
}

function sceneOf(items: readonly Item[], onAtlas = items): Scene {
  const pictures = new Map(items.map((item) => [item.imageId, pictureOf(item)]));
  const images = onAtlas.map((item) => item.imageId);
  return {
    items,
    dressed: (item) => item,
    placed: (item) => item,
    isHidden: () => false,
    picture: (id) => pictures.get(id),
    local: () => undefined,
    isEditing: () => false,
    atlas: new Atlas({ cellSize: 64, columns: 2, step: 66, margin: 2, pages: [{ url: "/page", images }] }),
  };
}

const look = (scene: Scene, zoom: number) =>
  painter.paint(context, scene, { x: 0, y: 0, zoom }, SCREEN, 1, () => true);
const bitmap = (width: number, height: number) => ({ width, height }) as ImageBitmap;

beforeEach(() => {
  kept.clear();
  [asked, patient, drawn, failed, said, scales] = [[], [], [], new Set(), [], []];
});

const three = [1, 2, 3].map((n) => anItem(`${n}`, { width: 100, height: 50, at: { x: n * 100, y: 50 } }));

describe("pictures seen from afar", () => {
  test("come from the page of the atlas, asked for alone", () => {
    const scene = sceneOf(three);
    expect(look(scene, 0.5)).toMatchObject({ drawn: 3, coarse: 3, bare: 3 });
    expect(new Set(asked)).toEqual(new Set(["atlas/page"]));
    const page = bitmap(2048, 134);
    kept.set("atlas/page", page);
    asked = [];
    expect(look(scene, 0.5)).toMatchObject({ drawn: 3, coarse: 0, bare: 0 });
    expect(asked).toEqual([]);
    expect(drawn.map(({ from }) => from)).toEqual([page, page, page]);
    expect(drawn.map(({ source }) => source)).toEqual([
      [2, 2, 64, 32],
      [68, 2, 64, 32],
      [2, 68, 64, 32],
    ]);
  });

  test("are not asked for before it is known whether there is an atlas", () => {
    look({ ...sceneOf(three), atlas: undefined }, 0.5);
    expect(asked).toEqual([]);
    look({ ...sceneOf(three), atlas: null }, 0.5);
    expect(asked.length).toBe(3);
  });

  test("come from their own files where the page does not come, or has no cell for them", () => {
    failed.add("atlas/page");
    look(sceneOf(three.slice(0, 1)), 0.5);
    expect(asked).toEqual(["image-1/96"]);
    failed.clear();
    asked = [];
    look(sceneOf(three.slice(0, 2), three.slice(0, 1)), 0.5);
    expect(asked).toEqual(["atlas/page", "image-2/96"]);
  });

  test("have the part and the tone of the item", () => {
    kept.set("atlas/page", bitmap(2048, 68));
    const crop = { left: 0.5, top: 0, right: 1, bottom: 0.5 };
    look(sceneOf([anItem("1", { width: 50, height: 25, crop, at: { x: 50, y: 50 } })]), 0.5);
    expect(drawn[0]!.source).toEqual([34, 2, 32, 16]);
    look(sceneOf([anItem("1", { grayscale: true, width: 20, height: 10 })]), 1);
    expect(asked).toEqual(["atlas/page/g1,1,1"]);
    asked = [];
    look(sceneOf([anItem("1", { brightness: 1.3, width: 20, height: 10 })]), 1);
    expect(asked).toEqual(["image-1/96/1.3,1,1"]);
  });
});

describe("a picture of which nothing more could be made", () => {
  const broken = (item: Item): Scene => {
    const scene = sceneOf([item]);
    const picture = { ...scene.picture(item.imageId!)!, state: "FAILED" as const, failure: "CORRUPT" };
    return { ...scene, picture: () => picture };
  };

  test("says so over what there is of it, and over its placeholder", () => {
    kept.set("image-1/320", bitmap(320, 160));
    look(broken(three[0]!), 3);
    expect(drawn).toHaveLength(1);
    expect(said).toEqual(["Could not be made ready", "The file is damaged."]);
    kept.clear();
    look(broken(three[0]!), 3);
    expect(said).toHaveLength(4);
  });

  test("is not written over where nobody could read it, and never mirrored", () => {
    look(broken(three[0]!), 0.5);
    expect(said).toEqual([]);
    const { transform } = three[0]!;
    look(broken({ ...three[0]!, transform: { ...transform, flipX: true } }), 3);
    expect(scales).toEqual([[-1, 1]]);
  });
});

describe("pictures seen closely", () => {
  test("sharpen step by step, and their cell is shown until then", () => {
    const scene = sceneOf(three.slice(0, 1));
    const page = bitmap(2048, 68);
    expect(look(scene, 3)).toMatchObject({ coarse: 1, bare: 1 });
    expect(asked).toEqual(["image-1/320"]);
    expect(patient, "the page may wait").toEqual(["atlas/page"]);
    kept.set("atlas/page", page);
    expect(look(scene, 3)).toMatchObject({ coarse: 1, bare: 0 });
    expect(drawn.at(-1)!.from).toBe(page);
    const sharp = bitmap(320, 160);
    kept.set("image-1/320", sharp);
    expect(look(scene, 3)).toMatchObject({ coarse: 0, bare: 0 });
    expect(drawn.at(-1)!.from).toBe(sharp);
  });

  test("a painting in steps is the same painting", () => {
    const many = Array.from({ length: 500 }, (_, n) =>
      anItem(`${n}`, { width: 10, height: 5, at: { x: (n % 50) * 20, y: Math.floor(n / 50) * 20 } }),
    );
    const scene = sceneOf(many);
    kept.set("atlas/page", bitmap(2048, 2048));
    const counts = look(scene, 1);
    const whole = drawn.map(({ source }) => source);
    drawn = [];
    const painting = painter.painting(context, scene, { x: 0, y: 0, zoom: 1 }, SCREEN, 1, () => true);
    let steps = 1;
    let step = painting.next();
    for (; !step.done; step = painting.next()) steps += 1;
    expect(step.value).toEqual(counts);
    expect(drawn.map(({ source }) => source)).toEqual(whole);
    expect(steps).toBeGreaterThan(5);
  });

  test("what lies outside is counted, not drawn", () => {
    expect(look(sceneOf(three), 5)).toMatchObject({ drawn: 2, beyond: 1 });
  });
});

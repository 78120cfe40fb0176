/** What of a picture is shown, from which of its sizes, and in which tone. */
import { describe, expect, test } from "vitest";
import { arrowHead, sides } from "$lib/canvas/drawings";
import { toneKey, tonePixels, toned, type Tone } from "$lib/canvas/looks";
import { levelFor, levelsOf, originalOf, pixelsWanted, sourceOf, type Picture } from "$lib/canvas/pictures";
import { addressOf } from "$lib/board/commands";
import { distance } from "$lib/geometry/shapes";

const AS_IT_IS: Tone = { grayscale: false, brightness: 1, contrast: 1, saturation: 1 };
const HALF = { left: 0.25, top: 0.5, right: 0.75, bottom: 1 };
const picture: Picture = {
  id: "p",
  name: "",
  title: "",
  width: 4000,
  height: 2000,
  placeholder: "",
  palette: [],
  state: "READY",
  failure: null,
  pages: 1,
  mime: "image/jpeg",
  originalUrl: "/o",
  fullUrl: null,
  hasAlpha: false,
  frames: 1,
  tiles: null,
  animation: null,
  renditions: [320, 800, 1600].map((size) => ({ size, url: `/${size}` })),
};

describe("the shown part", () => {
  test("a crop is cut from every size of the picture at the same fractions", () => {
    expect(sourceOf(null, { width: 320, height: 160 })).toEqual([0, 0, 320, 160]);
    expect(sourceOf(HALF, { width: 320, height: 160 })).toEqual([80, 80, 160, 80]);
    expect(sourceOf(HALF, { width: 1600, height: 800 })).toEqual([400, 400, 800, 400]);
  });

  test("the size is chosen by the pixels of what is seen, not of the box alone", () => {
    const levels = levelsOf(picture);
    const box = { width: 400, height: 200 };
    expect(levelFor(levels, pixelsWanted({ ...box, crop: null }, 1))?.size).toBe(800);
    expect(levelFor(levels, pixelsWanted({ ...box, crop: HALF }, 1))?.size).toBe(800);
    expect(levelFor(levels, pixelsWanted({ ...box, crop: HALF }, 2))?.size).toBe(1600);
    expect(pixelsWanted({ ...box, crop: { ...HALF, right: 0.35 } }, 1)).toBeCloseTo(4000);
  });

  test("single pixels come from the file itself, where it can be shown", () => {
    expect(originalOf(picture)).toEqual({ size: 4000, source: "/o", isReduced: false });
    expect(originalOf({ ...picture, mime: "image/tiff" })).toBeNull();
    expect(originalOf({ ...picture, width: 20_000, height: 20_000 })).toBeNull();
  });
});

describe("tones", () => {
  const after = (tone: Partial<Tone>, ...colour: [number, number, number]) => {
    const pixels = new Uint8ClampedArray([...colour, 77]);
    tonePixels(pixels, { ...AS_IT_IS, ...tone });
    return [...pixels];
  };

  test("what stays as it is has no name, and changes nothing", () => {
    expect(toneKey(AS_IT_IS)).toBe("");
    expect(after({}, 10, 20, 30)).toEqual([10, 20, 30, 77]);
    expect(toned("#abcdef", AS_IT_IS)).toBe("#abcdef");
  });

  test("each factor does what a CSS filter does", () => {
    expect(after({ grayscale: true }, 255, 0, 0)).toEqual([54, 54, 54, 77]);
    expect(after({ brightness: 2 }, 100, 200, 0)).toEqual([200, 255, 0, 77]);
    expect(after({ contrast: 0 }, 0, 255, 90)).toEqual([128, 128, 128, 77]);
    expect(after({ contrast: 2 }, 100, 127, 200)).toEqual([72, 126, 255, 77]);
    expect(after({ saturation: 0 }, 0, 255, 0)).toEqual([182, 182, 182, 77]);
    expect(after({ saturation: 2 }, 120, 120, 120)).toEqual([120, 120, 120, 77]);
  });

  test("brightness comes before contrast, and is cut before it", () => {
    expect(after({ brightness: 2, contrast: 0.5 }, 255, 255, 255)).toEqual([191, 191, 191, 77]);
  });

  test("colours of notes and drawings are toned alike", () => {
    expect(toned("#ff0000", { ...AS_IT_IS, grayscale: true })).toBe("#363636");
  });
});

describe("strokes", () => {
  test("both sides of a stroke lie as far from it as it was pressed", () => {
    const samples = [
      { x: 0, y: 0, radius: 1 },
      { x: 10, y: 0, radius: 4 },
      { x: 20, y: 0, radius: 2 },
    ];
    const { left, right, rounds } = sides(samples);
    samples.forEach((sample, i) => {
      expect(distance(sample, left[i]!)).toBeCloseTo(sample.radius);
      expect(distance(sample, right[i]!)).toBeCloseTo(sample.radius);
    });
    expect(rounds).toHaveLength(2);
    expect(sides([...samples, { x: 20, y: 10, radius: 1 }]).rounds).toHaveLength(3);
  });

  test("an arrow ends at its last point, also where its last points are one", () => {
    const tip = { x: 100, y: 0 };
    const { corners, neck } = arrowHead([{ x: 0, y: 0 }, tip, tip], 4);
    expect(corners[0]).toEqual(tip);
    expect(corners.slice(1).every((corner) => corner.x < 100)).toBe(true);
    expect(neck.x).toBeLessThan(100);
    expect(neck.y).toBeCloseTo(0);
  });
});

test("a link is an address that can be opened, or becomes one", () => {
  expect(addressOf("")).toBe("");
  expect(addressOf(" https://example.org/a ")).toBe("https://example.org/a");
  expect(addressOf("mailto:ana@example.org")).toBe("mailto:ana@example.org");
  expect(addressOf("example.org/a")).toBe("https://example.org/a");
  for (const no of ["javascript:alert(1)", "hello", "data:text/html,x", "https://a b"]) {
    expect(addressOf(no)).toBeNull();
  }
});

import { describe, expect, test } from "vitest";
import { decodeThumbhash } from "$lib/canvas/thumbhash";
import { heightOf, parse, wrap } from "$lib/canvas/notes";
import { levelFor, levelsOf, type Picture } from "$lib/canvas/pictures";

const measure = (text: string) => text.length;
const text = (lines: ReturnType<typeof parse>) =>
  lines.map((line) => line.runs.map((run) => run.text).join(""));

describe("notes", () => {
  test("headings, lists, bold, italic and code", () => {
    const [heading, item, words] = parse("# Light\n- **warm** side\nsee *this* and `that`");
    expect(heading).toMatchObject({ size: 1.6, runs: [{ text: "Light", bold: true }] });
    expect(item!.runs.map((run) => run.text)).toEqual(["• ", "warm", " side"]);
    expect(words!.runs.map((run) => [run.italic, run.code])).toEqual([
      [false, false],
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  test("wrap at words, and inside a word that is longer than the line", () => {
    expect(text(wrap(parse("one two three"), 8, measure)).map((line) => line.trim())).toEqual([
      "one two",
      "three",
    ]);
    expect(text(wrap(parse("abcdefghij"), 4, measure))).toEqual(["abcd", "efgh", "ij"]);
  });

  test("what is read from the right stands so, with what is read from the left in it, and the other way round", () => {
    const seen = (words: string) =>
      wrap(parse(words), 100, measure).map(({ runs }) => runs.map((run) => [run.text, run.fromRight]));
    expect(seen("שלום עולם")).toEqual([[["שלום עולם", true]]]);
    expect(seen("שלום **עולם** טוב")).toEqual([
      [
        [" טוב", true],
        ["עולם", true],
        ["שלום ", true],
      ],
    ]);
    expect(seen("- שלום the **old** sea עולם")).toEqual([
      [
        [" עולם", true],
        ["the ", false],
        ["old", false],
        [" sea", false],
        ["שלום ", true],
        ["• ", true],
      ],
    ]);
    expect(seen("see שלום **עולם**, then 12")).toEqual([
      [
        ["see ", false],
        ["עולם", true],
        ["שלום ", true],
        [", then 12", false],
      ],
    ]);
    expect(parse("# שלום\n1. (שלום)\nold שלום\n12").map((line) => line.fromRight)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test("the words of one run are drawn at once, line by line", () => {
    const lines = wrap(parse("one two **three four**"), 14, measure);
    expect(lines.map(({ runs }) => runs.map((run) => run.text))).toEqual([["one two ", "three "], ["four"]]);
  });

  test("empty lines keep their height", () => {
    expect(wrap(parse("a\n\nb"), 10, measure)).toHaveLength(3);
    expect(heightOf(parse("a\n\nb"))).toBeGreaterThan(heightOf(parse("a")));
  });
});

describe("pictures", () => {
  const picture: Picture = {
    id: "p",
    name: "p.jpg",
    title: "",
    width: 6000,
    height: 4000,
    placeholder: "",
    palette: [],
    state: "READY",
    failure: null,
    pages: 1,
    mime: "image/jpeg",
    originalUrl: "/files/p/original",
    fullUrl: "/files/p/full",
    hasAlpha: false,
    frames: 1,
    tiles: null,
    animation: null,
    renditions: [1600, 320, 800].map((size) => ({ size, url: `/files/p/${size}` })),
  };

  test("the smallest size that is sharp is chosen", () => {
    const levels = levelsOf(picture);
    expect(levels.map((level) => level.size)).toEqual([96, 320, 800, 1600, 6000]);
    expect(
      [60, 100, 120, 360, 400, 1000, 1900, 99_999].map((pixels) => levelFor(levels, pixels)?.size),
    ).toEqual([96, 96, 320, 320, 800, 1600, 6000, 6000]);
  });

  test("seen from afar, the smallest rendition is kept smaller still", () => {
    const [afar, smallest] = levelsOf(picture);
    expect(afar).toEqual({ size: 96, source: "/files/p/320", isReduced: true });
    expect(smallest).toEqual({ size: 320, source: "/files/p/320", isReduced: false });
    expect(levelsOf({ ...picture, renditions: [] })).toEqual([]);
  });

  test("every pixel is asked for where that can be borne, whatever the format", () => {
    const { source } = levelsOf({ ...picture, mime: "image/tiff" }).at(-1)!;
    expect(source).toBe("/files/p/full");
    expect(levelsOf({ ...picture, fullUrl: null }).at(-1)?.size).toBe(1600);
    expect(levelsOf({ ...picture, width: 20_000 }).at(-1)?.size).toBe(1600);
    expect(levelsOf({ ...picture, width: 1600, height: 1200 }).at(-1)?.source).toBe("/files/p/1600");
  });

  test("before any rendition there is nothing to fetch", () => {
    expect(levelFor(levelsOf({ ...picture, renditions: [] }), 100)).toBeNull();
  });
});

describe("placeholders", () => {
  test("a thumbhash has the picture's shape and colours", () => {
    const { width, height, data } = decodeThumbhash("3OcRJYB4d3h/iIeHeEh3eIhw+j2w");
    expect([width, height]).toEqual([32, 23]);
    expect(data).toHaveLength(32 * 23 * 4);
    expect(data[3]).toBe(255);
  });
});

/** The orders in which units are laid out: by name, size, date, colour, at random, or as they lie. */
import { centre } from "../shapes";
import { extent, onGrid, type Unit } from "./units";

/** Names count their digits; largest first; oldest first; greys, then hues; by seed; as one reads. */
export type Order = "NAME" | "SIZE" | "DATE" | "COLOUR" | "RANDOM" | "PLACE";

/** What a unit is sorted by. size: any measure; date: seconds; colour: #rrggbb, null comes last. */
export interface SortKey {
  readonly name: string;
  readonly size: number;
  readonly date: number;
  readonly colour: string | null;
}

const NONE: SortKey = { name: "", size: 0, date: 0, colour: null };
const LEAST_CHROMA = 32;

/** Equals are ordered by name, equal names as they came. */
export function ordered(
  units: readonly Unit[],
  order: Order,
  keys: ReadonlyMap<string, SortKey>,
  seed: number,
): Unit[] {
  if (order === "RANDOM") return shuffled(units, seed);
  if (order === "PLACE") return asRead(units);
  const listed = units.map((unit) => {
    const key = keys.get(unit.key) ?? NONE;
    return { unit, key, natural: natural(key.name), hue: hue(key.colour) };
  });
  listed.sort((a, b) => {
    let first = 0;
    if (order === "SIZE") first = b.key.size - a.key.size;
    else if (order === "DATE") first = a.key.date - b.key.date;
    else if (order === "COLOUR") first = compared(a.hue, b.hue);
    return first || comparedNaturally(a.natural, b.natural);
  });
  return listed.map(({ unit }) => unit);
}

interface Natural {
  readonly tokens: readonly (readonly [number, number, string])[];
  readonly letters: readonly number[];
}

/**
 * By which img2 comes before IMG10: without case, runs of ASCII digits as numbers. Letters compare by the code
 * points of their upper, then lower case, taken one by one; a number stands where the digit 0 would. Names that
 * are equal so compare as they are.
 */
export function compareNames(a: string, b: string): number {
  return comparedNaturally(natural(a), natural(b));
}

function natural(name: string): Natural {
  const folded = Array.from(name, (letter) => letter.toUpperCase().toLowerCase()).join("");
  const tokens: [number, number, string][] = [];
  for (const [part] of folded.matchAll(/[0-9]+|[^0-9]+/g)) {
    if (part[0]! >= "0" && part[0]! <= "9") {
      const number = part.replace(/^0+/, "");
      tokens.push([48, number.length, number]);
    } else for (const letter of part) tokens.push([letter.codePointAt(0)!, 0, ""]);
  }
  return { tokens, letters: Array.from(name, (letter) => letter.codePointAt(0)!) };
}

function comparedNaturally(a: Natural, b: Natural): number {
  const shorter = Math.min(a.tokens.length, b.tokens.length);
  for (let n = 0; n < shorter; n++) {
    const [one, size, digits] = a.tokens[n]!;
    const [other, otherSize, otherDigits] = b.tokens[n]!;
    const difference = one - other || size - otherSize;
    if (difference) return difference;
    if (digits !== otherDigits) return digits < otherDigits ? -1 : 1;
  }
  return a.tokens.length - b.tokens.length || compared(a.letters, b.letters);
}

function compared(a: readonly number[], b: readonly number[]): number {
  const shorter = Math.min(a.length, b.length);
  for (let n = 0; n < shorter; n++) if (a[n] !== b[n]) return a[n]! - b[n]!;
  return a.length - b.length;
}

/** Fisher and Yates, from the last place down. */
export function shuffled<T>(things: readonly T[], seed: number): T[] {
  const result = [...things];
  const next = randomNumbers(seed);
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

/** mulberry32: numbers in [0, 1), the same in both languages. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Greys from dark to light, then hues from red to magenta (HSV), equal hues from dark to light. */
function hue(colour: string | null): [number, number, number] {
  if (colour === null) return [2, 0, 0];
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) as [
    number,
    number,
    number,
  ];
  const light = 299 * red + 587 * green + 114 * blue;
  const most = Math.max(red, green, blue);
  const chroma = most - Math.min(red, green, blue);
  if (chroma < LEAST_CHROMA) return [0, 0, light];
  if (most === red) return [1, (green - blue) / chroma + (green >= blue ? 0 : 6), light];
  if (most === green) return [1, (blue - red) / chroma + 2, light];
  return [1, (red - green) / chroma + 4, light];
}

/** Rows from above, each from the left: a row is what has its centre above the bottom of its first. */
function asRead(units: readonly Unit[]): Unit[] {
  const spots = units.map((unit) => {
    const box = extent(unit);
    return {
      unit,
      middle: onGrid(centre(box).y),
      left: onGrid(box.left),
      top: onGrid(box.top),
      bottom: onGrid(box.bottom),
    };
  });
  spots.sort((a, b) => a.middle - b.middle || a.left - b.left);
  const rows: (typeof spots)[] = [];
  for (const spot of spots) {
    const row = rows.at(-1);
    if (row && spot.middle < row[0]!.bottom) row.push(spot);
    else rows.push([spot]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.left - b.left || a.top - b.top).map(({ unit }) => unit));
}

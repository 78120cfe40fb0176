/** What is asked of the library: as the address says it, as the server is asked, and in words. */
import type { ImageFilter, ImageShape, ImageSort } from "$generated/graphql";

export interface Question {
  text: string;
  tags: readonly string[];
  colours: readonly string[];
  formats: readonly string[];
  shapes: readonly ImageShape[];
  /** The least length of both sides, in pixels; 0: any. */
  leastSide: number;
  /** Megabytes of the original, from and to; 0: any. */
  leastMb: number;
  mostMb: number;
  /** Days, the first and the last of them; "": any. */
  since: string;
  until: string;
  /** Which day is meant: that of the upload, or that of the photograph. */
  day: "added" | "taken";
  board: string;
  person: string;
  /** On a board, on none, or either. */
  used: "" | "yes" | "no";
  moving: boolean;
  shared: boolean;
  sort: ImageSort | "";
  /** Id of a picture: what looks like it is asked for, and nothing else. */
  like: string;
}

export const NOTHING: Question = {
  text: "",
  tags: [],
  colours: [],
  formats: [],
  shapes: [],
  leastSide: 0,
  leastMb: 0,
  mostMb: 0,
  since: "",
  until: "",
  day: "added",
  board: "",
  person: "",
  used: "",
  moving: false,
  shared: false,
  sort: "",
  like: "",
};

export const SORTS: readonly { value: ImageSort; label: string }[] = [
  { value: "NEWEST", label: "Newest" },
  { value: "OLDEST", label: "Oldest" },
  { value: "TAKEN", label: "Date taken" },
  { value: "NAME", label: "Name" },
  { value: "LARGEST", label: "Largest file" },
  { value: "SMALLEST", label: "Smallest file" },
  { value: "MOST_PIXELS", label: "Most pixels" },
  { value: "COLOUR", label: "Nearest colour" },
  { value: "RELEVANCE", label: "Best match" },
];

export const SHAPES: readonly { value: ImageShape; label: string }[] = [
  { value: "LANDSCAPE", label: "Landscape" },
  { value: "PORTRAIT", label: "Portrait" },
  { value: "SQUARE", label: "Square" },
];

const SORT_NAMES: ReadonlySet<string> = new Set(SORTS.map(({ value }) => value));
const SHAPE_NAMES: ReadonlySet<string> = new Set(SHAPES.map(({ value }) => value));
const COLOUR = /^#[0-9a-f]{6}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const ID = /^[0-9a-f-]{36}$/i;
const MOST_COLOURS = 4;
/** A little farther than the server's own: the nearest come first anyway. */
const REACH = 0.12;

/** What the address asks; what makes no sense there is passed over. */
export function fromQuery(query: URLSearchParams): Question {
  const all = (name: string) => [...new Set(query.getAll(name).filter(Boolean))];
  const one = (name: string, pattern: RegExp) => {
    const value = query.get(name) ?? "";
    return pattern.test(value) ? value : "";
  };
  const number = (name: string) => {
    const value = Number(query.get(name));
    return Number.isFinite(value) && value > 0 ? value : 0;
  };
  const used = query.get("used");
  const sort = query.get("sort")?.toUpperCase() ?? "";
  return {
    text: query.get("q") ?? "",
    tags: all("tag"),
    colours: all("colour")
      .map((colour) => `#${colour.toLowerCase()}`)
      .filter((colour) => COLOUR.test(colour))
      .slice(0, MOST_COLOURS),
    formats: all("format").map((format) => format.toUpperCase()),
    shapes: all("shape")
      .map((shape) => shape.toUpperCase())
      .filter((shape): shape is ImageShape => SHAPE_NAMES.has(shape)),
    leastSide: Math.round(number("side")),
    leastMb: number("from"),
    mostMb: number("to"),
    since: one("since", DAY),
    until: one("until", DAY),
    day: query.get("day") === "taken" ? "taken" : "added",
    board: one("board", ID),
    person: one("by", ID),
    used: used === "yes" || used === "no" ? used : "",
    moving: query.has("moving"),
    shared: query.has("shared"),
    sort: SORT_NAMES.has(sort) ? (sort as ImageSort) : "",
    like: one("like", ID),
  };
}

/** The address of a question: only what narrows it. */
export function toQuery(asked: Question): URLSearchParams {
  const query = new URLSearchParams();
  const set = (name: string, value: string | number) => {
    if (value) query.set(name, String(value));
  };
  if (asked.like) {
    query.set("like", asked.like);
    return query;
  }
  set("q", asked.text.trim());
  for (const tag of asked.tags) query.append("tag", tag);
  for (const colour of asked.colours) query.append("colour", colour.slice(1));
  for (const format of asked.formats) query.append("format", format.toLowerCase());
  for (const shape of asked.shapes) query.append("shape", shape.toLowerCase());
  set("side", asked.leastSide);
  set("from", asked.leastMb);
  set("to", asked.mostMb);
  set("since", asked.since);
  set("until", asked.until);
  if (asked.day === "taken" && (asked.since || asked.until)) query.set("day", "taken");
  set("board", asked.board);
  set("by", asked.person);
  set("used", asked.used);
  if (asked.moving) query.set("moving", "1");
  if (asked.shared) query.set("shared", "1");
  set("sort", asked.sort.toLowerCase());
  return query;
}

export function addressOf(asked: Question): string {
  const query = toQuery(asked);
  return query.size > 0 ? `/library?${query}` : "/library";
}

/** Whether anything narrows the library: an order alone does not. */
export function isAsking(asked: Question): boolean {
  return toQuery({ ...asked, sort: "", shared: false }).size > 0;
}

/** What is asked of the server; null: the viewer's whole library. */
export function filterOf(asked: Question): ImageFilter | null {
  const filter: ImageFilter = {};
  if (asked.text.trim()) filter.text = asked.text.trim();
  if (asked.tags.length > 0) filter.tags = [...asked.tags];
  if (asked.colours.length > 0) {
    filter.colours = [...asked.colours];
    filter.colourReach = REACH;
  }
  if (asked.formats.length > 0) filter.formats = [...asked.formats];
  if (asked.shapes.length > 0) filter.shapes = [...asked.shapes];
  if (asked.leastSide > 0) {
    filter.width = { least: asked.leastSide };
    filter.height = { least: asked.leastSide };
  }
  if (asked.leastMb > 0 || asked.mostMb > 0) {
    filter.sizeBytes = {
      least: asked.leastMb > 0 ? Math.round(asked.leastMb * 1e6) : null,
      most: asked.mostMb > 0 ? Math.round(asked.mostMb * 1e6) : null,
    };
  }
  if (asked.since || asked.until) {
    filter[asked.day] = { since: midnight(asked.since), until: midnight(asked.until, 1) };
  }
  if (asked.board) filter.boards = [asked.board];
  if (asked.person) filter.owners = [asked.person];
  if (asked.used) filter.placed = asked.used === "yes";
  if (asked.moving) filter.isAnimated = true;
  if (asked.shared && !asked.board && !asked.person) filter.whose = "ALL";
  return Object.keys(filter).length > 0 ? filter : null;
}

/** The order that is meant where none was chosen: the nearest colour, else the newest. */
export function sortOf(asked: Question): ImageSort {
  if (asked.sort === "COLOUR" && asked.colours.length === 0) return "NEWEST";
  if (asked.sort === "RELEVANCE" && !/[\p{L}\p{N}]/u.test(asked.text)) return "NEWEST";
  return asked.sort || (asked.colours.length > 0 ? "COLOUR" : "NEWEST");
}

/** The orders that make sense of a question. */
export function sortsFor(asked: Question): typeof SORTS {
  return SORTS.filter(({ value }) => sortOf({ ...asked, sort: value }) === value);
}

/** When a day begins where the person is; `later`: so many days on. */
function midnight(day: string, later = 0): string | null {
  if (!day) return null;
  const [year, month, date] = day.split("-").map(Number);
  const begins = new Date(year ?? 0, (month ?? 1) - 1, (date ?? 1) + later);
  return Number.isNaN(begins.getTime()) ? null : begins.toISOString();
}

/** "from 2 to 10 MB", "from 2 MB", "up to 10 MB". */
export function sizeInWords(asked: Question): string {
  const side = asked.leastSide > 0 ? `from ${asked.leastSide} px` : "";
  const { leastMb: from, mostMb: to } = asked;
  const bytes = from && to ? `${from} to ${to} MB` : from ? `from ${from} MB` : to ? `up to ${to} MB` : "";
  return [side, bytes].filter(Boolean).join(", ");
}

export function datesInWords(asked: Question): string {
  const { since, until } = asked;
  const span =
    since && until ? `${since} to ${until}` : since ? `since ${since}` : until ? `until ${until}` : "";
  return span && asked.day === "taken" ? `taken ${span}` : span;
}

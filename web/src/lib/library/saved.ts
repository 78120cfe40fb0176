/** A saved search as a question: what `filterOf` made of one, taken back. */
import type { ImageSort, SavedLookFragment } from "$generated/graphql";
import { NOTHING, toQuery, type Question } from "./question";

/** What the page cannot ask by itself (scripts can save more) is left out. */
export function questionOf(filter: SavedLookFragment["filter"], sort: ImageSort): Question {
  const period = filter.taken ?? filter.added;
  return {
    ...NOTHING,
    text: filter.text ?? "",
    tags: filter.tags ?? [],
    colours: filter.colours ?? [],
    formats: filter.formats ?? [],
    shapes: filter.shapes ?? [],
    leastSide: Math.min(filter.width?.least ?? 0, filter.height?.least ?? 0),
    leastMb: (filter.sizeBytes?.least ?? 0) / 1e6,
    mostMb: (filter.sizeBytes?.most ?? 0) / 1e6,
    since: day(period?.since),
    until: day(period?.until, -1),
    day: filter.taken ? "taken" : "added",
    board: String(filter.boards?.[0] ?? ""),
    person: String(filter.owners?.[0] ?? ""),
    used: filter.placed === true ? "yes" : filter.placed === false ? "no" : "",
    moving: filter.isAnimated ?? false,
    shared: filter.whose === "ALL",
    sort: sort === "NEWEST" ? "" : sort,
  };
}

/** Whether both ask the same. */
export function isSame(one: Question, other: Question): boolean {
  return toQuery(one).toString() === toQuery(other).toString();
}

/** The day of a moment where the person is, so many days on. */
function day(moment: string | null | undefined, later = 0): string {
  if (!moment) return "";
  const at = new Date(moment);
  at.setDate(at.getDate() + later);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

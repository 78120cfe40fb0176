/** What somebody did, in words, and the days it falls on. */
import type { BoardActivityQuery } from "$generated/graphql";
import { language } from "../language/language";
import { phrase } from "../language/phrase";
import { counted } from "../ui/words";

export type Entry = NonNullable<BoardActivityQuery["board"]>["activity"]["nodes"][number];

type Count = Entry["counts"][number];

const list = new Intl.ListFormat(language, { style: "long", type: "conjunction" });
const longDays = new Intl.DateTimeFormat(language, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

function deedInWords({ deed, itemKind, count }: Count): string {
  switch (deed) {
    case "ADD_ITEMS":
      return phrase(`placed ${placedInWords(itemKind, count)}`);
    case "REMOVE_ITEMS":
      return phrase(`deleted ${counted(count, "item")}`);
    case "RESTORE_ITEMS":
      return phrase(`brought back ${counted(count, "item")}`);
    case "TRANSFORM_ITEMS":
      return phrase(`moved ${counted(count, "item")}`);
    case "RESTYLE_ITEMS":
      return phrase(`changed the looks of ${counted(count, "item")}`);
    case "REORDER_ITEMS":
      return phrase(`reordered ${counted(count, "item")}`);
    case "EDIT_ITEMS":
      return phrase(`edited ${counted(count, "item")}`);
    case "REGROUP_ITEMS":
      return phrase(`regrouped ${counted(count, "item")}`);
    case "ADD_COMMENTS":
      return phrase(`wrote ${counted(count, "comment")}`);
    case "REMOVE_COMMENTS":
      return phrase(`deleted ${counted(count, "comment")}`);
    case "RESTORE_COMMENTS":
      return phrase(`brought back ${counted(count, "comment")}`);
    case "EDIT_COMMENTS":
      return phrase(`rewrote ${counted(count, "comment")}`);
    case "MOVE_COMMENTS":
      return phrase(`moved ${counted(count, "pin")}`);
    case "RESOLVE_COMMENTS":
      return phrase(`settled or reopened ${counted(count, "thread")}`);
    case "EDIT_BOARD":
      return phrase("changed the board's title, description or cover");
    case "TRASH_BOARD":
      return phrase("put the board into the trash");
    case "RESTORE_BOARD":
      return phrase("took the board out of the trash");
    default:
      return phrase(`made ${counted(count, "change")}`);
  }
}

function placedInWords(kind: Count["itemKind"], count: number): string {
  switch (kind) {
    case "IMAGE":
      return counted(count, "picture");
    case "NOTE":
      return counted(count, "note");
    case "DRAWING":
      return counted(count, "drawing");
    case "FRAME":
      return counted(count, "frame");
    case "GROUP":
      return counted(count, "group");
    default:
      return counted(count, "item");
  }
}

/** "placed 3 pictures and moved 5 items". */
export function entryInWords({ counts, changeCount }: Pick<Entry, "counts" | "changeCount">): string {
  if (!counts.length) return phrase(`undid or repeated ${counted(changeCount, "change")}`);
  return list.format(counts.map(deedInWords));
}

export interface Day {
  readonly label: string;
  readonly entries: readonly Entry[];
}

/** The latest day first. */
export function daysOf(entries: readonly Entry[], now = new Date()): Day[] {
  const days = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = dayKey(new Date(entry.endedAt));
    days.set(key, [...(days.get(key) ?? []), entry]);
  }
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  return [...days].map(([key, found]) => ({
    label:
      key === dayKey(now)
        ? "Today"
        : key === dayKey(yesterday)
          ? "Yesterday"
          : longDays.format(new Date(found[0]!.endedAt)),
    entries: found,
  }));
}

function dayKey(day: Date): string {
  return `${day.getFullYear()}-${day.getMonth()}-${day.getDate()}`;
}

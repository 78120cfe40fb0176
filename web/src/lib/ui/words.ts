/** Numbers, sizes, times and roles as people say them. */
import type { Role } from "$generated/graphql";
import { language } from "../language/language";
import { phrase } from "../language/phrase";

const numbers = new Intl.NumberFormat(language);
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const plurals = new Intl.PluralRules(language);
const kinds = ["zero", "one", "two", "few", "many", "other"].filter((kind) =>
  plurals.resolvedOptions().pluralCategories.some((used) => used === kind),
);
const days = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", day: "numeric" });
const instants = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const spans = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** `one`: the word in English, or its forms in the order of the language's plural rules (lib/language/translate.ts). */
export function counted(count: number, one: string | readonly string[], many = `${one}s`): string {
  const forms = typeof one === "string" ? [one, many] : one;
  const form = forms[kinds.indexOf(plurals.select(count))] ?? forms.at(-1);
  return `${numbers.format(count)} ${form}`;
}

/** 3.25 → "3.3" */
export function inTenths(value: number): string {
  return tenths.format(value);
}

/** Decimal units, as the server counts them: 12_300_000 → "12.3 MB". */
export function bytesInWords(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = "";
  for (const next of units) {
    if (value < 999.5) break;
    value /= 1_000;
    unit = next;
  }
  return `${value < 10 ? inTenths(value) : Math.round(value)} ${unit}`;
}

/** 75_000 → "1:15", 3_675_000 → "1:01:15". */
export function durationInWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}

export function dayInWords(iso: string): string {
  return days.format(new Date(iso));
}

export function instantInWords(iso: string): string {
  return instants.format(new Date(iso));
}

const STEPS: readonly [number, Intl.RelativeTimeFormatUnit][] = [
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
  [7, "day"],
];

/** "just now", "5 minutes ago", "yesterday"; the date itself from a week on. */
export function agoInWords(iso: string, now = Date.now()): string {
  let span = (Date.parse(iso) - now) / 1_000;
  if (Math.abs(span) < 60) return phrase("just now");
  for (const [size, unit] of STEPS) {
    if (Math.abs(span) < size) return spans.format(Math.round(span), unit);
    span /= size;
  }
  return dayInWords(iso);
}

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  OWNER: "Owner",
  EDITOR: "Editor",
  COMMENTER: "Commenter",
  VIEWER: "Viewer",
};

export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  OWNER: "Everything, including sharing and deleting",
  EDITOR: "Add, move and change what is on the board",
  COMMENTER: "Look and comment",
  VIEWER: "Look only",
};

/** The device of a user-agent string in a few words: "Chrome on Linux". */
export function deviceInWords(userAgent: string): string {
  const browsers: readonly [RegExp, string][] = [
    [/Edg(?:e|A|iOS)?\//, "Edge"],
    [/OPR\/|Opera/, "Opera"],
    [/Firefox\/|FxiOS/, "Firefox"],
    [/HeadlessChrome|Chrome\/|CriOS|Chromium/, "Chrome"],
    [/Safari\//, "Safari"],
    [/python|aiohttp|httpx|curl|node/i, "A script"],
  ];
  const systems: readonly [RegExp, string][] = [
    [/iPhone|iPad|iPod/, "iOS"],
    [/Android/, "Android"],
    [/Windows/, "Windows"],
    [/Mac OS X|Macintosh/, "macOS"],
    [/CrOS/, "ChromeOS"],
    [/Linux/, "Linux"],
  ];
  const browser = browsers.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? (userAgent.slice(0, 60) || "An unnamed device");
}

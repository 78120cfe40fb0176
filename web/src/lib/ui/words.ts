/** Numbers, sizes, times and roles as people say them. */
import type { Role } from "$generated/graphql";

const numbers = new Intl.NumberFormat("en");
const days = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric" });
const instants = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const spans = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numbers.format(count)} ${count === 1 ? one : many}`;
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
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
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
  if (Math.abs(span) < 45) return "just now";
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

/** Jobs in words: what they do, how long they take. */
import { inTenths } from "../ui/words";

export function kindInWords(kind: string): string {
  const words = kind.replaceAll(/[._-]+/g, " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** 0.042 → "42 ms", 1.26 → "1.3 s", 90 → "1.5 min". */
export function secondsInWords(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? inTenths(seconds) : Math.round(seconds)} s`;
  return `${inTenths(seconds / 60)} min`;
}

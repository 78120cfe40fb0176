/** A comment's Markdown as runs for the page: the small part that notes know, and addresses as links. */
import { parse, type Run } from "../canvas/notes";

export interface Piece extends Run {
  /** Where it leads; null: nowhere. */
  readonly href: string | null;
}

export interface Paragraph {
  readonly pieces: readonly Piece[];
  readonly isHeading: boolean;
  readonly isListed: boolean;
}

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}']/g;

export function paragraphsOf(text: string): Paragraph[] {
  return parse(text).map(({ runs, size, indent }) => ({
    pieces: runs.flatMap(linked),
    isHeading: size > 1,
    isListed: indent > 0,
  }));
}

/** The first words, without marks, for lists. */
export function excerptOf(text: string, most = 140): string {
  const words = parse(text)
    .map(({ runs }) => runs.map((run) => run.text).join(""))
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
  return words.length > most ? `${words.slice(0, most - 1).trimEnd()}…` : words;
}

function linked(run: Run): Piece[] {
  if (run.code) return [{ ...run, href: null }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of run.text.matchAll(ADDRESS)) {
    if (found.index > at) pieces.push({ ...run, text: run.text.slice(at, found.index), href: null });
    pieces.push({ ...run, text: found[0], href: found[0] });
    at = found.index + found[0].length;
  }
  if (at < run.text.length) pieces.push({ ...run, text: run.text.slice(at), href: null });
  return pieces;
}

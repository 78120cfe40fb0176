/** Notes as lines of text: a small part of Markdown (headings, lists, bold, italic, code), wrapped to a width. */
import { asSeen, readsFromRight } from "./directions";

export interface Run {
  readonly text: string;
  readonly bold: boolean;
  readonly italic: boolean;
  readonly code: boolean;
  /** Of wrapped lines: it is read from the right, and drawn so. */
  readonly fromRight?: boolean;
}

export interface Line {
  readonly runs: readonly Run[];
  /** Relative to the note's font size. */
  readonly size: number;
  /** In units of the note's font size. */
  readonly indent: number;
  /** It begins at the right. */
  readonly fromRight: boolean;
}

export type Measure = (text: string, run: Run, size: number) => number;

const HEADINGS = [1.6, 1.3, 1.12];
export const LINE_HEIGHT = 1.35;
export const PADDING = 0.75;

/** Splits Markdown text into runs per paragraph line, before wrapping. */
export function parse(text: string): Line[] {
  return text.split("\n").map((raw) => {
    const fromRight = readsFromRight(raw);
    const heading = /^(#{1,3})\s+(.*)$/.exec(raw);
    if (heading) {
      const runs = inline(heading[2]!).map((run) => ({ ...run, bold: true }));
      return { runs, size: HEADINGS[heading[1]!.length - 1]!, indent: 0, fromRight };
    }
    const bullet = /^(\s*)(?:[-*+]|(\d+[.)]))\s+(.*)$/.exec(raw);
    if (bullet) {
      const mark = bullet[2] ? `${bullet[2]} ` : "• ";
      const indent = 0.4 + bullet[1]!.length * 0.4;
      return { runs: [plain(mark), ...inline(bullet[3]!)], size: 1, indent, fromRight };
    }
    return { runs: inline(raw), size: 1, indent: 0, fromRight };
  });
}

/** Lines that fit `width` (in units of the font size, padding already taken off), their runs as they stand from the left. */
export function wrap(lines: readonly Line[], width: number, measure: Measure): Line[] {
  return lines.flatMap((line) => wrapOne(line, width - line.indent, measure));
}

/** Height of wrapped lines in units of the font size, padding included. */
export function heightOf(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + line.size * LINE_HEIGHT, 2 * PADDING);
}

export function fontOf(run: Run, size: number, family: string): string {
  const face = run.code ? "ui-monospace, monospace" : family;
  return `${run.italic ? "italic " : ""}${run.bold ? "600 " : ""}${size}px ${face}`;
}

/** A note's lines in a box `width` units of its font size wide, measured on the given context. */
export function layOut(text: string, width: number, context: MeasuringContext, family: string): Line[] {
  return wrap(parse(text), Math.max(1, width - 2 * PADDING), (part, run, size) => {
    // Measured large, so that hinting does not bend the result.
    context.font = fontOf(run, 100 * size, family);
    return context.measureText(part).width / 100;
  });
}

export type MeasuringContext = Pick<OffscreenCanvasRenderingContext2D, "font" | "measureText">;

function wrapOne(line: Line, width: number, measure: Measure): Line[] {
  const result: Line[] = [];
  let runs: Run[] = [];
  let used = 0;
  const flush = () => {
    result.push({ ...line, runs: asSeen(runs, line.fromRight) });
    runs = [];
    used = 0;
  };
  // Words of one run are drawn at once: what stands where among them, and how letters join, the browser knows.
  let owner: Run | null = null;
  const add = (run: Run, text: string) => {
    const last = owner === run ? runs.pop() : undefined;
    runs.push({ ...run, text: (last?.text ?? "") + text });
    owner = run;
  };
  for (const run of line.runs) {
    for (const word of run.text.split(/(?<=\s)/)) {
      let rest = word;
      let size = measure(rest.trimEnd(), run, line.size);
      if (used > 0 && used + size > width) flush();
      while (size > width && rest.length > 1) {
        let cut = rest.length - 1;
        while (cut > 1 && measure(rest.slice(0, cut), run, line.size) > width) cut -= 1;
        add(run, rest.slice(0, cut));
        flush();
        rest = rest.slice(cut);
        size = measure(rest.trimEnd(), run, line.size);
      }
      add(run, rest);
      used += measure(rest, run, line.size);
    }
  }
  flush();
  return result;
}

function plain(text: string): Run {
  return { text, bold: false, italic: false, code: false };
}

function inline(text: string): Run[] {
  const runs: Run[] = [];
  const pattern = /\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|_(.+?)_|`(.+?)`|\[([^\]]+)\]\([^)]*\)/g;
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > at) runs.push(plain(text.slice(at, found.index)));
    const [, bold1, bold2, italic1, italic2, code, link] = found;
    runs.push({
      text: bold1 ?? bold2 ?? italic1 ?? italic2 ?? code ?? link ?? "",
      bold: (bold1 ?? bold2) !== undefined,
      italic: (italic1 ?? italic2) !== undefined,
      code: code !== undefined,
    });
    at = found.index + found[0].length;
  }
  if (at < text.length || runs.length === 0) runs.push(plain(text.slice(at)));
  return runs;
}

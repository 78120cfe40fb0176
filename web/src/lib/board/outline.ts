/** The rows of a board's outline: what is open, what is looked for, and where a key leads. */
import { match } from "../commands/fuzzy";
import type { Item } from "./operations";
import { isContainer, type Tree } from "./tree";

export interface Line {
  readonly item: Item;
  readonly depth: number;
  /** Its place among those that are in the same, from 1, of so many. */
  readonly place: number;
  readonly count: number;
  /** Null: it holds nothing. */
  readonly isOpen: boolean | null;
}

/** What is shown: all but what lies in something closed; or what answers a question, with what it is in. */
export function linesOf(
  tree: Tree,
  closed: ReadonlySet<string>,
  typed: string,
  nameOf: (item: Item) => string,
): Line[] {
  const question = typed.trim();
  const wanted = question ? found(tree, question, nameOf) : null;
  const lines: Line[] = [];
  const add = (container: string | null, depth: number) => {
    const members = tree.membersOf(container).filter((item) => !wanted || wanted.has(item.id));
    members.forEach((item, at) => {
      const holds = isContainer(item) && tree.membersOf(item.id).length > 0;
      const isOpen = holds ? wanted !== null || !closed.has(item.id) : null;
      lines.push({ item, depth, place: at + 1, count: members.length, isOpen });
      if (isOpen) add(item.id, depth + 1);
    });
  };
  add(null, 0);
  return lines;
}

function found(tree: Tree, question: string, nameOf: (item: Item) => string): Set<string> {
  const wanted = new Set<string>();
  for (const { item } of tree.outline()) {
    if (!match(question, nameOf(item)) && !item.tags.some((tag) => match(question, tag))) continue;
    wanted.add(item.id);
    for (const above of tree.above(item)) wanted.add(above.id);
  }
  return wanted;
}

export type Step = { readonly to: number } | { readonly toggle: string } | null;

/** Where a key leads from a line; arrows sideways open and close, and go into and out of what holds. */
export function stepFor(key: string, lines: readonly Line[], at: number, page: number): Step {
  const line = lines[at];
  if (!line) return null;
  const last = lines.length - 1;
  switch (key) {
    case "ArrowDown":
      return { to: Math.min(last, at + 1) };
    case "ArrowUp":
      return { to: Math.max(0, at - 1) };
    case "PageDown":
      return { to: Math.min(last, at + page) };
    case "PageUp":
      return { to: Math.max(0, at - page) };
    case "Home":
      return { to: 0 };
    case "End":
      return { to: last };
    case "ArrowRight":
      if (line.isOpen === null) return { to: at };
      return line.isOpen ? { to: at + 1 } : { toggle: line.item.id };
    case "ArrowLeft": {
      if (line.isOpen) return { toggle: line.item.id };
      for (let above = at - 1; above >= 0; above--)
        if (lines[above]!.depth < line.depth) return { to: above };
      return { to: at };
    }
    default:
      return null;
  }
}

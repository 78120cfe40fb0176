/** What the commands of a board work on, and what they need before they can be done. */
import { canArrange } from "../arrangements";
import * as grouping from "../grouping";
import type { Item } from "../operations";
import type { BoardSession } from "../session.svelte";
import type { Screen } from "./screen";

export interface Bench {
  readonly session: BoardSession;
  readonly screen: Screen;
}

/** Null: there is what is needed; else what is missing, in words. */
export type Need = (bench: Bench) => string | null;

/** The first that is missing. */
export function needs(...all: readonly Need[]): Need {
  return (bench) => {
    for (const need of all) {
      const missing = need(bench);
      if (missing !== null) return missing;
    }
    return null;
  };
}

export const editing: Need = ({ session }) => {
  if (session.mayEdit) return null;
  return session.isTrashed
    ? "The board is in the trash: restore it first."
    : "You may look at this board, not change it.";
};

export const someItems: Need = (bench) => (itemsOf(bench).length ? null : "There is nothing on the board.");

export const selection: Need = (bench) => (selectedOf(bench).length ? null : "Nothing is selected.");

export const one: Need = (bench) =>
  selection(bench) ?? (selectedOf(bench).length === 1 ? null : "Only one may be selected for this.");

/** Something that is not locked. */
export const movable: Need = (bench) =>
  selection(bench) ??
  (bench.session.editor.movable.length ? null : "What is selected is locked. Unlock it first.");

export const free: Need = needs(editing, movable);

export const several: Need = (bench) =>
  free(bench) ?? (grouping.canGroup(bench.session.editor) ? null : "Select two or more.");

/** Two that can be brought into order: selected, or in the selected group or frame. */
export const arrangeable: Need = (bench) => {
  selectedOf(bench);
  return editing(bench) ?? (canArrange(bench.session) ? null : "Select two or more.");
};

/** The same, or anything on the board where nothing is selected. */
export const arrangeableAll: Need = (bench) => {
  selectedOf(bench);
  return editing(bench) ?? (canArrange(bench.session, true) ? null : "There is only one thing to arrange.");
};

/** Read so that whoever shows the answer hears when it changes. */
export function selectedOf({ session }: Bench): readonly Item[] {
  void session.itemsRev;
  void session.selectionRev;
  return session.editor.selected;
}

export function itemsOf({ session }: Bench): readonly Item[] {
  void session.itemsRev;
  return session.store.inOrder;
}

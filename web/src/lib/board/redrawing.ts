/** Drawings in other colours and widths than those they were drawn in. */
import { counted } from "./commands";
import type { Editor } from "./editor";
import { editOf, type Drawing, type Edit, type Item } from "./operations";

export type Redrawn = Partial<Pick<Drawing, "stroke" | "strokeWidth" | "fill">>;

/** The drawings in the selection, what is in groups and frames too. */
export function drawingsIn(editor: Editor): Item[] {
  return editor.tree.placedIn(editor.selected).filter((item) => item.drawing);
}

/** Whether it encloses an area that a fill would show in. */
export function hasArea({ drawing }: Item): boolean {
  return drawing?.shape === "RECTANGLE" || drawing?.shape === "ELLIPSE";
}

export function redraw(editor: Editor, change: Redrawn): void {
  const items = drawingsIn(editor).filter(
    (item) => !editor.tree.isLocked(item) && (change.fill === undefined || hasArea(item)),
  );
  if (!items.length) return;
  const edits = items.map((item) => redrawn(item, change));
  editor.perform({ kind: "edit", items: edits }, `Redraw ${counted(items, "drawing", "drawings")}`);
}

/** The box of a stroke holds its line, as wide as that is. */
export function redrawn(item: Item, change: Redrawn): Edit {
  const before = item.drawing!;
  const drawing = { ...before, ...change };
  const grown = hasArea(item) ? 0 : drawing.strokeWidth - before.strokeWidth;
  return { ...editOf(item), drawing, width: item.width + grown, height: item.height + grown };
}

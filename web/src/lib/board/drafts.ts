/** A note while it is written for the first time: on the board for its writer alone, and one deed when it is done. */
import type { Point } from "../geometry/shapes";
import { newNote } from "./commands";
import type { Editor } from "./editor";
import { heldAtTop } from "./noteHeight";
import type { Note } from "./operations";

const draftOf = (id: string) => `draft of ${id}`;

export function beginNote(editor: Editor, at: Point): string {
  const item = newNote(editor, at);
  editor.store.propose(draftOf(item.id), { kind: "add", items: [item] });
  editor.select([item.id]);
  return item.id;
}

/** Puts it on the board as it was written; in which nothing was, leaves nothing behind. Returns whether it was a draft. */
export function endNote(editor: Editor, id: string, note: Note, height: number): boolean {
  const { store } = editor;
  const item = store.get(id);
  if (!item || !store.isPending(draftOf(id))) return false;
  const isHeld = editor.selection.has(id);
  store.withdraw(draftOf(id));
  if (note.text.trim() === "" || !editor.canEdit) return true;
  const transform = heldAtTop(item, height);
  editor.perform({ kind: "add", items: [{ ...item, note, height, transform }] }, "Add a note");
  if (isHeld) editor.select([id]);
  return true;
}

/** The vocabulary of the change log, folded into items: the browser's half of domain/operations.py. */
import type { Transform } from "../geometry/shapes";

export interface Note {
  readonly text: string;
  readonly fontSize: number;
  readonly colour: string;
  readonly background: string | null;
}

export interface Item {
  readonly id: string;
  readonly kind: "IMAGE" | "NOTE";
  readonly transform: Transform;
  readonly width: number;
  readonly height: number;
  readonly z: string;
  readonly opacity: number;
  readonly grayscale: boolean;
  readonly locked: boolean;
  readonly hidden: boolean;
  readonly name: string;
  readonly imageId: string | null;
  readonly note: Note | null;
}

export interface Placement {
  readonly id: string;
  readonly transform: Transform;
}

/** A style change: what is undefined stays as it is. */
export interface StylePatch {
  readonly id: string;
  readonly opacity?: number | undefined;
  readonly grayscale?: boolean | undefined;
  readonly locked?: boolean | undefined;
  readonly hidden?: boolean | undefined;
  readonly name?: string | undefined;
}

export interface Rank {
  readonly id: string;
  readonly z: string;
}

/** The whole content and box of a note. */
export interface NoteEdit {
  readonly id: string;
  readonly note: Note;
  readonly width: number;
  readonly height: number;
}

export type Operation =
  | { readonly kind: "add"; readonly items: readonly Item[] }
  | { readonly kind: "remove"; readonly ids: readonly string[] }
  | { readonly kind: "restore"; readonly items: readonly Item[] }
  | { readonly kind: "transform"; readonly items: readonly Placement[] }
  | { readonly kind: "restyle"; readonly items: readonly StylePatch[] }
  | { readonly kind: "reorder"; readonly items: readonly Rank[] }
  | { readonly kind: "note"; readonly items: readonly NoteEdit[] };

export type Items = Map<string, Item>;

export function subjectsOf(operation: Operation): readonly string[] {
  return operation.kind === "remove" ? operation.ids : operation.items.map((item) => item.id);
}

/**
 * Changes `items` in place. What does not fit is passed over: an optimistic operation may meet an item that
 * somebody else has just removed, and reading a board while it changes may meet an operation twice.
 */
export function fold(operation: Operation, items: Items): void {
  switch (operation.kind) {
    case "add":
    case "restore":
      for (const item of operation.items) items.set(item.id, item);
      break;
    case "remove":
      for (const id of operation.ids) items.delete(id);
      break;
    default:
      for (const part of operation.items) {
        const item = items.get(part.id);
        if (item) items.set(part.id, changed(item, operation.kind, part));
      }
  }
}

function changed(
  item: Item,
  kind: "transform" | "restyle" | "reorder" | "note",
  part: Placement | StylePatch | Rank | NoteEdit,
): Item {
  if (kind !== "restyle") return { ...item, ...part };
  const patch = part as StylePatch;
  return {
    ...item,
    opacity: patch.opacity ?? item.opacity,
    grayscale: patch.grayscale ?? item.grayscale,
    locked: patch.locked ?? item.locked,
    hidden: patch.hidden ?? item.hidden,
    name: patch.name ?? item.name,
  };
}

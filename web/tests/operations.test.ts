/** The fold comes to the same items as the server's, step by step through the vectors that both are checked by. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  BLANK,
  PLAIN,
  fold,
  narrowed,
  subjectsOf,
  type Drawing,
  type Edit,
  type Item,
  type Items,
  type Operation,
  type Simple,
  type StylePatch,
} from "$lib/board/operations";
import { Store } from "$lib/board/store";
import { IDENTITY, type Transform } from "$lib/geometry/shapes";

const VECTORS = join(import.meta.dirname, "../../tests/vectors/operations.json");

// As the log keeps it: what has its usual value is left out.
type Kept = Record<string, any>;

interface Run {
  name: string;
  start: { items: Record<string, Kept> };
  steps: { name: string; operation: Kept; changed: { items: Record<string, Kept | null> } }[];
}

const runs = JSON.parse(readFileSync(VECTORS, "utf8")) as Run[];

function transformOf({ flip_x, flip_y, ...rest }: Kept = {}): Transform {
  return { ...IDENTITY, ...rest, flipX: flip_x ?? false, flipY: flip_y ?? false };
}

function contentOf({ image_id, crop, note, drawing, frame }: Kept): Omit<Edit, "id" | "width" | "height"> {
  return {
    ...BLANK,
    imageId: image_id ?? null,
    crop: crop ?? null,
    frame: frame ?? null,
    note: note ? { ...rest(note, "font_size"), fontSize: note.font_size } : null,
    drawing: drawing
      ? ({
          ...rest(drawing, "stroke_width"),
          strokeWidth: drawing.stroke_width,
          points: drawing.points.map(([x, y]: [number, number]) => ({ x, y })),
        } as Drawing)
      : null,
  };
}

function rest(kept: Kept, name: string): any {
  return Object.fromEntries(Object.entries(kept).filter(([key]) => key !== name));
}

function itemOf(kept: Kept): Item {
  const { id, kind, width, height, z } = kept as Item;
  return {
    ...PLAIN,
    ...kept["style"],
    ...contentOf(kept),
    ...{ id, kind, width, height, z },
    transform: transformOf(kept["transform"]),
    parentId: kept["parent_id"] ?? null,
  };
}

/** Null for what is about comments or the board's own words: the app folds only items. */
function simpleOf({ kind, items = [], ids }: Kept): Simple | null {
  switch (kind) {
    case "add_items":
      return { kind: "add", items: items.map(itemOf) };
    case "restore_items":
      return { kind: "restore", items: items.map(itemOf) };
    case "remove_items":
      return { kind: "remove", ids };
    case "transform_items":
      return {
        kind: "transform",
        items: items.map(({ id, transform }: Kept) => ({ id, transform: transformOf(transform) })),
      };
    case "restyle_items":
      return { kind: "restyle", items: items as StylePatch[] };
    case "reorder_items":
      return { kind: "reorder", items };
    case "edit_items":
      return {
        kind: "edit",
        items: items.map((edit: Kept) => ({
          ...contentOf(edit),
          ...{ id: edit["id"], width: edit["width"], height: edit["height"] },
        })),
      };
    case "regroup_items":
      return {
        kind: "regroup",
        items: items.map(({ id, parent_id }: Kept) => ({ id, parentId: parent_id })),
      };
    default:
      return null;
  }
}

function operationOf(kept: Kept): Operation | null {
  if (kept["kind"] !== "compound") return simpleOf(kept);
  const operations = kept["operations"].map(simpleOf).filter((part: Simple | null) => part !== null);
  return { kind: "compound", operations };
}

function started({ start }: Run): Items {
  return new Map(Object.values(start.items).map((kept) => [kept["id"], itemOf(kept)]));
}

describe.each(runs)("$name", (run) => {
  test("the fold comes to what the server's does", () => {
    const items = started(run);
    const expected = new Map(items);
    for (const { name, operation, changed } of run.steps) {
      const read = operationOf(operation);
      if (read) fold(read, items);
      for (const [id, kept] of Object.entries(changed.items)) {
        if (kept) expected.set(id, itemOf(kept));
        else expected.delete(id);
      }
      expect(Object.fromEntries(items), name).toEqual(Object.fromEntries(expected));
    }
    expect(items).toEqual(started(run));
  });

  test("an operation says which items it touches, and can be narrowed to any of them", () => {
    const items = started(run);
    for (const { name, operation, changed } of run.steps) {
      const read = operationOf(operation);
      if (!read) continue;
      const subjects = new Set(subjectsOf(read));
      for (const id of Object.keys(changed.items)) expect(subjects, name).toContain(id);
      const before = new Map(items);
      fold(read, items);
      for (const id of subjects) {
        const alone = new Map(before);
        fold(narrowed(read, new Set([id])), alone);
        expect(alone.get(id), name).toEqual(items.get(id));
        for (const [other, item] of before) if (other !== id) expect(alone.get(other)).toBe(item);
      }
    }
  });

  test("a store that is told of each step shows the same, whatever it proposed and took back meanwhile", () => {
    const store = new Store();
    store.reset(started(run).values(), 0);
    const items = started(run);
    run.steps.forEach(({ name, operation }, n) => {
      const read = operationOf(operation);
      const [guess] = store.inOrder;
      if (guess) store.propose("guess", { kind: "remove", ids: [guess.id] });
      if (read) store.propose(`m${n}`, read);
      store.receive({ seq: n + 1, mutationId: `m${n}`, operation: read });
      store.withdraw("guess");
      if (read) fold(read, items);
      expect(new Map(store.inOrder.map((item) => [item.id, item])), name).toEqual(items);
    });
  });
});

test("the vectors are many", () => {
  expect(runs.reduce((sum, run) => sum + run.steps.length, 0)).toBeGreaterThan(100);
});

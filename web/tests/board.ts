/** Small boards for tests: items by name, and a record of what an editor sends. */
import { Editor, type DragPhase } from "$lib/board/editor";
import type { Deed } from "$lib/board/deeds";
import { BLANK, PLAIN, type Item, type Operation } from "$lib/board/operations";
import { Store } from "$lib/board/store";
import { IDENTITY, type Transform } from "$lib/geometry/shapes";

export function anItem(id: string, changes: Partial<Item> & { at?: Partial<Transform> } = {}): Item {
  const { at, ...rest } = changes;
  return {
    id,
    kind: "IMAGE",
    transform: { ...IDENTITY, ...at },
    width: 100,
    height: 100,
    z: "a0",
    parentId: null,
    ...PLAIN,
    ...BLANK,
    imageId: rest.kind && rest.kind !== "IMAGE" ? null : `image-${id}`,
    ...rest,
  };
}

export interface Desk {
  readonly store: Store;
  readonly editor: Editor;
  readonly sent: { operation: Operation; label: string; deed: Deed | undefined }[];
  readonly drags: DragPhase[];
}

/** An editor at zoom 1 whose operations are confirmed at once. */
export function aDesk(items: readonly Item[]): Desk {
  const store = new Store();
  store.reset(items, 0);
  const sent: Desk["sent"] = [];
  const drags: DragPhase[] = [];
  const editor = new Editor(store, {
    commit: (operation, label, deed) => {
      sent.push({ operation, label, deed });
      store.receive({ seq: store.seq + 1, mutationId: null, operation });
    },
    drag: (_gesture, _placements, phase) => drags.push(phase),
  });
  editor.canEdit = true;
  editor.resize({ width: 1000, height: 800 });
  return { store, editor, sent, drags };
}

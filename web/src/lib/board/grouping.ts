/** Putting items into groups and frames, taking them out, and dissolving what held them. */
import { newId } from "../uuid";
import { counted, idsOf, inOrder, type Telling } from "./commands";
import type { Editor } from "./editor";
import { aGroup, together, type Item, type Simple } from "./operations";
import { compareRanks, rankBetween } from "./ordering";
import { isContainer } from "./tree";

export function canGroup(editor: Editor): boolean {
  return editor.movable.length > 1;
}

/** A new group of the selected, in the container that all of them are in, else at the top of the board. */
export function group(editor: Editor): void {
  const { tree, store } = editor;
  const members = editor.movable;
  if (!canGroup(editor)) return;
  const homes = new Set(members.map((item) => tree.parentOf(item)?.id ?? null));
  const home = homes.size === 1 ? [...homes][0]! : null;
  const front = inOrder(members).at(-1)!;
  const next = store.inOrder.find((item) => compareRanks(item.z, front.z) > 0);
  const made = aGroup(newId(), rankBetween(front.z, next?.z ?? null), home);
  const parts: Simple[] = [
    { kind: "add", items: [made] },
    { kind: "regroup", items: members.map(({ id }) => ({ id, parentId: made.id })) },
    ...removal(tree.emptiedBy(members, home)),
  ];
  const ids = idsOf(members);
  editor.perform(together(parts), `Group ${counted(members)}`, { kind: "group", ids, id: made.id });
  editor.select([made.id]);
}

export function canUngroup(editor: Editor): boolean {
  return editor.movable.some(isContainer);
}

/** Dissolves the selected groups and frames: what is in them goes where they are. */
export function ungroup(editor: Editor): void {
  const { tree } = editor;
  const containers = editor.movable.filter(isContainer);
  if (!containers.length) return;
  const members = containers.flatMap((one) => tree.membersOf(one.id).map((item) => ({ item, one })));
  const parts: Simple[] = [
    ...regrouping(members.map(({ item, one }) => [item, tree.parentOf(one)?.id ?? null])),
    { kind: "remove", ids: idsOf(containers) },
  ];
  const ids = idsOf(containers);
  editor.perform(together(parts), `Ungroup ${counted(containers, "group", "groups")}`, {
    kind: "ungroup",
    ids,
  });
  editor.select(members.map(({ item }) => item.id));
}

/** Those of the selected that are in something. */
export function contained(editor: Editor): Item[] {
  return editor.movable.filter((item) => editor.tree.parentOf(item));
}

/** Out of all groups and frames, to the board itself. */
export function takeOut(editor: Editor): void {
  regroup(editor, contained(editor), null, (what) => `Take out ${what}`);
}

/** The one frame among the selected that the others may go into. */
export function frameFor(editor: Editor): Item | null {
  const frames = editor.movable.filter((item) => item.kind === "FRAME");
  return frames.length === 1 && editor.movable.length > 1 ? frames[0]! : null;
}

export function putInFrame(editor: Editor): void {
  const frame = frameFor(editor);
  if (frame)
    regroup(
      editor,
      editor.movable.filter((item) => item !== frame),
      frame.id,
      (what) => `Put ${what} into the frame`,
    );
}

function regroup(editor: Editor, items: readonly Item[], parentId: string | null, tell: Telling): void {
  if (!items.length) return;
  const parts: Simple[] = [
    ...regrouping(items.map((item) => [item, parentId])),
    ...removal(editor.tree.emptiedBy(items, parentId)),
  ];
  editor.perform(together(parts), tell(counted(items)), {
    kind: "regroup",
    ids: idsOf(items),
    parentId,
  });
}

function regrouping(entries: readonly (readonly [Item, string | null])[]): Simple[] {
  const items = entries.map(([{ id }, parentId]) => ({ id, parentId }));
  return items.length ? [{ kind: "regroup", items }] : [];
}

function removal(items: readonly Item[]): Simple[] {
  return items.length ? [{ kind: "remove", ids: idsOf(items) }] : [];
}

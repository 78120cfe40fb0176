/** The arrangements a person can ask for: one table for keys, menus and buttons, computed here for an answer at once. */
import {
  align,
  arrange,
  compareOverlay,
  distribute,
  normalize,
  pack,
  stack,
  type Axis,
  type Edge,
  type Layout,
  type Measure,
  type Order,
  type Places,
  type SortKey,
  type Unit,
} from "../geometry/arranging";
import { GAP } from "../geometry/packing";
import { boxOf, counted, idsOf, inOrder, settle, type Telling } from "./commands";
import { MOST_IDS, MOST_PER_MUTATION, type Deed } from "./deeds";
import type { Editor } from "./editor";
import { NOTHING, together, type Item, type Simple } from "./operations";
import { ranksBetween } from "./ordering";
import type { Tree } from "./tree";
import type { Picture } from "../canvas/pictures";

const VEIL = 0.5;

/** What arranging asks of the board beyond its items. */
export interface Desk {
  readonly editor: Editor;
  readonly pictures: ReadonlyMap<string, Picture>;
  nameOf(item: Item): string;
}

/** ids null: everything at the top of the board. */
interface Chosen {
  readonly ids: readonly string[] | null;
  readonly wholes: readonly Item[];
}

/** The selected; of a lone group or frame what is in it; of nothing, where that makes sense, the whole board. */
function chosen({ editor }: Desk, isForAll: boolean): Chosen | null {
  const { tree } = editor;
  const selected = tree.outermost(editor.selected);
  const [first] = selected;
  if (selected.length > 1) {
    const isAll = selected.length > MOST_IDS && selected.length === freeOn(tree).length;
    return { ids: isAll ? null : idsOf(selected), wholes: selected };
  }
  if (first) {
    const members = tree.membersOf(first.id).filter((item) => !item.hidden);
    return members.length > 1 ? { ids: idsOf(members), wholes: members } : null;
  }
  const all = isForAll ? tree.membersOf(null).filter((item) => !item.hidden) : [];
  return all.length > 1 ? { ids: null, wholes: all } : null;
}

function freeOn(tree: Tree): Item[] {
  return tree.membersOf(null).filter((item) => !item.hidden && !tree.isHeld(item));
}

/** Whether there is anything to arrange. */
export function canArrange(desk: Desk, isForAll = false): boolean {
  return chosen(desk, isForAll) !== null;
}

function unitsOf({ editor }: Desk, wholes: readonly Item[]): Unit[] {
  return wholes.map((item) => ({
    key: item.id,
    boxes: inOrder(editor.tree.placedIn([item])).map((one) => boxOf(editor, one)),
  }));
}

function settleAll(
  desk: Desk,
  tell: Telling,
  isForAll: boolean,
  how: (units: Unit[], wholes: readonly Item[]) => Places,
  deed: (ids: readonly string[] | null) => Deed,
): void {
  const them = chosen(desk, isForAll);
  if (!them) return;
  const asked = deed(them.ids);
  // Packing thousands would hold up this window: the server computes it, and all see it when it is done.
  const label = tell(counted(them.wholes));
  const units = unitsOf(desk, them.wholes);
  if (units.reduce((sum, unit) => sum + unit.boxes.length, 0) > MOST_PER_MUTATION)
    desk.editor.perform(NOTHING, label, asked);
  else settle(desk.editor, how(units, them.wholes), label, asked);
}

export function alignTo(desk: Desk, edge: Edge): void {
  settleAll(
    desk,
    (what) => `Align ${what}`,
    false,
    (units) => align(units, edge),
    (ids) => ({ kind: "align", ids, edge }),
  );
}

export function spread(desk: Desk, axis: Axis): void {
  settleAll(
    desk,
    (what) => `Distribute ${what}`,
    false,
    (units) => distribute(units, axis),
    (ids) => ({
      kind: "distribute",
      ids,
      axis,
    }),
  );
}

export function makeAlike(desk: Desk, by: Measure): void {
  settleAll(
    desk,
    (what) => `Normalize ${what}`,
    false,
    (units) => normalize(units, by),
    (ids) => ({ kind: "normalize", ids, by }),
  );
}

export function stackUp(desk: Desk): void {
  settleAll(
    desk,
    (what) => `Stack ${what}`,
    false,
    stack,
    (ids) => ({ kind: "stack", ids }),
  );
}

export function packUp(desk: Desk): void {
  settleAll(
    desk,
    (what) => `Pack ${what}`,
    true,
    (units) => pack(units, GAP),
    (ids) => ({ kind: "pack", ids, margin: GAP }),
  );
}

function arranging(what: string): string {
  return `Arrange ${what}`;
}

export function arrangeBy(desk: Desk, layout: Layout, order: Order): void {
  const seed = order === "RANDOM" ? Math.floor(Math.random() * 2 ** 31) : 0;
  const deed = (ids: readonly string[] | null): Deed => ({
    kind: "arrange",
    ids,
    layout,
    order,
    margin: GAP,
    seed,
  });
  const them = chosen(desk, true);
  if (!them) return;
  // When pictures were taken is known to the server only.
  if (order === "DATE") desk.editor.perform(NOTHING, arranging(counted(them.wholes)), deed(them.ids));
  else
    settleAll(
      desk,
      arranging,
      true,
      (units, wholes) => arrange(units, layout, order, sortKeys(desk, wholes), GAP, seed),
      deed,
    );
}

/** The others over the first, as wide as it and see-through, in front of everything else. */
export function compare(desk: Desk): void {
  const { editor } = desk;
  const them = chosen(desk, false);
  if (!them?.ids) return;
  const units = unitsOf(desk, them.wholes);
  const lead = them.wholes.find((item) => editor.tree.isHeld(item)) ?? them.wholes[0]!;
  const others = them.wholes.filter((item) => item !== lead && !editor.tree.isHeld(item));
  const above = inOrder(editor.tree.placedIn(others));
  const below = editor.tree.isHeld(lead) ? [] : inOrder(editor.tree.placedIn([lead]));
  const raised = [...below, ...above];
  const ranks = ranksBetween(editor.store.topRank, null, raised.length);
  const places = compareOverlay(units, "WIDTH");
  const parts: Simple[] = [
    { kind: "transform", items: [...places].map(([id, transform]) => ({ id, transform })) },
    { kind: "restyle", items: above.map(({ id }) => ({ id, opacity: VEIL })) },
    { kind: "reorder", items: raised.map(({ id }, i) => ({ id, z: ranks[i]! })) },
  ];
  editor.perform(together(parts), `Compare ${counted(them.wholes)}`, {
    kind: "compare",
    ids: them.ids,
    by: "WIDTH",
    opacity: VEIL,
  });
}

/** As the server's: of a container its own name, the area of all in it, its hindmost colour. */
function sortKeys(desk: Desk, wholes: readonly Item[]): Map<string, SortKey> {
  return new Map(
    wholes.map((whole) => {
      const parts = inOrder(desk.editor.tree.placedIn([whole]));
      const area = ({ width, height, transform }: Item) => width * height * transform.scale ** 2;
      return [
        whole.id,
        {
          name: whole.kind === "GROUP" ? whole.name : desk.nameOf(whole),
          size: parts.reduce((sum, item) => sum + area(item), 0),
          date: 0,
          colour: parts.map((item) => colourOf(desk, item)).find((colour) => colour !== null) ?? null,
        },
      ];
    }),
  );
}

function colourOf({ pictures }: Desk, { imageId, note, drawing, frame }: Item): string | null {
  if (imageId) return pictures.get(imageId)?.palette[0] ?? null;
  return note?.background ?? note?.colour ?? drawing?.stroke ?? frame?.background ?? null;
}

export interface Arrangement {
  readonly label: string;
  readonly keys?: readonly string[];
  /** Whether it arranges the whole board where nothing is selected. */
  readonly isForAll?: boolean;
  run(desk: Desk): void;
}

export const ALIGNING: readonly Arrangement[] = [
  { label: "Align left edges", keys: ["Mod+ArrowLeft"], run: (desk) => alignTo(desk, "LEFT") },
  { label: "Align centres", keys: ["Alt+h"], run: (desk) => alignTo(desk, "CENTRE") },
  { label: "Align right edges", keys: ["Mod+ArrowRight"], run: (desk) => alignTo(desk, "RIGHT") },
  { label: "Align upper edges", keys: ["Mod+ArrowUp"], run: (desk) => alignTo(desk, "TOP") },
  { label: "Align middles", keys: ["Alt+v"], run: (desk) => alignTo(desk, "MIDDLE") },
  { label: "Align lower edges", keys: ["Mod+ArrowDown"], run: (desk) => alignTo(desk, "BOTTOM") },
  {
    label: "Distribute across",
    keys: ["Mod+Shift+ArrowLeft", "Mod+Shift+ArrowRight"],
    run: (desk) => spread(desk, "HORIZONTAL"),
  },
  {
    label: "Distribute down",
    keys: ["Mod+Shift+ArrowUp", "Mod+Shift+ArrowDown"],
    run: (desk) => spread(desk, "VERTICAL"),
  },
];

export const SIZING: readonly Arrangement[] = [
  {
    label: "Same height",
    keys: ["Shift+h", "Mod+Alt+ArrowLeft"],
    run: (desk) => makeAlike(desk, "HEIGHT"),
  },
  { label: "Same width", keys: ["Shift+w", "Mod+Alt+ArrowRight"], run: (desk) => makeAlike(desk, "WIDTH") },
  { label: "Same size", keys: ["Shift+s", "Mod+Alt+ArrowUp"], run: (desk) => makeAlike(desk, "AREA") },
  { label: "Same scale", keys: ["Mod+Alt+ArrowDown"], run: (desk) => makeAlike(desk, "SCALE") },
];

export const PACKING: readonly Arrangement[] = [
  { label: "Pack closely", keys: ["Shift+o"], isForAll: true, run: packUp },
  { label: "In a row", isForAll: true, run: (desk) => arrangeBy(desk, "ROW", "PLACE") },
  { label: "In a column", isForAll: true, run: (desk) => arrangeBy(desk, "COLUMN", "PLACE") },
  { label: "In a grid", isForAll: true, run: (desk) => arrangeBy(desk, "GRID", "PLACE") },
  { label: "Stack", run: stackUp },
  { label: "Compare, laid over each other", run: compare },
];

export const SORTING: readonly Arrangement[] = [
  { label: "By name", isForAll: true, run: (desk) => arrangeBy(desk, "GRID", "NAME") },
  { label: "By size", isForAll: true, run: (desk) => arrangeBy(desk, "GRID", "SIZE") },
  { label: "By date", isForAll: true, run: (desk) => arrangeBy(desk, "GRID", "DATE") },
  { label: "By colour", isForAll: true, run: (desk) => arrangeBy(desk, "GRID", "COLOUR") },
  { label: "At random", isForAll: true, run: (desk) => arrangeBy(desk, "GRID", "RANDOM") },
];

/** Which frame things belong to by where they lie: those wholly inside come in, those whose middle is outside go out. */
import { local } from "../canvas/hitting";
import { corners, type Bounds, type Placed, type Point } from "../geometry/shapes";
import { counted, inOrder } from "./commands";
import { MOST_PER_MUTATION, type Deed } from "./deeds";
import type { Editor, Landing } from "./editor";
import { frameAround, type Slot } from "./making";
import { together, type Item, type Membership, type Placement, type Rank, type Simple } from "./operations";
import { compareRanks, rankBetween, ranksBetween } from "./ordering";

/** The innermost frame in which all of the box lies, of those that may take it. */
export function frameFor(editor: Editor, item: Item, moving: ReadonlySet<Item>): Item | null {
  const outline = editor.outlineOf(item);
  if (!outline) return null;
  let best: Item | null = null;
  for (const frame of framesOn(editor)) {
    if (moving.has(frame) || editor.tree.above(frame).some((one) => moving.has(one))) continue;
    if (!holds(editor.placed(frame), outline)) continue;
    if (!best || area(editor.placed(frame)) < area(editor.placed(best))) best = frame;
  }
  return best;
}

/** Where each of these wholes belongs now, if that is elsewhere than before. What is in a group stays in it. */
export function homesOf(editor: Editor, wholes: readonly Item[]): Membership[] {
  const { tree } = editor;
  const moving = new Set(wholes);
  const homes: Membership[] = [];
  for (const item of wholes) {
    const parent = tree.parentOf(item);
    if (parent && (parent.kind !== "FRAME" || tree.isLocked(parent))) continue;
    const into = frameFor(editor, item, moving);
    if (into === parent || (into === null && !parent)) continue;
    if (!into && parent && holdsMiddle(editor, parent, item)) continue;
    homes.push({ id: item.id, parentId: into?.id ?? outerOf(editor, item, parent!) });
  }
  return homes;
}

/** Out of a frame, into the next one around it that still has its middle. */
function outerOf(editor: Editor, item: Item, frame: Item): string | null {
  const around = editor.tree.parentOf(frame);
  if (!around || around.kind !== "FRAME" || holdsMiddle(editor, around, item)) return around?.id ?? null;
  return outerOf(editor, item, around);
}

/** Things lie where they were let go, and in the frame that is there, as one deed. */
export function landed(editor: Editor, places: readonly Placement[], deed: Deed | undefined): Landing {
  const transform: Simple = { kind: "transform", items: places };
  const homes = places.length > MOST_PER_MUTATION ? [] : homesOf(editor, editor.movable);
  if (!homes.length) return { operation: transform, deed };
  const ranks = raised(editor, homes);
  return {
    operation: together([
      transform,
      ...(ranks.length ? [{ kind: "reorder", items: ranks } as const] : []),
      { kind: "regroup", items: homes },
    ]),
  };
}

/** What comes into a frame lies in front of it, to be seen. */
function raised(editor: Editor, homes: readonly Membership[]): Rank[] {
  const { store, tree } = editor;
  const behind = inOrder(
    homes.flatMap(({ id, parentId }) => {
      const [item, frame] = [store.get(id), parentId === null ? undefined : store.get(parentId)];
      return item && frame ? tree.withContents([item]).filter((one) => compareRanks(one.z, frame.z) < 0) : [];
    }),
  );
  if (!behind.length) return [];
  const ranks = ranksBetween(store.topRank, null, behind.length);
  return behind.map(({ id }, i) => ({ id, z: ranks[i]! }));
}

/** A frame as it was drawn, behind the things that lie wholly inside it, which are in it from now on; or behind these. */
export function addFrame(editor: Editor, box: Bounds, id: string, members?: readonly Item[]): void {
  const frame = frameAround(box, { id, z: "a0" });
  const inside = (members ?? lyingIn(editor, frame)).slice(0, MOST_PER_MUTATION);
  const slot = { id, z: rankBehind(editor, inside) };
  const made: Item = { ...frame, ...slot };
  const parts: Simple[] = [{ kind: "add", items: [made] }];
  if (inside.length)
    parts.push({ kind: "regroup", items: inside.map((item) => ({ id: item.id, parentId: id })) });
  editor.perform(together(parts), inside.length ? `Frame ${counted(inside)}` : "Add a frame");
}

function lyingIn(editor: Editor, frame: Placed): Item[] {
  const { tree } = editor;
  return tree
    .membersOf(null)
    .filter((item) => !tree.isHeld(item) && !tree.isHidden(item))
    .filter((item) => {
      const outline = editor.outlineOf(item);
      return outline !== null && holds(frame, outline);
    });
}

/** Right behind the hindmost of them, else in front of all. */
function rankBehind(editor: Editor, items: readonly Item[]): Slot["z"] {
  const { store, tree } = editor;
  const [hindmost] = inOrder(tree.withContents(items));
  if (!hindmost) return ranksBetween(store.topRank, null, 1)[0]!;
  const below = store.inOrder.findLast((item) => compareRanks(item.z, hindmost.z) < 0);
  return rankBetween(below?.z ?? null, hindmost.z);
}

function framesOn(editor: Editor): Item[] {
  const { tree } = editor;
  return editor.store.inOrder.filter(
    (item) => item.kind === "FRAME" && !tree.isHidden(item) && !tree.isLocked(item),
  );
}

function holds(frame: Placed, outline: readonly Point[]): boolean {
  const slack = 1e-6 * Math.max(frame.width, frame.height);
  return outline.every((point) => {
    const { x, y } = local(frame, point);
    return Math.abs(x) <= frame.width / 2 + slack && Math.abs(y) <= frame.height / 2 + slack;
  });
}

function holdsMiddle(editor: Editor, frame: Item, item: Item): boolean {
  const outline = editor.outlineOf(item) ?? corners(editor.placed(item));
  const [a, , c] = outline;
  return holds(editor.placed(frame), [{ x: (a.x + c.x) / 2, y: (a.y + c.y) / 2 }]);
}

function area({ width, height, transform }: Placed): number {
  return width * height * transform.scale ** 2;
}

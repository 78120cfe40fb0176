/** Frames and what is in them, brought to one size: frames around things, things into frames. */
import type { Fit } from "../geometry/arranging";
import { GAP } from "../geometry/packing";
import { centre, rotate, union, type Bounds } from "../geometry/shapes";
import { newId } from "../uuid";
import { counted, idsOf } from "./commands";
import type { Editor } from "./editor";
import { addFrame } from "./homing";
import { NOTHING, editOf, together, type Item } from "./operations";

/** The one frame that is selected, alone. */
export function theFrame(editor: Editor): Item | null {
  const [only, ...more] = editor.movable;
  return only?.kind === "FRAME" && !more.length ? only : null;
}

/** A new frame around what is selected, a little larger. Returns its id, to be named. */
export function frameSelection(editor: Editor): string | null {
  const box = editor.boundsOfAll(new Set(idsOf(editor.movable)));
  if (!box) return null;
  const id = newId();
  addFrame(editor, grown(box, GAP), id, editor.movable);
  editor.select([id]);
  return id;
}

/** Its edges go around what is in it; what is in it stays. A turned frame stays turned. */
export function fitFrame(editor: Editor): void {
  const frame = theFrame(editor);
  if (!frame) return;
  const { scale, rotation } = frame.transform;
  const turned = editor.tree
    .placedIn(editor.tree.membersOf(frame.id))
    .flatMap((item) => editor.outlineOf(item) ?? [])
    .map((corner) => rotate(corner, -rotation));
  const box = union(turned.map(({ x, y }) => ({ left: x, right: x, top: y, bottom: y })));
  if (!box) return;
  const around = grown(box, GAP);
  const middle = rotate(centre(around), rotation);
  const edit = {
    ...editOf(frame),
    width: (around.right - around.left) / scale,
    height: (around.bottom - around.top) / scale,
  };
  const place = { id: frame.id, transform: { ...frame.transform, ...middle } };
  editor.perform(
    together([
      { kind: "edit", items: [edit] },
      { kind: "transform", items: [place] },
    ]),
    "Fit the frame",
  );
}

/**
 * What is in it is scaled and moved until it fills the frame, as it lies or packed to the frame's shape; the server
 * knows how.
 */
export function fitIntoFrame(editor: Editor, mode: Fit): void {
  const frame = theFrame(editor);
  if (!frame) return;
  const inside = editor.tree.membersOf(frame.id);
  editor.perform(NOTHING, `Fit ${counted(inside)}`, {
    kind: "fit",
    ids: null,
    frameId: frame.id,
    margin: GAP,
    mode,
  });
}

function grown({ left, top, right, bottom }: Bounds, by: number): Bounds {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

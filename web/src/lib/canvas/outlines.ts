/** The lines around what is selected, by oneself and by others, and the handles. */
import type { Editor, Frame } from "../board/editor";
import type { Item } from "../board/operations";
import { seen, toScreen, type Camera, type Viewport } from "../geometry/camera";
import { boundsOf, corners, cornersOf, overlap, union, type Bounds, type Point } from "../geometry/shapes";
import { seenAmong } from "./handles";
import type { Context } from "./painter";
import type { Tools } from "./tools";

const MOST_MEMBERS = 60;
const WIDTH_PX = 1.5;
const MARK_PX = 2;
/** Of many, each on its own must not hide what it lies around. */
const MANY_PX = 1;
const MANY_OPACITY = 0.7;
/** Outlines that are stroked as one path, between two looks at the clock. */
const STEP = 250;

export interface OutlineColours {
  readonly selection: string;
  readonly handle: string;
}

type Outline = readonly Point[] | null;

export class Outlines {
  constructor(
    private readonly editor: Editor,
    private readonly tools: Tools,
    private readonly colours: () => OutlineColours,
  ) {}

  /** So many lie around single items. */
  get count(): number {
    return this.editor.selection.size + this.editor.marks.size;
  }

  /**
   * Those around single items, in steps. Onto a context in device pixels, for any camera; what is in hand as it lay
   * before it was taken. Returns how many lie outside of what is seen.
   */
  *painting(
    context: Context,
    camera: Camera,
    viewport: Viewport,
    ratio: number,
  ): Generator<void, number, void> {
    const { editor } = this;
    const { selection } = this.colours();
    context.globalAlpha = MANY_OPACITY;
    const batch = new Batch(context, camera, seen(camera, viewport, MARK_PX), ratio);
    const add = (item: Item, colour: string, width: number, isDashed: boolean) => {
      if (editor.tree.isHidden(item)) return;
      const outline = editor.lifted.size ? this.storedOutline(item) : editor.outlineOf(item);
      if (outline) batch.add(outline, colour, width, isDashed);
    };
    for (const [id, colour] of editor.marks) {
      const item = editor.store.get(id);
      if (item) add(item, colour, MANY_PX, false);
      if (batch.isFull) yield batch.stroke();
    }
    for (const item of editor.selected) {
      add(item, selection, MANY_PX, editor.tree.isHeld(item));
      if (batch.isFull) yield batch.stroke();
    }
    batch.stroke();
    context.globalAlpha = 1;
    return batch.beyond;
  }

  /** Those around single items that others have selected, at once. Onto a context in pixels of the screen. */
  paintMarks(context: Context): void {
    const { editor } = this;
    for (const [id, colour] of editor.marks) {
      const item = editor.store.get(id);
      if (item && !editor.tree.isHidden(item)) this.outline(context, editor.outlineOf(item), colour, MARK_PX);
    }
  }

  /** What is selected, with its handles. all: each item too, and not only what lies around all of them. */
  paintSelection(context: Context, all: boolean): void {
    const { editor } = this;
    const { selection: colour, handle } = this.colours();
    if (editor.selection.size === 0) return;
    this.paintEntered(context, colour);
    if (all) this.paintEach(context, colour);
    if (editor.selection.size > 1) this.outline(context, editor.frame()?.corners ?? null, colour, 1);
    if (!editor.canEdit || editor.movable.length === 0 || this.tools.state.name === "Translating") return;
    this.paintHandles(context, colour, handle);
  }

  outline(context: Context, shape: Outline, colour: string, width: number): void {
    if (!shape) return;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    trace(context, shape, this.editor.camera);
    context.stroke();
  }

  private paintEach(context: Context, colour: string): void {
    const { editor } = this;
    for (const item of editor.selected) {
      if (editor.tree.isHidden(item)) continue;
      if (editor.tree.isHeld(item)) context.setLineDash([4, 4]);
      this.outline(context, editor.outlineOf(item), colour, WIDTH_PX);
      context.setLineDash([]);
      if (item.kind === "GROUP") this.paintMembers(context, item, colour);
    }
  }

  private paintHandles(context: Context, colour: string, fill: string): void {
    const places = this.tools.handles();
    if (!places) return;
    const top = { x: (places.nw.x + places.ne.x) / 2, y: (places.nw.y + places.ne.y) / 2 };
    context.strokeStyle = colour;
    context.fillStyle = fill;
    context.lineWidth = WIDTH_PX;
    context.beginPath();
    context.moveTo(top.x, top.y);
    context.lineTo(places.rotate.x, places.rotate.y);
    context.stroke();
    for (const name of seenAmong(places)) {
      const at = places[name];
      if (!at) continue;
      context.beginPath();
      context.arc(at.x, at.y, name === "rotate" ? 6 : 5, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  /** The group that one is in, as a faint box around its members. */
  private paintEntered(context: Context, colour: string): void {
    const { entered, store } = this.editor;
    const group = entered === null ? undefined : store.get(entered);
    if (!group) return;
    context.globalAlpha = 0.6;
    context.setLineDash([2, 4]);
    this.outline(context, this.editor.outlineOf(group), colour, 1);
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** What a selected group is made of, as long as it is not too much to tell apart. */
  private paintMembers(context: Context, group: Item, colour: string): void {
    const { editor } = this;
    const members = editor.tree.membersOf(group.id);
    if (members.length > MOST_MEMBERS) return;
    context.globalAlpha = 0.5;
    for (const member of members)
      if (!editor.tree.isHidden(member)) this.outline(context, editor.outlineOf(member), colour, 1);
    context.globalAlpha = 1;
  }

  private storedOutline(item: Item): Frame["corners"] | null {
    if (item.kind !== "GROUP") return corners(item);
    const { tree } = this.editor;
    const box = union(
      tree
        .placedIn([item])
        .filter((one) => !tree.isHidden(one))
        .map(boundsOf),
    );
    return box && cornersOf(box);
  }
}

interface Kind {
  readonly colour: string;
  readonly width: number;
  readonly isDashed: boolean;
  readonly shapes: (readonly Point[])[];
}

/** Outlines of one colour, stroked together: as many strokes would take many times as long. */
class Batch {
  beyond = 0;
  private readonly kinds = new Map<string, Kind>();
  private size = 0;

  constructor(
    private readonly context: Context,
    private readonly camera: Camera,
    private readonly area: Bounds,
    private readonly ratio: number,
  ) {}

  add(shape: readonly Point[], colour: string, width: number, isDashed: boolean): void {
    if (!overlap(around(shape), this.area)) {
      this.beyond += 1;
      return;
    }
    const key = `${colour} ${width} ${isDashed}`;
    const kind = this.kinds.get(key) ?? { colour, width, isDashed, shapes: [] };
    this.kinds.set(key, kind);
    kind.shapes.push(shape);
    this.size += 1;
  }

  get isFull(): boolean {
    return this.size >= STEP;
  }

  stroke(): void {
    const { context, camera, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const { colour, width, isDashed, shapes } of this.kinds.values()) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      if (isDashed) context.setLineDash([4, 4]);
      context.beginPath();
      for (const shape of shapes) trace(context, shape, camera);
      context.stroke();
      context.setLineDash([]);
    }
    this.kinds.clear();
    this.size = 0;
  }
}

function around(shape: readonly Point[]): Bounds {
  const xs = shape.map(({ x }) => x);
  const ys = shape.map(({ y }) => y);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

function trace(context: Context, shape: readonly Point[], camera: Camera): void {
  shape.forEach((corner, n) => {
    const { x, y } = toScreen(camera, corner);
    if (n === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  context.closePath();
}

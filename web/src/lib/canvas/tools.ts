/** The hands: pointer events in screen pixels become gestures. One flat machine of states; cancel always restores. */
import type { Editor } from "../board/editor";
import { counted } from "../board/commands";
import { forMany, type Deed } from "../board/deeds";
import type { Item } from "../board/operations";
import { panned, toBoard, toScreen, zoomedAt, type Camera } from "../geometry/camera";
import {
  angle,
  between,
  distance,
  rotate,
  rotatedAbout,
  scaledAbout,
  translated,
  type Point,
} from "../geometry/shapes";

export interface Pointer extends Point {
  readonly id: number;
  readonly button: number;
  readonly shift: boolean;
  readonly control: boolean;
  readonly alt: boolean;
  readonly touch: boolean;
}

export type Handle = "nw" | "ne" | "se" | "sw" | "rotate";
const CORNERS: readonly Handle[] = ["nw", "ne", "se", "sw"];

/** What the machine asks of the page around it. */
export interface Surroundings {
  openMenu(at: Point): void;
  /** A double click or double tap: on an item, or null on the empty board. */
  activate(itemId: string | null, at: Point): void;
}

type State =
  | { readonly name: "Idle" }
  | { readonly name: "Pressing"; readonly start: Pointer; readonly target: Target }
  | { readonly name: "Panning"; readonly start: Point; readonly camera: Camera }
  | { readonly name: "Pinching"; readonly camera: Camera; readonly from: readonly [Point, Point] }
  | { readonly name: "MarqueeSelecting"; readonly start: Point; readonly before: ReadonlySet<string> }
  | { readonly name: "Translating"; readonly start: Point }
  | { readonly name: "Resizing"; readonly anchor: Point; readonly grip: Point; readonly middle: Point }
  | {
      readonly name: "Rotating";
      readonly pivot: Point;
      readonly startAngle: number;
      readonly rotation: number;
    };

type Target =
  /**
   * leaf: what is painted there; id: what a click selects, the group around it or itself; grip: what a drag takes,
   * which is what it is in where that is selected.
   */
  | {
      readonly kind: "item";
      readonly id: string;
      readonly leaf: string;
      readonly grip: string;
      readonly wasSelected: boolean;
    }
  | { readonly kind: "handle"; readonly handle: Handle }
  | { readonly kind: "empty" }
  | { readonly kind: "pan" }
  | { readonly kind: "menu" };

const DRAG_PX = 4;
const TOUCH_DRAG_PX = 8;
const DOUBLE_MS = 400;
const DOUBLE_PX = 12;
const HANDLE_PX = 11;
const TOUCH_HANDLE_PX = 24;
export const ROTATE_OFFSET_PX = 30;
const LEAST_SCALE = 1e-4;
const MOST_SCALE = 1e4;

export class Tools {
  state: State = { name: "Idle" };
  spaceHeld = false;

  private readonly fingers = new Map<number, Point>();
  /** The gesture under way as the server can be asked for it, where too much moves to name every place. */
  private deed: ((ids: readonly string[]) => Deed) | null = null;
  private lastTap: { readonly at: Point; readonly time: number; readonly id: string | null } | null = null;

  constructor(
    private readonly editor: Editor,
    private readonly around: Surroundings,
  ) {}

  get isIdle(): boolean {
    return this.state.name === "Idle";
  }

  down(pointer: Pointer): void {
    if (pointer.touch) {
      this.fingers.set(pointer.id, pointer);
      if (this.fingers.size === 2) {
        this.cancel();
        const [a, b] = [...this.fingers.values()] as [Point, Point];
        this.state = { name: "Pinching", camera: this.editor.camera, from: [a, b] };
        return;
      }
      if (this.fingers.size > 2) return;
    }
    if (this.state.name !== "Idle") return;
    this.state = { name: "Pressing", start: pointer, target: this.targetOf(pointer) };
    const { target } = this.state;
    if (target.kind === "item" && !target.wasSelected) this.pressItem(pointer, target.id);
  }

  move(pointer: Pointer): void {
    if (this.fingers.has(pointer.id)) this.fingers.set(pointer.id, pointer);
    if (this.state.name === "Pressing") {
      const slop = pointer.touch ? TOUCH_DRAG_PX : DRAG_PX;
      if (distance(this.state.start, pointer) < slop) return;
      this.startGesture(this.state.start, this.state.target);
    }
    this.follow(pointer);
  }

  up(pointer: Pointer): void {
    this.fingers.delete(pointer.id);
    const { state } = this;
    switch (state.name) {
      case "Pressing":
        this.state = { name: "Idle" };
        this.click(pointer, state.target);
        return;
      case "Translating":
        this.finish("Move");
        return;
      case "Resizing":
        this.finish("Resize");
        return;
      case "Rotating":
        this.finish("Rotate");
        return;
      case "MarqueeSelecting":
        this.editor.marquee = null;
        this.state = { name: "Idle" };
        this.editor.tell("overlay");
        return;
      case "Pinching":
        this.state = { name: "Idle" };
        return;
      default:
        this.state = { name: "Idle" };
    }
  }

  /** Gives up whatever is under way and shows everything as it was before. */
  cancel(): boolean {
    const { state } = this;
    this.state = { name: "Idle" };
    switch (state.name) {
      case "Idle":
        return false;
      case "Panning":
        this.editor.look(state.camera);
        return true;
      case "MarqueeSelecting":
        this.editor.select(state.before);
        this.editor.cancel();
        return true;
      case "Translating":
      case "Resizing":
      case "Rotating":
        this.editor.cancel();
        return true;
      default:
        return true;
    }
  }

  /** The pointer was taken away (lost capture, second app): the same as Esc. */
  lost(id: number): void {
    this.fingers.delete(id);
    this.cancel();
  }

  /** A finger rested for half a second without moving. */
  longPress(): boolean {
    if (this.state.name !== "Pressing" || !this.state.start.touch) return false;
    const { start } = this.state;
    this.state = { name: "Idle" };
    this.menuAt(start);
    return true;
  }

  wheel(at: Point, deltaX: number, deltaY: number, zooms: boolean): void {
    if (this.state.name !== "Idle" && this.state.name !== "Panning") return;
    const { camera } = this.editor;
    this.editor.look(zooms ? zoomedAt(camera, at, Math.exp(-deltaY)) : panned(camera, -deltaX, -deltaY));
  }

  /** What the pointer would do here, as a CSS cursor. */
  cursorAt(pointer: Pointer): string {
    switch (this.state.name) {
      case "Panning":
        return "grabbing";
      case "Translating":
        return "move";
      case "Rotating":
        return "grabbing";
      case "Resizing":
        return "nwse-resize";
    }
    if (this.spaceHeld) return "grab";
    const handle = this.handleAt(pointer);
    if (handle === "rotate") return "grab";
    if (handle) return this.resizeCursor(handle);
    return this.editor.pick(pointer) ? "default" : this.editor.canEdit ? "default" : "grab";
  }

  handleAt(pointer: Pointer): Handle | null {
    if (!this.editor.canEdit || this.editor.movable.length === 0) return null;
    const reach = pointer.touch ? TOUCH_HANDLE_PX : HANDLE_PX;
    const places = this.handles();
    if (!places) return null;
    for (const handle of ["rotate", ...CORNERS] as const) {
      if (distance(places[handle], pointer) <= reach) return handle;
    }
    return null;
  }

  /** Screen positions of the handles around the selection. */
  handles(): Record<Handle, Point> | null {
    const frame = this.editor.frame();
    if (!frame) return null;
    const [nw, ne, se, sw] = frame.corners.map((corner) => toScreen(this.editor.camera, corner)) as [
      Point,
      Point,
      Point,
      Point,
    ];
    const top = { x: (nw.x + ne.x) / 2, y: (nw.y + ne.y) / 2 };
    const up = rotate({ x: 0, y: -ROTATE_OFFSET_PX }, frame.rotation);
    return { nw, ne, se, sw, rotate: { x: top.x + up.x, y: top.y + up.y } };
  }

  private targetOf(pointer: Pointer): Target {
    if (pointer.button === 2) return { kind: "menu" };
    if (pointer.button === 1 || this.spaceHeld) return { kind: "pan" };
    const handle = this.handleAt(pointer);
    if (handle) return { kind: "handle", handle };
    const { selection, tree } = this.editor;
    const leaf = this.editor.pick(pointer);
    if (!leaf) return { kind: "empty" };
    // A selected member is clicked by itself, also where its group was not entered.
    const item = selection.has(leaf.id) ? leaf : tree.wholeOf(leaf, this.editor.entered);
    const grip = this.heldBy(leaf);
    return {
      kind: "item",
      id: item.id,
      leaf: leaf.id,
      grip: grip?.id ?? item.id,
      wasSelected: grip !== undefined,
    };
  }

  /** What of the selection it belongs to: itself, or something that it is in. */
  private heldBy(leaf: Item): Item | undefined {
    const { selection, tree } = this.editor;
    return [leaf, ...tree.above(leaf)].find((one) => selection.has(one.id));
  }

  private pressItem(pointer: Pointer, id: string): void {
    // A finger selects when it lifts: until then it may be about to pan.
    if (pointer.touch || pointer.shift || pointer.control) return;
    this.editor.select([id]);
  }

  private startGesture(start: Pointer, target: Target): void {
    const { editor } = this;
    const point = toBoard(editor.camera, start);
    const panning: State = { name: "Panning", start, camera: editor.camera };
    switch (target.kind) {
      case "pan":
      case "menu":
        this.state = panning;
        return;
      case "empty":
        if (start.touch) this.state = panning;
        else
          this.state = {
            name: "MarqueeSelecting",
            start: point,
            before: start.shift ? editor.selection : new Set(),
          };
        return;
      case "handle":
        this.startHandle(target.handle, point);
        return;
      case "item": {
        if (!target.wasSelected && start.touch) {
          this.state = panning;
          return;
        }
        if (!target.wasSelected && !editor.selection.has(target.id)) editor.toggle(target.id);
        const item = editor.store.get(target.grip);
        if (!editor.canEdit || !item || editor.tree.isHeld(item)) {
          this.state = panning;
          return;
        }
        this.state = { name: "Translating", start: point };
        editor.begin();
      }
    }
  }

  private startHandle(handle: Handle, point: Point): void {
    const { editor } = this;
    const frame = editor.frame();
    if (!frame) return;
    if (handle === "rotate") {
      this.state = {
        name: "Rotating",
        pivot: frame.pivot,
        startAngle: angle(frame.pivot, point),
        rotation: frame.rotation,
      };
    } else {
      const corner = CORNERS.indexOf(handle);
      this.state = {
        name: "Resizing",
        grip: frame.corners[corner]!,
        anchor: frame.corners[(corner + 2) % 4]!,
        middle: frame.pivot,
      };
    }
    editor.begin();
  }

  private follow(pointer: Pointer): void {
    const { editor, state } = this;
    switch (state.name) {
      case "Panning":
        editor.look(panned(state.camera, pointer.x - state.start.x, pointer.y - state.start.y));
        return;
      case "Pinching": {
        const [a, b] = [...this.fingers.values()];
        if (!a || !b) return;
        const [a0, b0] = state.from;
        const from = { x: (a0.x + b0.x) / 2, y: (a0.y + b0.y) / 2 };
        const to = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
        const moved = panned(state.camera, to.x - from.x, to.y - from.y);
        editor.look(zoomedAt(moved, to, distance(a, b) / Math.max(1, distance(a0, b0))));
        return;
      }
      case "MarqueeSelecting": {
        editor.marquee = between(state.start, toBoard(editor.camera, pointer));
        editor.select(new Set([...state.before, ...editor.within(editor.marquee)]));
        editor.tell("overlay");
        return;
      }
      case "Translating": {
        const point = toBoard(editor.camera, pointer);
        let dx = point.x - state.start.x;
        let dy = point.y - state.start.y;
        if (pointer.shift) Math.abs(dx) > Math.abs(dy) ? (dy = 0) : (dx = 0);
        this.deed = (ids) => ({ kind: "move", ids, dx, dy });
        editor.move((start) => translated(start, dx, dy));
        return;
      }
      case "Resizing": {
        const anchor = pointer.alt ? state.middle : state.anchor;
        const point = toBoard(editor.camera, pointer);
        const gx = state.grip.x - anchor.x;
        const gy = state.grip.y - anchor.y;
        const share =
          ((point.x - anchor.x) * gx + (point.y - anchor.y) * gy) / Math.max(1e-9, gx * gx + gy * gy);
        const factor = this.boundedFactor(share);
        this.deed = (ids) => ({ kind: "scale", ids, factor, about: anchor });
        editor.move((start) => scaledAbout(start, anchor, factor));
        return;
      }
      case "Rotating": {
        let degrees = angle(state.pivot, toBoard(editor.camera, pointer)) - state.startAngle;
        if (pointer.shift) degrees = Math.round((state.rotation + degrees) / 45) * 45 - state.rotation;
        this.deed = (ids) => ({ kind: "rotate", ids, degrees, about: state.pivot });
        editor.move((start) => rotatedAbout(start, state.pivot, degrees));
      }
    }
  }

  /** Nothing shrinks below 8 screen pixels or leaves the range that the server takes. */
  private boundedFactor(share: number): number {
    let least = 0;
    let most = Number.POSITIVE_INFINITY;
    for (const id of this.editor.lifted.keys()) {
      const item = this.editor.store.get(id);
      if (!item) continue;
      const { scale } = item.transform;
      const long = Math.max(item.width, item.height) * scale;
      least = Math.max(least, LEAST_SCALE / scale, Math.min(1, 8 / (long * this.editor.camera.zoom)));
      most = Math.min(most, MOST_SCALE / scale);
    }
    return Math.min(most, Math.max(least, share));
  }

  private finish(verb: string): void {
    this.state = { name: "Idle" };
    const { editor } = this;
    const wholes = editor.movable.map((item) => item.id);
    const deed = this.deed && forMany(editor.lifted.size, this.deed(wholes));
    editor.commit(`${verb} ${counted(wholes)}`, deed ?? undefined);
    this.deed = null;
  }

  private click(pointer: Pointer, target: Target): void {
    const { editor } = this;
    if (target.kind === "menu") {
      this.menuAt(pointer);
      return;
    }
    if (target.kind === "pan" || target.kind === "handle") return;
    const id = target.kind === "item" ? target.id : null;
    const leaf = target.kind === "item" ? editor.store.get(target.leaf) : undefined;
    const whole = id === null ? undefined : editor.store.get(id);
    if (!pointer.shift && !pointer.control && this.isDouble(pointer, id)) {
      this.lastTap = null;
      if (whole?.kind === "GROUP") editor.enter(whole, leaf);
      else this.around.activate(id, pointer);
      return;
    }
    this.lastTap = { at: pointer, time: performance.now(), id };
    if (id === null) {
      if (!pointer.shift && !pointer.control) editor.select([]);
    } else if (pointer.control && leaf && whole?.kind === "GROUP") {
      if (pointer.shift) editor.toggle(leaf.id);
      else editor.reach(leaf);
    } else if (pointer.shift || pointer.control) editor.toggle(id);
    else editor.select([id]);
  }

  private isDouble(pointer: Pointer, id: string | null): boolean {
    const last = this.lastTap;
    return (
      last !== null &&
      last.id === id &&
      performance.now() - last.time < DOUBLE_MS &&
      distance(last.at, pointer) < DOUBLE_PX
    );
  }

  private menuAt(at: Point): void {
    const { editor } = this;
    const leaf = editor.pick(at);
    if (!leaf) editor.select([]);
    else if (!this.heldBy(leaf)) editor.select([editor.tree.wholeOf(leaf, editor.entered).id]);
    this.around.openMenu(at);
  }

  private resizeCursor(handle: Handle): string {
    const places = this.handles()!;
    const frame = this.editor.frame()!;
    const middle = toScreen(this.editor.camera, frame.pivot);
    const degrees = (((angle(middle, places[handle]) + 360) % 180) + 180) % 180;
    if (degrees < 22.5 || degrees >= 157.5) return "ew-resize";
    if (degrees < 67.5) return "nwse-resize";
    return degrees < 112.5 ? "ns-resize" : "nesw-resize";
  }
}

/** The hands: pointer events in screen pixels become gestures. One flat machine of states; cancel always restores. */
import type { Editor } from "../board/editor";
import { FIRST_INK, type Ink } from "../board/ink";
import type { Item } from "../board/operations";
import { panned, toBoard, zoomedAt } from "../geometry/camera";
import { distance, type Point } from "../geometry/shapes";
import {
  WAYS,
  handleAt,
  handlesOf,
  holdOf,
  lineInHand,
  resizeCursor,
  stretchable,
  stretches,
  type Corner,
  type Handle,
  type Handles,
  type Side,
} from "./handles";
import { CropDesk, CropDrawing, CropPanning, Cropping, cropOf } from "./states/cropping";
import { Drawing } from "./states/drawing";
import { EndMoving } from "./states/endMoving";
import { Framing } from "./states/framing";
import { Growing } from "./states/growing";
import { MarqueeSelecting } from "./states/marquee";
import { Panning } from "./states/panning";
import { Pinching } from "./states/pinching";
import { Resizing } from "./states/resizing";
import { Rotating } from "./states/rotating";
import type { Pointer, State, StateName, ToolName } from "./states/state";
import { Stretching } from "./states/stretching";
import { Translating } from "./states/translating";
import { Twisting, isHeldByBoth } from "./states/twisting";

export type { Pointer, ToolName } from "./states/state";

/** What the machine asks of the page around it. */
export interface Surroundings {
  openMenu(at: Point): void;
  /** A double click or double tap: on an item, or null on the empty board. */
  activate(itemId: string | null, at: Point): void;
  /** Somebody tries to move what is locked. */
  refused?(item: Item): void;
  /** A frame was drawn: it wants a name. */
  framed?(itemId: string): void;
  /** A picture came onto the cropping desk, or left it. */
  cropping?(isUnderWay: boolean): void;
  /** Another tool is in the hand. */
  took?(tool: ToolName): void;
}

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
/** The fingers of one hand come down within so long. */
const BRIEF_MS = 250;

export class Tools {
  spaceHeld = false;
  /** The key that crops while it is held. */
  cropHeld = false;
  /** What new drawings are drawn with. */
  ink: Ink = FIRST_INK;

  /** What is in the hand. */
  private taken: ToolName = "SELECT";
  private pressed: { readonly start: Pointer; readonly target: Target } | null = null;
  private gesture: State | null = null;
  /** The picture that is being cropped, from gesture to gesture. */
  private desk: CropDesk | null = null;
  private readonly fingers = new Map<number, Pointer>();
  private downAt = 0;
  /** Once a pen was seen, a finger beside it is a resting hand or means to pan. */
  private hasPen = false;
  private lastTap: { readonly at: Point; readonly time: number; readonly id: string | null } | null = null;

  constructor(
    private readonly editor: Editor,
    private readonly around: Surroundings,
  ) {
    editor.onChange((aspect) => {
      if (aspect !== "selection" || !this.desk) return;
      const { selection } = editor;
      if (selection.size !== 1 || !selection.has(this.desk.item.id)) this.keepCrop();
    });
  }

  get state(): { readonly name: StateName } {
    return this.gesture ?? { name: this.pressed ? "Pressing" : "Idle" };
  }

  get isIdle(): boolean {
    return this.state.name === "Idle";
  }

  get tool(): ToolName {
    return this.taken;
  }

  /** Takes a tool into the hand; whatever is under way is given up. */
  take(tool: ToolName): void {
    this.cancel();
    this.taken = this.editor.canEdit ? tool : "SELECT";
    if (this.taken !== "SELECT") this.editor.select([]);
    this.around.took?.(this.taken);
  }

  down(pointer: Pointer): void {
    if (pointer.touch) {
      this.fingers.set(pointer.id, pointer);
      if (this.fingers.size === 2) {
        this.secondFinger();
        return;
      }
      if (this.fingers.size > 2) return;
    }
    if (!this.isIdle) return;
    this.downAt = performance.now();
    if (this.begins(pointer) || this.crops(pointer)) return;
    const target = this.targetOf(pointer);
    this.pressed = { start: pointer, target };
    if (target.kind === "item" && !target.wasSelected) this.pressItem(pointer, target.id);
  }

  move(pointer: Pointer): void {
    if (this.fingers.has(pointer.id)) this.fingers.set(pointer.id, pointer);
    if (this.pressed) {
      const { start, target } = this.pressed;
      const slop = pointer.touch ? TOUCH_DRAG_PX : DRAG_PX;
      if (distance(start, pointer) < slop) return;
      this.pressed = null;
      this.gesture = this.gestureFrom(start, target);
    }
    this.gesture?.move(pointer);
  }

  up(pointer: Pointer): void {
    this.fingers.delete(pointer.id);
    const { pressed, gesture } = this;
    this.pressed = this.gesture = null;
    gesture?.up(pointer);
    if (pressed) this.click(pointer, pressed.target);
  }

  /** Gives up whatever is under way and shows everything as it was before. Returns whether there was anything. */
  cancel(): boolean {
    const { pressed, gesture } = this;
    this.pressed = this.gesture = null;
    gesture?.cancel();
    return pressed !== null || gesture !== null;
  }

  get isCropping(): boolean {
    return this.desk !== null;
  }

  /** Puts a picture on the cropping desk, until it is kept or given up. */
  crop(item: Item): void {
    this.take("SELECT");
    this.keepCrop();
    this.editor.reach(item);
    this.desk = new CropDesk(this.editor, item);
    this.around.cropping?.(true);
  }

  /** Keeps the crop as it is seen. Returns whether there was any. */
  keepCrop(): boolean {
    const { desk } = this;
    if (!desk) return false;
    this.gesture = this.pressed = this.desk = null;
    desk.keep();
    this.around.cropping?.(false);
    return true;
  }

  /** The largest part of that shape; null: the whole picture. */
  cropTo(ratio: number | null): void {
    if (this.desk) this.desk.set(cropOf(this.desk.whole, ratio));
  }

  /** One level back: what is under way, then a crop, then the tool. Returns whether there was any. */
  backOut(): boolean {
    if (this.cancel()) return true;
    if (this.desk) {
      this.desk.clear();
      this.desk = null;
      this.around.cropping?.(false);
      return true;
    }
    if (this.taken === "SELECT") return false;
    this.take("SELECT");
    return true;
  }

  /** The pointer was taken away (lost capture, second app): the same as Esc. */
  lost(id: number): void {
    this.fingers.delete(id);
    this.cancel();
  }

  /** A finger rested for half a second without moving. */
  longPress(): boolean {
    if (!this.pressed?.start.touch) return false;
    const { start } = this.pressed;
    this.pressed = null;
    this.menuAt(start);
    return true;
  }

  wheel(at: Point, deltaX: number, deltaY: number, zooms: boolean): void {
    const { name } = this.state;
    if (name !== "Idle" && name !== "Panning") return;
    const { camera } = this.editor;
    this.editor.look(zooms ? zoomedAt(camera, at, Math.exp(-deltaY)) : panned(camera, -deltaX, -deltaY));
  }

  /** What the pointer would do here, as a CSS cursor. */
  cursorAt(pointer: Pointer): string {
    if (this.gesture?.cursor) return this.gesture.cursor;
    if (this.spaceHeld) return "grab";
    if (this.taken !== "SELECT") return "crosshair";
    if (this.desk) {
      const ways = this.desk.handleAt(pointer);
      return ways ? this.desk.cursorFor(ways) : this.desk.holds(pointer) ? "move" : "default";
    }
    if (this.cropHeld && this.editor.pick(pointer)?.imageId) return "crosshair";
    const handle = handleAt(this.editor, pointer);
    if (handle === "rotate") return "grab";
    if (handle) return resizeCursor(this.editor, handle);
    return this.editor.canEdit || this.editor.pick(pointer) ? "default" : "grab";
  }

  /** Screen positions of the handles around the selection. */
  handles(): Handles | null {
    return handlesOf(this.editor);
  }

  /** Two hold the selection, or the board, from where one has brought it: nothing jumps back. */
  private secondFinger(): void {
    const { editor, gesture } = this;
    const [first] = this.fingers.values();
    const isHeld = this.taken === "SELECT" && isHeldByBoth(editor, this.fingers.values());
    const goesOn = isHeld && gesture instanceof Translating;
    this.pressed = this.gesture = null;
    if (goesOn) gesture.handOver();
    // What one finger has done for a moment only was the beginning of this; what took longer was meant.
    else if (performance.now() - this.downAt < BRIEF_MS && !(gesture instanceof Panning)) gesture?.cancel();
    else gesture?.up(first!);
    this.gesture = isHeld ? new Twisting(editor, this.fingers, goesOn) : new Pinching(editor, this.fingers);
  }

  /** With a tool in the hand the press itself begins it. Returns whether it did. */
  private begins(pointer: Pointer): boolean {
    const { editor, taken } = this;
    if (pointer.pressure != null && !pointer.touch) this.hasPen = true;
    if (taken === "SELECT" || pointer.button !== 0 || this.spaceHeld || !editor.canEdit) return false;
    if (pointer.touch && this.hasPen) {
      this.gesture = new Panning(editor, pointer);
      return true;
    }
    if (taken === "FRAME") {
      this.gesture = new Framing(editor, pointer, (id) => {
        this.made(id);
        this.around.framed?.(id);
      });
      return true;
    }
    this.gesture = new Drawing(editor, taken, this.ink, pointer, (id) => this.made(id));
    return true;
  }

  /** On the cropping desk a press takes an edge or the picture; beside it the crop is kept. Returns whether it did. */
  private crops(pointer: Pointer): boolean {
    const { desk, editor } = this;
    if (!desk || pointer.button !== 0 || this.spaceHeld) return false;
    const ways = desk.handleAt(pointer);
    if (ways) this.gesture = new Cropping(editor, desk, ways);
    else if (desk.holds(pointer)) this.gesture = new CropPanning(editor, desk, pointer);
    else this.keepCrop();
    return true;
  }

  /** With the key held the part to keep is drawn on the picture. */
  private cropDrawn(start: Pointer, leaf: Item | undefined): State | null {
    const { editor } = this;
    if (!this.cropHeld || !leaf?.imageId || !editor.canEdit || editor.tree.isLocked(leaf)) return null;
    return new CropDrawing(editor, new CropDesk(editor, leaf), start);
  }

  /** The pen goes on writing; a shape is at hand to be moved and changed. */
  private made(id: string): void {
    if (this.taken === "PEN") return;
    this.take("SELECT");
    this.editor.select([id]);
  }

  private targetOf(pointer: Pointer): Target {
    if (pointer.button === 2) return { kind: "menu" };
    if (pointer.button === 1 || this.spaceHeld) return { kind: "pan" };
    const handle = handleAt(this.editor, pointer);
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

  private gestureFrom(start: Pointer, target: Target): State {
    const { editor } = this;
    switch (target.kind) {
      case "pan":
      case "menu":
        return new Panning(editor, start);
      case "empty":
        return start.touch ? new Panning(editor, start) : new MarqueeSelecting(editor, start);
      case "handle":
        return this.handled(start, target.handle);
      case "item":
        return this.grasped(start, target);
    }
  }

  private handled(start: Pointer, handle: Handle): State {
    const { editor } = this;
    const frame = editor.frame();
    if (!frame) return new Panning(editor, start);
    if (handle === "rotate") return new Rotating(editor, frame, toBoard(editor.camera, start));
    const line = lineInHand(editor);
    if (line && (handle === "start" || handle === "end"))
      return new EndMoving(editor, line.item, line.ends, handle);
    const cursor = resizeCursor(editor, handle);
    const box = stretchable(editor);
    if (stretches(box, handle))
      return new Stretching(editor, box, WAYS[handle as Corner | Side], start, cursor);
    return new Resizing(editor, holdOf(editor, handle as Corner)!, cursor);
  }

  /** Moves what it is, as far as that may be moved; with Ctrl turns it, with Ctrl and Alt scales it. */
  private grasped(start: Pointer, target: Target & { kind: "item" }): State {
    const { editor } = this;
    const cropping = this.cropDrawn(start, editor.store.get(target.leaf));
    if (cropping) return cropping;
    if (start.touch && !editor.canEdit) return new Panning(editor, start);
    if (!target.wasSelected && !editor.selection.has(target.id)) {
      if (start.control) editor.select([target.id]);
      else editor.toggle(target.id);
    }
    const item = editor.store.get(target.grip);
    if (!editor.canEdit || !item || editor.tree.isHeld(item)) {
      if (editor.canEdit && item) this.around.refused?.(item);
      return new Panning(editor, start);
    }
    const frame = editor.frame();
    if (start.control && frame)
      return start.alt
        ? new Growing(editor, frame, start)
        : new Rotating(editor, frame, toBoard(editor.camera, start));
    return new Translating(editor, start);
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
}

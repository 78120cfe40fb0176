/** Cropping by hand: which part of a picture is seen, tried on until it is kept or given up. */
import type { Editor } from "../../board/editor";
import { editOf, together, type Item } from "../../board/operations";
import { toBoard, toScreen } from "../../geometry/camera";
import { LEAST_PX } from "../../geometry/limits";
import {
  WHOLE,
  cropped,
  distance,
  rotate,
  translated,
  type Crop,
  type Placed,
  type Point,
} from "../../geometry/shapes";
import { local } from "../hitting";
import type { Pointer, State } from "./state";

/** Which edges of the picture a handle holds: -1 left or upper, 1 right or lower, 0 neither. */
type Ways = readonly [number, number];

const WAYS: readonly Ways[] = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
];
const HANDLE_PX = 12;
const TOUCH_HANDLE_PX = 24;
const GHOST = 0.28;
const SAME = 1e-9;

/** The picture on the cropping desk. Its places are in the picture's own fractions: a mirrored one is no other. */
export class CropDesk {
  readonly item: Item;
  crop: Crop;
  /** Where the whole picture would lie. */
  whole: Placed;
  private readonly before: { readonly crop: Crop; readonly whole: Placed };

  constructor(
    private readonly editor: Editor,
    item: Item,
  ) {
    this.item = item;
    this.crop = item.crop ?? WHOLE;
    this.whole = cropped(item, item.crop, null, "PICTURE");
    this.before = { crop: this.crop, whole: this.whole };
    this.show();
  }

  /** The shown part as it would lie. */
  get box(): Placed {
    return cropped(this.whole, null, this.crop, "PICTURE");
  }

  get isChanged(): boolean {
    const { crop, whole } = this.before;
    return !isNear(crop, this.crop) || distance(whole.transform, this.whole.transform) > SAME;
  }

  set(crop: Crop, whole: Placed = this.whole): void {
    this.crop = crop;
    this.whole = whole;
    this.show();
  }

  /** Keeps what is tried on, as one change. */
  keep(): void {
    const { editor, item } = this;
    const { width, height, transform } = this.box;
    const crop = isNear(this.crop, WHOLE) ? null : this.crop;
    const isChanged = this.isChanged;
    this.clear();
    if (!isChanged || !editor.store.has(item.id)) return;
    const { id } = item;
    editor.perform(
      together([
        { kind: "edit", items: [{ ...editOf(item), width, height, crop }] },
        { kind: "transform", items: [{ id, transform }] },
      ]),
      "Crop 1 picture",
      { kind: "recrop", id, crop, transform },
    );
  }

  /** Everything as it was. */
  clear(): void {
    const { editor } = this;
    editor.cropping = null;
    editor.drafts = [];
    editor.reshape([]);
    editor.tell("overlay");
  }

  handleAt(pointer: Pointer): Ways | null {
    const reach = pointer.touch ? TOUCH_HANDLE_PX : HANDLE_PX;
    let best: Ways | null = null;
    let least: number = reach;
    for (const ways of WAYS) {
      const far = distance(toScreen(this.editor.camera, this.handle(ways)), pointer);
      if (far <= least) [least, best] = [far, ways];
    }
    return best;
  }

  /** On the shown part. */
  holds(pointer: Pointer): boolean {
    const { u, v } = this.fractions(toBoard(this.editor.camera, pointer));
    const { left, top, right, bottom } = this.crop;
    return u >= left && u <= right && v >= top && v <= bottom;
  }

  /** A board point in fractions of the picture. */
  fractions(point: Point): { u: number; v: number } {
    const { x, y } = local(this.whole, point);
    return { u: x / this.whole.width + 0.5, v: y / this.whole.height + 0.5 };
  }

  cursorFor(ways: Ways): string {
    const middle = toScreen(this.editor.camera, this.box.transform);
    const at = toScreen(this.editor.camera, this.handle(ways));
    const isSide = ways[0] === 0 || ways[1] === 0;
    const { rotation } = this.item.transform;
    const degrees = isSide
      ? rotation + (ways[0] === 0 ? 90 : 0)
      : (Math.atan2(at.y - middle.y, at.x - middle.x) * 180) / Math.PI;
    const turn = ((degrees % 180) + 180) % 180;
    if (turn < 22.5 || turn >= 157.5) return "ew-resize";
    if (turn < 67.5) return "nwse-resize";
    return turn < 112.5 ? "ns-resize" : "nesw-resize";
  }

  /** The least that can be seen of it, in fractions across and down. */
  get least(): { u: number; v: number } {
    const px = LEAST_PX / (this.whole.transform.scale * this.editor.camera.zoom);
    return { u: Math.min(1, px / this.whole.width), v: Math.min(1, px / this.whole.height) };
  }

  private handle([across, down]: Ways): Point {
    const { left, top, right, bottom } = this.crop;
    const at = (way: number, low: number, high: number) =>
      way < 0 ? low : way > 0 ? high : (low + high) / 2;
    return this.placeOf(at(across, left, right), at(down, top, bottom));
  }

  private placeOf(u: number, v: number): Point {
    const { width, height, transform } = this.whole;
    const { x, y, scale, rotation, flipX, flipY } = transform;
    const turned = rotate(
      { x: (u - 0.5) * width * scale * (flipX ? -1 : 1), y: (v - 0.5) * height * scale * (flipY ? -1 : 1) },
      rotation,
    );
    return { x: x + turned.x, y: y + turned.y };
  }

  private show(): void {
    const { editor, item, whole } = this;
    const crop = isNear(this.crop, WHOLE) ? null : this.crop;
    const shown: Item = { ...item, ...this.box, crop };
    const ghost: Item = {
      ...item,
      ...whole,
      id: `${item.id}~whole`,
      crop: null,
      opacity: item.opacity * GHOST,
    };
    editor.reshape([shown]);
    editor.drafts = [ghost, shown];
    const { left, top, right, bottom } = this.crop;
    const across = [left, left + (right - left) / 3, left + ((right - left) * 2) / 3, right];
    const down = [top, top + (bottom - top) / 3, top + ((bottom - top) * 2) / 3, bottom];
    editor.cropping = {
      id: item.id,
      corners: [
        this.placeOf(left, top),
        this.placeOf(right, top),
        this.placeOf(right, bottom),
        this.placeOf(left, bottom),
      ],
      handles: WAYS.map((ways) => this.handle(ways)),
      thirds: [
        [this.placeOf(across[1]!, top), this.placeOf(across[1]!, bottom)],
        [this.placeOf(across[2]!, top), this.placeOf(across[2]!, bottom)],
        [this.placeOf(left, down[1]!), this.placeOf(right, down[1]!)],
        [this.placeOf(left, down[2]!), this.placeOf(right, down[2]!)],
      ],
    };
    editor.tell("overlay");
  }
}

/** An edge or corner of the shown part goes with the hand; with Shift a corner keeps its shape. */
export class Cropping implements State {
  readonly name = "Cropping";
  readonly cursor: string;
  private readonly before: Crop;

  constructor(
    private readonly editor: Editor,
    private readonly desk: CropDesk,
    private readonly ways: Ways,
  ) {
    this.before = desk.crop;
    this.cursor = desk.cursorFor(ways);
  }

  move(pointer: Pointer): void {
    const { desk, ways, before } = this;
    const { u, v } = desk.fractions(toBoard(this.editor.camera, pointer));
    const { least } = desk;
    const [left, right] = edges(before.left, before.right, ways[0], u, least.u);
    const [top, bottom] = edges(before.top, before.bottom, ways[1], v, least.v);
    const crop = { left, top, right, bottom };
    desk.set(pointer.shift && ways[0] && ways[1] ? alike(before, crop, ways) : crop);
  }

  up(): void {}

  cancel(): void {
    this.desk.set(this.before);
  }
}

/** The picture goes with the hand behind the part that is seen, as far as it fills it. */
export class CropPanning implements State {
  readonly name = "Cropping";
  readonly cursor = "move";
  private readonly crop: Crop;
  private readonly whole: Placed;
  private readonly from: Point;

  constructor(
    private readonly editor: Editor,
    private readonly desk: CropDesk,
    start: Pointer,
  ) {
    this.crop = desk.crop;
    this.whole = desk.whole;
    this.from = toBoard(editor.camera, start);
  }

  move(pointer: Pointer): void {
    const { crop, whole, from, desk } = this;
    const to = toBoard(this.editor.camera, pointer);
    const { scale, rotation, flipX, flipY } = whole.transform;
    const way = rotate({ x: to.x - from.x, y: to.y - from.y }, -rotation);
    const u = (way.x / scale / whole.width) * (flipX ? -1 : 1);
    const v = (way.y / scale / whole.height) * (flipY ? -1 : 1);
    const across = Math.min(crop.left, Math.max(crop.right - 1, u));
    const down = Math.min(crop.top, Math.max(crop.bottom - 1, v));
    const moved = rotate(
      {
        x: across * whole.width * scale * (flipX ? -1 : 1),
        y: down * whole.height * scale * (flipY ? -1 : 1),
      },
      rotation,
    );
    desk.set(
      {
        left: crop.left - across,
        right: crop.right - across,
        top: crop.top - down,
        bottom: crop.bottom - down,
      },
      { ...whole, transform: translated(whole.transform, moved.x, moved.y) },
    );
  }

  up(): void {}

  cancel(): void {
    this.desk.set(this.crop, this.whole);
  }
}

/** PureRef's way: the part to keep is drawn on the picture, and kept when the hand lifts. */
export class CropDrawing implements State {
  readonly name = "Cropping";
  readonly cursor = "crosshair";
  private readonly bounds: Crop;
  private readonly from: { u: number; v: number };

  constructor(
    private readonly editor: Editor,
    private readonly desk: CropDesk,
    start: Pointer,
  ) {
    this.bounds = desk.crop;
    this.from = this.within(start);
  }

  move(pointer: Pointer): void {
    const { from, desk } = this;
    const to = this.within(pointer);
    const crop = {
      left: Math.min(from.u, to.u),
      right: Math.max(from.u, to.u),
      top: Math.min(from.v, to.v),
      bottom: Math.max(from.v, to.v),
    };
    const { least } = desk;
    if (crop.right - crop.left >= least.u && crop.bottom - crop.top >= least.v) desk.set(crop);
    else desk.set(this.bounds);
  }

  up(): void {
    this.desk.keep();
  }

  cancel(): void {
    this.desk.clear();
  }

  private within(pointer: Pointer): { u: number; v: number } {
    const { u, v } = this.desk.fractions(toBoard(this.editor.camera, pointer));
    const { left, top, right, bottom } = this.bounds;
    return { u: Math.min(right, Math.max(left, u)), v: Math.min(bottom, Math.max(top, v)) };
  }
}

/** As much of the middle of the whole picture as has this shape; null: all of it. ratio: width to height. */
export function cropOf(whole: Placed, ratio: number | null): Crop {
  if (ratio === null) return WHOLE;
  const own = whole.width / whole.height;
  const across = Math.min(1, ratio / own);
  const down = Math.min(1, own / ratio);
  return { left: (1 - across) / 2, right: (1 + across) / 2, top: (1 - down) / 2, bottom: (1 + down) / 2 };
}

function edges(low: number, high: number, way: number, to: number, least: number): [number, number] {
  if (way < 0) return [Math.min(high - least, Math.max(0, to)), high];
  if (way > 0) return [low, Math.max(low + least, Math.min(1, to))];
  return [low, high];
}

/** Of the same shape as before, as large as asked where the picture allows, the opposite corner kept. */
function alike(before: Crop, asked: Crop, [across, down]: Ways): Crop {
  const [w, h] = [before.right - before.left, before.bottom - before.top];
  const [roomAcross, roomDown] = [
    across < 0 ? before.right : 1 - before.left,
    down < 0 ? before.bottom : 1 - before.top,
  ];
  const wanted = Math.max((asked.right - asked.left) / w, (asked.bottom - asked.top) / h);
  const share = Math.min(wanted, roomAcross / w, roomDown / h);
  return {
    left: across < 0 ? before.right - w * share : before.left,
    right: across < 0 ? before.right : before.left + w * share,
    top: down < 0 ? before.bottom - h * share : before.top,
    bottom: down < 0 ? before.bottom : before.top + h * share,
  };
}

function isNear(a: Crop, b: Crop): boolean {
  return (["left", "top", "right", "bottom"] as const).every((side) => Math.abs(a[side] - b[side]) < SAME);
}

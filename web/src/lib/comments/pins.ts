/** Where a pin is: on an item it goes with it, however that is turned, mirrored, grouped or cropped. The server's rule, in domain/geometry.py. */
import type { Editor } from "../board/editor";
import type { Item } from "../board/operations";
import { local } from "../canvas/hitting";
import { toBoard } from "../geometry/camera";
import { rotate, type Placed, type Point } from "../geometry/shapes";
import type { Pin } from "./comments";

export function pointOf({ width, height, transform }: Placed, x: number, y: number): Point {
  const { scale, rotation, flipX, flipY } = transform;
  const across = (flipX ? 0.5 - x : x - 0.5) * width * scale;
  const down = (flipY ? 0.5 - y : y - 0.5) * height * scale;
  const turned = rotate({ x: across, y: down }, rotation);
  return { x: transform.x + turned.x, y: transform.y + turned.y };
}

/** Fractions of the item's box at a board point, cut to the box. */
export function fractionsAt(placed: Placed, point: Point): Point {
  const { x, y } = local(placed, point);
  const share = (value: number, size: number) => Math.min(1, Math.max(0, value / size + 0.5));
  return { x: share(x, placed.width), y: share(y, placed.height) };
}

/** Where it is to be seen now, drags in progress included; null: its item is hidden or gone. */
export function placeOf(editor: Editor, pin: Pin): Point | null {
  if (pin.itemId === null) return pin;
  const item = editor.store.get(pin.itemId);
  if (!item || editor.tree.isHidden(item)) return null;
  return pointOf(editor.placed(item), pin.x, pin.y);
}

/** Pins nearer to each other than this cannot be told apart. */
const CLOSE_PX = 12;

/** For each place how many before it are as good as there, seen at that zoom: whatever way the board is moved, it stays so. */
export function crowdedBy(places: readonly (Point | null)[], zoom: number): number[] {
  const seen = new Map<string, number>();
  const share = (value: number) => Math.round((value * zoom) / CLOSE_PX);
  return places.map((place) => {
    if (!place) return 0;
    const key = `${share(place.x)} ${share(place.y)}`;
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before;
  });
}

/** The pin that a click there means: what is painted under it, else the place. */
export function pinAt(editor: Editor, screen: Point): Pin {
  const point = toBoard(editor.camera, screen);
  const item = editor.pick(screen);
  return item ? { itemId: item.id, ...fractionsAt(editor.placed(item), point) } : { itemId: null, ...point };
}

/** On an item as a whole: at its upper right, where it hides little. A group has no box: its frontmost member stands for it. */
export function pinOn(editor: Editor, item: Item): Pin | null {
  const shown = item.kind === "GROUP" ? editor.tree.placedIn([item]).at(-1) : item;
  return shown ? { itemId: shown.id, x: 0.92, y: 0.08 } : null;
}

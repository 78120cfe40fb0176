/** Pages of a document as items beside it: rows to its right, each page as high as it is. */
import type { Picture } from "../canvas/pictures";
import type { Size } from "../geometry/packing";
import { boundsOf, type Bounds, type Transform } from "../geometry/shapes";
import { newId } from "../uuid";
import { counted } from "./commands";
import { BLANK, PLAIN, type Item } from "./operations";
import { ranksBetween } from "./ordering";
import type { BoardSession } from "./session.svelte";

const GAP_SHARE = 0.05;
/** So many are still one row. */
const ONE_ROW = 5;

export function placesBeside({ right, top, bottom }: Bounds, sizes: readonly Size[]): Transform[] {
  const height = bottom - top;
  const gap = height * GAP_SHARE;
  const columns = sizes.length <= ONE_ROW ? ONE_ROW : Math.ceil(Math.sqrt(sizes.length * 1.5));
  let left = right + gap;
  return sizes.map((size, i) => {
    if (i % columns === 0) left = right + gap;
    const scale = height / size.height;
    const x = left + (size.width * scale) / 2;
    const y = top + height / 2 + Math.floor(i / columns) * (height + gap);
    left += size.width * scale + gap;
    return { x, y, scale, rotation: 0, flipX: false, flipY: false };
  });
}

export function layBeside({ editor, pictures }: BoardSession, item: Item, found: readonly Picture[]): void {
  for (const picture of found) pictures.set(picture.id, picture);
  const now = editor.store.get(item.id) ?? item;
  const places = placesBeside(boundsOf(now), found);
  const ranks = ranksBetween(editor.store.topRank, null, found.length);
  const items = found.map((picture, i): Item => ({
    ...PLAIN,
    ...BLANK,
    id: newId(),
    kind: "IMAGE",
    imageId: picture.id,
    width: picture.width,
    height: picture.height,
    transform: places[i]!,
    z: ranks[i]!,
    parentId: editor.store.has(now.id) ? now.parentId : null,
  }));
  editor.perform({ kind: "add", items }, `Add ${counted(items, "page", "pages")}`);
  editor.select(items.map(({ id }) => id));
}

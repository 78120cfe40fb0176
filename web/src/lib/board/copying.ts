/** Copies of items, whole with all that is in them: as they go to the clipboard, and as they come back from it. */
import type { Picture } from "../canvas/pictures";
import { boundsOf, centre, translated, union, type Point } from "../geometry/shapes";
import { newId } from "../uuid";
import { counted, idsOf, inOrder } from "./commands";
import { MOST_PER_MUTATION } from "./deeds";
import type { Editor } from "./editor";
import type { Item } from "./operations";
import { ranksBetween } from "./ordering";
import { isContainer } from "./tree";

/** What is on the clipboard: items from back to front, and their pictures as they were known. */
export interface Parcel {
  readonly webref: 1;
  /** Pictures are known to the server they came from only. */
  readonly origin: string;
  readonly items: readonly Item[];
  readonly pictures: readonly Picture[];
}

const MARK = "data-webref";

/** The selected wholes with all that is in them; null: nothing is selected. */
export function parcelOf(
  editor: Editor,
  pictures: ReadonlyMap<string, Picture>,
  origin: string,
): Parcel | null {
  const { tree } = editor;
  const items = inOrder(tree.withContents(tree.outermost(editor.selected)));
  if (!items.length) return null;
  const shown = new Set(items.map((item) => item.imageId).filter((id) => id !== null));
  const known = [...shown].map((id) => pictures.get(id)).filter((picture) => picture !== undefined);
  return { webref: 1, origin, items, pictures: known };
}

/** As HTML that other programs show as pictures and words, and this one reads back whole. */
export function htmlOf(parcel: Parcel): string {
  const box = document.createElement("div");
  box.setAttribute(MARK, toBase64(JSON.stringify(parcel)));
  const pictures = new Map(parcel.pictures.map((picture) => [picture.id, picture]));
  for (const item of parcel.items) {
    const picture = item.imageId ? pictures.get(item.imageId) : undefined;
    if (picture?.originalUrl) {
      const image = document.createElement("img");
      image.src = new URL(picture.fullUrl ?? picture.originalUrl, parcel.origin).href;
      image.alt = picture.title || picture.name;
      box.append(image);
    } else if (item.note?.text) {
      const words = document.createElement("p");
      words.textContent = item.note.text;
      box.append(words);
    }
  }
  return box.outerHTML;
}

/** The words of its notes and the addresses of its pictures, a line or a paragraph each. */
export function textOf(parcel: Parcel): string {
  const pictures = new Map(parcel.pictures.map((picture) => [picture.id, picture]));
  return parcel.items
    .map((item) => {
      const picture = item.imageId ? pictures.get(item.imageId) : undefined;
      if (picture?.originalUrl) return new URL(picture.originalUrl, parcel.origin).href;
      return item.note?.text ?? "";
    })
    .filter(Boolean)
    .join("\n");
}

/** What was copied from a board of this server; null: it is from elsewhere. */
export function parcelIn(html: string, origin: string): Parcel | null {
  if (!html.includes(MARK)) return null;
  const marked = new DOMParser().parseFromString(html, "text/html").querySelector(`[${MARK}]`);
  try {
    const parcel = JSON.parse(fromBase64(marked?.getAttribute(MARK) ?? "")) as Parcel;
    return parcel.webref === 1 && parcel.origin === origin && parcel.items.length > 0 ? parcel : null;
  } catch {
    return null;
  }
}

/** Lays copies around a point, in front of everything, as they lay to each other, and selects them. */
export function paste(editor: Editor, parcel: Parcel, point: Point): void {
  const places = parcel.items.filter((item) => item.kind !== "GROUP");
  const box = union(places.map(boundsOf));
  if (!box) return;
  const middle = centre(box);
  const copies = renamed(editor, parcel.items, point.x - middle.x, point.y - middle.y);
  for (let at = 0; at < copies.length; at += MOST_PER_MUTATION)
    editor.perform(
      { kind: "add", items: copies.slice(at, at + MOST_PER_MUTATION) },
      `Paste ${counted(copies)}`,
    );
  const inside = new Set(idsOf(copies));
  editor.select(idsOf(copies.filter((item) => item.parentId === null || !inside.has(item.parentId))));
}

/** Under new names, unlocked, at the top of the board but for what is in others of them; containers come first. */
function renamed(editor: Editor, items: readonly Item[], dx: number, dy: number): Item[] {
  const names = new Map(items.map((item) => [item.id, newId()]));
  const ranks = ranksBetween(editor.store.topRank, null, items.length);
  const copies = items.map((item, i): Item => ({
    ...item,
    id: names.get(item.id)!,
    z: ranks[i]!,
    parentId: item.parentId === null ? null : (names.get(item.parentId) ?? null),
    locked: false,
    transform: item.kind === "GROUP" ? item.transform : translated(item.transform, dx, dy),
  }));
  const depth = (item: Item): number => {
    let found = 0;
    const byId = new Map(copies.map((one) => [one.id, one]));
    for (
      let next = byId.get(item.parentId ?? "");
      next && found < copies.length;
      next = byId.get(next.parentId ?? "")
    )
      found += 1;
    return found;
  };
  const holders = copies.filter(isContainer);
  const depths = new Map(holders.map((item) => [item, depth(item)]));
  return [
    ...holders.sort((a, b) => depths.get(a)! - depths.get(b)!),
    ...copies.filter((item) => !isContainer(item)),
  ];
}

function toBase64(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

function fromBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)));
}

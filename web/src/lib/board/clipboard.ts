/** Copy, cut and paste: of items with all they are, and of what other programs understand of them. */
import type { Item } from "./operations";
import type { Picture } from "../canvas/pictures";
import { WHOLE, type Point } from "../geometry/shapes";
import { mayBePicture } from "../upload/formats";
import { isPictureAddress, webSourcesIn, type WebSource } from "../upload/fromWeb";
import { toasts } from "../ui/toasts.svelte";
import * as commands from "./commands";
import { htmlOf, parcelIn, parcelOf, paste, textOf, type Parcel } from "./copying";
import type { BoardSession } from "./session.svelte";

const LONGEST_NOTE = 20_000;
/** A picture on the clipboard is as large as this at most: programs keep it uncompressed. */
const MOST_PIXELS = 4_096;

export interface Desk {
  readonly session: BoardSession;
  /** Where the hand is, on the board. */
  place(): Point;
  bring(files: readonly File[]): void;
  bringFromWeb(sources: readonly WebSource[]): void;
}

export class Clipboard {
  constructor(private readonly desk: Desk) {}

  /** For the browser's own event. Returns whether there was anything to copy. */
  copied(event: ClipboardEvent): boolean {
    const parcel = this.parcel();
    if (!parcel || !event.clipboardData || isWords(event)) return false;
    event.preventDefault();
    event.clipboardData.setData("text/html", htmlOf(parcel));
    event.clipboardData.setData("text/plain", textOf(parcel));
    const picture = theOnly(parcel);
    if (picture) void writePicture(parcel, ...picture).catch(() => undefined);
    return true;
  }

  cut(event: ClipboardEvent): void {
    const { editor } = this.desk.session;
    if (editor.canEdit && editor.movable.length && this.copied(event)) commands.remove(editor);
  }

  pasted(event: ClipboardEvent): void {
    if (!event.clipboardData || isWords(event)) return;
    const files = [...event.clipboardData.files].filter(mayBePicture);
    const html = event.clipboardData.getData("text/html");
    const text = event.clipboardData.getData("text/plain").trim();
    const sources = text ? [] : webSourcesIn(event.clipboardData);
    if (this.take(html, text, files, sources)) event.preventDefault();
  }

  /** Asks the browser for what is on the clipboard: for those who come by a menu. */
  async read(): Promise<void> {
    try {
      const files: File[] = [];
      let [html, text] = ["", ""];
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((one) => one.startsWith("image/"));
        if (type) files.push(new File([await item.getType(type)], `pasted.${type.slice(6)}`, { type }));
        if (item.types.includes("text/html")) html = await (await item.getType("text/html")).text();
        if (item.types.includes("text/plain"))
          text = (await (await item.getType("text/plain")).text()).trim();
      }
      if (!this.take(html, text, files, [])) toasts.say("There is nothing to paste.");
    } catch {
      toasts.say("The browser does not let the page read the clipboard. Press Ctrl+V instead.");
    }
  }

  /** Items of a board first, else pictures, else words. Returns whether there was anything. */
  private take(html: string, text: string, files: readonly File[], found: readonly WebSource[]): boolean {
    const { session } = this.desk;
    const parcel = parcelIn(html, location.origin);
    // A page's own text is words, whatever pictures stand among them.
    const sources = isPictureAddress(text) ? [{ url: text }] : found;
    if (parcel) {
      for (const picture of parcel.pictures)
        if (!session.pictures.has(picture.id)) session.pictures.set(picture.id, picture);
      paste(session.editor, parcel, this.desk.place());
    } else if (files.length) this.desk.bring(files);
    else if (sources.length) this.desk.bringFromWeb(sources);
    else if (text) commands.addNote(session.editor, this.desk.place(), text.slice(0, LONGEST_NOTE));
    else return false;
    return true;
  }

  private parcel(): Parcel | null {
    const { session } = this.desk;
    return parcelOf(session.editor, session.pictures, location.origin);
  }
}

/** Words are being written or were marked: they are meant. */
function isWords(event: ClipboardEvent): boolean {
  const target = event.target as Element | null;
  if (target?.closest?.("input, textarea, [contenteditable=true], dialog")) return true;
  return event.type !== "paste" && (getSelection()?.toString() ?? "") !== "";
}

function theOnly({ items, pictures }: Parcel): [Item, Picture] | null {
  const [item, ...more] = items;
  const [picture] = pictures;
  return item?.imageId && picture?.originalUrl && !more.length ? [item, picture] : null;
}

/** Beside the words for it, the picture itself as it is seen: its crop and its mirroring. */
async function writePicture(parcel: Parcel, item: Item, picture: Picture): Promise<void> {
  if (typeof ClipboardItem === "undefined") return;
  const written = new ClipboardItem({
    "text/html": new Blob([htmlOf(parcel)], { type: "text/html" }),
    "text/plain": new Blob([textOf(parcel)], { type: "text/plain" }),
    "image/png": pngOf(item, picture),
  });
  await navigator.clipboard.write([written]);
}

async function pngOf({ crop, transform }: Item, picture: Picture): Promise<Blob> {
  const largest = picture.renditions.at(-1)?.url;
  const answer = await fetch(picture.fullUrl ?? largest ?? picture.originalUrl);
  const bitmap = await createImageBitmap(await answer.blob());
  const { left, top, right, bottom } = crop ?? WHOLE;
  const [width, height] = [bitmap.width * (right - left), bitmap.height * (bottom - top)];
  const share = Math.min(1, MOST_PIXELS / Math.max(width, height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(width * share)),
    Math.max(1, Math.round(height * share)),
  );
  const context = canvas.getContext("2d")!;
  context.translate(canvas.width / 2, canvas.height / 2);
  context.scale(transform.flipX ? -1 : 1, transform.flipY ? -1 : 1);
  context.drawImage(
    bitmap,
    bitmap.width * left,
    bitmap.height * top,
    width,
    height,
    -canvas.width / 2,
    -canvas.height / 2,
    canvas.width,
    canvas.height,
  );
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}

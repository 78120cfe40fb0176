/** Finds the picture files in whatever was dropped or pasted: files, and folders to any depth. */

import { mayBePicture } from "./formats";
import { apart, isPictureAddress, webSourcesIn, type WebSource } from "./fromWeb";

/** Left by file managers in folders; nobody means to drop them. */
const CLUTTER = /^(?:\..*|thumbs\.db|desktop\.ini)$/i;

export interface Gathered {
  readonly files: File[];
  /** Files inside dropped folders that are no pictures. */
  readonly passedOver: number;
}

export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer !== null && [...transfer.types].includes("Files");
}

/** Marks what was taken from a board to be dropped elsewhere: on a board it is at home already. */
export const OUTWARD = "application/x-webref-out";

/** What a drag out of the library carries: ids, in JSON. */
export const PICTURES_TYPE = "application/x-webref-pictures";

/** Files, pictures of the library, or what names pictures of the web; what is inside is told only when it is dropped. */
export function mayBring(transfer: DataTransfer | null): boolean {
  const types = [...(transfer?.types ?? [])];
  if (types.includes(OUTWARD)) return false;
  return hasFiles(transfer) || types.includes("text/uri-list") || types.includes(PICTURES_TYPE);
}

/** Pictures of the library in a drop. */
export function picturesIn(transfer: DataTransfer | null): string[] {
  try {
    const ids: unknown = JSON.parse(transfer?.getData(PICTURES_TYPE) || "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

/** Must be called while the event is handled: entries are gone after it. */
export function gather(transfer: DataTransfer): Promise<Gathered> {
  const entries: FileSystemEntry[] = [];
  const loose: File[] = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry?.();
    const file = entry?.isDirectory ? null : item.getAsFile();
    if (file) loose.push(file);
    else if (entry) entries.push(entry);
  }
  return collect(entries, loose);
}

/** What is in a folder that was chosen: the same as if it had been dropped. */
export function gatherFolder(chosen: Iterable<File>): Gathered {
  const pathOf = (file: File) => file.webkitRelativePath || file.name;
  const meant = [...chosen].filter(
    (file) =>
      !pathOf(file)
        .split("/")
        .some((name) => CLUTTER.test(name)),
  );
  const files = meant.filter(mayBePicture);
  files.sort((a, b) => pathOf(a).localeCompare(pathOf(b), undefined, { numeric: true }));
  return { files, passedOver: meant.length - files.length };
}

/** Whether this browser lets a folder be chosen. */
export const MAY_CHOOSE_FOLDERS =
  typeof HTMLInputElement !== "undefined" && "webkitdirectory" in HTMLInputElement.prototype;

/** What a paste brings that is no words: null where words are meant. Addresses of pictures count as these. */
export function pastedIn(event: ClipboardEvent): { files: File[]; sources: WebSource[] } | null {
  const target = event.target as Element | null;
  const data = event.clipboardData;
  if (!data || target?.closest?.("input, textarea, [contenteditable=true], dialog")) return null;
  const text = data.getData("text/plain").trim();
  const files = [...data.files].filter(mayBePicture);
  if (files.length) return { files, sources: [] };
  const addressed = isPictureAddress(text) ? [{ url: text }] : text ? [] : webSourcesIn(data);
  const { files: written, others } = apart(addressed);
  return written.length + others.length ? { files: written, sources: others } : null;
}

async function collect(entries: readonly FileSystemEntry[], loose: readonly File[]): Promise<Gathered> {
  const files = [...loose];
  let passedOver = 0;
  const queue = [...entries];
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    if (CLUTTER.test(entry.name)) continue;
    if (entry.isDirectory) {
      queue.push(...(await children(entry as FileSystemDirectoryEntry)));
      continue;
    }
    const file = await new Promise<File | null>((resolve) => {
      (entry as FileSystemFileEntry).file(resolve, () => resolve(null));
    });
    if (file && mayBePicture(file)) files.push(file);
    else passedOver += 1;
  }
  return { files, passedOver };
}

/** A reader gives a folder in portions (about 100 in Chromium) until it gives none. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve) =>
      reader.readEntries(resolve, () => resolve([])),
    );
    if (portion.length === 0) break;
    all.push(...portion);
  }
  return all.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

/** Files on their way that outlive the page: what they are, where they shall be, and the bytes where they fit. */
import type { WebSource } from "./fromWeb";
import { openDB, type DBSchema, type IDBPDatabase } from "idb";

/** `queue`: whose they are and where they go, such as an account and a board. */
export interface KeptUpload<Place> {
  readonly imageId: string;
  readonly queue: string;
  readonly batchId: string;
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: number;
  readonly at: number;
  readonly place: Place;
  readonly address: string;
  readonly from?: WebSource | undefined;
  /** The page that works on it. */
  readonly page: string;
  /** Missing where there was no room: then the file has to be chosen again. */
  readonly file?: File;
}

interface Schema extends DBSchema {
  uploads: { key: string; value: KeptUpload<unknown>; indexes: { queue: string } };
}

/** A page holds the lock of its name as long as it lives: what a dead page left may be taken over. */
const PAGE = crypto.randomUUID?.() ?? String(Math.random());
/** A file that nobody came back for. */
const LASTS_MS = 7 * 24 * 3600 * 1000;

let opened: Promise<IDBPDatabase<Schema> | null> | null = null;

/** Null where the browser keeps nothing, as in some private windows: uploads then live as long as the page. */
function database(): Promise<IDBPDatabase<Schema> | null> {
  opened ??= (async () => {
    if (typeof indexedDB === "undefined") return null;
    void navigator.locks?.request(lockOf(PAGE), () => new Promise(() => undefined));
    return await openDB<Schema>("webref.uploads", 1, {
      upgrade: (db) =>
        void db.createObjectStore("uploads", { keyPath: "imageId" }).createIndex("queue", "queue"),
    });
  })().catch(() => null);
  return opened;
}

function lockOf(page: string): string {
  return `webref.uploads.${page}`;
}

/** Keeps it with its bytes; without them where there is no room. */
export async function keep<Place>(
  upload: Omit<KeptUpload<Place>, "name" | "size" | "modifiedAt" | "at" | "page"> & { readonly file: File },
): Promise<void> {
  const db = await database();
  if (!db) return;
  const { file } = upload;
  const facts = {
    name: file.name,
    size: file.size,
    modifiedAt: file.lastModified,
    at: Date.now(),
    page: PAGE,
  };
  await db.put("uploads", { ...upload, ...facts }).catch(() => {
    const { file: _, ...rest } = upload;
    return db.put("uploads", { ...rest, ...facts }).catch(() => undefined);
  });
}

export async function keepAddress(imageId: string, address: string): Promise<void> {
  await change(imageId, (known) => ({ ...known, address }));
}

export async function keepBatch(imageId: string, batchId: string): Promise<void> {
  await change(imageId, (known) => ({ ...known, batchId }));
}

export async function forget(imageIds: Iterable<string>): Promise<void> {
  const db = await database();
  const transaction = db?.transaction("uploads", "readwrite");
  await Promise.all([...imageIds].map((id) => transaction?.store.delete(id))).catch(() => undefined);
}

/** How many files of an account are on their way, in all tabs. */
export async function countUploads(account: string): Promise<number> {
  const db = await database();
  const all = (await db?.getAll("uploads").catch(() => [])) ?? [];
  return all.filter(({ queue, at }) => queue.startsWith(`${account}/`) && at >= Date.now() - LASTS_MS).length;
}

/** Gives up all files but those of one account. */
export async function forgetUploads(butOf?: string): Promise<void> {
  const db = await database();
  const all = (await db?.getAll("uploads").catch(() => [])) ?? [];
  const others = all.filter(({ queue }) => butOf === undefined || !queue.startsWith(`${butOf}/`));
  await forget(others.map(({ imageId }) => imageId));
}

/** How many files wait in each queue of an account that pages left which are no more; others are none of ours. */
export async function leftBehind(account: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const db = await database();
  if (!db) return found;
  const living = await livingPages();
  let cursor = await db.transaction("uploads").store.openCursor();
  while (cursor) {
    const { queue, page, at } = cursor.value;
    const isLeft = page !== PAGE && !living.has(lockOf(page)) && at >= Date.now() - LASTS_MS;
    if (isLeft && queue.startsWith(`${account}/`)) {
      const place = queue.slice(account.length + 1);
      found.set(place, (found.get(place) ?? 0) + 1);
    }
    cursor = await cursor.continue();
  }
  return found;
}

/** Gives up what pages left in a queue that are no more. */
export async function leave(queue: string): Promise<void> {
  await forget((await takeOver(queue)).map(({ imageId }) => imageId));
}

async function livingPages(): Promise<ReadonlySet<string | undefined>> {
  const held = await navigator.locks?.query().then(({ held }) => held?.map(({ name }) => name) ?? []);
  return new Set(held ?? []);
}

/** Takes over what pages left that are no more, in the order in which it came. */
export async function takeOver<Place>(queue: string): Promise<KeptUpload<Place>[]> {
  const db = await database();
  if (!db) return [];
  const living = await livingPages();
  const transaction = db.transaction("uploads", "readwrite");
  const mine: KeptUpload<Place>[] = [];
  for (const known of await transaction.store.index("queue").getAll(queue)) {
    if (known.page !== PAGE && living.has(lockOf(known.page))) continue;
    if (known.at < Date.now() - LASTS_MS) await transaction.store.delete(known.imageId);
    else if (known.page !== PAGE) {
      const taken = { ...known, page: PAGE };
      await transaction.store.put(taken);
      mine.push(taken as KeptUpload<Place>);
    }
  }
  await transaction.done;
  return mine.sort((a, b) => a.at - b.at);
}

/** Whether a file that was chosen again is the one that was lost. */
export function isSame(kept: KeptUpload<unknown>, file: File): boolean {
  return kept.name === file.name && kept.size === file.size && kept.modifiedAt === file.lastModified;
}

async function change(
  imageId: string,
  changed: (known: KeptUpload<unknown>) => KeptUpload<unknown>,
): Promise<void> {
  const db = await database();
  if (!db) return;
  const transaction = db.transaction("uploads", "readwrite");
  const known = await transaction.store.get(imageId);
  if (known) await transaction.store.put(changed(known)).catch(() => undefined);
  await transaction.done.catch(() => undefined);
}

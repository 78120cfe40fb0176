/** What this browser keeps of a person's work and boards, so that a page without the network has them; all of it goes at sign-out. */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { KeptBoard } from "./boards";
import type { KeptErrand } from "./errands";
import { recallOpening } from "./opening";

interface Schema extends DBSchema {
  errands: { key: string; value: KeptErrand; indexes: { queue: string } };
  boards: { key: string; value: KeptBoard };
}

/** Caches of the service worker that hold what is somebody's own. */
const PRIVATE = new Set(["webref.pictures", "webref.atlases", "webref.shared"]);

let opened: Promise<IDBPDatabase<Schema> | null> | null = null;

/** Null where the browser keeps nothing, as in some private windows. */
export function database(): Promise<IDBPDatabase<Schema> | null> {
  opened ??= (async () => {
    if (typeof indexedDB === "undefined") return null;
    return await openDB<Schema>("webref.offline", 1, {
      upgrade: (db) => {
        db.createObjectStore("errands", { keyPath: "mutationId" }).createIndex("queue", "queue");
        db.createObjectStore("boards", { keyPath: "key" });
      },
      // Another tab wants to delete or upgrade it: let go, and open it anew when it is needed.
      blocking: (_from, _to, event) => {
        (event.target as IDBDatabase).close();
        opened = null;
      },
    });
  })().catch(() => null);
  return opened;
}

/** `key`: begins with an account. A page that was slow to hear of a sign-out must keep nothing after it. */
export function mayKeep(key: string): boolean {
  const account = recallOpening()?.viewer.account.id;
  return account !== undefined && key.startsWith(`${account}/`);
}

/** Boards and pictures that were seen; what was done here and is unsent is the errands' own. */
export async function forgetSights(): Promise<void> {
  const db = await database();
  await db?.clear("boards").catch(() => undefined);
  if (typeof caches === "undefined") return;
  const names = await caches.keys().catch(() => []);
  await Promise.all(names.filter((name) => PRIVATE.has(name)).map((name) => caches.delete(name)));
}

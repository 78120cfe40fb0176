/** Changes that the server has not acknowledged, kept so that a later page sends them: under the ids that make a repeat harmless. */
import type { Message } from "../board/errands";
import { database, mayKeep } from "./database";

export interface KeptErrand {
  readonly mutationId: string;
  /** Whose it is and which board's. */
  readonly queue: string;
  readonly label: string;
  readonly message: Message;
  /** Of an undo: what it takes back, where that was unsent too. Without it there is nothing to undo. */
  readonly of?: string | undefined;
  readonly at: number;
  /** In the order in which they were done, also within a millisecond. */
  readonly order: number;
  /** The page that sends it. */
  readonly page: string;
}

/** The server knows ids for seven days; what is older could be done twice. */
const LASTS_MS = 6 * 24 * 3600 * 1000;
/** A page holds the lock of its name as long as it lives: what a dead page left may be taken over. */
const PAGE = crypto.randomUUID?.() ?? String(Math.random());
let order = 0;
let isLocked = false;

function lockOf(page: string): string {
  return `webref.errands.${page}`;
}

/** Resolves to whether it outlives the page now. */
export async function keepErrand(
  errand: Pick<KeptErrand, "mutationId" | "queue" | "label" | "message" | "of">,
): Promise<boolean> {
  const kept = { ...errand, at: Date.now(), order: order++, page: PAGE };
  const db = await database();
  if (!db || !mayKeep(errand.queue)) return false;
  if (!isLocked) {
    isLocked = true;
    void navigator.locks?.request(lockOf(PAGE), () => new Promise(() => undefined));
  }
  // On the disk, not only on its way there: a browser or a machine may stop at any moment.
  const writing = db.transaction("errands", "readwrite", { durability: "strict" });
  return await Promise.all([writing.store.put(kept), writing.done]).then(
    () => true,
    () => false,
  );
}

export async function forgetErrand(mutationId: string): Promise<void> {
  const db = await database();
  await db?.delete("errands", mutationId).catch(() => undefined);
}

/** Gives up what is unsent, of all or of some accounts. */
export async function forgetErrands(isOf: (account: string) => boolean = () => true): Promise<void> {
  const db = await database();
  if (!db) return;
  const transaction = db.transaction("errands", "readwrite");
  for (const { mutationId, queue } of await transaction.store.getAll())
    if (isOf(queue.split("/")[0]!)) await transaction.store.delete(mutationId);
  await transaction.done.catch(() => undefined);
}

/** How many wait in this browser for somebody, on all boards and in all tabs. */
export async function countErrands(accountId: string): Promise<number> {
  const db = await database();
  if (!db) return 0;
  const all = await db.getAll("errands").catch(() => []);
  return all.filter(({ queue }) => queue.startsWith(`${accountId}/`)).length;
}

export interface TakenOver {
  readonly errands: readonly KeptErrand[];
  /** Too old to be sent without the danger of doing it twice; not kept any longer. */
  readonly expired: readonly KeptErrand[];
}

/** Takes over what pages left that are no more, in the order in which it was done. */
export async function takeOverErrands(queue: string, now = Date.now()): Promise<TakenOver> {
  const db = await database();
  if (!db) return { errands: [], expired: [] };
  const held = await navigator.locks?.query().then(({ held }) => held?.map(({ name }) => name) ?? []);
  const living = new Set(held ?? []);
  const errands: KeptErrand[] = [];
  const expired: KeptErrand[] = [];
  const transaction = db.transaction("errands", "readwrite");
  for (const kept of await transaction.store.index("queue").getAll(queue)) {
    if (kept.page === PAGE || living.has(lockOf(kept.page))) continue;
    if (kept.at < now - LASTS_MS) {
      expired.push(kept);
      await transaction.store.delete(kept.mutationId);
    } else {
      errands.push(kept);
      await transaction.store.put({ ...kept, page: PAGE });
    }
  }
  await transaction.done;
  return { errands: errands.sort((a, b) => a.at - b.at || a.order - b.order), expired };
}

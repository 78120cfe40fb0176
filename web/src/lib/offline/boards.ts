/** Boards as they were last seen here: painted before the network answers, and without it. */
import type { Role } from "$generated/graphql";
import type { AtlasFacts } from "../canvas/atlas";
import type { Picture } from "../canvas/pictures";
import type { Comment } from "../comments/comments";
import type { Item } from "../board/operations";
import { database, mayKeep } from "./database";

export interface KeptBoard {
  /** Account and board. */
  readonly key: string;
  readonly seq: number;
  readonly title: string;
  readonly role: Role;
  readonly isTrashed: boolean;
  readonly items: readonly Item[];
  readonly pictures: readonly Picture[];
  readonly comments: readonly Comment[];
  /** Up to where `comments` were told. */
  readonly talkSeq: number | null;
  /** The pages of small pictures that show it from afar. */
  readonly atlas: AtlasFacts | null;
  readonly at: number;
}

const MOST_BOARDS = 20;
const MOST_ITEMS = 20_000;

export async function keepBoard(board: Omit<KeptBoard, "at">): Promise<void> {
  if (board.items.length > MOST_ITEMS) return;
  const db = await database();
  if (!db || !mayKeep(board.key)) return;
  await db.put("boards", { ...board, at: Date.now() }).catch(() => undefined);
  const all = await db.getAllKeys("boards").catch(() => []);
  if (all.length <= MOST_BOARDS) return;
  const kept = await db.getAll("boards").catch(() => []);
  const oldest = kept.sort((a, b) => a.at - b.at).slice(0, kept.length - MOST_BOARDS);
  await Promise.all(oldest.map(({ key }) => db.delete("boards", key))).catch(() => undefined);
}

export async function recallBoard(key: string): Promise<KeptBoard | null> {
  const db = await database();
  return (await db?.get("boards", key).catch(() => undefined)) ?? null;
}

/** Those of an account, the one that was seen last first. */
export async function keptBoards(accountId: string): Promise<readonly KeptBoard[]> {
  const db = await database();
  const all = (await db?.getAll("boards").catch(() => [])) ?? [];
  return all.filter(({ key }) => key.startsWith(`${accountId}/`)).sort((a, b) => b.at - a.at);
}

export async function forgetBoard(key: string): Promise<void> {
  const db = await database();
  await db?.delete("boards", key).catch(() => undefined);
}

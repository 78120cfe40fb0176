/** What of the talk on a board has been read in this browser: by thread, when it was last looked at. */
import { recall, remember } from "../board/memory";
import type { Thread } from "./comments";

type Marks = Record<string, string>;

export class Reading {
  private marks: Marks;

  constructor(
    private readonly accountId: string,
    private readonly boardId: string,
  ) {
    this.marks = recall<Marks>(this.key) ?? {};
  }

  /** Whether somebody else said something in it since. */
  isUnread({ root, replies }: Thread): boolean {
    const readAt = this.marks[root.id] ?? "";
    return [root, ...replies].some((comment) => comment.author.id !== this.accountId && comment.at > readAt);
  }

  /** Returns whether that was news. */
  read(threads: readonly Thread[]): boolean {
    const fresh = threads.filter((thread) => this.isUnread(thread));
    if (!fresh.length) return false;
    for (const { root, lastAt } of fresh) this.marks[root.id] = lastAt;
    remember(this.key, this.marks);
    return true;
  }

  /** Forgets the marks of threads that are no more. */
  tidy(threads: readonly Thread[]): void {
    const there = new Set(threads.map(({ root }) => root.id));
    const kept = Object.entries(this.marks).filter(([id]) => there.has(id));
    if (kept.length === Object.keys(this.marks).length) return;
    this.marks = Object.fromEntries(kept);
    remember(this.key, this.marks);
  }

  private get key(): string {
    return `read.${this.accountId}.${this.boardId}`;
  }
}

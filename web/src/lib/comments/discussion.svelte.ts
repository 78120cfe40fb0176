/** What a person does with the comments of an open board: what is read, open, being written or pinned. */
import type { BoardSession } from "../board/session.svelte";
import type { Item } from "../board/operations";
import type { Point } from "../geometry/shapes";
import { phrase } from "../language/phrase";
import { newId } from "../uuid";
import type { Comment, Pin, Speaker, Thread } from "./comments";
import { pinAt, pinOn } from "./pins";
import { Reading } from "./reading";

/** A click on the board is awaited: for a new thread, or for the new place of one. */
export type Placing = { readonly threadId: string | null } | null;

export class Discussion {
  openId = $state<string | null>(null);
  /** Where a thread is about to begin. */
  draftPin = $state.raw<Pin | null>(null);
  placing = $state.raw<Placing>(null);
  /** Where the menu was opened, in screen pixels of the canvas; null: it was opened by its button. */
  here = $state.raw<Point | null>(null);
  isPanelOpen = $state(false);
  showsResolved = $state(false);
  private readRev = $state(0);
  /** What was begun to be written, by thread; "" is the new one. */
  private readonly drafts = new Map<string, string>();
  private readonly reading: Reading;

  constructor(
    readonly session: BoardSession,
    readonly viewer: Speaker,
  ) {
    this.reading = new Reading(viewer.id, session.boardId);
  }

  /** The one that began last first. */
  get threads(): readonly Thread[] {
    void this.session.talkRev;
    return this.session.talk.threads;
  }

  get open(): Thread | null {
    return this.threads.find(({ root }) => root.id === this.openId) ?? null;
  }

  /** Whose pins are on the board. */
  get pinned(): readonly Thread[] {
    return this.threads.filter(
      ({ root }) => !root.isResolved || this.showsResolved || root.id === this.openId,
    );
  }

  get mayComment(): boolean {
    return this.session.role !== "VIEWER" && !this.session.isTrashed;
  }

  get mayModerate(): boolean {
    const { role, isTrashed } = this.session;
    return (role === "OWNER" || role === "EDITOR") && !isTrashed;
  }

  get unread(): readonly Thread[] {
    void this.readRev;
    return this.threads.filter((thread) => !thread.root.isResolved && this.reading.isUnread(thread));
  }

  isUnread(thread: Thread): boolean {
    void this.readRev;
    return this.reading.isUnread(thread);
  }

  markRead(threads: readonly Thread[] = this.threads): void {
    if (this.reading.read(threads)) this.readRev += 1;
  }

  tidy(): void {
    if (this.session.talk.isRead) this.reading.tidy(this.threads);
  }

  mayRewrite(comment: Comment): boolean {
    return this.mayComment && comment.author.id === this.viewer.id;
  }

  /** A thread's first takes along its replies: all of them must be one's own, unless one may edit the board. */
  mayRemove(comment: Comment): boolean {
    if (this.mayModerate) return true;
    if (!this.mayRewrite(comment)) return false;
    const thread = this.threads.find(({ root }) => root.id === comment.id);
    return !thread || thread.replies.every((reply) => reply.author.id === this.viewer.id);
  }

  mayMove(root: Comment): boolean {
    return this.mayModerate || this.mayRewrite(root);
  }

  show(threadId: string | null): void {
    this.draftPin = null;
    this.placing = null;
    this.openId = threadId;
  }

  /** Begins a thread on what is selected, else awaits a click on the board. */
  begin(selected: readonly Item[]): void {
    const [only, ...more] = selected;
    const pin = only && !more.length ? pinOn(this.session.editor, only) : null;
    if (pin) this.beginAt(pin);
    else {
      this.show(null);
      this.placing = { threadId: null };
    }
  }

  beginAt(pin: Pin): void {
    this.show(null);
    this.draftPin = pin;
  }

  beginHere(): void {
    if (this.here) this.beginAt(pinAt(this.session.editor, this.here));
  }

  /** The awaited click, in screen pixels of the canvas. */
  place(at: Point): void {
    const { placing } = this;
    this.placing = null;
    const pin = pinAt(this.session.editor, at);
    if (!placing) return;
    if (placing.threadId === null) this.beginAt(pin);
    else this.move(placing.threadId, pin);
  }

  move(threadId: string, pin: Pin): void {
    this.session.say({ kind: "move", comments: [{ id: threadId, ...pin }] }, "Move a comment");
    this.openId = threadId;
  }

  /** Returns the thread that it is in. */
  say(text: string, threadId: string | null): void {
    const pin = threadId === null ? this.draftPin : null;
    if (threadId === null && !pin) return;
    const { id, name, colour } = this.viewer;
    const comment: Comment = {
      id: newId(),
      text,
      at: new Date().toISOString(),
      editedAt: null,
      threadId,
      itemId: pin?.itemId ?? null,
      x: pin?.x ?? 0,
      y: pin?.y ?? 0,
      isResolved: false,
      author: { id, name, colour },
      resolvedBy: null,
    };
    this.session.say({ kind: "add", comments: [comment] }, threadId ? "Reply" : "Comment");
    this.drafts.delete(threadId ?? "");
    if (threadId === null) this.show(comment.id);
  }

  rewrite(comment: Comment, text: string): void {
    const edit = { id: comment.id, text, editedAt: new Date().toISOString() };
    this.session.say({ kind: "edit", comments: [edit] }, "Edit a comment");
  }

  resolve(root: Comment, isResolved: boolean): void {
    const resolvedBy = isResolved ? this.viewer : null;
    this.session.say(
      { kind: "resolve", comments: [{ id: root.id, isResolved, resolvedBy }] },
      isResolved ? "Resolve a thread" : "Reopen a thread",
    );
    if (isResolved && !this.showsResolved) this.openId = null;
  }

  /** Returns what brings it back. */
  remove(comment: Comment): () => void {
    const thread = this.threads.find(({ root }) => root.id === comment.id);
    const gone = thread ? [thread.root, ...thread.replies] : [comment];
    this.session.say({ kind: "remove", ids: gone.map(({ id }) => id) }, "Delete a comment");
    if (thread) this.openId = null;
    return () => this.session.say({ kind: "restore", comments: gone }, "Bring a comment back");
  }

  draftOf(threadId: string | null): string {
    return this.drafts.get(threadId ?? "") ?? "";
  }

  keepDraft(threadId: string | null, text: string): void {
    if (text.trim()) this.drafts.set(threadId ?? "", text);
    else this.drafts.delete(threadId ?? "");
  }

  /** What it is pinned to, in words. */
  whereOf({ itemId }: Pin): string {
    if (itemId === null) return phrase("on the board");
    void this.session.itemsRev;
    const item = this.session.store.get(itemId);
    return item ? phrase(`on ${this.session.nameOf(item)}`) : phrase("on something that was deleted");
  }

  /** Goes back by one step; returns whether there was one. */
  backOut(): boolean {
    if (this.placing) this.placing = null;
    else if (this.draftPin) this.draftPin = null;
    else if (this.openId) this.openId = null;
    else if (this.isPanelOpen) this.isPanelOpen = false;
    else return false;
    return true;
  }
}

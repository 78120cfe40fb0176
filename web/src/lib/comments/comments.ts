/** What people say on a board, by what the log tells of it: threads with what is not confirmed yet on top. No screen, no server. */
import type { CommentFactsFragment, SimpleFactsFragment } from "$generated/graphql";

export interface Speaker {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
}

/** x, y: with itemId fractions of the item's box before any flip, else board units. */
export interface Pin {
  readonly itemId: string | null;
  readonly x: number;
  readonly y: number;
}

/** A reply has no pin of its own, and is never resolved itself. */
export interface Comment extends Pin {
  readonly id: string;
  readonly text: string;
  readonly at: string;
  readonly editedAt: string | null;
  readonly threadId: string | null;
  readonly isResolved: boolean;
  readonly author: Speaker;
  readonly resolvedBy: Speaker | null;
}

export type Saying =
  | { readonly kind: "add"; readonly comments: readonly Comment[] }
  | { readonly kind: "restore"; readonly comments: readonly Comment[] }
  | { readonly kind: "remove"; readonly ids: readonly string[] }
  | {
      readonly kind: "edit";
      readonly comments: readonly Pick<Comment, "id" | "text" | "editedAt">[];
    }
  | { readonly kind: "move"; readonly comments: readonly (Pin & { readonly id: string })[] }
  | {
      readonly kind: "resolve";
      readonly comments: readonly Pick<Comment, "id" | "isResolved" | "resolvedBy">[];
    };

export interface Thread {
  readonly root: Comment;
  /** The oldest first. */
  readonly replies: readonly Comment[];
  readonly lastAt: string;
}

export type Comments = Map<string, Comment>;

/** Changes `comments` in place; what does not fit is passed over. */
export function foldSaying(saying: Saying, comments: Comments): void {
  switch (saying.kind) {
    case "add":
    case "restore":
      for (const comment of saying.comments) comments.set(comment.id, comment);
      break;
    case "remove":
      for (const id of saying.ids) comments.delete(id);
      break;
    default:
      for (const part of saying.comments) {
        const comment = comments.get(part.id);
        if (comment) comments.set(part.id, { ...comment, ...part });
      }
  }
}

/** The threads, the one that began last first; replies whose thread is gone are left out. */
export function threadsOf(comments: Comments): Thread[] {
  const replies = new Map<string, Comment[]>();
  const roots: Comment[] = [];
  for (const comment of comments.values()) {
    if (comment.threadId === null) roots.push(comment);
    else replies.set(comment.threadId, [...(replies.get(comment.threadId) ?? []), comment]);
  }
  return roots
    .sort((a, b) => b.at.localeCompare(a.at) || b.id.localeCompare(a.id))
    .map((root) => {
      const below = (replies.get(root.id) ?? []).sort(
        (a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id),
      );
      return { root, replies: below, lastAt: below.at(-1)?.at ?? root.at };
    });
}

/** Confirmed by the server, and on top of it what this person said since; changes in the order of their seq, each once. */
export class Talk {
  rev = 0;
  private confirmed: Comments = new Map();
  private shown: Comments = new Map();
  private sorted: readonly Thread[] | null = null;
  private pending: { readonly mutationId: string; readonly saying: Saying }[] = [];
  /** Null until it was read. */
  private seq: number | null = null;
  private readonly early = new Map<
    number,
    { readonly mutationId: string | null; readonly sayings: readonly Saying[] }
  >();

  constructor(private readonly changed: () => void) {}

  get isRead(): boolean {
    return this.seq !== null;
  }

  get threads(): readonly Thread[] {
    return (this.sorted ??= threadsOf(this.shown));
  }

  get(id: string): Comment | undefined {
    return this.shown.get(id);
  }

  /** Whether the server knows it; what is on its way cannot be replied to by id yet, but will be. */
  isConfirmed(id: string): boolean {
    return this.confirmed.has(id);
  }

  get all(): Iterable<Comment> {
    return this.confirmed.values();
  }

  get readTo(): number {
    return this.seq ?? 0;
  }

  reset(comments: Iterable<Comment>, seq: number): void {
    this.confirmed = new Map([...comments].map((comment) => [comment.id, comment]));
    this.seq = seq;
    for (const known of this.early.keys()) if (known <= seq) this.early.delete(known);
    this.advance();
    this.rebuild();
  }

  propose(mutationId: string, saying: Saying): void {
    this.pending.push({ mutationId, saying });
    this.rebuild();
  }

  withdraw(mutationId: string): void {
    this.pending = this.pending.filter((one) => one.mutationId !== mutationId);
    this.rebuild();
  }

  /** Every change of the board, whatever it is about: a gap is waited behind. */
  receive(seq: number, mutationId: string | null, sayings: readonly Saying[]): void {
    if (this.seq !== null && seq <= this.seq) return;
    this.early.set(seq, { mutationId, sayings });
    if (this.advance()) this.rebuild();
  }

  private advance(): boolean {
    if (this.seq === null) return false;
    let isNews = false;
    for (let next = this.early.get(this.seq + 1); next; next = this.early.get(this.seq + 1)) {
      this.early.delete(++this.seq);
      const { mutationId } = next;
      const own = this.pending.findIndex((one) => one.mutationId === mutationId);
      if (mutationId !== null && own >= 0) this.pending.splice(own, 1);
      for (const saying of next.sayings) foldSaying(saying, this.confirmed);
      isNews ||= next.sayings.length > 0 || own >= 0;
    }
    return isNews;
  }

  private rebuild(): void {
    this.shown = new Map(this.confirmed);
    for (const { saying } of this.pending) foldSaying(saying, this.shown);
    this.sorted = null;
    this.rev += 1;
    this.changed();
  }
}

export function commentOf(facts: CommentFactsFragment, threadId: string | null): Comment {
  const { id, text, at, x, y, author } = facts;
  return {
    id,
    text,
    at,
    editedAt: facts.editedAt ?? null,
    threadId,
    // A reply shows what is its thread's.
    itemId: threadId === null ? (facts.itemId ?? null) : null,
    x: threadId === null ? x : 0,
    y: threadId === null ? y : 0,
    isResolved: threadId === null && facts.isResolved,
    author,
    resolvedBy: threadId === null ? (facts.resolvedBy ?? null) : null,
  };
}

type SnapshotFacts = Extract<SimpleFactsFragment, { __typename: "AddComments" }>["said"][number];

function snapshotOf(facts: SnapshotFacts): Comment {
  return {
    ...facts,
    editedAt: facts.editedAt ?? null,
    threadId: facts.threadId ?? null,
    itemId: facts.itemId ?? null,
    resolvedBy: facts.resolvedBy ?? null,
  };
}

/** What a part of a change says about comments; null: nothing. */
export function sayingOf(operation: SimpleFactsFragment): Saying | null {
  switch (operation.__typename) {
    case "AddComments":
      return { kind: "add", comments: operation.said.map(snapshotOf) };
    case "RestoreComments":
      return { kind: "restore", comments: operation.said.map(snapshotOf) };
    case "RemoveComments":
      return { kind: "remove", ids: operation.ids };
    case "EditComments":
      return {
        kind: "edit",
        comments: operation.rewritten.map(({ id, text, editedAt }) => ({
          id,
          text,
          editedAt: editedAt ?? null,
        })),
      };
    case "MoveComments":
      return {
        kind: "move",
        comments: operation.pins.map(({ id, itemId, x, y }) => ({ id, itemId: itemId ?? null, x, y })),
      };
    case "ResolveComments":
      return {
        kind: "resolve",
        comments: operation.settled.map(({ id, isResolved, resolvedBy }) => ({
          id,
          isResolved,
          resolvedBy: resolvedBy ?? null,
        })),
      };
    default:
      return null;
  }
}

/** A board's items as this person sees them: what the server confirmed, and on top of it what was done since. */
import { compareRanks } from "./ordering";
import { fold, narrowed, subjectsOf, type Item, type Items, type Operation } from "./operations";
import { Tree } from "./tree";

export interface Pending {
  readonly mutationId: string;
  readonly operation: Operation;
}

/** A confirmed change, as far as the board's items care; `operation` is null for the board's own words. */
export interface Confirmed {
  readonly seq: number;
  readonly mutationId: string | null;
  readonly operation: Operation | null;
}

export type Listener = (touched: ReadonlySet<string>) => void;

export class Store {
  seq = 0;
  /** Grows with every visible change; painters and pages compare it. */
  rev = 0;

  private confirmed: Items = new Map();
  private shown: Items = new Map();
  private pending: Pending[] = [];
  private readonly early = new Map<number, Confirmed>();
  private sorted: Item[] | null = null;
  private nested: Tree | null = null;
  private readonly listeners = new Set<Listener>();

  /** Takes a fresh reading of the board; what is still pending stays on top. */
  reset(items: Iterable<Item>, seq: number): void {
    this.confirmed = new Map([...items].map((item) => [item.id, item]));
    this.seq = seq;
    this.early.clear();
    const before = [...this.shown.keys()];
    this.shown = new Map(this.confirmed);
    for (const { operation } of this.pending) fold(operation, this.shown);
    this.tell(new Set([...before, ...this.shown.keys()]));
  }

  get(id: string): Item | undefined {
    return this.shown.get(id);
  }

  has(id: string): boolean {
    return this.shown.has(id);
  }

  /** Whether the server said so, and not only this person. */
  isConfirmed(id: string): boolean {
    return this.confirmed.has(id);
  }

  /** As the server says it, without what is pending. */
  get allConfirmed(): Iterable<Item> {
    return this.confirmed.values();
  }

  get size(): number {
    return this.shown.size;
  }

  /** Items from back to front. */
  get inOrder(): readonly Item[] {
    this.sorted ??= [...this.shown.values()].sort(
      (a, b) => compareRanks(a.z, b.z) || compareRanks(a.id, b.id),
    );
    return this.sorted;
  }

  /** What is in what. */
  get tree(): Tree {
    this.nested ??= new Tree(this.shown, this.inOrder);
    return this.nested;
  }

  /** The rank at the very front, or null on an empty board. */
  get topRank(): string | null {
    return this.inOrder.at(-1)?.z ?? null;
  }

  /** Shows an operation before the server has confirmed it. */
  propose(mutationId: string, operation: Operation): void {
    this.pending.push({ mutationId, operation });
    fold(operation, this.shown);
    this.tell(new Set(subjectsOf(operation)));
  }

  /** The server refused it: the items show again what is confirmed and otherwise pending. */
  withdraw(mutationId: string): void {
    const index = this.pending.findIndex((one) => one.mutationId === mutationId);
    if (index < 0) return;
    const [gone] = this.pending.splice(index, 1);
    this.rebuild(subjectsOf(gone!.operation));
  }

  /**
   * Takes changes in any order of arrival and applies them in the order of `seq`, each once.
   * Returns false when there is a gap that this change waits behind.
   */
  receive(change: Confirmed): boolean {
    if (change.seq <= this.seq) return true;
    this.early.set(change.seq, change);
    const touched = new Set<string>();
    for (let next = this.early.get(this.seq + 1); next; next = this.early.get(this.seq + 1)) {
      this.early.delete(next.seq);
      this.seq = next.seq;
      const { mutationId } = next;
      const own = mutationId === null ? -1 : this.pending.findIndex((one) => one.mutationId === mutationId);
      if (own >= 0) for (const id of subjectsOf(this.pending.splice(own, 1)[0]!.operation)) touched.add(id);
      if (next.operation) {
        fold(next.operation, this.confirmed);
        for (const id of subjectsOf(next.operation)) touched.add(id);
      }
    }
    if (touched.size) this.rebuild(touched);
    return this.seq >= change.seq;
  }

  isPending(mutationId: string): boolean {
    return this.pending.some((one) => one.mutationId === mutationId);
  }

  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Shows for these items what is confirmed, with everything pending folded over it again. */
  private rebuild(ids: Iterable<string>): void {
    const touched = new Set(ids);
    const some: Items = new Map();
    for (const id of touched) {
      const item = this.confirmed.get(id);
      if (item) some.set(id, item);
    }
    for (const { operation } of this.pending) {
      if (subjectsOf(operation).some((id) => touched.has(id))) fold(narrowed(operation, touched), some);
    }
    for (const id of touched) {
      const item = some.get(id);
      if (item) this.shown.set(id, item);
      else this.shown.delete(id);
    }
    this.tell(touched);
  }

  private tell(touched: ReadonlySet<string>): void {
    this.sorted = null;
    this.nested = null;
    this.rev += 1;
    for (const listener of this.listeners) listener(touched);
  }
}

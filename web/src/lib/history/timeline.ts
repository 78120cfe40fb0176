/** A board at any moment of its life: read from the server now and then, and folded from its log in between. No screen, no server. */
import { fold, type Item, type Items, type Operation } from "../board/operations";

export interface PastReader {
  /** The board right after change `seq`. */
  boardAt(seq: number): Promise<readonly Item[]>;
  /** Some of the changes right after `since`, in order, gapless; null: nothing that concerns items. */
  changesAfter(
    since: number,
  ): Promise<readonly { readonly seq: number; readonly operation: Operation | null }[]>;
}

/** So few changes are rather folded than the whole board read. */
const NEAR = 20;
const MOST_KEYFRAMES = 16;
const MOST_LOGGED = 5_000;

export class Timeline {
  private readonly keyframes = new Map<number, ReadonlyMap<string, Item>>();
  private readonly log = new Map<number, Operation | null>();

  constructor(private readonly reader: PastReader) {}

  /** Not to be changed by who gets it. */
  async at(seq: number): Promise<ReadonlyMap<string, Item>> {
    const known = this.keyframes.get(seq);
    if (known) {
      this.keep(seq, known);
      return known;
    }
    let base = this.keyframeBefore(seq);
    if (base === null || !(await this.hasLogged(base, seq))) {
      const items = await this.reader.boardAt(seq);
      this.keep(seq, new Map(items.map((item) => [item.id, item])));
      base = seq;
    }
    return this.folded(base, seq);
  }

  /** Reads on from there, so that playing does not wait. */
  async ahead(seq: number, end: number): Promise<void> {
    if (seq < end && !this.log.has(seq + 1)) await this.read(seq);
  }

  private folded(base: number, seq: number): ReadonlyMap<string, Item> {
    const start = this.keyframes.get(base)!;
    if (base === seq) return start;
    const items: Items = new Map(start);
    for (let at = base + 1; at <= seq; at++) {
      const operation = this.log.get(at);
      if (operation) fold(operation, items);
    }
    this.keep(seq, items);
    return items;
  }

  private keyframeBefore(seq: number): number | null {
    let best: number | null = null;
    for (const key of this.keyframes.keys()) if (key <= seq && (best === null || key > best)) best = key;
    return best;
  }

  /** Whether every change from `base` to `seq` is known, after reading those that are few. */
  private async hasLogged(base: number, seq: number): Promise<boolean> {
    const missing = () => {
      for (let at = base + 1; at <= seq; at++) if (!this.log.has(at)) return at;
      return null;
    };
    for (let at = missing(); at !== null; at = missing()) {
      if (seq - at >= NEAR) return false;
      await this.read(at - 1);
      if (!this.log.has(at)) return false;
    }
    return true;
  }

  private async read(since: number): Promise<void> {
    for (const { seq, operation } of await this.reader.changesAfter(since)) this.log.set(seq, operation);
    for (const old of this.log.keys()) {
      if (this.log.size <= MOST_LOGGED) break;
      this.log.delete(old);
    }
  }

  private keep(seq: number, items: ReadonlyMap<string, Item>): void {
    this.keyframes.delete(seq);
    this.keyframes.set(seq, items);
    for (const old of this.keyframes.keys()) {
      if (this.keyframes.size <= MOST_KEYFRAMES) break;
      this.keyframes.delete(old);
    }
  }
}

export interface Difference {
  /** On the board now, and not then. */
  readonly added: readonly string[];
  /** On the board then, and not now. */
  readonly removed: readonly string[];
  /** On both, and not the same. */
  readonly changed: readonly string[];
}

export function differenceOf(then: ReadonlyMap<string, Item>, now: ReadonlyMap<string, Item>): Difference {
  const added = [...now.keys()].filter((id) => !then.has(id));
  const removed = [...then.keys()].filter((id) => !now.has(id));
  const changed = [...then]
    .filter(([id, item]) => now.has(id) && !isSame(item, now.get(id)!))
    .map(([id]) => id);
  return { added, removed, changed };
}

function isSame(a: Item, b: Item): boolean {
  return a === b || JSON.stringify(ordered(a)) === JSON.stringify(ordered(b));
}

/** Its values in one order, however it was put together. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value)
    .filter(([name]) => name !== "__typename")
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, part]) => [name, ordered(part)]);
}

/** What is in what: groups and frames, and how their being locked or hidden reaches all that is in them. */
import type { Item } from "./operations";

const NONE: readonly Item[] = [];

export interface Row {
  readonly item: Item;
  readonly depth: number;
}

/** A reading of a board's items at one moment. A container that is missing counts as the board itself. */
export class Tree {
  private index: Map<string | null, Item[]> | null = null;
  private rows: Row[] | null = null;
  private readonly inherited = { hidden: new Map<string, boolean>(), locked: new Map<string, boolean>() };

  /** order: the same items, from back to front. */
  constructor(
    private readonly items: ReadonlyMap<string, Item>,
    private readonly order: readonly Item[],
  ) {}

  /** What is directly in a container, or for null at the top of the board, from back to front. */
  membersOf(container: string | null): readonly Item[] {
    return this.members.get(container) ?? NONE;
  }

  /** All items, what is in a container right after it, each with how deep it lies. */
  outline(): readonly Row[] {
    if (this.rows) return this.rows;
    const rows: Row[] = [];
    const add = (container: string | null, depth: number) => {
      for (const item of this.membersOf(container)) {
        rows.push({ item, depth });
        if (isContainer(item)) add(item.id, depth + 1);
      }
    };
    add(null, 0);
    return (this.rows = rows);
  }

  /** The containers that it is in, the innermost first. */
  above(item: Item): Item[] {
    const found: Item[] = [];
    for (let next = this.parentOf(item); next && !found.includes(next); next = this.parentOf(next)) {
      found.push(next);
    }
    return found;
  }

  /** These, and all that is in those of them that are containers, each once, these first. */
  withContents(items: Iterable<Item>): Item[] {
    const found = new Set(items);
    for (const item of found)
      if (isContainer(item)) for (const one of this.membersOf(item.id)) found.add(one);
    return [...found];
  }

  /** All of it that has a place of its own: everything but groups. */
  placedIn(items: Iterable<Item>): Item[] {
    return this.withContents(items).filter((item) => item.kind !== "GROUP");
  }

  /** Those that are in no other of them. */
  outermost(items: readonly Item[]): Item[] {
    const named = new Set(items);
    return items.filter((item) => item.parentId === null || !this.above(item).some((one) => named.has(one)));
  }

  /** Itself or what it is in. */
  isHidden(item: Item): boolean {
    return item.hidden || (item.parentId !== null && this.isInside(item, "hidden"));
  }

  isLocked(item: Item): boolean {
    return item.locked || (item.parentId !== null && this.isInside(item, "locked"));
  }

  /** Locked, or something in it is: as a whole it stays where it is. */
  isHeld(item: Item): boolean {
    if (this.isLocked(item)) return true;
    return isContainer(item) && this.withContents([item]).some((one) => one.locked);
  }

  /** The groups that hold nothing more once these have gone, and those that held nothing but such groups. */
  emptiedBy(leaving: readonly Item[], arriving: string | null = null): Item[] {
    const gone = new Set(leaving);
    const emptied: Item[] = [];
    for (const item of gone) {
      const group = this.parentOf(item);
      if (!group || group.kind !== "GROUP" || gone.has(group) || group.id === arriving) continue;
      if (this.membersOf(group.id).some((one) => !gone.has(one))) continue;
      gone.add(group);
      emptied.push(group);
    }
    return emptied;
  }

  /** The outermost group that it is in, inside `entered` if that is around it; else the item itself. */
  wholeOf(item: Item, entered: string | null): Item {
    let whole = item;
    for (const one of this.above(item)) {
      if (one.id === entered) break;
      if (one.kind === "GROUP") whole = one;
    }
    return whole;
  }

  parentOf(item: Item): Item | undefined {
    return item.parentId === null ? undefined : this.items.get(item.parentId);
  }

  /** Whether something around it is so; asked for every item of every frame, so it is remembered by container. */
  private isInside(item: Item, how: "hidden" | "locked"): boolean {
    const parent = this.parentOf(item);
    if (!parent) return false;
    const known = this.inherited[how];
    let answer = known.get(parent.id);
    if (answer === undefined) {
      known.set(parent.id, parent[how]); // what a ring comes back to
      answer = parent[how] || this.isInside(parent, how);
      known.set(parent.id, answer);
    }
    return answer;
  }

  private get members(): Map<string | null, Item[]> {
    if (!this.index) {
      this.index = new Map();
      for (const item of this.order) {
        const container = this.parentOf(item)?.id ?? null;
        const known = this.index.get(container);
        if (known) known.push(item);
        else this.index.set(container, [item]);
      }
    }
    return this.index;
  }
}

export function isContainer(item: Item): boolean {
  return item.kind === "GROUP" || item.kind === "FRAME";
}

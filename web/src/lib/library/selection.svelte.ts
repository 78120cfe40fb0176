/** Which pictures of a list are chosen, and how clicks and keys choose them: as files are in a folder. */
import { SvelteSet } from "svelte/reactivity";

/** The server takes so many at once. */
export const MOST_SELECTED = 500;

export interface Keys {
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}

export class Selection {
  readonly ids = new SvelteSet<string>();
  #anchor = "";

  get size(): number {
    return this.ids.size;
  }

  get isEmpty(): boolean {
    return this.ids.size === 0;
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** Takes one in or out; the next range begins with it. False: there is no room for more. */
  toggle(id: string): boolean {
    this.#anchor = id;
    if (this.ids.delete(id)) return true;
    return this.#add([id]);
  }

  /** All from the one that was chosen last to this one, in the order shown; those chosen before stay. */
  extend(order: readonly string[], id: string): boolean {
    const from = order.indexOf(this.#anchor);
    const to = order.indexOf(id);
    if (from < 0 || to < 0) return this.toggle(id);
    const [first, last] = from < to ? [from, to] : [to, from];
    return this.#add(order.slice(first, last + 1));
  }

  /** What a click means: null, it chooses nothing and the picture is to be opened. */
  click(order: readonly string[], id: string, keys: Keys): boolean | null {
    if (keys.shiftKey) return this.extend(order, id);
    if (keys.ctrlKey || keys.metaKey || !this.isEmpty) return this.toggle(id);
    return null;
  }

  all(order: readonly string[]): boolean {
    return this.#add(order);
  }

  clear(): void {
    this.ids.clear();
    this.#anchor = "";
  }

  /** Forgets what is not shown any more. */
  keep(order: readonly string[]): void {
    const shown = new Set(order);
    for (const id of [...this.ids]) if (!shown.has(id)) this.ids.delete(id);
  }

  /** In the order shown: pictures are counted so when they are renamed. */
  inOrder(order: readonly string[]): string[] {
    return order.filter((id) => this.ids.has(id));
  }

  #add(ids: readonly string[]): boolean {
    for (const id of ids) {
      if (this.ids.size >= MOST_SELECTED && !this.ids.has(id)) return false;
      this.ids.add(id);
    }
    return true;
  }
}

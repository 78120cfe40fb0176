/** A connection read page by page: what is there stays on the screen while more, or newer, is on its way. */

export interface ReadPage<T> {
  nodes: readonly T[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
  totalCount: number;
}

export type Read<T> = (first: number, after: string | null, signal: AbortSignal) => Promise<ReadPage<T>>;

/** The most nodes asked for at once when refreshing what is shown. */
const MOST_AT_ONCE = 100;

export class Paged<T extends { id: string }> {
  nodes = $state.raw<readonly T[]>([]);
  total = $state(0);
  phase = $state<"loading" | "ready" | "failed">("loading");
  failure = $state.raw<unknown>(null);
  isReadingMore = $state(false);
  hasMore = $state(false);

  #read: Read<T>;
  #first: number;
  #end: string | null = null;
  #running: AbortController | null = null;

  constructor(read: Read<T>, first = 48) {
    this.#read = read;
    this.#first = first;
  }

  /** Asks something else: what was shown is kept dimmed until the answer comes, unless `clear`. */
  async restart(read: Read<T>, clear = false): Promise<void> {
    this.#read = read;
    if (clear) {
      this.nodes = [];
      this.total = 0;
    }
    this.phase = "loading";
    await this.#fetchTop(this.#first);
  }

  /** Reads what is shown anew, quietly. */
  async refresh(): Promise<void> {
    await this.#fetchTop(Math.min(MOST_AT_ONCE, Math.max(this.#first, this.nodes.length)));
  }

  async more(): Promise<void> {
    if (!this.hasMore || this.isReadingMore || this.phase !== "ready") return;
    const { signal } = this.#begin();
    this.isReadingMore = true;
    try {
      const page = await this.#read(this.#first, this.#end, signal);
      if (signal.aborted) return;
      const known = new Set(this.nodes.map((node) => node.id));
      this.nodes = [...this.nodes, ...page.nodes.filter((node) => !known.has(node.id))];
      this.#note(page);
      this.failure = null;
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    } finally {
      if (!signal.aborted) this.isReadingMore = false;
    }
  }

  /** Puts `node` in the place of the one with its id. */
  replace(node: T): void {
    this.nodes = this.nodes.map((shown) => (shown.id === node.id ? node : shown));
  }

  prepend(node: T): void {
    if (this.nodes.some((shown) => shown.id === node.id)) return this.replace(node);
    this.nodes = [node, ...this.nodes];
    this.total += 1;
  }

  remove(ids: readonly string[]): void {
    const kept = this.nodes.filter((node) => !ids.includes(node.id));
    this.total = Math.max(0, this.total - (this.nodes.length - kept.length));
    this.nodes = kept;
  }

  stop(): void {
    this.#running?.abort();
  }

  async #fetchTop(first: number): Promise<void> {
    const { signal } = this.#begin();
    this.isReadingMore = false;
    try {
      const page = await this.#read(first, null, signal);
      if (signal.aborted) return;
      this.nodes = page.nodes;
      this.#note(page);
      this.failure = null;
      this.phase = "ready";
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
      if (this.phase === "loading") this.phase = "failed";
    }
  }

  #begin(): AbortController {
    this.#running?.abort();
    this.#running = new AbortController();
    return this.#running;
  }

  #note(page: ReadPage<T>): void {
    this.#end = page.pageInfo.endCursor ?? null;
    this.hasMore = page.pageInfo.hasNextPage;
    this.total = page.totalCount;
  }
}

/** Calls `refresh` when the person comes back to the window, at most every few seconds. Returns what ends it. */
export function onReturn(refresh: () => void, restMs = 3_000): () => void {
  let last = Date.now();
  const look = () => {
    if (document.visibilityState !== "visible" || Date.now() - last < restMs) return;
    last = Date.now();
    refresh();
  };
  addEventListener("focus", look);
  addEventListener("online", look);
  document.addEventListener("visibilitychange", look);
  return () => {
    removeEventListener("focus", look);
    removeEventListener("online", look);
    document.removeEventListener("visibilitychange", look);
  };
}

export interface Nearby {
  more: () => void;
  /** How much is shown: when it grows and the node is still near, `more` is called again. */
  count: number;
}

/** Svelte action: calls `more` whenever the node comes near the window. */
export function nearby(
  node: HTMLElement,
  wish: Nearby,
): { update: (next: Nearby) => void; destroy: () => void } {
  let { more } = wish;
  const watcher = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) more();
    },
    { rootMargin: "800px" },
  );
  watcher.observe(node);
  return {
    update: (next) => {
      more = next.more;
      watcher.unobserve(node);
      watcher.observe(node);
    },
    destroy: () => watcher.disconnect(),
  };
}

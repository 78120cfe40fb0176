/** The atlas of an open board: read beside its items, and again when the server has made it anew. */
import { AtlasPagesDocument, BoardAtlasDocument } from "$generated/graphql";
import type { Atlas, AtlasFacts } from "../canvas/atlas";
import { request } from "../graphql/client";
import { atlasOf } from "./wire";

/** The server makes it some seconds after a board came to rest, of a busy one after a minute. */
const LOOKS_MS = [12_000, 45_000, 120_000, 600_000];
const MISSED_MS = 10_000;
/** Boards of fewer pictures have none. */
const FEWEST = 64;

export interface Asking {
  whole(boardId: string): Promise<Atlas | null>;
  /** Only where its pages are, which says whether they are others: a small answer. */
  addresses(boardId: string): Promise<readonly string[]>;
}

export class Atlases {
  /** Undefined: not read yet. */
  now: Atlas | null | undefined;
  private stage = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private missedAt = Number.NEGATIVE_INFINITY;
  private isClosed = false;

  /** `shown`: the pictures of the board, each once. */
  constructor(
    private readonly boardId: string,
    private readonly shown: () => ReadonlySet<string>,
    private readonly changed: () => void,
    private readonly ask: Asking = SERVER,
  ) {}

  /** What this browser kept is good until the server has answered. */
  recall(facts: AtlasFacts | null): void {
    if (this.now === undefined && facts) this.now = atlasOf(facts);
  }

  /** Without it pictures are shown from their own files: nothing to tell anybody. */
  async read(): Promise<void> {
    const found = await this.ask.whole(this.boardId).catch(() => this.now ?? null);
    if (this.isClosed) return;
    this.now = found;
    this.changed();
    this.grown();
  }

  /** Pictures came: after a while they are on it. */
  grown(): void {
    if (this.isClosed || (this.timer && this.stage === 0)) return;
    this.stage = 0;
    this.wait();
  }

  /** A page of it could not be had: it was replaced, or the server is away. */
  missed(): void {
    if (Date.now() - this.missedAt < MISSED_MS) return;
    this.missedAt = Date.now();
    void this.look();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.isBehind) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.stage = Math.min(this.stage + 1, LOOKS_MS.length - 1);
      void this.look().then(() => this.timer ?? this.wait());
    }, LOOKS_MS[this.stage]);
  }

  private get isBehind(): boolean {
    const shown = this.shown();
    return !this.isClosed && shown.size >= FEWEST && [...shown].some((id) => !this.now?.has(id));
  }

  private async look(): Promise<void> {
    const known = this.now?.addresses.join() ?? "";
    const addresses = await this.ask.addresses(this.boardId).catch(() => null);
    if (addresses && addresses.join() !== known && !this.isClosed) {
      const found = await this.ask.whole(this.boardId).catch(() => null);
      if (!found || this.isClosed) return;
      this.now = found;
      this.changed();
    }
  }
}

const SERVER: Asking = {
  whole: async (id) => {
    const { board } = await request(BoardAtlasDocument, { id });
    return board?.atlas ? atlasOf(board.atlas) : null;
  },
  addresses: async (id) => {
    const { board } = await request(AtlasPagesDocument, { id });
    return board?.atlas?.pages.map(({ url }) => url) ?? [];
  },
};

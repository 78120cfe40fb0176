/** The reading of what is said on a board, beside its items: tried again a few times, then said to have failed. */
import { RequestFailed } from "../graphql/failure";
import type { Talk } from "./comments";
import { readTalk } from "./readTalk";

const AGAIN_MS = [2_000, 6_000, 15_000];

export class Talking {
  /** Why the comments are not here, once nothing goes on by itself. */
  failure = $state.raw<unknown>(null);
  isReading = $state(false);

  private isClosed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly boardId: string,
    private readonly talk: Talk,
    private readonly ask: typeof readTalk = readTalk,
  ) {}

  /** From the beginning of its patience. */
  async read(attempt = 0): Promise<void> {
    if (this.isClosed) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (attempt === 0 && this.isReading) return;
    this.isReading = true;
    try {
      const { comments, seq } = await this.ask(this.boardId);
      this.talk.reset(comments, seq);
      this.failure = null;
      this.isReading = false;
    } catch (error) {
      const wait = AGAIN_MS[attempt];
      const isPassing = error instanceof RequestFailed && error.isPassing;
      if (isPassing && wait !== undefined) {
        this.timer = setTimeout(() => void this.read(attempt + 1), wait);
        return;
      }
      this.isReading = false;
      this.failure = error;
    }
  }

  /** The server is back: what failed or waits for its absence is tried anew. */
  nudge(): void {
    if (this.failure === null && !this.timer) return;
    this.isReading = false;
    void this.read();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }
}

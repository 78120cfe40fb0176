/** One board as this browser keeps it: recalled before the server has answered, kept anew while one works on it. */
import { keepBoard, recallBoard, type KeptBoard } from "./boards";

/** A board that is worked on is kept anew so often, a large one less: writing it takes its time. */
const KEEP_MS = 8_000;
const KEEP_MS_AN_ITEM = 5;

export type Copy = Omit<KeptBoard, "key" | "at">;

export class Keepsake {
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `copy`: null while there is nothing that would be worth keeping. */
  constructor(
    private readonly key: string,
    private readonly copy: () => Copy | null,
  ) {}

  recall(): Promise<KeptBoard | null> {
    return recallBoard(this.key);
  }

  soon(items: number): void {
    this.timer ??= setTimeout(
      () => {
        if (typeof requestIdleCallback === "function")
          requestIdleCallback(() => this.now(), { timeout: 2_000 });
        else this.now();
      },
      KEEP_MS + KEEP_MS_AN_ITEM * items,
    );
  }

  now(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const copy = this.copy();
    if (copy) void keepBoard({ ...copy, key: this.key });
  }

  close(): void {
    if (this.timer) this.now();
  }
}

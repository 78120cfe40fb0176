/** The gaze: says which unfinished pictures somebody has before their eyes, so that they are made first. */
import { LookAtImagesDocument } from "$generated/graphql";
import { request } from "../graphql/client";

const QUIET_MS = 300;
const AGAIN_MS = 8_000;
const MOST_AT_ONCE = 200;

export class Gaze {
  private seen: ReadonlySet<string> = new Set();
  private readonly toldAt = new Map<string, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (ids: string[]) => Promise<unknown>) {}

  /** What is before the eyes from now on; told once the view rests, and again while it is still unfinished. */
  rest(unfinished: ReadonlySet<string>): void {
    this.seen = unfinished;
    if (unfinished.size === 0) this.close();
    else this.timer ??= setTimeout(() => void this.say(), QUIET_MS);
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async say(): Promise<void> {
    const now = Date.now();
    const due = [...this.seen].filter((id) => now - (this.toldAt.get(id) ?? -AGAIN_MS) >= AGAIN_MS);
    const ids = due.slice(0, MOST_AT_ONCE);
    for (const id of ids) this.toldAt.set(id, now);
    try {
      if (ids.length) await this.tell(ids);
    } catch {
      // It would only have been sooner: what was not told is made in its turn.
    } finally {
      this.timer = undefined;
      if (due.length > ids.length) this.rest(this.seen);
    }
  }
}

export function lookingGaze(): Gaze {
  return new Gaze((ids) => request(LookAtImagesDocument, { input: { ids } }));
}

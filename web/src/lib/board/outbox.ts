/** What was done and is not yet acknowledged: sent one after the other, each with one id for all its attempts. */
import { RequestFailed } from "../graphql/failure";

export interface Errand {
  readonly mutationId: string;
  /** In words, for the list of what waits: "Move 3 items". */
  readonly label: string;
  send(): Promise<void>;
  /** The server refused for good. */
  refused(error: RequestFailed): void;
}

const LONGEST_WAIT_MS = 8_000;

export class Outbox {
  private readonly queue: Errand[] = [];
  private running = false;
  private sending: Errand | null = null;
  private failures = 0;
  private wake: (() => void) | null = null;
  private closed = false;
  private drainers: (() => void)[] = [];

  constructor(private readonly onChange: (waiting: number, stalled: boolean) => void) {}

  get waiting(): number {
    return this.queue.length;
  }

  /** What waits, in words, the next one first. */
  get labels(): readonly string[] {
    return this.queue.map(({ label }) => label);
  }

  add(errand: Errand): void {
    this.queue.push(errand);
    this.report();
    void this.run();
  }

  /** Takes out what was never on its way; of anything else only the server knows whether it was done. */
  withdraw(mutationId: string): boolean {
    const at = this.queue.findIndex((errand) => errand.mutationId === mutationId);
    if (at < 0 || this.queue[at] === this.sending) return false;
    this.queue.splice(at, 1);
    this.report();
    return true;
  }

  /** Resolves when nothing waits any more (or the outbox closes). */
  drained(): Promise<void> {
    if (!this.queue.length || this.closed) return Promise.resolve();
    return new Promise((resolve) => this.drainers.push(resolve));
  }

  /** The line is back: do not wait out the pause. */
  nudge(): void {
    this.wake?.();
  }

  close(): void {
    this.closed = true;
    this.wake?.();
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    while (this.queue.length && !this.closed) {
      const errand = (this.sending = this.queue[0]!);
      try {
        await errand.send();
        this.failures = 0;
        this.sending = null;
        this.queue.shift();
      } catch (error) {
        const failure = error instanceof RequestFailed ? error : new RequestFailed("INTERNAL", String(error));
        // An ended session keeps the work: it goes out after signing in again, under the same id.
        if (failure.code === "UNAUTHENTICATED" || (failure.isPassing && !this.isHopeless(failure))) {
          this.failures += 1;
          this.report();
          await this.pause();
          continue;
        }
        this.failures = 0;
        this.sending = null;
        this.queue.shift();
        errand.refused(failure);
      }
      this.report();
    }
    this.running = false;
    for (const resolve of this.drainers.splice(0)) resolve();
  }

  /** A fault inside the server that repeats belongs to this errand and must not hold up the others for ever. */
  private isHopeless(failure: RequestFailed): boolean {
    return failure.code === "INTERNAL" && this.failures >= 4;
  }

  private pause(): Promise<void> {
    const ms = Math.min(LONGEST_WAIT_MS, 300 * 2 ** Math.min(this.failures, 6));
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const wake = () => done();
      this.wake = wake;
      addEventListener("online", wake);
      const self = this;
      function done() {
        clearTimeout(timer);
        removeEventListener("online", wake);
        self.wake = null;
        resolve();
      }
    });
  }

  private report(): void {
    this.onChange(this.queue.length, this.failures > 0);
  }
}

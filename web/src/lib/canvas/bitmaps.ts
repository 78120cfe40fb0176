/** The pool of decoded pictures: fetched in the order of need, kept by bytes, the longest unseen let go first. */
import type { DecodeAnswer, DecodeRequest } from "./decode.worker";
import type { Tone } from "./looks";

interface Resident {
  readonly bitmap: ImageBitmap;
  readonly bytes: number;
  frame: number;
}

interface Wish {
  readonly key: string;
  readonly source: string | Blob;
  readonly tone: Tone | null;
  readonly mostPixels: number;
}

const IN_FLIGHT = 6;
const RETRY_MS = 4_000;

export class Bitmaps {
  /** For tests and for the curious: what the pool did. */
  readonly counters = { asked: 0, decoded: 0, failed: 0, dropped: 0 };

  /** Is told of what could not be had. */
  failed: (key: string) => void = () => undefined;

  private readonly residents = new Map<string, Resident>();
  private readonly flying = new Set<string>();
  private readonly failedAt = new Map<string, number>();
  private readonly wishes = new Map<string, Wish>();
  private readonly patient = new Map<string, Wish>();
  private bytes = 0;
  private frame = 0;
  private readonly worker: Worker;

  constructor(
    private readonly budgetBytes: number,
    private readonly onArrival: () => void,
  ) {
    this.worker = new Worker(new URL("./decode.worker.ts", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", (event: MessageEvent<DecodeAnswer>) => this.take(event.data));
  }

  /** A new frame begins: wishes of the last one that are not under way are forgotten. */
  begin(): void {
    this.frame += 1;
    this.wishes.clear();
    this.patient.clear();
  }

  find(key: string): ImageBitmap | null {
    const resident = this.residents.get(key);
    if (!resident) return null;
    resident.frame = this.frame;
    return resident.bitmap;
  }

  /** waits: until nothing else is wanted. Returns whether it is here or will be; not what failed a moment ago. */
  want(key: string, source: string | Blob, tone: Tone | null, mostPixels = 0, waits = false): boolean {
    if (this.residents.has(key) || this.flying.has(key)) return true;
    const failed = this.failedAt.get(key);
    if (failed !== undefined && Date.now() - failed < RETRY_MS) return false;
    (waits ? this.patient : this.wishes).set(key, { key, source, tone, mostPixels });
    return true;
  }

  /** The frame is painted: fetch what it lacked. */
  end(): void {
    for (const wish of (this.wishes.size ? this.wishes : this.patient).values()) {
      if (this.flying.size >= IN_FLIGHT) break;
      if (this.flying.has(wish.key)) continue;
      this.flying.add(wish.key);
      this.counters.asked += 1;
      this.worker.postMessage(wish satisfies DecodeRequest);
    }
  }

  get isBusy(): boolean {
    return this.flying.size > 0;
  }

  close(): void {
    this.worker.terminate();
    for (const { bitmap } of this.residents.values()) bitmap.close();
    this.residents.clear();
  }

  private take(answer: DecodeAnswer): void {
    this.flying.delete(answer.key);
    if ("bitmap" in answer) {
      const { bitmap } = answer;
      const bytes = bitmap.width * bitmap.height * 4;
      this.residents.set(answer.key, { bitmap, bytes, frame: this.frame });
      this.failedAt.delete(answer.key);
      this.bytes += bytes;
      this.counters.decoded += 1;
      this.evict();
    } else {
      this.failedAt.set(answer.key, Date.now());
      this.counters.failed += 1;
      this.failed(answer.key);
      setTimeout(this.onArrival, RETRY_MS + 50);
    }
    this.onArrival();
  }

  private evict(): void {
    if (this.bytes <= this.budgetBytes) return;
    const byAge = [...this.residents].sort(([, a], [, b]) => a.frame - b.frame);
    for (const [key, resident] of byAge) {
      if (this.bytes <= this.budgetBytes || resident.frame >= this.frame) break;
      this.residents.delete(key);
      this.bytes -= resident.bytes;
      resident.bitmap.close();
      this.counters.dropped += 1;
    }
  }
}

/** Files on their way to a board, kept so that a later page goes on with them and lays them where they were dropped. */
import { forget, isSame, keep, takeOver, type KeptUpload } from "../upload/kept";
import type { Upload, Uploads } from "../upload/uploads";
import type { Arrivals } from "./arrivals";
import type { Item } from "./operations";
import type { Store } from "./store";

export class Keeping {
  /** Files of an earlier page whose bytes the browser could not keep: they have to be chosen again. */
  missing = $state.raw<readonly KeptUpload<Item>[]>([]);
  private running = 0;

  constructor(
    private readonly queue: string,
    private readonly store: Store,
    private readonly arrivals: Arrivals,
    private readonly uploads: Uploads,
  ) {}

  /** Some files are not kept yet. */
  get isBusy(): boolean {
    return this.running > 0;
  }

  async keepAll(uploads: readonly Upload[]): Promise<void> {
    this.running += 1;
    for (const upload of uploads) {
      const place = this.arrivals.ghosts.get(upload.imageId);
      if (!place) continue;
      const { imageId, batchId, address, file, from } = upload;
      await keep({ imageId, queue: this.queue, batchId, address, place, file, from });
      // What happened to it meanwhile happened to nothing.
      if (this.store.isConfirmed(place.id) || upload.state === "cancelled" || upload.isFinal)
        await forget([imageId]);
    }
    this.running -= 1;
  }

  /** Goes on with what a page began that is no more. */
  async goOn(): Promise<void> {
    const kept = await takeOver<Item>(this.queue);
    const open = kept.filter(({ place }) => !this.store.has(place.id));
    void forget(kept.filter((one) => !open.includes(one)).map(({ imageId }) => imageId));
    this.arrivals.restore(open);
    this.uploads.add(open.flatMap((one) => (one.file ? [{ ...one, file: one.file }] : [])));
    this.missing = [...this.missing, ...open.filter((one) => !one.file)];
  }

  /** Those of the files that are not among the missing, which go on where they were. */
  matched(files: readonly File[]): readonly File[] {
    const found = new Map<KeptUpload<Item>, File>();
    const fresh = files.filter((file) => {
      const kept = this.missing.find((one) => !found.has(one) && isSame(one, file));
      if (kept) found.set(kept, file);
      return !kept;
    });
    this.missing = this.missing.filter((one) => !found.has(one));
    this.uploads.add([...found].map(([one, file]) => ({ ...one, file })));
    return fresh;
  }

  /** Gives up what would have to be chosen again. */
  leaveMissing(): void {
    for (const kept of this.missing) this.arrivals.forget(kept);
    void forget(this.missing.map((kept) => kept.imageId));
    this.missing = [];
  }
}

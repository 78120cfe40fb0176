/** Pictures on their way into the library, as the page shows them: totals while they go, reasons where they do not. */
import { forget, isSame, keep, keepAddress, takeOver, type KeptUpload } from "../upload/kept";
import { nameOfAddress, type WebSource } from "../upload/fromWeb";
import { Uploads, type Totals, type Upload } from "../upload/uploads";
import { newId } from "../uuid";

const NOTHING: Totals = { count: 0, done: 0, failed: 0, active: 0, bytes: 0, sentBytes: 0 };
/** How often the list is read again while many arrive. */
const REST_MS = 400;

export class Intake {
  totals = $state.raw<Totals>(NOTHING);
  failed = $state.raw<readonly { name: string; reason: string; upload: Upload }[]>([]);
  /** Files that were dropped and are no pictures. */
  passedOver = $state(0);
  /** Files of an earlier page whose bytes the browser could not keep: they have to be chosen again. */
  missing = $state.raw<readonly KeptUpload<null>[]>([]);
  #queue: string;
  #uploads: Uploads;
  #told: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `arrived` is told, at most every `REST_MS`, that there is more to see. */
  constructor(url: string, accountId: string, arrived: () => void) {
    this.#told = arrived;
    this.#queue = `${accountId}/library`;
    this.#uploads = new Uploads(url, {
      changed: () => this.#read(),
      arrived: (upload) => {
        void forget([upload.imageId]);
        this.#tellSoon();
      },
      gaveUp: (upload) => {
        if (upload.state === "cancelled" || upload.isFinal) void forget([upload.imageId]);
        this.#read();
      },
      resumed: () => this.#read(),
      placed: (upload) => void keepAddress(upload.imageId, upload.address),
    });
    void this.#goOn();
  }

  get isBusy(): boolean {
    return this.totals.done + this.totals.failed < this.totals.count;
  }

  add(files: readonly File[]): void {
    if (!this.isBusy) this.clear();
    const found = new Map<KeptUpload<null>, File>();
    const fresh = files.filter((file) => {
      const kept = this.missing.find((one) => !found.has(one) && isSame(one, file));
      if (kept) found.set(kept, file);
      return !kept;
    });
    this.missing = this.missing.filter((one) => !found.has(one));
    const begin = this.#uploads.list.length;
    const again = [...found].map(([one, file]) => ({ ...one, file }));
    this.#uploads.add([...again, ...fresh.map((file) => ({ imageId: newId(), file }))]);
    void this.#keepAll(this.#uploads.list.slice(begin + again.length));
  }

  /** Pictures that the server fetches from the web. */
  addFromWeb(sources: readonly WebSource[]): void {
    if (!this.isBusy) this.clear();
    const begin = this.#uploads.list.length;
    this.#uploads.add(
      sources.map((from) => ({ imageId: newId(), file: new File([], nameOfAddress(from.url)), from })),
    );
    void this.#keepAll(this.#uploads.list.slice(begin));
  }

  leaveMissing(): void {
    void forget(this.missing.map((kept) => kept.imageId));
    this.missing = [];
  }

  /** Goes on with what a page began that is no more. */
  async #goOn(): Promise<void> {
    const kept = await takeOver<null>(this.#queue);
    this.#uploads.add(kept.flatMap((one) => (one.file ? [{ ...one, file: one.file }] : [])));
    this.missing = kept.filter((one) => !one.file);
  }

  async #keepAll(uploads: readonly Upload[]): Promise<void> {
    for (const upload of uploads) {
      const { imageId, batchId, address, file, from } = upload;
      if (isSettled(upload)) continue;
      await keep({ imageId, queue: this.#queue, batchId, address, place: null, file, from });
      if (isSettled(upload)) await forget([imageId]);
    }
  }

  /** Those that may arrive when sent again. */
  get retriable(): Upload[] {
    return this.failed.map(({ upload }) => upload).filter((upload) => !upload.isFinal);
  }

  retry(): void {
    this.#uploads.retry(this.retriable);
  }

  cancel(): void {
    this.#uploads.cancel();
  }

  clear(): void {
    this.passedOver = 0;
    void forget(this.failed.map(({ upload }) => upload.imageId));
    this.#uploads.clear();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#uploads.close();
  }

  #read(): void {
    this.totals = this.#uploads.totals;
    this.failed = this.#uploads.list
      .filter((upload) => upload.state === "failed")
      .map((upload) => ({ name: upload.file.name, reason: upload.reason, upload }));
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#told();
    }, REST_MS);
  }
}

function isSettled(upload: Upload): boolean {
  return upload.state === "done" || upload.state === "cancelled" || upload.isFinal;
}

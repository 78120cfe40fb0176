/** Pictures on their way into the library, as the page shows them: totals while they go, reasons where they do not. */
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
  #uploads: Uploads;
  #told: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `arrived` is told, at most every `REST_MS`, that there is more to see. */
  constructor(url: string, arrived: () => void) {
    this.#told = arrived;
    this.#uploads = new Uploads(url, {
      changed: () => this.#read(),
      arrived: () => this.#tellSoon(),
      gaveUp: () => this.#read(),
      resumed: () => this.#read(),
    });
  }

  get isBusy(): boolean {
    return this.totals.done + this.totals.failed < this.totals.count;
  }

  add(files: readonly File[]): void {
    if (!this.isBusy) this.clear();
    this.#uploads.add(files.map((file) => ({ imageId: newId(), file })));
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

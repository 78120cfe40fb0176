/** Pictures on their way into the library, as the page shows them: totals while they go, reasons where they do not. */
import { forget, isSame, keep, keepAddress, takeOver, type KeptUpload } from "../upload/kept";
import { nameOfAddress, type WebSource } from "../upload/fromWeb";
import { NO_ROWS, Uploads, rowsOf, type Rows, type Totals, type Upload } from "../upload/uploads";
import { senderBy } from "../upload/direct";
import { newId } from "../uuid";

const NOTHING: Totals = { count: 0, done: 0, failed: 0, active: 0, bytes: 0, sentBytes: 0 };
/** How often the list is read again while many arrive. */
const REST_MS = 400;
/** Progress arrives far more often than a person can read it. */
const TICK_MS = 80;

export interface IntakeRules {
  readonly url: string;
  readonly directUrl: string | null;
  readonly maxBatchBytes: number;
}

export class Intake {
  totals = $state.raw<Totals>(NOTHING);
  rows = $state.raw<Rows>(NO_ROWS);
  /** Files that were dropped and are no pictures. */
  passedOver = $state(0);
  /** Files of an earlier page whose bytes the browser could not keep: they have to be chosen again. */
  missing = $state.raw<readonly KeptUpload<null>[]>([]);
  /** Is told, at most every `REST_MS`, that there is more to see. */
  arrived: () => void = () => undefined;
  #queue: string;
  #uploads: Uploads;
  #keeping = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setTimeout> | undefined;

  constructor(rules: IntakeRules, accountId: string) {
    this.#queue = `${accountId}/library`;
    const landed = (upload: Upload) => {
      void forget([upload.imageId]);
      this.#tellSoon();
    };
    this.#uploads = new Uploads(
      rules.url,
      {
        changed: () => this.#readSoon(),
        arrived: landed,
        unpacked: landed,
        gaveUp: (upload) => {
          if (upload.state === "cancelled" || upload.isFinal) void forget([upload.imageId]);
        },
        resumed: () => undefined,
        placed: (upload) => void keepAddress(upload.imageId, upload.address),
      },
      rules.maxBatchBytes,
      senderBy(rules.directUrl),
    );
    void this.#goOn();
  }

  get isBusy(): boolean {
    return this.#uploads.isBusy;
  }

  /** Something would be lost if the page were closed now: files that are kept are not. */
  get wouldLose(): boolean {
    return this.#keeping > 0;
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

  retry(uploads: readonly Upload[]): void {
    this.#uploads.retry(uploads);
  }

  cancel(uploads?: readonly Upload[]): void {
    this.#uploads.cancel(uploads);
  }

  /** Forgets some that did not arrive. */
  leaveOut(uploads: readonly Upload[]): void {
    void forget(uploads.filter(({ state }) => state === "failed").map(({ imageId }) => imageId));
    this.#uploads.leaveOut(uploads);
    this.#read();
  }

  clear(): void {
    this.passedOver = 0;
    this.leaveOut(this.#uploads.list);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#tick);
    this.#uploads.close();
  }

  /** Goes on with what a page began that is no more. */
  async #goOn(): Promise<void> {
    const kept = await takeOver<null>(this.#queue);
    this.#uploads.add(kept.flatMap((one) => (one.file ? [{ ...one, file: one.file }] : [])));
    this.missing = [...this.missing, ...kept.filter((one) => !one.file)];
  }

  async #keepAll(uploads: readonly Upload[]): Promise<void> {
    this.#keeping += 1;
    for (const upload of uploads) {
      const { imageId, batchId, address, file, from } = upload;
      if (isSettled(upload)) continue;
      await keep({ imageId, queue: this.#queue, batchId, address, place: null, file, from });
      if (isSettled(upload)) await forget([imageId]);
    }
    this.#keeping -= 1;
  }

  #readSoon(): void {
    this.#tick ??= setTimeout(() => this.#read(), TICK_MS);
  }

  #read(): void {
    clearTimeout(this.#tick);
    this.#tick = undefined;
    this.totals = this.#uploads.totals;
    this.rows = rowsOf(this.#uploads.list);
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.arrived();
    }, REST_MS);
  }
}

function isSettled(upload: Upload): boolean {
  return upload.state === "done" || upload.state === "cancelled" || upload.isFinal;
}

let open: { accountId: string; intake: Intake } | null = null;

/** One per person, kept while the app is open: files go on while other pages are looked at. */
export function intakeOf(accountId: string, rules: IntakeRules): Intake {
  if (open?.accountId === accountId) return open.intake;
  open?.intake.close();
  open = { accountId, intake: new Intake(rules, accountId) };
  return open.intake;
}

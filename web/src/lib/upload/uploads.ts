/** Everything on its way up: a few files at a time, retried when the line breaks, with the progress of the whole. */
import { RequestFailed, inWords } from "../graphql/failure";
import { renewAccess } from "../graphql/session";
import { newId } from "../uuid";
import type { WebSource } from "./fromWeb";
import { send, type Parcel, type Transfer, type TransferListener, type UploadedImage } from "./transfer";

export type UploadState = "waiting" | "sending" | "done" | "failed" | "cancelled";

export interface Upload {
  readonly imageId: string;
  readonly file: File;
  batchId: string;
  /** Where the server keeps what has come of it; empty before it has a place there. */
  address: string;
  /** The server fetches it from there; the file is empty. */
  readonly from?: WebSource | undefined;
  state: UploadState;
  sentBytes: number;
  /** Why it failed, in words; empty otherwise. */
  reason: string;
  /** Refused for what it is: sending the same bytes again changes nothing. */
  isFinal: boolean;
}

export interface Totals {
  readonly count: number;
  readonly done: number;
  readonly failed: number;
  readonly active: number;
  readonly bytes: number;
  readonly sentBytes: number;
}

export interface UploadListener {
  /** Something moved; totals and list may be read again. */
  changed(): void;
  arrived(upload: Upload, image: UploadedImage): void;
  /** It will not arrive, unless it is retried. */
  gaveUp(upload: Upload): void;
  /** A retry begins. */
  resumed(upload: Upload): void;
  /** The server has a place for it now, from where it can be gone on with. */
  placed?(upload: Upload): void;
}

/** What is to be sent; what was begun on another page has its address already. */
export interface ToSend {
  readonly imageId: string;
  readonly file: File;
  readonly batchId?: string;
  readonly address?: string;
  readonly from?: WebSource | undefined;
}

export type Send = (url: string, parcel: Parcel, listener: TransferListener) => Transfer;

const PARALLEL = 4;
const ATTEMPTS = 6;
const LONGEST_WAIT_MS = 10_000;

export class Uploads {
  readonly list: Upload[] = [];
  private readonly transfers = new Map<Upload, Transfer>();
  private active = 0;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly listener: UploadListener,
    private readonly sender: Send = send,
  ) {}

  /** Those without a batch share `batchId`. */
  add(files: readonly ToSend[], batchId = newId()): void {
    for (const { imageId, file, address = "", from, ...begun } of files) {
      const standing = { state: "waiting", sentBytes: 0, reason: "", isFinal: false } as const;
      this.list.push({ imageId, file, address, from, batchId: begun.batchId ?? batchId, ...standing });
    }
    this.listener.changed();
    this.pump();
  }

  retry(uploads: readonly Upload[]): void {
    const batchId = newId();
    for (const upload of uploads) {
      const isCancelled = upload.state === "cancelled";
      if (upload.state !== "failed" && !isCancelled) continue;
      Object.assign(upload, { state: "waiting", sentBytes: 0, reason: "", isFinal: false, batchId });
      if (isCancelled) upload.address = "";
      this.listener.resumed(upload);
    }
    this.listener.changed();
    this.pump();
  }

  /** Stops what has not arrived yet. */
  cancel(uploads: readonly Upload[] = this.list): void {
    for (const upload of uploads) {
      if (upload.state === "waiting") this.settle(upload, "cancelled", "Cancelled");
      else if (upload.state === "sending") this.transfers.get(upload)?.cancel(true);
    }
  }

  /** Forgets what is settled, for a clean panel. */
  clear(): void {
    const rest = this.list.filter((upload) => upload.state === "waiting" || upload.state === "sending");
    this.list.splice(0, this.list.length, ...rest);
    this.listener.changed();
  }

  close(): void {
    this.closed = true;
    for (const transfer of this.transfers.values()) transfer.cancel(false);
  }

  get isBusy(): boolean {
    return this.list.some((upload) => upload.state === "waiting" || upload.state === "sending");
  }

  get totals(): Totals {
    const totals = { count: 0, done: 0, failed: 0, active: this.active, bytes: 0, sentBytes: 0 };
    for (const upload of this.list) {
      if (upload.state === "cancelled") continue;
      totals.count += 1;
      totals.bytes += upload.file.size;
      if (upload.state === "done") totals.done += 1;
      if (upload.state === "failed") totals.failed += 1;
      totals.sentBytes +=
        upload.state === "done" ? upload.file.size : Math.min(upload.sentBytes, upload.file.size);
    }
    return totals;
  }

  private pump(): void {
    while (this.active < PARALLEL && !this.closed) {
      const next = this.list.find((upload) => upload.state === "waiting");
      if (!next) return;
      this.active += 1;
      next.state = "sending";
      void this.carry(next).finally(() => {
        this.active -= 1;
        this.listener.changed();
        this.pump();
      });
    }
  }

  private async carry(upload: Upload): Promise<void> {
    let furthest = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        const transfer = this.sender(this.url, upload, {
          progress: (bytes) => {
            upload.sentBytes = bytes;
            this.listener.changed();
          },
          placed: (address) => {
            upload.address = address;
            this.listener.placed?.(upload);
          },
        });
        this.transfers.set(upload, transfer);
        const image = await transfer.done;
        upload.state = "done";
        this.listener.arrived(upload, image);
        return;
      } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") {
          if (!this.closed) this.settle(upload, "cancelled", "Cancelled");
          return;
        }
        if (upload.sentBytes > furthest) {
          // It got further than ever before: a bad line, not a hopeless one.
          furthest = upload.sentBytes;
          attempt = 1;
        }
        if (!(await this.mayTryAgain(error, attempt))) {
          this.settle(upload, "failed", inWords(error), isFinal(error));
          return;
        }
      } finally {
        this.transfers.delete(upload);
      }
    }
  }

  private async mayTryAgain(error: unknown, attempt: number): Promise<boolean> {
    if (!(error instanceof RequestFailed) || this.closed || attempt >= ATTEMPTS) return false;
    if (error.code === "UNAUTHENTICATED") return attempt <= 2 && renewAccess().catch(() => false);
    if (isHurried(error)) return attempt <= 2;
    // A full disk does not empty itself within seconds: say so at once and offer the retry.
    if (!error.isPassing || error.code === "STORAGE_UNAVAILABLE") return false;
    await pause(Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt));
    return !this.closed;
  }

  private settle(upload: Upload, state: "failed" | "cancelled", reason: string, isFinal = false): void {
    Object.assign(upload, { state, reason, isFinal });
    this.listener.gaveUp(upload);
    this.listener.changed();
  }
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof RequestFailed)) return false;
  return (
    error.code === "FILE_TOO_LARGE" ||
    error.code === "URL_REFUSED" ||
    (error.code === "IMAGE_REFUSED" && !isHurried(error))
  );
}

/** The picture ran out of its time: a busy machine may have been the cause, so another attempt may do better. */
function isHurried(error: RequestFailed): boolean {
  return error.code === "IMAGE_REFUSED" && error.details.reason === "TOO_EXPENSIVE";
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}

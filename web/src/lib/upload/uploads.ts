/** Everything on its way up: a few files at a time, retried when the line breaks, with the progress of the whole. */
import { RequestFailed, inWords } from "../graphql/failure";
import { renewAccess } from "../graphql/session";
import { newId } from "../uuid";
import { isArchive } from "./formats";
import type { WebSource } from "./fromWeb";
import { failureOf } from "./outcome";
import {
  send,
  type Parcel,
  type Received,
  type Transfer,
  type TransferListener,
  type UploadedImage,
} from "./transfer";

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
  /** Of an archive that is there: how far it is unpacked. */
  unpackedShare: number;
  /** Why it failed, in words; empty otherwise. */
  reason: string;
  /** Refused for what it is: sending the same bytes again changes nothing. */
  isFinal: boolean;
  /** Of an archive, the files in it that became no pictures. */
  refused: readonly Refusal[];
}

export interface Refusal {
  readonly name: string;
  readonly reason: string;
}

export interface Totals {
  readonly count: number;
  readonly done: number;
  readonly failed: number;
  readonly active: number;
  readonly bytes: number;
  readonly sentBytes: number;
}

/** What a person is shown of the files, one by one. New objects each time: the uploads are changed in place. */
export interface Rows {
  readonly sending: readonly { upload: Upload; share: number; isUnpacking: boolean }[];
  readonly waiting: readonly Upload[];
  readonly failed: readonly Upload[];
  /** Archives of which something became no picture. */
  readonly partly: readonly { upload: Upload; refused: readonly Refusal[] }[];
}

export const NO_ROWS: Rows = { sending: [], waiting: [], failed: [], partly: [] };

export function rowsOf(list: readonly Upload[]): Rows {
  const inState = (state: UploadState) => list.filter((upload) => upload.state === state);
  return {
    sending: inState("sending").map((upload) => {
      const { size } = upload.file;
      return {
        upload,
        share: size ? upload.sentBytes / size : 0,
        isUnpacking: isArchive(upload.file) && size > 0 && upload.sentBytes >= size,
      };
    }),
    waiting: inState("waiting"),
    failed: inState("failed"),
    partly: list
      .filter((upload) => upload.refused.length)
      .map((upload) => ({ upload, refused: upload.refused })),
  };
}

export interface UploadListener {
  /** Something moved; totals and list may be read again. */
  changed(): void;
  arrived(upload: Upload, image: UploadedImage): void;
  /** An archive became these pictures, one at least. */
  unpacked(upload: Upload, images: readonly UploadedImage[]): void;
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

  /** `mostBatchBytes`: what the server takes as one batch. */
  constructor(
    private readonly url: string,
    private readonly listener: UploadListener,
    private readonly mostBatchBytes = Number.MAX_SAFE_INTEGER,
    private readonly sender: Send = send,
  ) {}

  /** Those without a batch come into as few as the server allows. */
  add(files: readonly ToSend[]): void {
    const batches = batchesOf(files, this.mostBatchBytes);
    for (const [i, { imageId, file, address = "", from, batchId }] of files.entries())
      this.list.push({ imageId, file, address, from, batchId: batchId ?? batches[i]!, ...fresh() });
    this.listener.changed();
    this.pump();
  }

  retry(uploads: readonly Upload[]): void {
    const again = uploads.filter(({ state }) => state === "failed" || state === "cancelled");
    const batches = batchesOf(again, this.mostBatchBytes);
    for (const [i, upload] of again.entries()) {
      if (upload.state === "cancelled") upload.address = "";
      Object.assign(upload, fresh(), { batchId: batches[i] });
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

  /** Forgets some that will not arrive, or of which nothing more is to be said. */
  leaveOut(uploads: readonly Upload[]): void {
    const gone = new Set(uploads);
    const rest = this.list.filter((upload) => !gone.has(upload) || isOnItsWay(upload));
    this.list.splice(0, this.list.length, ...rest);
    this.listener.changed();
  }

  /** Forgets what is settled, for a clean panel. */
  clear(): void {
    this.leaveOut(this.list);
  }

  close(): void {
    this.closed = true;
    for (const transfer of this.transfers.values()) transfer.cancel(false);
  }

  get isBusy(): boolean {
    return this.list.some(isOnItsWay);
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
          unpacking: (share) => {
            upload.unpackedShare = share;
            this.listener.changed();
          },
          placed: (address) => {
            upload.address = address;
            this.listener.placed?.(upload);
          },
        });
        this.transfers.set(upload, transfer);
        this.take(upload, await transfer.done);
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

  private take(upload: Upload, received: Received): void {
    if (!isUnpacked(received)) {
      upload.state = "done";
      this.listener.arrived(upload, received);
      return;
    }
    const images = received.flatMap(({ image }) => image ?? []);
    upload.refused = received
      .filter(({ image }) => !image)
      .map(({ name, error }) => ({ name, reason: error ? inWords(failureOf(200, error)) : "It is gone." }));
    if (!images.length) {
      this.settle(upload, "failed", "Nothing in this archive could be added.", true);
      return;
    }
    upload.state = "done";
    this.listener.unpacked(upload, images);
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

function fresh() {
  return {
    state: "waiting" as const,
    sentBytes: 0,
    unpackedShare: 0,
    reason: "",
    isFinal: false,
    refused: [],
  };
}

/** Of an archive that is there. */
export function unpackingInWords({ unpackedShare }: Upload): string {
  return unpackedShare > 0 ? `${Math.floor(unpackedShare * 100)} % unpacked` : "Unpacking…";
}

function isOnItsWay({ state }: Upload): boolean {
  return state === "waiting" || state === "sending";
}

/** A batch for each file: as few as there can be in this order. The pictures of an archive have one of their own. */
export function batchesOf(files: readonly { readonly file: File }[], mostBytes: number): string[] {
  let batch = newId();
  let bytes = 0;
  return files.map(({ file }) => {
    if (isArchive(file)) return newId();
    if (bytes > 0 && bytes + file.size > mostBytes) [batch, bytes] = [newId(), 0];
    bytes += file.size;
    return batch;
  });
}

function isUnpacked(received: Received): received is Exclude<Received, UploadedImage> {
  return Array.isArray(received);
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof RequestFailed)) return false;
  return (
    error.code === "FILE_TOO_LARGE" ||
    error.code === "ARCHIVE_REFUSED" ||
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

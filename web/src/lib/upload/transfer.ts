/** One file on its way to the server by the tus protocol: progress, going on, cancelling, answers in words. */
import type { Upload as TusUpload, UploadOptions } from "tus-js-client";
import { RequestFailed } from "../graphql/failure";
import { OWN_HEADER } from "../graphql/transport";
import { fetchFromWeb, type WebSource } from "./fromWeb";
import { answerOf, failureOf, outcomeAt, receivedOf, type Answer, type ServerFault } from "./outcome";

export interface UploadedImage {
  readonly id: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly sizeBytes: number;
  readonly pages: number;
  readonly placeholder: string;
  readonly palette: readonly string[];
  readonly state: "WAITING" | "WORKING" | "READY" | "FAILED";
  readonly deduplicated: boolean;
}

/** One file of an archive: a picture, or why it is none. */
export interface Entry {
  readonly name: string;
  readonly image?: UploadedImage;
  readonly error?: ServerFault;
}

/** What a file became: a picture, or those of an archive. */
export type Received = UploadedImage | readonly Entry[];

export interface Transfer {
  readonly done: Promise<Received>;
  /** Stops. With `forgets` the server lets go of what has come; without, it can be gone on with. */
  cancel(forgets: boolean): void;
}

export interface Parcel {
  readonly imageId: string;
  readonly batchId: string;
  readonly file: File;
  /** Where the server keeps what has come of it; empty before it has a place there. */
  readonly address: string;
  /** The server fetches it from there; the file is empty. */
  readonly from?: WebSource | undefined;
}

export interface TransferListener {
  progress(bytes: number): void;
  /** All of an archive is there, and this share of it is unpacked. */
  unpacking?(share: number): void;
  /** The server has a place for it: from there it can be gone on with. */
  placed(address: string): void;
}

/** A busy server may think for a minute and a half; one that is silent for longer has lost the file. */
export const SILENCE_MS = 120_000;
/** So small that asking for a place first would cost more than sending it again. */
const AT_ONCE_BYTES = 1_000_000;

/** `imageId` makes a repeat harmless: the server gives the same answer for the same bytes. */
export function send(url: string, parcel: Parcel, listener: TransferListener): Transfer {
  if (parcel.from) return fetchFromWeb(parcel.from, parcel);
  let upload: TusUpload | null = null;
  let settle: (error: Error) => void = () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const end = () => {
    isOver = true;
    clearTimeout(timer);
  };
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      void upload?.abort(false);
      settle(new RequestFailed("NETWORK", "The server fell silent while the file was sent."));
    }, SILENCE_MS);
  };
  const done = new Promise<Received>((resolve, reject) => {
    settle = (error) => {
      end();
      reject(error);
    };
    let last: Answer = null;
    const options: UploadOptions = {
      endpoint: `${url}/tus`,
      uploadUrl: parcel.address || null,
      // Going on and trying again are decided by the queue, which also renews the session.
      retryDelays: null,
      storeFingerprintForResuming: false,
      uploadDataDuringCreation: parcel.file.size <= AT_ONCE_BYTES,
      headers: { ...OWN_HEADER, Prefer: "return=representation" },
      metadata: { filename: parcel.file.name, id: parcel.imageId, batch: parcel.batchId },
      onUploadUrlAvailable: () => listener.placed(upload?.url ?? ""),
      onProgress: (bytes) => {
        listen();
        listener.progress(bytes);
      },
      onAfterResponse: (_, response) => {
        listen();
        last = answerOf(response.getBody());
      },
      onError: (error) => {
        const response = "originalResponse" in error ? error.originalResponse : null;
        if (!response)
          settle(new RequestFailed("NETWORK", "The connection broke off while the file was sent."));
        else settle(failureOf(response.getStatus(), answerOf(response.getBody())?.error));
      },
      onSuccess: () => {
        const found = receivedOf(last);
        clearTimeout(timer);
        const tell = (share: number) => listener.unpacking?.(share);
        const asked = found
          ? Promise.resolve(found)
          : outcomeAt(upload?.url ?? parcel.address, tell, () => isOver);
        asked.then((received) => {
          if (!received) return;
          end();
          resolve(received);
        }, settle);
      },
    };
    listen();
    import("tus-js-client").then((tus) => {
      if (isOver) return;
      upload = new tus.Upload(parcel.file, options);
      upload.start();
    }, settle);
  });
  return {
    done,
    cancel: (forgets) => {
      if (isOver) return;
      settle(new DOMException("cancelled", "AbortError"));
      // Whether the server could be told does not matter: what nobody goes on with expires there.
      void upload?.abort(forgets).catch(() => undefined);
    },
  };
}

/** One file on its way to the server by the tus protocol: progress, going on, cancelling, answers in words. */
import type { Upload as TusUpload, UploadOptions } from "tus-js-client";
import { RequestFailed, type ServerError } from "../graphql/failure";
import { OWN_HEADER } from "../graphql/transport";
import { fetchFromWeb, type WebSource } from "./fromWeb";

export interface UploadedImage {
  readonly id: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly sizeBytes: number;
  readonly placeholder: string;
  readonly palette: readonly string[];
  readonly state: "WAITING" | "WORKING" | "READY" | "FAILED";
  readonly deduplicated: boolean;
}

export interface Transfer {
  readonly done: Promise<UploadedImage>;
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
  /** The server has a place for it: from there it can be gone on with. */
  placed(address: string): void;
}

/** A busy server may think for a minute and a half; one that is silent for longer has lost the file. */
export const SILENCE_MS = 120_000;
/** So small that asking for a place first would cost more than sending it again. */
const AT_ONCE_BYTES = 1_000_000;

type ServerFault = { code: string; message: string; details?: ServerError["extensions"] };
type Answer = { image?: UploadedImage; error?: ServerFault } | null;

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
  const done = new Promise<UploadedImage>((resolve, reject) => {
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
        const found = last?.image;
        const asked = found ? Promise.resolve(found) : imageAt(upload?.url ?? parcel.address);
        asked.then((image) => {
          end();
          resolve(image);
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

/** What an upload became that was whole already. */
async function imageAt(address: string): Promise<UploadedImage> {
  const response = await fetch(address, { headers: OWN_HEADER, credentials: "same-origin" }).catch(() => {
    throw new RequestFailed("NETWORK", "The connection broke off while the file was sent.");
  });
  const answer = (await response.json().catch(() => null)) as Answer;
  if (answer?.image) return answer.image;
  throw failureOf(response.status, answer?.error);
}

function answerOf(body: string | undefined): Answer {
  try {
    return body ? (JSON.parse(body) as Answer) : null;
  } catch {
    return null;
  }
}

function failureOf(status: number, fault: ServerFault | undefined): RequestFailed {
  if (fault) return new RequestFailed(fault.code, fault.message, fault.details ?? {});
  if (status === 413)
    return new RequestFailed("FILE_TOO_LARGE", "The file is larger than this server takes.");
  return new RequestFailed("UNREADABLE", `The server answered ${status} without words.`);
}

/** One file on its way to the server: progress, cancelling, and answers in words. */
import { RequestFailed, type ServerError } from "../graphql/failure";
import { OWN_HEADER } from "../graphql/transport";

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
  cancel(): void;
}

export interface Parcel {
  readonly imageId: string;
  readonly batchId: string;
  readonly file: File;
}

/** A busy server may think for a minute and a half; one that is silent for longer has lost the file. */
export const SILENCE_MS = 120_000;

/** `imageId` makes a repeat harmless: the server gives the same answer for the same bytes. */
export function send(url: string, parcel: Parcel, onProgress: (bytes: number) => void): Transfer {
  // fetch() cannot report upload progress; XMLHttpRequest can.
  const request = new XMLHttpRequest();
  const query = new URLSearchParams({ name: parcel.file.name, id: parcel.imageId, batch: parcel.batchId });
  const done = new Promise<UploadedImage>((resolve, reject) => {
    request.open("POST", `${url}?${query}`);
    request.responseType = "json";
    for (const [name, value] of Object.entries(OWN_HEADER)) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        reject(new RequestFailed("NETWORK", "The server fell silent while the file was sent."));
        request.abort();
      }, SILENCE_MS);
    };
    request.onloadend = () => clearTimeout(timer);
    request.upload.onprogress = (event) => {
      listen();
      onProgress(event.loaded);
    };
    request.onload = () => {
      const answer = request.response as { image?: UploadedImage; error?: ServerFault } | null;
      if (answer?.image) resolve(answer.image);
      else reject(failureOf(request.status, answer?.error));
    };
    request.onerror = () => reject(new RequestFailed("NETWORK", "The connection broke off while sending."));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    listen();
    request.send(parcel.file);
  });
  return { done, cancel: () => request.abort() };
}

type ServerFault = { code: string; message: string; details?: ServerError["extensions"] };

function failureOf(status: number, fault: ServerFault | undefined): RequestFailed {
  if (fault) return new RequestFailed(fault.code, fault.message, fault.details ?? {});
  if (status === 413)
    return new RequestFailed("FILE_TOO_LARGE", "The file is larger than this server takes.");
  return new RequestFailed("UNREADABLE", `The server answered ${status} without words.`);
}

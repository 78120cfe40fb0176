/** Large files on their way straight to the bucket, part by part, where the server says that a page may. */
import { RequestFailed } from "../graphql/failure";
import { OWN_HEADER } from "../graphql/transport";
import { isArchive } from "./formats";
import { answerOf, failureOf, type ServerFault } from "./outcome";
import {
  SILENCE_MS,
  send,
  type Parcel,
  type Received,
  type Transfer,
  type TransferListener,
  type UploadedImage,
} from "./transfer";
import type { Send } from "./uploads";

/** Smaller ones are there sooner by the ordinary way, which asks less. */
const LARGE_BYTES = 4_000_000;

interface Begun {
  readonly id: string;
  readonly partBytes: number;
  readonly parts: number;
}

interface Said {
  upload?: Begun;
  urls?: string[];
  received?: { part: number; sizeBytes: number }[];
  image?: UploadedImage;
  error?: ServerFault;
}

/** The bucket cannot be reached from here: a network that does not let one, or a bucket without its CORS rule. */
class OutOfReach extends Error {}

/** How files are sent: large ones straight to the bucket where `directUrl` says so and it can be reached. */
export function senderBy(directUrl: string | null): Send {
  let isInReach = directUrl !== null;
  return (url, parcel, listener) => {
    const isLarge = parcel.file.size >= LARGE_BYTES && !parcel.from && !isArchive(parcel.file);
    const isBegun = directUrl !== null && parcel.address.startsWith(directUrl);
    if (!directUrl || !(isBegun || (isInReach && isLarge && !parcel.address)))
      return send(url, parcel, listener);
    if (!isInReach) return send(url, { ...parcel, address: "" }, listener);
    const direct = sendDirect(directUrl, parcel, listener);
    let current = direct;
    const done = direct.done.catch((error: unknown) => {
      if (!(error instanceof OutOfReach)) throw error;
      isInReach = false;
      current = send(url, { ...parcel, address: "" }, listener);
      return current.done;
    });
    return { done, cancel: (forgets) => current.cancel(forgets) };
  };
}

export function sendDirect(directUrl: string, parcel: Parcel, listener: TransferListener): Transfer {
  const stop = new AbortController();
  let address = parcel.address;
  const done = carry().catch((error: unknown) => {
    if (stop.signal.aborted) throw new DOMException("cancelled", "AbortError");
    throw error;
  });
  return {
    done,
    cancel: (forgets) => {
      stop.abort();
      if (forgets && address) void forget();
    },
  };

  async function carry(): Promise<Received> {
    const { upload, received } = await placed();
    let sentBytes = 0;
    const isHere = new Set<number>();
    for (const { part, sizeBytes } of received) {
      if (sizeBytes !== sliceOf(upload, part).size) continue;
      isHere.add(part);
      sentBytes += sizeBytes;
    }
    listener.progress(sentBytes);
    const missing = Array.from({ length: upload.parts }, (_, i) => i + 1).filter((part) => !isHere.has(part));
    const urls = new Map<number, string>();
    for (const part of missing) {
      const bytes = sliceOf(upload, part);
      if (!urls.has(part)) await addressesFrom(part, urls);
      await put(urls, part, bytes, sentBytes, isHere.size === 0);
      isHere.add(part);
      sentBytes += bytes.size;
    }
    const { image } = await ask("POST", `${directUrl}/complete?id=${upload.id}`);
    if (!image) throw new RequestFailed("UNREADABLE", "The server did not say what the file became.");
    return image;
  }

  async function placed(): Promise<{ upload: Begun; received: { part: number; sizeBytes: number }[] }> {
    if (address) {
      try {
        const { upload, received = [] } = await ask("GET", address);
        if (upload) return { upload, received };
      } catch (error) {
        if (!(error instanceof RequestFailed) || error.code !== "NOT_FOUND") throw error;
      }
    }
    const { name, size } = parcel.file;
    const wish = { name, sizeBytes: size, id: parcel.imageId, batch: parcel.batchId };
    const { upload } = await ask("POST", directUrl, wish);
    if (!upload) throw new RequestFailed("UNREADABLE", "The server gave no place for the file.");
    address = `${directUrl}?id=${upload.id}`;
    listener.placed(address);
    return { upload, received: [] };
  }

  function sliceOf({ partBytes }: Begun, part: number): Blob {
    return parcel.file.slice((part - 1) * partBytes, part * partBytes);
  }

  async function addressesFrom(part: number, urls: Map<number, string>): Promise<void> {
    const id = new URLSearchParams(address.slice(address.indexOf("?"))).get("id") ?? "";
    const { urls: found = [] } = await ask("POST", `${directUrl}/parts?id=${id}&first=${part}`);
    for (const [i, url] of found.entries()) urls.set(part + i, url);
  }

  /** Once more with a new address where the first has had its hour. */
  async function put(
    urls: Map<number, string>,
    part: number,
    bytes: Blob,
    before: number,
    isFirst: boolean,
  ): Promise<void> {
    for (const isLast of [false, true]) {
      const status = await putOnce(urls.get(part) ?? "", bytes, (sent) => listener.progress(before + sent));
      if (status >= 200 && status < 300) return;
      if (status === 0 && isFirst && navigator.onLine) {
        void forget();
        throw new OutOfReach();
      }
      if (status !== 403 || isLast)
        throw new RequestFailed("NETWORK", "The connection broke off while the file was sent.");
      await addressesFrom(part, urls);
    }
  }

  /** Its status; 0: there was no answer. */
  function putOnce(url: string, bytes: Blob, tell: (sent: number) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const listen = () => {
        clearTimeout(timer);
        timer = setTimeout(() => request.abort(), SILENCE_MS);
      };
      request.upload.onprogress = ({ loaded }) => {
        listen();
        tell(loaded);
      };
      request.onloadend = () => {
        clearTimeout(timer);
        stop.signal.removeEventListener("abort", cancel);
        if (stop.signal.aborted) reject(new DOMException("cancelled", "AbortError"));
        else resolve(request.status);
      };
      const cancel = () => request.abort();
      stop.signal.addEventListener("abort", cancel);
      request.open("PUT", url);
      listen();
      request.send(bytes);
    });
  }

  async function ask(method: string, url: string, body?: object): Promise<Said> {
    const response = await fetch(url, {
      method,
      headers: OWN_HEADER,
      credentials: "same-origin",
      signal: stop.signal,
      ...(body ? { body: JSON.stringify(body) } : {}),
    }).catch((error: unknown) => {
      if (stop.signal.aborted) throw error;
      throw new RequestFailed("NETWORK", "The connection broke off while the file was sent.");
    });
    const said = answerOf(await response.text()) as Said | null;
    if (response.ok && said) return said;
    throw failureOf(response.status, said?.error);
  }

  /** Whether the server could be told does not matter: what nobody goes on with is swept there. */
  async function forget(): Promise<void> {
    await fetch(address, { method: "DELETE", headers: OWN_HEADER, credentials: "same-origin" }).catch(
      () => undefined,
    );
  }
}

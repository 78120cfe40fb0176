/** Pictures of the web on their way: the server fetches them, for no page may read those of another. */
import { AddImagesFromUrlsDocument } from "$generated/graphql";
import { request } from "../graphql/client";
import { RequestFailed } from "../graphql/failure";
import type { Parcel, Transfer, UploadedImage } from "./transfer";

/** `source` is the page it was found on. */
export interface WebSource {
  readonly url: string;
  readonly source?: string;
}

const PICTURE_ADDRESS =
  /^https?:\/\/\S+\.(?:jpe?g|jfif|png|gif|webp|avif|heic|heif|jxl|tiff?|bmp)(?:[?#]\S*)?$/i;

const DATA_ADDRESS = /^data:image\/[\w.+-]+[^,\s]*,\S+$/i;

export function fetchFromWeb(from: WebSource, parcel: Parcel): Transfer {
  const stop = new AbortController();
  const input = {
    urls: [{ url: from.url, source: from.source ?? null, id: parcel.imageId }],
    batch: parcel.batchId,
  };
  const done = request(AddImagesFromUrlsDocument, { input }, { signal: stop.signal }).then(
    ({ addImagesFromUrls }) => {
      const [result] = addImagesFromUrls.results;
      if (result?.image) return { ...result.image, deduplicated: result.deduplicated } as UploadedImage;
      throw new RequestFailed(result?.code ?? "INTERNAL", result?.message ?? "It was not fetched.");
    },
  );
  return { done, cancel: () => stop.abort() };
}

/** What of a drop or a paste are pictures of the web: those of its HTML, else addresses. */
export function webSourcesIn(transfer: DataTransfer): WebSource[] {
  const html = transfer.getData("text/html");
  const shown = html ? [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("img")] : [];
  const pictures = shown.map((image) => image.getAttribute("src") ?? "");
  const listed = transfer.getData("text/uri-list").split(/\r?\n/);
  const found = (pictures.length ? pictures : listed).map((line) => line.trim());
  const urls = found.filter((url) => /^(?:https?:\/\/|data:image\/)/i.test(url));
  return [...new Set(urls)].map((url) => ({ url }));
}

/** Whether some text is nothing but the address of a picture, or one written out as a data URL. */
export function isPictureAddress(text: string): boolean {
  return PICTURE_ADDRESS.test(text) || DATA_ADDRESS.test(text);
}

/** Data URLs as files, for their bytes are here already; the others are the server's to fetch. */
export function apart(sources: readonly WebSource[]): { files: File[]; others: WebSource[] } {
  const isHere = ({ url }: WebSource) => url.slice(0, 5).toLowerCase() === "data:";
  const files = sources.filter(isHere).map(({ url }) => fileOfDataUrl(url));
  return { files: files.filter((file) => file !== null), others: sources.filter((one) => !isHere(one)) };
}

/** A data URL needs nobody else: its bytes are here. Null when it is broken. */
export function fileOfDataUrl(url: string): File | null {
  const found = /^data:(image\/[\w.+-]+)?[^,]*?(;base64)?,(.*)$/is.exec(url);
  if (!found) return null;
  try {
    const text = found[2] ? atob(decodeURIComponent(found[3]!)) : decodeURIComponent(found[3]!);
    const type = found[1] ?? "image/png";
    const name = `picture.${type.split("/")[1]!.replace("jpeg", "jpg").replace("svg+xml", "svg")}`;
    const bytes = found[2]
      ? Uint8Array.from(text, (one) => one.charCodeAt(0))
      : new TextEncoder().encode(text);
    return new File([bytes], name, { type });
  } catch {
    return null;
  }
}

export function nameOfAddress(url: string): string {
  try {
    const { hostname, pathname } = new URL(url);
    return decodeURIComponent(pathname.split("/").pop() ?? "") || hostname;
  } catch {
    return url.slice(0, 60);
  }
}

/** What another app handed over, as the service worker left it: pictures, and addresses of pictures. */
import type { WebSource } from "../upload/fromWeb";

const CACHE = "webref.shared";
const ADDRESS = /https?:\/\/[^\s<>"]+/;

export interface Shared {
  readonly files: readonly File[];
  readonly sources: readonly WebSource[];
}

export async function readShared(): Promise<Shared> {
  const nothing = { files: [], sources: [] };
  if (typeof caches === "undefined" || !(await caches.has(CACHE))) return nothing;
  const cache = await caches.open(CACHE);
  const files: File[] = [];
  const sources: WebSource[] = [];
  for (const request of await cache.keys()) {
    const answer = await cache.match(request);
    if (!answer) continue;
    if (new URL(request.url).pathname === "/share/words") sources.push(...addressesIn(await answer.json()));
    else {
      const name = decodeURIComponent(answer.headers.get("X-Name") ?? "") || "Shared picture";
      const type = answer.headers.get("Content-Type") ?? "";
      files.push(new File([await answer.blob()], name, { type }));
    }
  }
  // Browsers name the page beside a picture that they share: the picture is what is meant.
  return { files, sources: files.length ? [] : sources };
}

/** The first address in each of these words, each once. */
export function addressesIn(words: unknown): WebSource[] {
  const texts = Array.isArray(words) ? words.filter((one) => typeof one === "string") : [];
  const found = texts.map((text) => ADDRESS.exec(text)?.[0]).filter((url) => url !== undefined);
  return [...new Set(found)].map((url) => ({ url }));
}

/** Takes it out of the browser's keeping: it is on its way. */
export async function takeShared(): Promise<Shared> {
  const shared = await readShared();
  if (typeof caches !== "undefined") await caches.delete(CACHE);
  return shared;
}

/** Fetches, decodes and tones pictures off the main thread; answers with a bitmap that is handed over, not copied. */
import { tonePixels, type Tone } from "./looks";

export interface DecodeRequest {
  readonly key: string;
  readonly source: string | Blob;
  /** Null: as it is. */
  readonly tone: Tone | null;
  /** Longest side wanted, for sources that are larger than that; 0 keeps the source's. */
  readonly mostPixels: number;
}

export type DecodeAnswer =
  { readonly key: string; readonly bitmap: ImageBitmap } | { readonly key: string; readonly status: number };

addEventListener("message", async ({ data }: MessageEvent<DecodeRequest>) => {
  try {
    const bitmap = await decode(data);
    postMessage({ key: data.key, bitmap } satisfies DecodeAnswer, { transfer: [bitmap] });
  } catch (error) {
    postMessage({ key: data.key, status: typeof error === "number" ? error : 0 } satisfies DecodeAnswer);
  }
});

async function decode({ source, tone, mostPixels }: DecodeRequest): Promise<ImageBitmap> {
  let blob = source;
  if (typeof blob === "string") {
    const response = await fetch(blob, { credentials: "same-origin" });
    if (!response.ok) throw response.status;
    blob = await response.blob();
  }
  let bitmap = await createImageBitmap(blob);
  const long = Math.max(bitmap.width, bitmap.height);
  const share = mostPixels > 0 && long > mostPixels ? mostPixels / long : 1;
  if (!tone && share === 1) return bitmap;
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * share)),
    Math.max(1, Math.round(bitmap.height * share)),
  );
  const context = canvas.getContext("2d", { willReadFrequently: tone !== null })!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (tone) {
    const image = context.getImageData(0, 0, canvas.width, canvas.height);
    tonePixels(image.data, tone);
    context.putImageData(image, 0, 0);
  }
  bitmap.close();
  bitmap = canvas.transferToImageBitmap();
  return bitmap;
}

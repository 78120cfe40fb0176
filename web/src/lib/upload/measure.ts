/** Reads a picture's upright size from the first bytes of its file, without decoding it. */
import type { Size } from "../geometry/packing";

const HEAD_BYTES = 256 * 1024;

/** Null when the format is another one or the size is not in the head of the file. */
export async function measure(file: Blob): Promise<Size | null> {
  const view = new DataView(await file.slice(0, HEAD_BYTES).arrayBuffer());
  try {
    const size = jpeg(view) ?? png(view) ?? gif(view) ?? webp(view) ?? bmp(view) ?? tiff(view) ?? heif(view);
    return size && size.width > 0 && size.height > 0 ? size : null;
  } catch {
    // Shorter than its own lengths say: the server will judge it.
    return null;
  }
}

function ascii(view: DataView, at: number, length: number): string {
  let text = "";
  for (let i = 0; i < length && at + i < view.byteLength; i++)
    text += String.fromCharCode(view.getUint8(at + i));
  return text;
}

function png(view: DataView): Size | null {
  if (view.byteLength < 24 || view.getUint32(0) !== 0x89504e47) return null;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(view: DataView): Size | null {
  if (!ascii(view, 0, 4).startsWith("GIF8")) return null;
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function bmp(view: DataView): Size | null {
  if (ascii(view, 0, 2) !== "BM") return null;
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}

function tiff(view: DataView): Size | null {
  const mark = ascii(view, 0, 4);
  if (mark !== "II*\0" && mark !== "MM\0*") return null;
  const little = mark.startsWith("II");
  const directory = view.getUint32(4, little);
  const count = view.getUint16(directory, little);
  const found = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + i * 12;
    const isShort = view.getUint16(entry + 2, little) === 3;
    const value = isShort ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
    found.set(view.getUint16(entry, little), value);
  }
  const width = found.get(0x0100) ?? 0;
  const height = found.get(0x0101) ?? 0;
  return (found.get(0x0112) ?? 1) >= 5 ? { width: height, height: width } : { width, height };
}

/** AVIF and HEIC: the largest of the sizes ("ispe") in the container, turned if it says so ("irot"). */
function heif(view: DataView): Size | null {
  if (ascii(view, 4, 4) !== "ftyp") return null;
  let best: Size | null = null;
  let isTurned = false;
  const last = Math.min(view.byteLength - 16, 64 * 1024);
  for (let at = 8; at <= last; at++) {
    const first = view.getUint8(at);
    if (first !== 0x69) continue;
    const name = ascii(view, at, 4);
    if (name === "ispe") {
      const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
      if (!best || size.width * size.height > best.width * best.height) best = size;
    } else if (name === "irot") isTurned = (view.getUint8(at + 4) & 1) === 1;
  }
  return best && isTurned ? { width: best.height, height: best.width } : best;
}

function webp(view: DataView): Size | null {
  if (ascii(view, 0, 4) !== "RIFF" || ascii(view, 8, 4) !== "WEBP") return null;
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (ascii(view, 12, 4)) {
    case "VP8X":
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case "VP8 ":
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    default:
      return null;
  }
}

/** Frame headers that carry the size: all SOFn but DHT (C4), JPG (C8) and DAC (CC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function jpeg(view: DataView): Size | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  let isTurned = false;
  while (at + 9 < view.byteLength) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (isFrame(marker)) {
      const height = view.getUint16(at + 5);
      const width = view.getUint16(at + 7);
      return isTurned ? { width: height, height: width } : { width, height };
    }
    const length = view.getUint16(at + 2);
    if (marker === 0xe1 && ascii(view, at + 4, 4) === "Exif") isTurned = orientation(view, at + 10) >= 5;
    at += 2 + length;
  }
  return null;
}

/** EXIF orientation 1 to 8; 5 and above exchange width and height. `at` is the start of the TIFF header. */
function orientation(view: DataView, at: number): number {
  const little = ascii(view, at, 2) === "II";
  const directory = at + view.getUint32(at + 4, little);
  const count = view.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + i * 12;
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
  }
  return 1;
}

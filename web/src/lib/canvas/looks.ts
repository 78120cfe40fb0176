/**
 * The tone of a picture: gray, brightness, contrast, saturation, in this order, by the formulas of CSS filters.
 * Computed here, pixel by pixel, since not every browser lets a canvas filter; it is the same in all of them.
 */

export interface Tone {
  readonly grayscale: boolean;
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
}

/** Names the tone in keys; empty for what stays as it is. */
export function toneKey({ grayscale, brightness, contrast, saturation }: Tone): string {
  if (!grayscale && brightness === 1 && contrast === 1 && saturation === 1) return "";
  return `/${grayscale ? "g" : ""}${brightness},${contrast},${saturation}`;
}

export function isPlain(tone: Tone): boolean {
  return toneKey(tone) === "";
}

/** Changes RGBA pixels in place; their alpha stays. */
export function tonePixels(pixels: Uint8ClampedArray, tone: Tone): void {
  const curve = curveOf(tone);
  const { grayscale, saturation: s } = tone;
  const bends = tone.brightness !== 1 || tone.contrast !== 1;
  for (let i = 0; i < pixels.length; i += 4) {
    if (grayscale) {
      const light = 0.2126 * pixels[i]! + 0.7152 * pixels[i + 1]! + 0.0722 * pixels[i + 2]!;
      pixels[i] = pixels[i + 1] = pixels[i + 2] = light;
    }
    if (bends) {
      pixels[i] = curve[pixels[i]!]!;
      pixels[i + 1] = curve[pixels[i + 1]!]!;
      pixels[i + 2] = curve[pixels[i + 2]!]!;
    }
    if (s !== 1) {
      const light = 0.213 * pixels[i]! + 0.715 * pixels[i + 1]! + 0.072 * pixels[i + 2]!;
      pixels[i] = light + s * (pixels[i]! - light);
      pixels[i + 1] = light + s * (pixels[i + 1]! - light);
      pixels[i + 2] = light + s * (pixels[i + 2]! - light);
    }
  }
}

const colours = new Map<string, string>();
const MOST_COLOURS = 500;

/** A colour as #rrggbb in that tone. */
export function toned(colour: string, tone: Tone): string {
  const key = toneKey(tone);
  if (!key) return colour;
  const known = colours.get(colour + key);
  if (known) return known;
  const pixel = new Uint8ClampedArray(4);
  for (let n = 0; n < 3; n++) pixel[n] = parseInt(colour.slice(1 + 2 * n, 3 + 2 * n), 16);
  tonePixels(pixel, tone);
  const result = `#${[...pixel.subarray(0, 3)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  if (colours.size >= MOST_COLOURS) colours.clear();
  colours.set(colour + key, result);
  return result;
}

/** Brightness, then contrast, of each of the 256 values of a channel. */
function curveOf({ brightness, contrast }: Tone): Uint8ClampedArray {
  const curve = new Uint8ClampedArray(256);
  for (let value = 0; value < 256; value++) {
    const bright = Math.min(255, value * brightness);
    curve[value] = (bright - 127.5) * contrast + 127.5;
  }
  return curve;
}

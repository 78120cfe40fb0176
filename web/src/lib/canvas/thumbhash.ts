/** Decodes a thumbhash (a blurred picture in about 25 bytes), after the format's description by Evan Wallace. */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, not premultiplied. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

const LONG_SIDE = 32;

export function decodeThumbhash(base64: string): Pixels {
  const hash = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const byte = (i: number): number => hash[i] ?? 0;

  const head = byte(0) | (byte(1) << 8) | (byte(2) << 16);
  const shape = byte(3) | (byte(4) << 8);
  const hasAlpha = head >> 23 === 1;
  const isLandscape = shape >> 15 === 1;
  const luma = { dc: (head & 63) / 63, scale: ((head >> 18) & 31) / 31 };
  const p = { dc: ((head >> 6) & 63) / 31.5 - 1, scale: ((shape >> 3) & 63) / 63 };
  const q = { dc: ((head >> 12) & 63) / 31.5 - 1, scale: ((shape >> 9) & 63) / 63 };
  const alpha = hasAlpha ? { dc: (byte(5) & 15) / 15, scale: (byte(5) >> 4) / 15 } : { dc: 1, scale: 0 };

  const most = hasAlpha ? 5 : 7;
  const least = Math.max(1, shape & 7);
  const lx = Math.max(3, isLandscape ? most : least);
  const ly = Math.max(3, isLandscape ? least : most);

  let nibble = hasAlpha ? 12 : 10;
  const channel = (nx: number, ny: number, scale: number): number[] => {
    const factors: number[] = [];
    for (let cy = 0; cy < ny; cy++) {
      for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++) {
        const value = (byte(nibble >> 1) >> ((nibble & 1) << 2)) & 15;
        nibble += 1;
        factors.push((value / 7.5 - 1) * scale);
      }
    }
    return factors;
  };
  const lumaFactors = channel(lx, ly, luma.scale);
  const pFactors = channel(3, 3, p.scale * 1.25);
  const qFactors = channel(3, 3, q.scale * 1.25);
  const alphaFactors = hasAlpha ? channel(5, 5, alpha.scale) : [];

  const aspect = (isLandscape ? most : least) / (isLandscape ? least : most);
  const width = Math.max(1, Math.round(aspect > 1 ? LONG_SIDE : LONG_SIDE * aspect));
  const height = Math.max(1, Math.round(aspect > 1 ? LONG_SIDE / aspect : LONG_SIDE));
  const data = new Uint8ClampedArray(width * height * 4);

  const waves = (count: number, position: number, length: number): number[] =>
    Array.from({ length: count }, (_, i) => Math.cos((Math.PI / length) * (position + 0.5) * i));
  const sum = (dc: number, factors: number[], nx: number, ny: number, fx: number[], fy: number[]): number => {
    let value = dc;
    let at = 0;
    for (let cy = 0; cy < ny; cy++) {
      for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++)
        value += factors[at++]! * fx[cx]! * fy[cy]! * 2;
    }
    return value;
  };

  for (let y = 0, i = 0; y < height; y++) {
    const fy = waves(Math.max(ly, 5), y, height);
    for (let x = 0; x < width; x++, i += 4) {
      const fx = waves(Math.max(lx, 5), x, width);
      const l = sum(luma.dc, lumaFactors, lx, ly, fx, fy);
      const pp = sum(p.dc, pFactors, 3, 3, fx, fy);
      const qq = sum(q.dc, qFactors, 3, 3, fx, fy);
      const a = hasAlpha ? sum(alpha.dc, alphaFactors, 5, 5, fx, fy) : 1;
      const b = l - (2 / 3) * pp;
      const r = (3 * l - b + qq) / 2;
      data[i] = r * 255;
      data[i + 1] = (r - qq) * 255;
      data[i + 2] = b * 255;
      data[i + 3] = a * 255;
    }
  }
  return { width, height, data };
}

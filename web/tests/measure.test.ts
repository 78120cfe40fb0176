import { describe, expect, test } from "vitest";
import { measure } from "$lib/upload/measure";

const bytes = (...parts: (string | number[])[]): Blob =>
  new Blob([
    new Uint8Array(
      parts.flatMap((part) => (typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part)),
    ),
  ]);
const padding = new Array<number>(32).fill(0);

describe("the size of a picture, from its first bytes", () => {
  test("PNG", async () => {
    const file = bytes([0x89], "PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 0, 2, 88, 0, 0, 1, 144], padding);
    expect(await measure(file)).toEqual({ width: 600, height: 400 });
  });

  test("GIF", async () => {
    expect(await measure(bytes("GIF89a", [0x20, 0x03, 0x58, 0x02], padding))).toEqual({
      width: 800,
      height: 600,
    });
  });

  test("lossy WebP", async () => {
    const file = bytes(
      "RIFF",
      [0, 0, 0, 0],
      "WEBPVP8 ",
      [0, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x90, 0x01, 0x2c, 0x01],
      padding,
    );
    expect(await measure(file)).toEqual({ width: 400, height: 300 });
  });

  test("JPEG, upright by its EXIF orientation", async () => {
    const tiff = [
      0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
    ];
    const exif = [0xff, 0xe1, 0, 2 + 6 + tiff.length];
    const frame = [0xff, 0xc0, 0, 11, 8, 0x01, 0x2c, 0x01, 0x90, 1, 1, 0x11, 0];
    const file = bytes([0xff, 0xd8], exif, "Exif\0\0", tiff, frame, padding);
    expect(await measure(file)).toEqual({ width: 300, height: 400 });
    expect(await measure(bytes([0xff, 0xd8], frame, padding))).toEqual({ width: 400, height: 300 });
  });

  test("little-endian TIFF", async () => {
    const entry = (tag: number, value: number) => [
      tag & 255,
      tag >> 8,
      3,
      0,
      1,
      0,
      0,
      0,
      value & 255,
      value >> 8,
      0,
      0,
    ];
    const file = bytes("II*\0", [8, 0, 0, 0, 2, 0], entry(0x100, 640), entry(0x101, 480), padding);
    expect(await measure(file)).toEqual({ width: 640, height: 480 });
  });

  test("AVIF and HEIC: the largest size, turned", async () => {
    const box = (name: string, rest: number[]) => [...name].map((c) => c.charCodeAt(0)).concat(rest);
    const ispe = (w: number, h: number) =>
      box("ispe", [0, 0, 0, 0, 0, 0, w >> 8, w & 255, 0, 0, h >> 8, h & 255]);
    const file = bytes([0, 0, 0, 0], "ftypavif", ispe(160, 120), ispe(1600, 1200), box("irot", [1]), padding);
    expect(await measure(file)).toEqual({ width: 1200, height: 1600 });
  });

  test("anything else, cut short or empty, is left to the server", async () => {
    expect(await measure(bytes("hello, this is text", padding))).toBeNull();
    expect(await measure(bytes([0xff, 0xd8, 0xff]))).toBeNull();
    expect(await measure(new Blob([]))).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { ACCEPTED, mayBePicture } from "../src/lib/upload/formats";
import { durationInWords } from "../src/lib/ui/words";

describe("which files may become pictures", () => {
  it.each(["a.JPG", "b.svg", "c.pdf", "d.cr3", "e.mov", "f.jp2", "g.psd"])("%s is sent", (name) => {
    expect(mayBePicture({ name, type: "" })).toBe(true);
  });

  it.each(["notes.txt", "archive.rar", "jpg", "page.html"])("%s is passed over", (name) => {
    expect(mayBePicture({ name, type: "" })).toBe(false);
  });

  it("goes by the type where the name says nothing", () => {
    expect(mayBePicture({ name: "clipboard", type: "image/png" })).toBe(true);
    expect(mayBePicture({ name: "film", type: "video/webm" })).toBe(true);
    expect(mayBePicture({ name: "film", type: "audio/mpeg" })).toBe(false);
  });

  it("offers raw files, which have no type, in the dialogue", () => {
    expect(ACCEPTED.split(",")).toEqual(expect.arrayContaining(["image/*", "video/*", ".nef", ".svgz"]));
  });
});

describe("how long a video plays", () => {
  it.each([
    [400, "0:01"],
    [75_000, "1:15"],
    [3_675_000, "1:01:15"],
  ])("%d ms", (ms, words) => expect(durationInWords(ms)).toBe(words));
});

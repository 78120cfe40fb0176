import { describe, expect, test } from "vitest";
import { gatherFolder, pastedIn } from "$lib/upload/gather";

function inFolder(path: string): File {
  const file = new File(["x"], path.split("/").at(-1)!);
  Object.defineProperty(file, "webkitRelativePath", { value: path });
  return file;
}

test("a folder that is chosen brings its pictures in their order, says what it passes over, and no clutter", () => {
  const { files, passedOver } = gatherFolder(
    ["a/10.jpg", "a/2.jpg", "a/b/1.png", "a/notes.txt", "a/.DS_Store", "a/.git/1.jpg", "a/Thumbs.db"].map(
      inFolder,
    ),
  );
  expect(files.map(({ webkitRelativePath }) => webkitRelativePath)).toEqual([
    "a/2.jpg",
    "a/10.jpg",
    "a/b/1.png",
  ]);
  expect(passedOver).toBe(1);
});

describe("a paste brings", () => {
  const picture = new File(["x"], "image.png", { type: "image/png" });
  const paste = (words: Record<string, string>, files: File[] = [], target: Element = document.body) =>
    pastedIn({
      target,
      clipboardData: { files, getData: (type: string) => words[type] ?? "" },
    } as unknown as ClipboardEvent);

  test("files, whatever is said beside them", () => {
    const words = { "text/html": '<img src="https://a.example/1.jpg">', "text/plain": "a caption" };
    expect(paste(words, [picture])).toEqual({ files: [picture], sources: [] });
  });

  test("addresses of pictures, and data URLs as files", () => {
    const address = "https://a.example/1.jpg";
    expect(paste({ "text/plain": ` ${address}\n` })?.sources).toEqual([{ url: address }]);
    const written = paste({ "text/plain": "data:image/png;base64,aGVsbG8=" });
    expect([written?.files.length, written?.sources]).toEqual([1, []]);
    expect(paste({ "text/html": `<img src="${address}">` })?.sources).toEqual([{ url: address }]);
  });

  test("nothing where words are meant", () => {
    expect(paste({ "text/plain": "words", "text/html": '<img src="https://a.example/1.jpg">' })).toBeNull();
    expect(paste({})).toBeNull();
    expect(paste({}, [new File(["x"], "notes.txt")])).toBeNull();
    const field = document.createElement("input");
    expect(paste({}, [picture], field)).toBeNull();
  });
});

import { expect, test } from "vitest";
import { Arrivals } from "$lib/board/arrivals";
import type { Picture } from "$lib/canvas/pictures";
import type { UploadedImage } from "$lib/upload/transfer";
import type { Upload } from "$lib/upload/uploads";
import { boundsOf, overlap } from "$lib/geometry/shapes";
import { aDesk, anItem } from "./board";

function anImage(id: string): UploadedImage {
  const facts = {
    name: id,
    format: "JPEG",
    sizeBytes: 1,
    pages: 1,
    placeholder: "",
    palette: [],
    deduplicated: false,
  };
  return { id, width: 300, height: 200, state: "READY", ...facts };
}

test("of files that a page left only a few are read here: large ones would cost too much", () => {
  const { editor } = aDesk([]);
  const files = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      imageId: `file-${i}`,
      place: anItem(`item-${i}`),
      file: new File(["x"], `${i}.jpg`),
    }));
  const few = new Arrivals(editor, new Map());
  few.restore(files(24));
  expect([few.ghosts.size, few.local.size]).toEqual([24, 24]);
  const many = new Arrivals(editor, new Map());
  many.restore(files(86));
  expect([many.ghosts.size, many.local.size]).toEqual([86, 0]);
});

test("the pictures of an archive are placed together, once, where it was dropped", () => {
  const { editor, store, sent } = aDesk([anItem("old")]);
  const pictures = new Map<string, Picture>();
  const arrivals = new Arrivals(editor, pictures);
  const [parcel] = arrivals.layOut([new File([], "walk.zip")], [null], { x: 500, y: 400 });
  const ghost = arrivals.ghosts.get(parcel!.imageId)!;
  const upload = { imageId: parcel!.imageId } as Upload;
  arrivals.unpacked(upload, ["a", "b", "c", "d", "e"].map(anImage));

  expect(sent).toHaveLength(1);
  const items = store.inOrder.filter(({ id }) => id !== "old");
  expect(items.map(({ imageId }) => imageId)).toEqual(["a", "b", "c", "d", "e"]);
  expect(items[0]!.id).toBe(ghost.id);
  expect(new Set(items.map(({ id }) => id)).size).toBe(5);
  for (const [i, one] of items.entries())
    for (const other of items.slice(i + 1)) expect(overlap(boundsOf(one), boundsOf(other))).toBe(false);
  const boxes = items.map(boundsOf);
  expect(
    (Math.min(...boxes.map((box) => box.left)) + Math.max(...boxes.map((box) => box.right))) / 2,
  ).toBeCloseTo(500);
  expect([...pictures.keys()]).toEqual(["a", "b", "c", "d", "e"]);
  expect(arrivals.ghosts.size).toBe(0);
  expect(arrivals.landed(items.map(({ id }) => id))).toEqual([parcel!.imageId]);

  arrivals.unpacked(upload, [anImage("f")]);
  expect(sent, "a repeated answer adds nothing").toHaveLength(1);
});

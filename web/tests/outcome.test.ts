import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { outcomeAt } from "$lib/upload/outcome";
import type { UploadedImage } from "$lib/upload/transfer";

const image = { id: "1", width: 4, height: 3 } as UploadedImage;
const never = () => false;

function answering(...answers: readonly object[]) {
  const left = [...answers];
  const asked = vi.fn(() => Promise.resolve(new Response(JSON.stringify(left.shift()))));
  vi.stubGlobal("fetch", asked);
  return asked;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an archive is asked for until it is unpacked, and says how far it is", async () => {
  const unpacking = (progress: number) => ({ unpacking: { state: "RUNNING", progress } });
  const asked = answering(unpacking(0), unpacking(0.5), { images: [{ name: "a.jpg", image }] });
  const told: number[] = [];
  const found = outcomeAt("/uploads/tus/1", (share) => told.push(share), never);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await found).toEqual([{ name: "a.jpg", image }]);
  expect(told).toEqual([0, 0.5]);
  expect(asked).toHaveBeenCalledTimes(3);
});

test("what was given up is said with its code and words", async () => {
  const error = { code: "WORKER_LOST", message: "The worker stopped." };
  answering({ unpacking: { state: "DEAD", progress: 0.2 }, error });
  await expect(outcomeAt("/uploads/tus/1", () => undefined, never)).rejects.toMatchObject(error);
});

test("who cancelled it asks no more", async () => {
  const asked = answering({ unpacking: { state: "QUEUED", progress: 0 } });
  let isOver = false;
  const found = outcomeAt(
    "/uploads/tus/1",
    () => (isOver = true),
    () => isOver,
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await found).toBeNull();
  expect(asked).toHaveBeenCalledTimes(1);
});

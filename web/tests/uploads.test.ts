import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RequestFailed } from "$lib/graphql/failure";
import {
  SILENCE_MS,
  send,
  type Parcel,
  type Received,
  type Transfer,
  type UploadedImage,
} from "$lib/upload/transfer";
import { Uploads, batchesOf, rowsOf, type Upload } from "$lib/upload/uploads";

const file = new File(["picture"], "moss.jpg");
const image = { id: "1", width: 4, height: 3 } as UploadedImage;

function uploading(answers: (Received | Error)[]): {
  uploads: Uploads;
  tries: Parcel[];
  arrived: Upload[];
  unpacked: (readonly UploadedImage[])[];
} {
  const tries: Parcel[] = [];
  const arrived: Upload[] = [];
  const unpacked: (readonly UploadedImage[])[] = [];
  const sender = (_: string, parcel: Parcel): Transfer => {
    tries.push({ ...parcel });
    const answer = answers.shift()!;
    const done = answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    return { done, cancel: () => undefined };
  };
  const listener = {
    changed: () => undefined,
    arrived: (upload: Upload) => void arrived.push(upload),
    unpacked: (_: Upload, images: readonly UploadedImage[]) => void unpacked.push(images),
    gaveUp: () => undefined,
    resumed: () => undefined,
  };
  return { uploads: new Uploads("/uploads", listener, 1_000, sender), tries, arrived, unpacked };
}

const refused = (reason: string) => new RequestFailed("IMAGE_REFUSED", "Not this one.", { reason });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a file on its way up", () => {
  test("is sent again under the same id when the line breaks", async () => {
    const { uploads, tries, arrived } = uploading([new RequestFailed("NETWORK", "Broken off."), image]);
    uploads.add([{ imageId: "one", file }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(arrived).toHaveLength(1);
    expect(tries.map(({ imageId }) => imageId)).toEqual(["one", "one"]);
  });

  test("that ran out of its time on a busy machine gets another chance", async () => {
    const { uploads, arrived } = uploading([refused("TOO_EXPENSIVE"), image]);
    uploads.add([{ imageId: "one", file }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(arrived).toHaveLength(1);
  });

  test("that always runs out of its time is given up, and may be tried again by hand", async () => {
    const { uploads, tries } = uploading(Array.from({ length: 9 }, () => refused("TOO_EXPENSIVE")));
    uploads.add([{ imageId: "one", file }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(tries).toHaveLength(3);
    expect(uploads.list[0]).toMatchObject({ state: "failed", isFinal: false });
  });

  test("that is no picture is sent once, and another try is not offered", async () => {
    const { uploads, tries } = uploading([refused("NOT_AN_IMAGE")]);
    uploads.add([{ imageId: "one", file }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(tries).toHaveLength(1);
    expect(uploads.list[0]).toMatchObject({ state: "failed", reason: "Not this one.", isFinal: true });
  });

  test("does not wait for ever for a server that fell silent", async () => {
    const aborted = vi.fn(() => Promise.resolve());
    vi.doMock("tus-js-client", () => ({
      Upload: class {
        url = null;
        start = () => undefined;
        abort = aborted;
      },
    }));
    const parcel = { imageId: "one", batchId: "two", file, address: "" };
    const { done } = send("/uploads", parcel, { progress: () => undefined, placed: () => undefined });
    const failure = done.catch((error: unknown) => error);
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    expect(await failure).toMatchObject({ code: "NETWORK" });
    expect(aborted).toHaveBeenCalledWith(false);
    vi.doUnmock("tus-js-client");
  });
});

describe("an archive on its way up", () => {
  const archive = new File(["packed"], "walk.ZIP");

  test("becomes its pictures, and says which of its files became none", async () => {
    const error = { code: "IMAGE_REFUSED", message: "Not this one." };
    const { uploads, arrived, unpacked } = uploading([
      [
        { name: "moss.jpg", image },
        { name: "notes.txt", error },
      ],
    ]);
    uploads.add([{ imageId: "one", file: archive }]);
    await vi.advanceTimersByTimeAsync(10);
    expect(unpacked).toEqual([[image]]);
    expect(arrived).toEqual([]);
    expect(uploads.totals).toMatchObject({ count: 1, done: 1, failed: 0 });
    const [partly] = rowsOf(uploads.list).partly;
    expect(partly?.refused).toEqual([{ name: "notes.txt", reason: "Not this one." }]);
  });

  test("without a single picture has failed for good", async () => {
    const error = { code: "IMAGE_REFUSED", message: "Not this one." };
    const { uploads, unpacked } = uploading([[{ name: "notes.txt", error }]]);
    uploads.add([{ imageId: "one", file: archive }]);
    await vi.advanceTimersByTimeAsync(10);
    expect(unpacked).toEqual([]);
    expect(uploads.list[0]).toMatchObject({ state: "failed", isFinal: true });
    expect(uploads.list[0]!.refused).toHaveLength(1);
  });
});

describe("many files", () => {
  const sized = (name: string, size: number) => ({ file: { name, size } as File });

  test("come in as few batches as the server allows, archives in their own", () => {
    const [a, b, c, d, e] = batchesOf(
      [
        sized("a.jpg", 600),
        sized("b.jpg", 400),
        sized("c.zip", 9_000),
        sized("d.jpg", 1),
        sized("e.jpg", 2_000),
      ],
      1_000,
    );
    expect(b).toBe(a);
    expect(new Set([a, c, d, e]).size).toBe(4);
  });

  test("of which some fail are told apart, and can be left out one by one", async () => {
    const { uploads } = uploading([image, refused("NOT_AN_IMAGE"), image, image, image]);
    uploads.add([1, 2, 3, 4, 5].map((n) => ({ imageId: `${n}`, file })));
    expect(rowsOf(uploads.list)).toMatchObject({ waiting: [{ imageId: "5" }], failed: [] });
    uploads.cancel([uploads.list[4]!]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(rowsOf(uploads.list)).toMatchObject({ waiting: [], sending: [], failed: [{ imageId: "2" }] });
    expect(uploads.totals).toMatchObject({ count: 4, done: 3, failed: 1 });
    uploads.leaveOut([uploads.list[1]!]);
    expect(rowsOf(uploads.list).failed).toEqual([]);
    expect(uploads.list).toHaveLength(4);
  });
});

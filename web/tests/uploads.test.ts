import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RequestFailed } from "$lib/graphql/failure";
import { SILENCE_MS, send, type Parcel, type Transfer, type UploadedImage } from "$lib/upload/transfer";
import { Uploads, type Upload } from "$lib/upload/uploads";

const file = new File(["picture"], "moss.jpg");
const image = { id: "1", width: 4, height: 3 } as UploadedImage;

function uploading(answers: (UploadedImage | Error)[]): {
  uploads: Uploads;
  tries: Parcel[];
  arrived: Upload[];
} {
  const tries: Parcel[] = [];
  const arrived: Upload[] = [];
  const sender = (_: string, parcel: Parcel): Transfer => {
    tries.push({ ...parcel });
    const answer = answers.shift()!;
    const done = answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    return { done, cancel: () => undefined };
  };
  const listener = {
    changed: () => undefined,
    arrived: (upload: Upload) => void arrived.push(upload),
    gaveUp: () => undefined,
    resumed: () => undefined,
  };
  return { uploads: new Uploads("/uploads", listener, sender), tries, arrived };
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

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { senderBy, sendDirect } from "$lib/upload/direct";
import type { Parcel, Transfer, TransferListener } from "$lib/upload/transfer";

const ordinary = vi.hoisted(() => ({ sent: [] as Parcel[] }));
vi.mock("$lib/upload/transfer", async (original) => ({
  ...(await original<typeof import("$lib/upload/transfer")>()),
  send: (_: string, parcel: Parcel): Transfer => {
    ordinary.sent.push(parcel);
    return { done: Promise.resolve({ id: "by tus" } as never), cancel: () => undefined };
  },
}));

const HERE = "/uploads/direct";
const PART = 4_000_000;
const large = new File([new Uint8Array(2 * PART + 1)], "moss.png");

/** The bucket: what it answers to each PUT, by its number from 1; 0 is no answer. */
class Bucket {
  readonly puts: { url: string; size: number }[] = [];
  constructor(readonly answers: (put: number, url: string) => number | "hangs" = () => 200) {}

  get Request() {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const bucket = this;
    return class {
      status = 0;
      upload: { onprogress?: (event: { loaded: number }) => void } = {};
      onloadend: () => void = () => undefined;
      private url = "";
      open(_: string, url: string) {
        this.url = url;
      }
      send(bytes: Blob) {
        bucket.puts.push({ url: this.url, size: bytes.size });
        const answer = bucket.answers(bucket.puts.length, this.url);
        if (answer === "hangs") return;
        this.upload.onprogress?.({ loaded: bytes.size });
        this.status = answer;
        queueMicrotask(() => this.onloadend());
      }
      abort() {
        this.status = 0;
        queueMicrotask(() => this.onloadend());
      }
    };
  }
}

type Said = { received?: { part: number; sizeBytes: number }[]; isGone?: boolean };

/** The server of webref, and all that was asked of it. */
function serving(bucket: Bucket, { received = [], isGone = false }: Said = {}): string[] {
  const asked: string[] = [];
  let signed = 0;
  const upload = { id: "7", partBytes: PART, parts: 3 };
  const urls = () => {
    signed += 1;
    return [1, 2, 3].map((part) => `https://bucket/${part}?signed=${signed}`);
  };
  vi.stubGlobal("XMLHttpRequest", bucket.Request);
  vi.stubGlobal("fetch", (url: string, { method }: RequestInit) => {
    asked.push(`${method} ${url.replace(HERE, "")}`);
    const answer = (status: number, body: object | null) =>
      Promise.resolve(new Response(body && JSON.stringify(body), { status }));
    if (method === "DELETE") return answer(204, null);
    if (method === "GET")
      return isGone
        ? answer(404, { error: { code: "NOT_FOUND", message: "There is no such upload." } })
        : answer(200, { upload, received });
    if (url.includes("/complete")) return answer(201, { image: { id: "direct" } });
    const first = Number(new URL(url, "https://webref").searchParams.get("first") ?? 1);
    if (url.includes("/parts")) return answer(200, { urls: urls().slice(first - 1) });
    return answer(201, { upload, urls: urls() });
  });
  return asked;
}

function listening(): TransferListener & { told: number[]; addresses: string[] } {
  const told: number[] = [];
  const addresses: string[] = [];
  return {
    told,
    addresses,
    progress: (bytes) => void told.push(bytes),
    placed: (address) => void addresses.push(address),
  };
}

const parcel = (file: File = large, address = ""): Parcel => ({ imageId: "1", batchId: "2", file, address });
const parts = ({ puts }: Bucket) => puts.map(({ url }) => url.replace("https://bucket/", ""));

beforeEach(() => {
  ordinary.sent.length = 0;
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a large file straight to the bucket", () => {
  test("goes part by part, each once, and says how far it is", async () => {
    const bucket = new Bucket();
    const asked = serving(bucket);
    const listener = listening();
    expect(await sendDirect(HERE, parcel(), listener).done).toEqual({ id: "direct" });
    expect(bucket.puts.map(({ size }) => size)).toEqual([PART, PART, 1]);
    expect(new Set(parts(bucket)).size).toBe(3);
    expect(listener.addresses).toEqual([`${HERE}?id=7`]);
    expect(listener.told).toEqual([0, PART, 2 * PART, 2 * PART + 1]);
    expect(asked.at(-1)).toBe("POST /complete?id=7");
    expect(asked.filter((one) => one.startsWith("DELETE"))).toEqual([]);
  });

  test("goes on with what has not come, or has come with another size", async () => {
    const bucket = new Bucket();
    const received = [
      { part: 1, sizeBytes: PART },
      { part: 3, sizeBytes: 7 },
    ];
    const asked = serving(bucket, { received });
    const listener = listening();
    await sendDirect(HERE, parcel(large, `${HERE}?id=7`), listener).done;
    expect(parts(bucket).map((url) => url[0])).toEqual(["2", "3"]);
    expect(asked[0]).toBe("GET ?id=7");
    expect(listener.told[0]).toBe(PART);
    expect(listener.addresses).toEqual([]);
  });

  test("begins anew where the server knows nothing of it any more", async () => {
    const bucket = new Bucket();
    const asked = serving(bucket, { isGone: true });
    const listener = listening();
    await sendDirect(HERE, parcel(large, `${HERE}?id=6`), listener).done;
    expect(bucket.puts).toHaveLength(3);
    expect(asked.slice(0, 2)).toEqual(["GET ?id=6", "POST "]);
    expect(listener.addresses).toEqual([`${HERE}?id=7`]);
  });

  test("gets a new address where the first has had its hour, and is given up where that is none either", async () => {
    const late = new Bucket((put) => (put === 2 ? 403 : 200));
    serving(late);
    await sendDirect(HERE, parcel(), listening()).done;
    expect(parts(late).map((url) => url[0])).toEqual(["1", "2", "2", "3"]);
    expect(new Set(parts(late)).size).toBe(4);

    const shut = new Bucket(() => 403);
    const asked = serving(shut);
    await expect(sendDirect(HERE, parcel(), listening()).done).rejects.toMatchObject({ code: "NETWORK" });
    expect(shut.puts).toHaveLength(2);
    expect(asked.some((one) => one.includes("/complete"))).toBe(false);
  });

  test("that is cut in its middle keeps its place, to be gone on with", async () => {
    const bucket = new Bucket((put) => (put === 2 ? 0 : 200));
    const asked = serving(bucket);
    await expect(sendDirect(HERE, parcel(), listening()).done).rejects.toMatchObject({ code: "NETWORK" });
    expect(asked.filter((one) => one.startsWith("DELETE"))).toEqual([]);
  });

  test.each([true, false])("stops when it is cancelled; the server forgets it: %s", async (forgets) => {
    const bucket = new Bucket((put) => (put === 2 ? "hangs" : 200));
    const asked = serving(bucket);
    const transfer = sendDirect(HERE, parcel(), listening());
    await vi.waitFor(() => expect(bucket.puts).toHaveLength(2));
    transfer.cancel(forgets);
    await expect(transfer.done).rejects.toMatchObject({ name: "AbortError" });
    expect(bucket.puts).toHaveLength(2);
    expect(asked.includes("DELETE ?id=7")).toBe(forgets);
  });
});

describe("which way a file goes", () => {
  test.each([
    ["small", parcel(new File(["picture"], "small.jpg"))],
    ["an archive", parcel(new File([new Uint8Array(PART)], "walk.zip"))],
    ["begun by tus", parcel(large, "/uploads/tus/1")],
    ["of the web", { ...parcel(), from: { url: "https://a.example/1.jpg" } }],
  ])("the ordinary one: %s", async (_, given) => {
    const bucket = new Bucket();
    const asked = serving(bucket);
    await senderBy(HERE)("/uploads", given, listening()).done;
    expect(ordinary.sent).toEqual([given]);
    expect([...asked, ...bucket.puts]).toEqual([]);
  });

  test("the ordinary one where no bucket may be asked", async () => {
    const asked = serving(new Bucket());
    await senderBy(null)("/uploads", parcel(), listening()).done;
    expect(ordinary.sent).toHaveLength(1);
    expect(asked).toEqual([]);
  });

  test("straight where it is large, or was begun so", async () => {
    const small = new File([new Uint8Array(PART - 1)], "small.png");
    for (const given of [parcel(), parcel(small, `${HERE}?id=7`)]) {
      serving(new Bucket());
      expect(await senderBy(HERE)("/uploads", given, listening()).done).toMatchObject({ id: "direct" });
    }
    expect(ordinary.sent).toEqual([]);
  });

  test("around a bucket out of reach: nothing is left there, and it is tried no more", async () => {
    const bucket = new Bucket(() => 0);
    const asked = serving(bucket);
    const sender = senderBy(HERE);
    expect(await sender("/uploads", parcel(), listening()).done).toEqual({ id: "by tus" });
    expect(asked).toContain("DELETE ?id=7");
    expect(await sender("/uploads", parcel(large, `${HERE}?id=7`), listening()).done).toEqual({
      id: "by tus",
    });
    await sender("/uploads", parcel(), listening()).done;
    expect(bucket.puts).toHaveLength(1);
    expect(ordinary.sent.map(({ address }) => address)).toEqual(["", "", ""]);
  });

  test("stays straight while this browser has no network at all", async () => {
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    const bucket = new Bucket(() => 0);
    serving(bucket);
    const sent = senderBy(HERE)("/uploads", parcel(), listening()).done;
    await expect(sent).rejects.toMatchObject({ code: "NETWORK" });
    expect(ordinary.sent).toEqual([]);
    vi.restoreAllMocks();
  });
});

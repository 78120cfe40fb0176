// @vitest-environment node
/** The service worker's rules, run as it is against caches in memory: what is kept, what never, and what is served from where. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import SOURCE from "../src/service-worker.js?raw";

const ORIGIN = "https://webref.example";
const IMAGE = "0f8fad5b-d9cb-469f-a165-70867728950e";
const FOR_EVER = { "Cache-Control": "private, max-age=31536000, immutable" };

type Kept = Map<string, Response>;

class MemoryCaches {
  readonly all = new Map<string, Kept>();

  async open(name: string) {
    const kept = this.all.get(name) ?? new Map<string, Response>();
    this.all.set(name, kept);
    return {
      addAll: async (asked: (string | Request)[]) => {
        for (const one of asked) kept.set(addressOf(one), await serve(addressOf(one)));
      },
      put: async (one: string | Request, answer: Response) => void kept.set(addressOf(one), answer),
      match: async (one: string | Request) => kept.get(addressOf(one))?.clone(),
      keys: async () => [...kept.keys()].map((address) => new Request(address)),
      delete: async (one: Request) => kept.delete(one.url),
    };
  }
  async keys() {
    return [...this.all.keys()];
  }
  async delete(name: string) {
    return this.all.delete(name);
  }
  async match(one: string | Request, options?: { cacheName: string }) {
    const names = options ? [options.cacheName] : [...this.all.keys()];
    const found = names.map((name) => this.all.get(name)?.get(addressOf(one))).find(Boolean);
    return found?.clone();
  }
}

let caches: MemoryCaches;
let network: (path: string) => Promise<Response> | Response;
let asked: string[];

function addressOf(one: string | Request): string {
  return new URL(typeof one === "string" ? one : one.url, ORIGIN).href;
}

async function serve(address: string): Promise<Response> {
  const path = address.slice(ORIGIN.length);
  asked.push(path);
  return network(path);
}

interface Worker {
  fire(kind: string, event?: Record<string, unknown>): Promise<unknown>;
  get(
    path: string,
    more?: { mode?: string; method?: string; body?: FormData },
  ): Promise<Response | "browser">;
  skipWaiting: ReturnType<typeof vi.fn>;
}

/** A release of the worker, as the build would write it. */
function release(version: string, files: readonly string[] = ["/assets/app.js", "/icon.svg"]): Worker {
  const listeners = new Map<string, (event: Record<string, unknown>) => void>();
  const self = {
    addEventListener: (kind: string, listener: (event: Record<string, unknown>) => void) =>
      listeners.set(kind, listener),
    skipWaiting: vi.fn(),
    clients: { claim: vi.fn() },
    registration: { navigationPreload: { enable: vi.fn() } },
    location: new URL(ORIGIN),
  };
  // Requests here know no mode of their own, and no relative address.
  class Asked {
    readonly url: string;
    readonly method: string;
    readonly mode: string;
    readonly formData: () => Promise<FormData | undefined>;
    constructor(path: string, { mode = "cors", method = "GET", body }: Record<string, unknown> = {}) {
      this.url = new URL(path, ORIGIN).href;
      this.method = String(method);
      this.mode = String(mode);
      this.formData = async () => body as FormData;
    }
  }
  const source = SOURCE.replace("__SHELL__;", `${JSON.stringify({ version, files })};`);
  const redirecting = Object.assign(
    function (...given: ConstructorParameters<typeof Response>) {
      return new Response(...given);
    },
    {
      redirect: (path: string, status: number) => new Response(null, { status, headers: { Location: path } }),
    },
  );
  new Function("self", "caches", "fetch", "Request", "Response", source)(
    self,
    caches,
    (one: string | Request) => serve(addressOf(one)),
    Asked,
    redirecting,
  );
  return {
    skipWaiting: self.skipWaiting,
    async fire(kind, event = {}) {
      let done: unknown;
      listeners.get(kind)?.({ ...event, waitUntil: (work: unknown) => (done = work) });
      return await done;
    },
    async get(path, more = {}) {
      let answer: Promise<Response> | undefined;
      const request = new Asked(path, more);
      listeners.get("fetch")?.({
        request,
        preloadResponse: Promise.resolve(undefined),
        respondWith: (given: Promise<Response>) => (answer = given),
      });
      return (await answer) ?? "browser";
    },
  };
}

async function body(answer: Response | "browser"): Promise<string> {
  return answer === "browser" ? "browser" : await answer.text();
}

function keptPaths(): string[] {
  return [...caches.all.values()].flatMap((kept) => [...kept.keys()].map((url) => url.slice(ORIGIN.length)));
}

const away = () => Promise.reject(new TypeError("Failed to fetch"));

beforeEach(() => {
  caches = new MemoryCaches();
  asked = [];
  network = (path) => new Response(`server: ${path}`, { headers: FOR_EVER });
});

describe("what is never kept", () => {
  test.each([
    "/graphql",
    "/uploads/tus/1",
    "/health/ready",
    "/files/boards/0f8fad5b-d9cb-469f-a165-70867728950e/12",
    `/files/${IMAGE}/original`,
    `/files/${IMAGE}/1600`,
    `/files/${IMAGE}/320?download=1`,
    `/files/${IMAGE}/tiles/1/0_0`,
    "/graphql?query={viewer{email}}",
  ])("%s", async (path) => {
    const worker = release("a");
    await worker.fire("install");
    const before = keptPaths();
    expect(await worker.get(path)).toBe("browser");
    expect(keptPaths()).toEqual(before);
  });

  test("what is posted, whatever it is: questions and passwords go to the server alone", async () => {
    const worker = release("a");
    for (const path of ["/graphql", "/", "/uploads", "/assets/app.js"])
      expect(await worker.get(path, { method: "POST" })).toBe("browser");
    expect(keptPaths()).toEqual([]);
  });

  test("anything of another origin", async () => {
    const worker = release("a");
    expect(await worker.get("https://elsewhere.example/assets/app.js")).toBe("browser");
  });

  test.each([
    ["refused", () => new Response("no", { status: 404 })],
    ["a part", () => new Response("some", { status: 206, headers: FOR_EVER })],
    [
      "to be asked for again",
      () => new Response("now", { headers: { "Cache-Control": "private, no-cache" } }),
    ],
  ])("a picture that is %s", async (_what, answer) => {
    const worker = release("a");
    network = answer;
    await worker.get(`/files/${IMAGE}/320`);
    expect(keptPaths()).toEqual([]);
  });
});

describe("what is kept", () => {
  test("small pictures and pages of atlases that were seen, and they are not asked for again", async () => {
    const worker = release("a");
    const atlas = `/files/boards/${IMAGE}/atlas/${"ab".repeat(32)}`;
    for (const path of [`/files/${IMAGE}/320`, atlas]) {
      expect(await body(await worker.get(path))).toBe(`server: ${path}`);
      network = away;
      expect(await body(await worker.get(path))).toBe(`server: ${path}`);
      network = (asked) => new Response(`server: ${asked}`, { headers: FOR_EVER });
    }
    expect(asked).toEqual([`/files/${IMAGE}/320`, atlas]);
    expect([...caches.all.keys()]).toEqual(["webref.pictures", "webref.atlases"]);
  });

  test("what another app shares, the last time only, until the page has asked where it shall go", async () => {
    const worker = release("a");
    const share = async (name: string) => {
      const form = new FormData();
      form.append("title", "A page");
      form.append("pictures", new File(["x"], name, { type: "image/png" }));
      return await worker.get("/share", { method: "POST", body: form });
    };
    await share("first.png");
    const answer = await share("søster.png");
    expect(answer).toMatchObject({ status: 303 });
    expect(keptPaths()).toEqual(["/share/words", "/share/0"]);
    const kept = await (await caches.open("webref.shared")).match("/share/0");
    expect(decodeURIComponent(kept?.headers.get("X-Name") ?? "")).toBe("søster.png");
    expect(asked).toEqual([]);
  });
});

describe("a page", () => {
  test("comes from the server while it answers, whatever is kept", async () => {
    const worker = release("a");
    await worker.fire("install");
    network = () => new Response("newer");
    expect(await body(await worker.get("/boards/1", { mode: "navigate" }))).toBe("newer");
  });

  test.each([
    ["is away", away],
    ["is broken", () => new Response("Bad gateway", { status: 502 })],
    ["is silent", () => new Promise<Response>(() => undefined)],
  ])("comes from what is kept when the server %s", async (_how, answer) => {
    vi.useFakeTimers();
    const worker = release("a");
    await worker.fire("install");
    network = answer;
    const page = worker.get("/boards/1", { mode: "navigate" });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await body(await page)).toBe("server: /");
    vi.useRealTimers();
  });

  test("of the API explorer and addresses of files are none of the app", async () => {
    const worker = release("a");
    await worker.fire("install");
    for (const path of ["/ide", `/files/${IMAGE}/original`, "/graphql"])
      expect(await worker.get(path, { mode: "navigate" })).toBe("browser");
  });
});

describe("a new release", () => {
  test("waits, takes over when it is asked to, and leaves the parts of the one before it for open pages", async () => {
    const old = release("a", ["/assets/old.js"]);
    await old.fire("install");
    await old.fire("activate");
    const fresh = release("b", ["/assets/new.js"]);
    await fresh.fire("install");
    expect(fresh.skipWaiting).not.toHaveBeenCalled();
    await fresh.fire("message", { data: "anything else" });
    expect(fresh.skipWaiting).not.toHaveBeenCalled();
    await fresh.fire("message", { data: "take over" });
    expect(fresh.skipWaiting).toHaveBeenCalledOnce();
    await fresh.fire("activate");
    network = () => new Response("There is no such file.", { status: 404 });
    expect(await body(await fresh.get("/assets/old.js"))).toBe("server: /assets/old.js");

    network = (path) => new Response(`server: ${path}`);
    const third = release("c", ["/assets/third.js"]);
    await third.fire("install");
    await third.fire("activate");
    expect([...caches.all.keys()]).toEqual(["webref.shell.b", "webref.shell.c"]);
  });

  test("keeps what belongs to the person", async () => {
    await release("a").get(`/files/${IMAGE}/320`);
    const fresh = release("b");
    await fresh.fire("install");
    await fresh.fire("activate");
    expect(keptPaths()).toContain(`/files/${IMAGE}/320`);
  });
});

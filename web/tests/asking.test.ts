import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const request = vi.hoisted(() => vi.fn());
vi.mock("../src/lib/graphql/client", async (original) => ({
  ...(await original<typeof import("../src/lib/graphql/client")>()),
  request,
}));

const { default: PictureDetails } = await import("../src/lib/library/PictureDetails.svelte");
const { default: SearchField } = await import("../src/lib/ui/SearchField.svelte");

const picture = {
  id: "1",
  name: "moss.jpg",
  title: "",
  width: 400,
  height: 300,
  placeholder: "1QcSHQRnh493V4dIh4eXh1h4kJUI",
  palette: ["#203040"],
  state: "READY" as const,
  renditions: [],
  tags: [],
  failure: null,
  pages: 1,
  createdAt: "2026-11-20T12:00:00Z",
};
const story = {
  ...picture,
  format: "JPEG",
  mime: "image/jpeg",
  frames: 1,
  hasAlpha: false,
  sizeBytes: 1_000,
  digest: "",
  takenAt: null,
  camera: null,
  originalUrl: "/files/1/original",
  owner: { id: "a", name: "Ana", colour: "#7aa2f7" },
  colours: [],
  uses: { nodes: [], totalCount: 0 },
};

beforeEach(() => {
  vi.useFakeTimers();
  request.mockReset();
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

test("the details of a picture are asked for once, and shown", async () => {
  request.mockImplementation(async () => ({ image: { ...story } }));
  const shown = mount(PictureDetails, {
    target: document.body,
    props: {
      picture,
      onclose: () => {},
      onchange: () => {},
      onpick: () => {},
      oncolour: () => {},
      onlike: () => {},
    },
  });
  flushSync();
  for (let turn = 0; turn < 20; turn++) {
    await vi.advanceTimersByTimeAsync(10);
    flushSync();
  }
  expect(request).toHaveBeenCalledTimes(1);
  expect(document.body.textContent).toContain("400 × 300 px");
  await unmount(shown);
});

test("a search typed just before leaving the page is not asked", async () => {
  const onsearch = vi.fn();
  const shown = mount(SearchField, {
    target: document.body,
    props: { label: "Search", value: "", onsearch },
  });
  flushSync();
  const field = document.querySelector("input") as HTMLInputElement;
  field.value = "moss";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
  await unmount(shown);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(onsearch).not.toHaveBeenCalled();
});

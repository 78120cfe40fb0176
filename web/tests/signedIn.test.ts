import { beforeEach, expect, test, vi } from "vitest";

// No mock function: that would hear of the failure itself.
const dispose = () => Promise.reject(new Error("4403"));
vi.mock("graphql-ws", () => ({ createClient: () => ({ subscribe: () => () => {}, dispose }) }));

const { app } = await import("../src/lib/app.svelte");
const { recallOpening } = await import("../src/lib/offline/opening");
const { hangUp, subscribe } = await import("../src/lib/graphql/subscriptions");

const viewer = { account: { id: "a", name: "Ana" } } as unknown as NonNullable<typeof app.viewer>;

beforeEach(() => {
  localStorage.clear();
});

test("where the first person came in, the browser keeps that there is one", () => {
  app.instance = { hasOwner: false } as unknown as NonNullable<typeof app.instance>;
  app.signedIn(viewer, "2026-11-29T12:00:00Z");
  expect(app.instance?.hasOwner).toBe(true);
  expect(recallOpening()).toEqual({ instance: { hasOwner: true }, viewer });
});

test("a socket that is refused while it opens fails nothing more when it is hung up", async () => {
  const unheard = vi.fn();
  process.on("unhandledRejection", unheard);
  const stop = subscribe({ toString: () => "" } as never, () => ({}), { next: () => {}, failed: () => {} });
  hangUp();
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop();
  process.off("unhandledRejection", unheard);
  expect(unheard).not.toHaveBeenCalled();
});

import { afterEach, expect, test } from "vitest";
import { RequestFailed } from "$lib/graphql/failure";
import { router } from "$lib/router.svelte";
import { asksForFreshness, cameBackFor, isFresh, pathTo } from "$lib/settings/freshness";

const NOW = Date.parse("2031-05-01T12:00:00Z");
const MINUTE = 60_000;

function sessions(ownMinutesAgo: number, otherMinutesAgo: number) {
  const at = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();
  return [
    { createdAt: at(otherMinutesAgo), isCurrent: false },
    { createdAt: at(ownMinutesAgo), isCurrent: true },
  ];
}

afterEach(() => router.go("/"));

test("only this session counts, and a little less long than the server says", () => {
  expect(isFresh(sessions(0, 99), NOW)).toBe(true);
  expect(isFresh(sessions(13.9, 99), NOW)).toBe(true);
  expect(isFresh(sessions(14, 0), NOW)).toBe(false);
  expect(isFresh(sessions(99, 0), NOW)).toBe(false);
  expect(isFresh([{ createdAt: new Date(NOW).toISOString(), isCurrent: false }], NOW)).toBe(false);
  expect(isFresh([], NOW)).toBe(false);
});

test("a refusal asks for it only where no password was wrong", () => {
  const refused = (code: string) => RequestFailed.from([{ message: "no", extensions: { code } }]);
  expect(asksForFreshness(refused("WRONG_CREDENTIALS"), false)).toBe(true);
  expect(asksForFreshness(refused("WRONG_CREDENTIALS"), true)).toBe(false);
  expect(asksForFreshness(refused("ALREADY_EXISTS"), false)).toBe(false);
  expect(asksForFreshness(new Error("no"), false)).toBe(false);
});

test("who comes back for it is known once, where they wanted to go, and the address says no more of it", () => {
  expect(cameBackFor("email")).toBe(false);
  router.go(pathTo("email"));
  expect(cameBackFor("password")).toBe(false);
  expect(cameBackFor("email")).toBe(true);
  expect(location.pathname + location.search).toBe("/settings/profile");
  expect(cameBackFor("email")).toBe(false);
});

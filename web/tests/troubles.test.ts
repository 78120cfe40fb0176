import { expect, test } from "vitest";
import { troubleInWords, wayAgain, wayTo } from "$lib/accounts/troubles";

/** As docs/schema.md lists them under SIGN_IN_REFUSED. */
const CODES = [
  "CANCELLED",
  "EXPIRED",
  "PROVIDER",
  "NOT_ALLOWED",
  "NO_EMAIL",
  "EMAIL_TAKEN",
  "NEEDS_INVITE",
  "CLOSED",
  "DISABLED",
  "LINKED",
  "LINKED_OTHERWISE",
];

test("every code has words of its own, and what is no code has ours, not its own", () => {
  const said = CODES.map((code) => troubleInWords(code, "Harbour"));
  expect(new Set(said).size).toBe(CODES.length);
  expect(troubleInWords("<b>Call this number</b>", "Harbour")).toBe(troubleInWords("PROVIDER", "Harbour"));
});

test("where one wanted to go travels along, and an invite; a refusal asks who it is anew", () => {
  expect(wayTo("/auth/oidc", "/", "")).toBe("/auth/oidc");
  expect(wayTo("/auth/oidc", "/boards/1?a=b&c", "CANCELLED", "co+de")).toBe(
    "/auth/oidc?next=%2Fboards%2F1%3Fa%3Db%26c&invite=co%2Bde",
  );
  expect(wayTo("/auth/oidc", "/", "NOT_ALLOWED")).toBe("/auth/oidc?afresh=1");
});

test("who has to prove once more who they are is asked there, and comes back to the very place", () => {
  expect(wayAgain("/auth/oidc", "/settings/profile?change=email")).toBe(
    "/auth/oidc?next=%2Fsettings%2Fprofile%3Fchange%3Demail&afresh=1",
  );
});

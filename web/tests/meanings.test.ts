import { expect, test, vi } from "vitest";
import { RequestFailed, inWords } from "$lib/graphql/failure";

vi.mock("$lib/language/language", async (original) => ({
  ...(await original<typeof import("$lib/language/language")>()),
  language: "de",
}));

test("in another language a refused picture says why, and then what the server says of it", () => {
  const refused = (reason?: string) =>
    inWords(new RequestFailed("IMAGE_REFUSED", "It starts like JPEG.", reason ? { reason } : {}));
  expect(refused("CORRUPT")).toBe("The file is damaged. (It starts like JPEG.)");
  for (const reason of [undefined, "NEW_REASON", "toString"])
    expect(refused(reason)).toBe("The file is no picture that webref takes. (It starts like JPEG.)");
});

test("what the server says for scripts is not shown", () => {
  expect(inWords(new RequestFailed("STORAGE_UNAVAILABLE", "Said in English."))).not.toContain("English");
});

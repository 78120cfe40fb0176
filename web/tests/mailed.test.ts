import { describe, expect, it } from "vitest";
import { mailedIn } from "$lib/accounts/mailed";

describe("what a mailed link brings", () => {
  it("is a code, and the address of a new account", () => {
    expect(mailedIn("#abc_-9/ana%2Bx%40example.org")).toEqual({ code: "abc_-9", email: "ana+x@example.org" });
    expect(mailedIn("#abc")).toEqual({ code: "abc", email: "" });
    expect(mailedIn("")).toEqual({ code: "", email: "" });
  });

  it("survives a link that was cut", () => {
    expect(mailedIn("#abc/ana%4")).toEqual({ code: "abc", email: "" });
  });
});

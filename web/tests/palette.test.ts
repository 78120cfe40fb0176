/** Finding commands by what is typed, and giving them other keys. */
import { beforeEach, describe, expect, test } from "vitest";
import { EVERY_COMMAND } from "$lib/board/offers";
import type { Offer } from "$lib/commands/command";
import { match } from "$lib/commands/fuzzy";
import { keymap, type Keyed } from "$lib/commands/keymap.svelte";
import { combination } from "$lib/commands/keys";
import { listed, marked } from "$lib/commands/listing";
import { refusalOf } from "$lib/commands/owned";
import { preferences } from "$lib/preferences.svelte";

const best = (typed: string, labels: readonly string[]) =>
  labels
    .map((label) => ({ label, score: match(typed, label)?.score }))
    .filter(({ score }) => score !== undefined)
    .sort((a, b) => b.score! - a.score!)
    .map(({ label }) => label);

describe("matching", () => {
  test("beginnings of words before letters somewhere, all of what was typed in any order", () => {
    expect(best("al", ["Actual size", "Align left edges", "Sort by colour"])[0]).toBe("Align left edges");
    expect(best("edges left", ["Align left edges", "Align right edges"])).toEqual(["Align left edges"]);
    expect(best("gst", ["Go to settings", "Gray"])).toEqual(["Go to settings"]);
    expect(best("xyz", ["Go to settings"])).toEqual([]);
  });

  test("case and accents do not matter, and the letters that answer are marked where they stand", () => {
    const answer = match("eleve", "Élève, étude");
    expect(marked("Élève, étude", answer!.at)).toEqual([
      { text: "Élève", isMarked: true },
      { text: ", étude", isMarked: false },
    ]);
    expect(match("", "anything")?.at).toEqual([]);
  });
});

describe("the list", () => {
  const offer = (id: string, label: string, refusal: string | null = null): Offer => ({
    id,
    label,
    now: label,
    group: "Look",
    mode: null,
    whileWriting: false,
    danger: false,
    keys: [],
    shown: [],
    refusal,
    run: () => undefined,
  });
  const offers = [offer("a", "Align"), offer("b", "Bars", "Nothing is selected."), offer("c", "Closer")];
  const board = { id: "board.1", label: "Castles", note: "Board", run: () => undefined };
  const ids = (typed: string, recent: string[] = []) =>
    listed(typed, offers, [board], recent).map(({ id }) => id);

  test("recent commands come first, boards after commands, what cannot be done last and with its reason", () => {
    expect(ids("")).toEqual(["a", "c", "board.1", "b"]);
    expect(ids("", ["c", "b"])).toEqual(["c", "a", "board.1", "b"]);
    const refused = listed("bars", offers, [], [])[0];
    expect(refused).toMatchObject({ isRefused: true, note: "Nothing is selected." });
  });

  test("boards are found by title, and commands by their group", () => {
    expect(ids("cast")).toEqual(["board.1"]);
    expect(ids("look")).toEqual(["a", "c", "b"]);
  });
});

describe("the key map", () => {
  const all: readonly Keyed[] = EVERY_COMMAND;
  const of = (id: string) => all.find((one) => one.id === id)!;
  const keys = (id: string) => keymap.keysOf(of(id));

  beforeEach(() => preferences.set({ keys: {}, keyPreset: "WEBREF" }));

  test("no key of the board means something else everywhere, by either habit", () => {
    for (const keyPreset of ["WEBREF", "PUREREF"] as const) {
      preferences.set({ keyPreset });
      const given = all.flatMap((one) => keymap.keysOf(one).map((key) => `${one.mode ?? ""} ${key}`));
      expect(given.filter((key, i) => given.indexOf(key) !== i)).toEqual([]);
    }
  });

  test("no command is given a key that browsers keep", () => {
    for (const one of all)
      for (const key of one.keys ?? [])
        if (!one.id.startsWith("edit.")) expect(refusalOf(key, key), one.id).toBeNull();
  });

  test("a key that is given is taken from whoever had it, and comes back with a reset", () => {
    expect(keymap.holderOf("f", of("look.all"), all)?.id).toBe("look.focus");
    keymap.give("f", of("look.all"), all);
    expect([keys("look.all"), keys("look.focus")]).toEqual([["Shift+1", "f"], []]);
    keymap.reset(of("look.focus"), all);
    expect([keys("look.all"), keys("look.focus")]).toEqual([["Shift+1"], ["f"]]);
    // What is as it was is not kept as a choice.
    expect(preferences.now.keys).toEqual({});
  });

  test("the arrows of the focus are no clash with those that nudge", () => {
    expect(keymap.holderOf("ArrowLeft", of("look.neighbour-left"), all)).toBeUndefined();
    expect(keymap.holderOf("ArrowLeft", of("look.all"), all)?.id).toBe("arrange.nudge-left");
  });

  test("PureRef's habit changes what was not chosen, and only that", () => {
    keymap.give("Shift+c", of("look.compare"), all);
    preferences.set({ keyPreset: "PUREREF" });
    expect(keys("change.flip-x")).toEqual(["Alt+Shift+h"]);
    expect(keys("look.compare")).toEqual(["y", "Shift+c"]);
    keymap.resetAll();
    expect(keys("look.compare")).toEqual(["Mod+y"]);
  });

  test("the last key can be taken: then none is left", () => {
    keymap.take("f", of("look.focus"));
    expect(keys("look.focus")).toEqual([]);
  });

  test("keys of the browser are refused in words", () => {
    expect(refusalOf("Mod+w", "Ctrl+W")).toMatch(/^Ctrl\+W closes the tab/);
    expect(refusalOf("Mod+3", "Ctrl+3")).toContain("another tab");
    expect(refusalOf("Mod+k", "Ctrl+K")).toBeNull();
    const event = new KeyboardEvent("keydown", { key: "W", code: "KeyW", ctrlKey: true, shiftKey: true });
    expect(refusalOf(combination(event), "Ctrl+Shift+W")).toContain("closes the window");
  });
});

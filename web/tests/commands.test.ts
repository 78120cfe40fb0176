/** The one list of what a board can be asked for: each command once, its key its own, its refusals in words. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BOARD_COMMANDS, EVERY_COMMAND, type Bench, type Screen } from "$lib/board/offers";
import { BOARD_MENU, SELECTION_MENU } from "$lib/board/offers/menus";
import type { Command } from "$lib/commands/command";
import { menuOf, type MenuPlan } from "$lib/commands/menus";
import { registry } from "$lib/commands/registry.svelte";
import type { MenuEntry } from "$lib/ui/menu";
import { aDesk, anItem, type Desk } from "./board";

let desk: Desk;
let bench: Bench & { session: { mayEdit: boolean; isTrashed: boolean } };
let stop: () => void = () => undefined;

const habits = { isGray: false, isMirrored: false, hasGrid: false, snapsToGrid: false, hasMinimap: false };
const lent: Record<string, unknown> = {
  isPlaying: true,
  looking: { habits, goTo: vi.fn() },
  hands: { snaps: true },
};
const screen = new Proxy({}, { get: (_, name) => lent[String(name)] ?? vi.fn() }) as Screen;

beforeEach(() => {
  desk = aDesk([
    anItem("a"),
    anItem("b", { at: { x: 300, y: 0 }, z: "a1" }),
    anItem("held", { locked: true, z: "a2" }),
  ]);
  const session = {
    ...desk,
    pictures: new Map(),
    nameOf: () => "",
    mayEdit: true,
    isTrashed: false,
    canUndo: false,
    canRedo: false,
  };
  bench = { session, screen } as unknown as typeof bench;
  stop = registry.offer(BOARD_COMMANDS, bench);
});

afterEach(() => {
  stop();
  registry.mode = null;
});

const labels = (entries: readonly MenuEntry[]): unknown[] =>
  entries.map((entry) => (entry === "line" ? "line" : entry.label));

function idsIn(plan: MenuPlan): string[] {
  return plan.flatMap((part) => (typeof part === "string" ? [part] : idsIn(part.plan)));
}

describe("the table", () => {
  test("every command has a name of its own, and every key one meaning in a mode", () => {
    const ids = BOARD_COMMANDS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const keys = BOARD_COMMANDS.flatMap(({ keys = [], mode = "" }) => keys.map((key) => `${mode} ${key}`));
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  test("menus name commands that there are", () => {
    const known = new Set(EVERY_COMMAND.map(({ id }) => id));
    for (const id of [...idsIn(BOARD_MENU), ...idsIn(SELECTION_MENU)])
      expect(id === "line" || known.has(id), id).toBe(true);
  });
});

describe("refusals", () => {
  test("who may only look changes nothing, by key or otherwise, and is told why", () => {
    bench.session.mayEdit = false;
    desk.editor.select(["a"]);
    expect(registry.get("change.delete")?.refusal).toBe("You may look at this board, not change it.");
    registry.run("change.delete");
    // What they see they may take along.
    for (const offer of registry.all)
      if (offer.id !== "change.copy" && ["Change", "Arrange", "Draw", "Add"].includes(offer.group))
        expect(offer.refusal, offer.id).not.toBeNull();
    expect(desk.sent).toEqual([]);
    expect(registry.get("look.all")?.refusal).toBeNull();
  });

  test("nothing selected, all of it locked, too few: each in its own words", () => {
    const why = (id: string) => registry.get(id)?.refusal;
    expect(why("change.delete")).toBe("Nothing is selected.");
    desk.editor.select(["held"]);
    expect(why("change.delete")).toBe("What is selected is locked. Unlock it first.");
    expect(why("change.lock")).toBeNull();
    desk.editor.select(["a"]);
    expect(why("change.group")).toBe("Select two or more.");
    expect(why("arrange.left-edges")).toBe("Select two or more.");
    desk.editor.select(["a", "b"]);
    expect(why("change.group")).toBeNull();
    expect(why("change.cover")).toBe("Only one may be selected for this.");
  });
});

describe("keys", () => {
  const plain = (id: string, more: Partial<Command<null>>): Command<null> => ({
    id,
    label: id,
    group: "Other",
    run: () => undefined,
    ...more,
  });

  test("a mode's own commands come first while it lasts, and are not there otherwise", () => {
    const end = registry.offer([plain("focus.away", { keys: ["Shift+ArrowRight"], mode: "focus" })], null);
    desk.editor.select(["a"]);
    expect(registry.forKey("ArrowRight")?.id).toBe("arrange.nudge-right");
    registry.mode = "focus";
    expect(registry.forKey("ArrowRight")?.id).toBe("look.neighbour-right");
    expect(registry.forKey("Shift+ArrowRight")?.id).toBe("focus.away");
    end();
    expect(registry.forKey("Shift+ArrowRight")?.id).toBe("arrange.nudge-right-far");
  });

  test("what is refused gives way to what is not, for the same key", () => {
    const end = registry.offer(
      [plain("one", { keys: ["x"], refusal: () => "No." }), plain("two", { keys: ["x"] })],
      null,
    );
    expect(registry.forKey("x")?.id).toBe("two");
    end();
    expect(registry.forKey("x")).toBeUndefined();
  });

  test("Shift nudges ten times as far", () => {
    desk.editor.select(["a"]);
    registry.forKey("ArrowRight")?.run();
    registry.forKey("Shift+ArrowRight")?.run();
    expect(desk.store.get("a")?.transform.x).toBe(11);
  });
});

describe("menus", () => {
  test("what cannot be done is left out, with the lines around it", () => {
    const whole = labels(menuOf(BOARD_MENU));
    expect(whole).toContain("New note");
    expect(whole).not.toContain("Show hidden items");
    expect(whole.at(-1)).not.toBe("line");
    expect(whole.filter((label, i) => label === "line" && whole[i + 1] === "line")).toEqual([]);
    bench.session.mayEdit = false;
    expect(labels(menuOf(BOARD_MENU))).toEqual(["Show everything", "Actual size", "Look"]);
  });

  test("of a locked selection what is left is unlocking it, its name, and copies of it", () => {
    desk.editor.select(["held"]);
    const offered = labels(menuOf(SELECTION_MENU));
    for (const label of ["Duplicate", "Name, tags, link…", "Unlock"]) expect(offered).toContain(label);
    for (const label of ["Delete", "Turn", "Order", "Hide", "Group"]) expect(offered).not.toContain(label);
  });
});

/** Commands that bring the selected, or with nothing selected the whole board, into order. */
import type { Command } from "../../commands/command";
import { alignTo, arrangeBy, compare, makeAlike, packUp, spread, stackUp, type Desk } from "../arrangements";
import type { Order } from "../../geometry/arranging";
import * as commands from "../commands";
import { arrangeable, arrangeableAll, free, type Bench } from "./bench";

const NUDGE_PX = 1;
const LARGE_NUDGE = 10;

function nudge(id: string, label: string, key: string, dx: number, dy: number): Command<Bench> {
  return {
    id: `arrange.nudge-${id}`,
    group: "Arrange",
    label,
    keys: [key],
    refusal: free,
    run: ({ session: { editor } }) => {
      const far = NUDGE_PX / Math.min(1, editor.camera.zoom);
      commands.nudge(editor, dx * far, dy * far);
    },
  };
}

function order(
  id: string,
  label: string,
  keys: readonly string[],
  run: (desk: Desk) => void,
): Command<Bench> {
  return {
    id: `arrange.${id}`,
    group: "Arrange",
    label,
    keys,
    refusal: free,
    run: ({ session }) => run(session),
  };
}

/** What is to be arranged must be two at least. */
function among(
  id: string,
  label: string,
  keys: readonly string[],
  run: (desk: Desk) => void,
): Command<Bench> {
  return { ...order(id, label, keys, run), refusal: arrangeable };
}

/** Arranges the whole board where nothing is selected. */
function all(id: string, label: string, keys: readonly string[], run: (desk: Desk) => void): Command<Bench> {
  return { ...order(id, label, keys, run), refusal: arrangeableAll };
}

function sort(id: string, label: string, short: string, by: Order): Command<Bench> {
  return { ...all(id, label, [], (desk) => arrangeBy(desk, "GRID", by)), now: () => short };
}

export const ARRANGING: readonly Command<Bench>[] = [
  nudge("left", "Nudge left", "ArrowLeft", -1, 0),
  nudge("right", "Nudge right", "ArrowRight", 1, 0),
  nudge("up", "Nudge up", "ArrowUp", 0, -1),
  nudge("down", "Nudge down", "ArrowDown", 0, 1),
  nudge("left-far", "Nudge left, ten times as far", "Shift+ArrowLeft", -LARGE_NUDGE, 0),
  nudge("right-far", "Nudge right, ten times as far", "Shift+ArrowRight", LARGE_NUDGE, 0),
  nudge("up-far", "Nudge up, ten times as far", "Shift+ArrowUp", 0, -LARGE_NUDGE),
  nudge("down-far", "Nudge down, ten times as far", "Shift+ArrowDown", 0, LARGE_NUDGE),
  order("forward", "One step to the front", ["]"], ({ editor }) => commands.step(editor, "forward")),
  order("backward", "One step to the back", ["["], ({ editor }) => commands.step(editor, "backward")),
  order("front", "To the very front", ["PageUp", "}"], ({ editor }) => commands.toEnd(editor, "front")),
  order("back", "To the very back", ["PageDown", "{"], ({ editor }) => commands.toEnd(editor, "back")),
  among("left-edges", "Align left edges", ["Mod+ArrowLeft"], (desk) => alignTo(desk, "LEFT")),
  among("centres", "Align centres", ["Alt+h"], (desk) => alignTo(desk, "CENTRE")),
  among("right-edges", "Align right edges", ["Mod+ArrowRight"], (desk) => alignTo(desk, "RIGHT")),
  among("upper-edges", "Align upper edges", ["Mod+ArrowUp"], (desk) => alignTo(desk, "TOP")),
  among("middles", "Align middles", ["Alt+v"], (desk) => alignTo(desk, "MIDDLE")),
  among("lower-edges", "Align lower edges", ["Mod+ArrowDown"], (desk) => alignTo(desk, "BOTTOM")),
  among("across", "Distribute across", ["Mod+Shift+ArrowLeft", "Mod+Shift+ArrowRight"], (desk) =>
    spread(desk, "HORIZONTAL"),
  ),
  among("down", "Distribute down", ["Mod+Shift+ArrowUp", "Mod+Shift+ArrowDown"], (desk) =>
    spread(desk, "VERTICAL"),
  ),
  among("same-height", "Same height", ["Shift+h", "Mod+Alt+ArrowLeft"], (desk) => makeAlike(desk, "HEIGHT")),
  among("same-width", "Same width", ["Shift+w", "Mod+Alt+ArrowRight"], (desk) => makeAlike(desk, "WIDTH")),
  among("same-size", "Same size", ["Shift+s", "Mod+Alt+ArrowUp"], (desk) => makeAlike(desk, "AREA")),
  among("same-scale", "Same scale", ["Mod+Alt+ArrowDown"], (desk) => makeAlike(desk, "SCALE")),
  all("pack", "Pack closely", ["Shift+o"], packUp),
  all("row", "In a row", [], (desk) => arrangeBy(desk, "ROW", "PLACE")),
  all("column", "In a column", [], (desk) => arrangeBy(desk, "COLUMN", "PLACE")),
  all("grid", "In a grid", [], (desk) => arrangeBy(desk, "GRID", "PLACE")),
  among("stack", "Stack", [], stackUp),
  among("compare", "Compare, laid over each other", [], compare),
  sort("by-name", "Sort by name", "By name", "NAME"),
  sort("by-size", "Sort by size", "By size", "SIZE"),
  sort("by-date", "Sort by date", "By date", "DATE"),
  sort("by-colour", "Sort by colour", "By colour", "COLOUR"),
  sort("at-random", "Lay out at random", "At random", "RANDOM"),
];

/** Commands of the hands: which tool they take up, and what holds for all they do. */
import type { ToolName } from "../../canvas/tools";
import type { Command } from "../../commands/command";
import { editing, type Bench } from "./bench";

export interface ToolFacts {
  readonly tool: ToolName;
  readonly command: string;
}

function tool(name: ToolName, key: string, label: string): Command<Bench> {
  return {
    id: commandOf(name),
    group: "Draw",
    label,
    keys: [key],
    refusal: editing,
    run: ({ screen: { hands } }) => (name === "SELECT" ? hands.tools.take(name) : hands.take(name)),
  };
}

const commandOf = (name: ToolName) => `draw.${name.toLowerCase()}`;

/** In the order of the bar. */
export const TOOLS: readonly ToolFacts[] = (
  ["SELECT", "PEN", "LINE", "ARROW", "RECTANGLE", "ELLIPSE", "FRAME"] as const
).map((name) => ({ tool: name, command: commandOf(name) }));

export const DRAWING: readonly Command<Bench>[] = [
  tool("SELECT", "q", "Select and move"),
  tool("PEN", "p", "Pen"),
  tool("LINE", "k", "Line"),
  tool("ARROW", "a", "Arrow"),
  tool("RECTANGLE", "b", "Rectangle"),
  tool("ELLIPSE", "e", "Ellipse"),
  tool("FRAME", "Shift+f", "Frame"),
  {
    id: "arrange.snapping",
    group: "Arrange",
    label: "Snap to other items, or not",
    keys: ["Alt+s"],
    now: ({ screen }) => (screen.hands.snaps ? "Do not snap" : "Snap to other items"),
    refusal: editing,
    run: ({ screen }) => screen.hands.toggleSnaps(),
  },
];

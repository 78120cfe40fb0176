/** The keys of the hands: which tool they take up, and what holds for all they do. */
import type { ToolName } from "../canvas/tools";
import type { Hands } from "./hands.svelte";
import type { KeyBinding } from "./keys";

export interface ToolFacts {
  readonly tool: ToolName;
  readonly key: string;
  readonly label: string;
}

/** In the order of the bar. */
export const TOOLS: readonly ToolFacts[] = [
  { tool: "SELECT", key: "q", label: "Select and move" },
  { tool: "PEN", key: "p", label: "Pen" },
  { tool: "LINE", key: "k", label: "Line" },
  { tool: "ARROW", key: "a", label: "Arrow" },
  { tool: "RECTANGLE", key: "b", label: "Rectangle" },
  { tool: "ELLIPSE", key: "e", label: "Ellipse" },
];

export function handBindings(hands: Hands): KeyBinding[] {
  return [
    ...TOOLS.map(({ tool, key, label }): KeyBinding => ({
      group: "Draw",
      keys: [key],
      label,
      edits: true,
      run: () => hands.take(tool),
    })),
    {
      group: "Arrange",
      keys: ["Alt+s"],
      label: "Snap to other items, or not",
      edits: true,
      run: () => hands.toggleSnaps(),
    },
  ];
}

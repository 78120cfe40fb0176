/** Menus of commands: what cannot be done now is left out, and so are the menus and lines that this leaves empty. */
import type { MenuEntry } from "../ui/menu";
import { registry } from "./registry.svelte";

/** Names of commands, and of further menus. */
export type MenuPlan = readonly (string | "line" | { readonly label: string; readonly plan: MenuPlan })[];

export function menuOf(plan: MenuPlan): MenuEntry[] {
  const entries: MenuEntry[] = [];
  for (const part of plan) {
    if (part === "line") {
      if (entries.length && entries.at(-1) !== "line") entries.push("line");
    } else if (typeof part === "string") entries.push(...entryFor(part));
    else {
      const inner = menuOf(part.plan);
      if (inner.length) entries.push({ label: part.label, entries: inner });
    }
  }
  if (entries.at(-1) === "line") entries.pop();
  return entries;
}

function entryFor(id: string): MenuEntry[] {
  const offer = registry.get(id);
  if (!offer || offer.refusal !== null) return [];
  const keys = registry.signsOf(id);
  return [{ label: offer.now, danger: offer.danger, run: () => offer.run(), ...(keys ? { keys } : {}) }];
}

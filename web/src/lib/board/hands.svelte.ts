/** The hands on an open board: which tool they hold, what it draws with, and what they are about to write. */
import { Tools, type Surroundings, type ToolName } from "../canvas/tools";
import { registry } from "../commands/registry.svelte";
import { preferences } from "../preferences.svelte";
import { toasts } from "../ui/toasts.svelte";
import type { Editor } from "./editor";
import { recallInk, rememberInk, type Ink } from "./ink";
import type { Item } from "./operations";

/** A hint about a lock is not said again within this time. */
const QUIET_MS = 4_000;

export class Hands {
  tool = $state<ToolName>("SELECT");
  ink = $state.raw<Ink>(recallInk());

  readonly tools: Tools;
  private saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly editor: Editor,
    around: Surroundings,
  ) {
    this.tools = new Tools(editor, {
      ...around,
      took: (tool) => (this.tool = tool),
      refused: (item) => this.refuse(item),
    });
    this.tools.ink = this.ink;
  }

  get snaps(): boolean {
    return preferences.now.snapping;
  }

  /** The same tool again puts it down. */
  take(tool: ToolName): void {
    this.tools.take(tool === this.tool ? "SELECT" : tool);
  }

  drawWith(change: Partial<Ink>): void {
    this.ink = { ...this.ink, ...change };
    this.tools.ink = this.ink;
    rememberInk(this.ink);
  }

  toggleSnaps(): void {
    preferences.set({ snapping: !this.snaps });
    toasts.say(this.snaps ? "Things snap to each other." : "Things no longer snap to each other.");
  }

  /** Says why something stays where it is, and what to do about it. */
  refuse(item: Item): void {
    const now = performance.now();
    if (now - this.saidAt < QUIET_MS) return;
    this.saidAt = now;
    const { tree } = this.editor;
    if (item.locked)
      toasts.say(`This is locked. ${registry.signsOf("change.lock") ?? "The menu"} unlocks it.`);
    else if (tree.isLocked(item)) toasts.say("What this is in is locked. Unlock that to move it.");
    else toasts.say("Something in it is locked. Unlock that to move all of it.");
  }
}

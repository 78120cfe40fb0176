/** The hands on an open board: which tool they hold, what it draws with, and what they are about to write. */
import { Tools, type Surroundings, type ToolName } from "../canvas/tools";
import { registry } from "../commands/registry.svelte";
import { preferences } from "../preferences.svelte";
import { download } from "../library/keeping";
import { toasts } from "../ui/toasts.svelte";
import type { Editor } from "./editor";
import { recallInk, rememberInk, type Ink } from "./ink";
import type { Item } from "./operations";

/** A hint about a lock is not said again within this time. */
const QUIET_MS = 4_000;

export class Hands {
  tool = $state<ToolName>("SELECT");
  ink = $state.raw<Ink>(recallInk());
  /** The frame whose title is being written. */
  titling = $state<string | null>(null);
  isCropping = $state(false);

  readonly tools: Tools;
  private saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly editor: Editor,
    around: Surroundings,
  ) {
    this.tools = new Tools(editor, {
      ...around,
      activate: (id, at) => {
        const item = id === null ? undefined : editor.store.get(id);
        if (item?.kind === "FRAME" && this.mayTitle(item)) this.titling = item.id;
        else around.activate(id, at);
      },
      framed: (id) => (this.titling = id),
      cropping: (isUnderWay) => (this.isCropping = isUnderWay),
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

  /** The one picture that is selected; null where there is none, or more, or it is locked. */
  get croppable(): Item | null {
    const [only, ...more] = this.editor.movable;
    return only?.imageId && !more.length ? only : null;
  }

  /** Crops the selected picture, or keeps the crop that is under way. */
  crop(): void {
    if (this.tools.keepCrop()) return;
    const { croppable } = this;
    if (croppable) this.tools.crop(croppable);
    else if (this.editor.selected[0] && !this.editor.movable.length) this.refuse(this.editor.selected[0]);
    else toasts.say("Select one picture to crop it.");
  }

  /** Through the browser's own event, which may write what it likes. Returns whether it was heard. */
  copy(): boolean {
    return document.execCommand("copy");
  }

  /** Has the browser save the files of what is selected: one as it is, several as a zip. */
  download(): void {
    const { tree, selected } = this.editor;
    const ids = tree.withContents(selected).map((item) => item.imageId);
    void download([...new Set(ids.filter((id) => id !== null))]);
  }

  title(id: string | null): void {
    this.titling = id;
  }

  mayTitle(item: Item): boolean {
    return this.editor.canEdit && item.kind === "FRAME" && !this.editor.tree.isLocked(item);
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

/** What the keys of an open board do. */
import { ALIGNING, PACKING, SIZING, SORTING, type Arrangement } from "./arrangements";
import * as commands from "./commands";
import * as grouping from "./grouping";
import { handBindings } from "./handBindings";
import type { Hands } from "./hands.svelte";
import type { KeyBinding } from "./keys";
import type { BoardSession } from "./session.svelte";

/** Doings that need the screen: the page lends them. */
export interface Screen {
  readonly hands: Hands;
  fitAll(): void;
  fitSelection(): void;
  focus(): void;
  actualSize(): void;
  zoomBy(factor: number): void;
  chooseFiles(): void;
  /** Pictures by their address, or those of a page. */
  addFromWeb(): void;
  newNote(): void;
  editSelected(): void;
  /** Names, tags and links of what is selected. */
  showProperties(): void;
  showKeys(): void;
  toggleChrome(): void;
  /** Null: nothing here can play. */
  readonly isPlaying: boolean | null;
  togglePlaying(): void;
  backOut(): void;
}

const NUDGE_PX = 1;
const LARGE_NUDGE = 10;

export function bindingsFor(session: BoardSession, screen: Screen): KeyBinding[] {
  const { editor } = session;
  const arrows: readonly [string, number, number][] = [
    ["ArrowLeft", -1, 0],
    ["ArrowRight", 1, 0],
    ["ArrowUp", 0, -1],
    ["ArrowDown", 0, 1],
  ];
  const nudge = (event: KeyboardEvent) => {
    const [, dx, dy] = arrows.find(([key]) => key === event.key)!;
    const far = (event.shiftKey ? LARGE_NUDGE : NUDGE_PX) / Math.min(1, editor.camera.zoom);
    commands.nudge(editor, dx * far, dy * far);
  };
  return [
    { group: "Look", keys: ["Shift+1"], label: "Show everything", run: screen.fitAll },
    { group: "Look", keys: ["Shift+2"], label: "Show the selection", run: screen.fitSelection },
    { group: "Look", keys: ["Shift+0"], label: "Actual size", run: screen.actualSize },
    { group: "Look", keys: ["f"], label: "Focus a picture, and back", run: screen.focus },
    { group: "Look", keys: ["+", "="], label: "Closer", run: () => screen.zoomBy(1.25) },
    { group: "Look", keys: ["-"], label: "Further away", run: () => screen.zoomBy(0.8) },
    { group: "Look", keys: ["Mod+."], label: "Hide or show the bars", run: screen.toggleChrome },
    {
      group: "Look",
      keys: ["Shift+m"],
      label: "Play or pause animations",
      run: () => screen.togglePlaying(),
    },
    {
      group: "Select",
      keys: ["Mod+a"],
      label: "Select all",
      run: () => commands.selectAll(editor),
    },
    { group: "Select", keys: ["Escape"], label: "Back out", run: screen.backOut },
    { group: "Change", keys: ["Mod+z"], label: "Undo", edits: true, run: () => session.undo() },
    { group: "Change", keys: ["Mod+Shift+z"], label: "Redo", edits: true, run: () => session.redo() },
    {
      group: "Change",
      keys: ["Mod+d"],
      label: "Duplicate",
      edits: true,
      run: () => commands.duplicate(editor),
    },
    {
      group: "Change",
      keys: ["Delete", "Backspace"],
      label: "Delete",
      edits: true,
      run: () => commands.remove(editor),
    },
    {
      group: "Change",
      keys: ["h", "Alt+Shift+h"],
      label: "Flip left to right",
      edits: true,
      run: () => commands.flip(editor, "x"),
    },
    {
      group: "Change",
      keys: ["v", "Alt+Shift+v"],
      label: "Flip top to bottom",
      edits: true,
      run: () => commands.flip(editor, "y"),
    },
    {
      group: "Change",
      keys: ["g"],
      label: "Gray or coloured",
      edits: true,
      run: () => commands.toggleGrayscale(editor),
    },
    {
      group: "Change",
      keys: ["l"],
      label: "Lock or unlock",
      edits: true,
      run: () => commands.toggleLocked(editor),
    },
    {
      group: "Change",
      keys: ["r"],
      label: "Upright, own size",
      edits: true,
      run: () => commands.resetTransform(editor),
    },
    {
      group: "Change",
      keys: ["Alt+Shift+c"],
      label: "Show the whole picture, uncropped",
      edits: true,
      run: () => commands.uncrop(editor),
    },
    {
      group: "Change",
      keys: ["Shift+p"],
      label: "Sharp or smooth pixels",
      edits: true,
      run: () => commands.toggleSampling(editor),
    },
    {
      group: "Change",
      keys: ["Enter"],
      label: "Write in the note, go into the group",
      edits: true,
      run: screen.editSelected,
    },
    { group: "Change", keys: ["i"], label: "Name, tags, link", edits: true, run: screen.showProperties },
    {
      group: "Arrange",
      keys: ["Mod+g"],
      label: "Group",
      edits: true,
      run: () => grouping.group(editor),
    },
    {
      group: "Arrange",
      keys: ["Mod+Shift+g"],
      label: "Ungroup",
      edits: true,
      run: () => grouping.ungroup(editor),
    },
    {
      group: "Arrange",
      keys: arrows.map(([key]) => key),
      label: "Nudge; Shift ten times as far",
      edits: true,
      run: nudge,
    },
    {
      group: "Arrange",
      keys: ["]"],
      label: "One step to the front",
      edits: true,
      run: () => commands.step(editor, "forward"),
    },
    {
      group: "Arrange",
      keys: ["["],
      label: "One step to the back",
      edits: true,
      run: () => commands.step(editor, "backward"),
    },
    {
      group: "Arrange",
      keys: ["PageUp", "}"],
      label: "To the very front",
      edits: true,
      run: () => commands.toEnd(editor, "front"),
    },
    {
      group: "Arrange",
      keys: ["PageDown", "{"],
      label: "To the very back",
      edits: true,
      run: () => commands.toEnd(editor, "back"),
    },
    ...[...ALIGNING, ...SIZING, ...PACKING, ...SORTING].flatMap((one) => bound(session, one)),
    ...handBindings(screen.hands),
    { group: "Other", keys: ["n"], label: "New note", edits: true, run: screen.newNote },
    { group: "Other", keys: ["Mod+i"], label: "Add pictures…", edits: true, run: screen.chooseFiles },
    {
      group: "Other",
      keys: ["Mod+Shift+i"],
      label: "Add from the web…",
      edits: true,
      run: screen.addFromWeb,
    },
    { group: "Other", keys: ["?"], label: "These keys", run: screen.showKeys },
  ];
}

function bound(session: BoardSession, { label, keys, run }: Arrangement): KeyBinding[] {
  return keys ? [{ group: "Arrange", keys, label, edits: true, run: () => run(session) }] : [];
}

/** The binding for a pressed combination; arrows are found with Shift too. */
export function findBinding(
  bindings: readonly KeyBinding[],
  pressed: string,
  mayEdit: boolean,
): KeyBinding | null {
  const plain = /^Shift\+Arrow/.test(pressed) ? pressed.slice("Shift+".length) : pressed;
  const found = bindings.find((one) => one.keys.includes(plain));
  return found && (!found.edits || mayEdit) ? found : null;
}

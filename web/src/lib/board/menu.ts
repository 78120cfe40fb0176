/** The menu of the canvas: what can be done here, each with its key. */
import type { MenuEntry } from "../ui/menu";
import type { Screen } from "./bindings";
import * as commands from "./commands";
import { inSigns } from "./keys";
import type { Item } from "./operations";
import type { BoardSession } from "./session.svelte";

export function menuFor(
  session: BoardSession,
  screen: Screen,
  mayEdit: boolean,
  selected: readonly Item[],
): MenuEntry[] {
  const { editor } = session;
  const look: MenuEntry[] = [
    { label: "Show everything", keys: inSigns("Shift+1"), run: screen.fitAll },
    { label: "Actual size", keys: inSigns("Shift+0"), run: screen.actualSize },
  ];
  if (selected.length === 0) {
    if (!mayEdit) return look;
    const hasHidden = editor.store.inOrder.some((item) => item.hidden);
    return [
      { label: "Add pictures…", keys: inSigns("Mod+i"), run: screen.chooseFiles },
      { label: "New note", keys: inSigns("n"), run: screen.newNote },
      "line",
      ...look,
      ...(hasHidden
        ? (["line", { label: "Show hidden items", run: () => commands.showHidden(editor) }] as const)
        : []),
    ];
  }
  const picture =
    selected.length === 1 && selected[0]!.imageId ? session.pictures.get(selected[0]!.imageId) : undefined;
  const failed = selected.filter(
    (item) => item.imageId && session.pictures.get(item.imageId)?.state === "FAILED",
  );
  const file: MenuEntry[] =
    picture && picture.originalUrl
      ? [
          "line",
          {
            label: "Download the original",
            href: `${picture.originalUrl}?download=1`,
            download: picture.name,
          },
        ]
      : [];
  const see: MenuEntry[] = [
    { label: "Focus", keys: inSigns("f"), run: screen.focus },
    { label: "Show the selection", keys: inSigns("Shift+2"), run: screen.fitSelection },
  ];
  if (!mayEdit) return [...see, ...file];
  const isLocked = selected.every((item) => item.locked);
  const lock: MenuEntry = {
    label: isLocked ? "Unlock" : "Lock",
    keys: inSigns("l"),
    run: () => commands.toggleLocked(editor),
  };
  if (isLocked) return [...see, "line", lock, ...file];
  return [
    ...see,
    "line",
    { label: "Duplicate", keys: inSigns("Mod+d"), run: () => commands.duplicate(editor) },
    { label: "Flip left to right", keys: inSigns("h"), run: () => commands.flip(editor, "x") },
    { label: "Flip top to bottom", keys: inSigns("v"), run: () => commands.flip(editor, "y") },
    { label: "Rotate by 90°", run: () => commands.turn(editor, 90) },
    { label: "Upright, own size", keys: inSigns("r"), run: () => commands.resetTransform(editor) },
    {
      label: selected.every((item) => item.grayscale) ? "Coloured" : "Gray",
      keys: inSigns("g"),
      run: () => commands.toggleGrayscale(editor),
    },
    "line",
    { label: "To the front", keys: inSigns("PageUp"), run: () => commands.toEnd(editor, "front") },
    { label: "To the back", keys: inSigns("PageDown"), run: () => commands.toEnd(editor, "back") },
    lock,
    { label: "Hide", run: () => commands.hide(editor) },
    ...(failed.length
      ? [{ label: "Prepare the picture again", run: () => void session.retryPictures(failed) }]
      : []),
    ...(picture
      ? [{ label: "Use as the board's cover", run: () => void session.useAsCover(picture.id) }]
      : []),
    ...file,
    "line",
    { label: "Delete", keys: inSigns("Delete"), danger: true, run: () => commands.remove(editor) },
  ];
}

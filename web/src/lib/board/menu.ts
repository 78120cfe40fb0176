/** The menu of the canvas: what can be done here, each with its key. */
import type { MenuEntry } from "../ui/menu";
import { ALIGNING, PACKING, SIZING, SORTING, canArrange, type Arrangement } from "./arrangements";
import type { Screen } from "./bindings";
import * as commands from "./commands";
import * as grouping from "./grouping";
import type { Editor } from "./editor";
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
    ...playingFor(session, screen, editor.store.inOrder),
  ];
  if (selected.length === 0) {
    if (!mayEdit) return look;
    const hasHidden = editor.store.inOrder.some((item) => item.hidden);
    return [
      { label: "Add pictures…", keys: inSigns("Mod+i"), run: screen.chooseFiles },
      { label: "Add from the web…", keys: inSigns("Mod+Shift+i"), run: screen.addFromWeb },
      { label: "New note", keys: inSigns("n"), run: screen.newNote },
      "line",
      ...look,
      ...arrangingFor(session),
      ...(hasHidden
        ? ["line" as const, { label: "Show hidden items", run: () => commands.showHidden(editor) }]
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
    ...playingFor(session, screen, selected),
  ];
  if (!mayEdit) return [...see, ...file];
  const isLocked = selected.every((item) => editor.tree.isHeld(item));
  const lock: MenuEntry = {
    label: selected.every((item) => item.locked) ? "Unlock" : "Lock",
    keys: inSigns("l"),
    run: () => commands.toggleLocked(editor),
  };
  const properties: MenuEntry = {
    label: "Name, tags, link…",
    keys: inSigns("i"),
    run: screen.showProperties,
  };
  const link = selected.length === 1 && selected[0]!.link ? linkTo(selected[0]!.link) : [];
  if (isLocked) return [...see, ...link, "line", lock, properties, ...file];
  return [
    ...see,
    ...link,
    "line",
    { label: "Duplicate", keys: inSigns("Mod+d"), run: () => commands.duplicate(editor) },
    ...groupingFor(editor),
    ...arrangingFor(session),
    {
      label: "Turn",
      entries: [
        { label: "Flip left to right", keys: inSigns("h"), run: () => commands.flip(editor, "x") },
        { label: "Flip top to bottom", keys: inSigns("v"), run: () => commands.flip(editor, "y") },
        { label: "Rotate by 90°", run: () => commands.turn(editor, 90) },
        { label: "Upright, own size", keys: inSigns("r"), run: () => commands.resetTransform(editor) },
      ],
    },
    { label: "Looks", entries: looksFor(editor) },
    {
      label: "Order",
      entries: [
        { label: "To the front", keys: inSigns("PageUp"), run: () => commands.toEnd(editor, "front") },
        { label: "One step forward", keys: inSigns("]"), run: () => commands.step(editor, "forward") },
        { label: "One step back", keys: inSigns("["), run: () => commands.step(editor, "backward") },
        { label: "To the back", keys: inSigns("PageDown"), run: () => commands.toEnd(editor, "back") },
      ],
    },
    "line",
    properties,
    lock,
    {
      label: selected.every((item) => item.hidden) ? "Show" : "Hide",
      run: () => commands.toggleHidden(editor),
    },
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

function playingFor(session: BoardSession, screen: Screen, items: readonly Item[]): MenuEntry[] {
  if (screen.isPlaying === null) return [];
  if (!items.some(({ imageId }) => imageId && session.pictures.get(imageId)?.animation)) return [];
  const label = screen.isPlaying ? "Pause animations" : "Play animations";
  return [{ label, keys: inSigns("Shift+m"), run: () => screen.togglePlaying() }];
}

function linkTo(href: string): MenuEntry[] {
  return [{ label: "Open the link", run: () => void window.open(href, "_blank", "noopener,noreferrer") }];
}

function groupingFor(editor: Editor): MenuEntry[] {
  const entries: MenuEntry[] = [];
  if (grouping.canGroup(editor))
    entries.push({ label: "Group", keys: inSigns("Mod+g"), run: () => grouping.group(editor) });
  if (grouping.canUngroup(editor))
    entries.push({ label: "Ungroup", keys: inSigns("Mod+Shift+g"), run: () => grouping.ungroup(editor) });
  if (grouping.frameFor(editor))
    entries.push({ label: "Put into the frame", run: () => grouping.putInFrame(editor) });
  if (grouping.contained(editor).length)
    entries.push({ label: "Take out", run: () => grouping.takeOut(editor) });
  return entries;
}

/** Everything that brings the selected, or with nothing selected the whole board, into order. */
export function arrangingFor(session: BoardSession): MenuEntry[] {
  if (!canArrange(session, true)) return [];
  const hasSome = canArrange(session);
  const entry = ({ label, keys, run }: Arrangement): MenuEntry => ({
    label,
    ...(keys ? { keys: inSigns(keys[0]!) } : {}),
    run: () => run(session),
  });
  const offered = (table: readonly Arrangement[]) =>
    table.filter((one) => hasSome || one.isForAll).map(entry);
  const menus: [string, readonly Arrangement[]][] = [
    ["Align", ALIGNING],
    ["Same size", SIZING],
    ["Arrange", PACKING],
    ["Sort", SORTING],
  ];
  return menus.flatMap(([label, table]) => {
    const entries = offered(table);
    return entries.length ? [{ label, entries }] : [];
  });
}

function looksFor(editor: Editor): MenuEntry[] {
  const items = commands.looksIn(editor);
  const pictures = items.filter((item) => item.kind === "IMAGE");
  return [
    {
      label: items.every((item) => item.grayscale) ? "Coloured" : "Gray",
      keys: inSigns("g"),
      run: () => commands.toggleGrayscale(editor),
    },
    ...(pictures.length
      ? [
          {
            label: pictures.every((item) => item.sampling === "NEAREST") ? "Smooth pixels" : "Sharp pixels",
            keys: inSigns("Shift+p"),
            run: () => commands.toggleSampling(editor),
          },
        ]
      : []),
    ...(pictures.some((item) => item.crop)
      ? [
          {
            label: "Show the whole picture",
            keys: inSigns("Alt+Shift+c"),
            run: () => commands.uncrop(editor),
          },
        ]
      : []),
    { label: "As they came", run: () => commands.resetLooks(editor) },
  ];
}

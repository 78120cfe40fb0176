/** Commands that change how the board is seen, for oneself alone. */
import type { Command } from "../../commands/command";
import * as commands from "../commands";
import { itemsOf, needs, one, selectedOf, someItems, type Bench, type Need } from "./bench";

const moving: Need = (bench) => {
  if (bench.screen.isPlaying === null) return "This browser cannot play animations here.";
  const { pictures } = bench.session;
  const chosen = selectedOf(bench);
  const items = chosen.length ? chosen : itemsOf(bench);
  const moves = items.some(({ imageId }) => imageId && pictures.get(imageId)?.animation);
  return moves ? null : "There are no animations here.";
};

const original: Need = needs(one, ({ session }) =>
  originalOf(session) ? null : "There is no file behind this.",
);

export const LOOKING: readonly Command<Bench>[] = [
  {
    id: "look.all",
    group: "Look",
    label: "Show everything",
    keys: ["Shift+1"],
    run: ({ screen }) => screen.fitAll(),
  },
  {
    id: "look.selection",
    group: "Look",
    label: "Show the selection",
    keys: ["Shift+2"],
    refusal: someItems,
    run: ({ screen }) => screen.fitSelection(),
  },
  {
    id: "look.actual-size",
    group: "Look",
    label: "Actual size",
    keys: ["Shift+0"],
    run: ({ screen }) => screen.actualSize(),
  },
  {
    id: "look.focus",
    group: "Look",
    label: "Focus a picture, and back",
    keys: ["f"],
    now: () => "Focus",
    refusal: someItems,
    run: ({ screen }) => screen.focus(),
  },
  {
    id: "look.closer",
    group: "Look",
    label: "Closer",
    keys: ["+", "="],
    run: ({ screen }) => screen.zoomBy(1.25),
  },
  {
    id: "look.further",
    group: "Look",
    label: "Further away",
    keys: ["-"],
    run: ({ screen }) => screen.zoomBy(0.8),
  },
  {
    id: "look.bars",
    group: "Look",
    label: "Hide or show the bars",
    keys: ["Mod+."],
    run: ({ screen }) => screen.toggleChrome(),
  },
  {
    id: "look.animations",
    group: "Look",
    label: "Play or pause animations",
    keys: ["Shift+m"],
    now: ({ screen }) => (screen.isPlaying ? "Pause animations" : "Play animations"),
    refusal: moving,
    run: ({ screen }) => screen.togglePlaying(),
  },
  {
    id: "look.original",
    group: "Look",
    label: "Download the original",
    refusal: original,
    run: ({ session }) => {
      const picture = originalOf(session);
      if (!picture) return;
      const link = document.createElement("a");
      link.href = `${picture.originalUrl}?download=1`;
      link.download = picture.name;
      link.click();
    },
  },
  {
    id: "look.link",
    group: "Look",
    label: "Open the link",
    refusal: needs(one, ({ session }) => (session.editor.selected[0]?.link ? null : "It has no link.")),
    run: ({ session }) => void window.open(session.editor.selected[0]?.link, "_blank", "noopener,noreferrer"),
  },
  {
    id: "select.all",
    group: "Select",
    label: "Select all",
    keys: ["Mod+a"],
    refusal: someItems,
    run: ({ session }) => commands.selectAll(session.editor),
  },
  {
    id: "select.back-out",
    group: "Select",
    label: "Back out",
    keys: ["Escape"],
    run: ({ screen }) => screen.backOut(),
  },
];

function originalOf({ editor, pictures }: Bench["session"]) {
  const [first] = editor.selected;
  const picture = first?.imageId ? pictures.get(first.imageId) : undefined;
  return picture?.originalUrl ? picture : undefined;
}

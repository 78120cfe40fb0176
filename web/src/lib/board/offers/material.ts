/** Commands about what is brought onto a board beside files, and videos that play there. */
import type { Command } from "../../commands/command";
import { editing, needs, one, selectedOf, type Bench, type Need } from "./bench";

const document: Need = needs(editing, one, ({ screen }) =>
  screen.material.canChoosePages ? null : "It has no other pages.",
);

const video: Need = (bench) => {
  selectedOf(bench);
  const { material } = bench.screen;
  return material.playing || material.canPlay ? null : "Select a video that this browser can play.";
};

export const MATERIAL: readonly Command<Bench>[] = [
  {
    id: "add.library",
    group: "Add",
    label: "Add from the library…",
    keys: ["Shift+l"],
    refusal: editing,
    now: ({ screen }) => (screen.material.isLibraryOpen ? "Close the library" : "Add from the library…"),
    run: ({ screen }) => screen.material.toggleLibrary(),
  },
  {
    id: "add.pages",
    group: "Add",
    label: "Pages of the document…",
    now: () => "Pages…",
    refusal: document,
    run: ({ screen }) => screen.material.choosePages(),
  },
  {
    id: "look.video",
    group: "Look",
    label: "Play or stop the video",
    keys: ["Shift+v"],
    now: ({ screen }) => (screen.material.playing ? "Stop the video" : "Play the video"),
    refusal: video,
    run: ({ screen }) => screen.material.togglePlaying(),
  },
];

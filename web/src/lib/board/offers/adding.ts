/** Commands that bring something new onto the board. */
import type { Command } from "../../commands/command";
import { MAY_CHOOSE_FOLDERS } from "../../upload/gather";
import { editing, type Bench } from "./bench";

export const ADDING: readonly Command<Bench>[] = [
  {
    id: "add.note",
    group: "Add",
    label: "New note",
    keys: ["n"],
    refusal: editing,
    run: ({ screen }) => screen.newNote(),
  },
  {
    id: "add.files",
    group: "Add",
    label: "Add pictures…",
    keys: ["Mod+i"],
    refusal: editing,
    run: ({ screen }) => screen.chooseFiles(),
  },
  {
    id: "add.folder",
    group: "Add",
    label: "Add a folder…",
    refusal: (bench) =>
      editing(bench) ??
      (MAY_CHOOSE_FOLDERS ? null : "This browser lets no folder be chosen: drop one onto the board."),
    run: ({ screen }) => screen.chooseFolder(),
  },
  {
    id: "add.photo",
    group: "Add",
    label: "Take a photo…",
    refusal: (bench) =>
      editing(bench) ??
      (matchMedia("(pointer: coarse)").matches ? null : "This is for phones and tablets with a camera."),
    run: ({ screen }) => screen.takePhoto(),
  },
  {
    id: "add.web",
    group: "Add",
    label: "Add from the web…",
    keys: ["Mod+Shift+i"],
    refusal: editing,
    run: ({ screen }) => screen.addFromWeb(),
  },
];

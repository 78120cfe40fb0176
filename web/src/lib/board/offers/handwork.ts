/** Commands of hands at work on what is selected: crops, frames, numbers, copies, files. */
import type { Command } from "../../commands/command";
import { fitFrame, fitIntoFrame, frameSelection, theFrame } from "../framing";
import { remove } from "../commands";
import { editing, free, needs, one, selectedOf, selection, type Bench, type Need } from "./bench";

const onePicture: Need = needs(free, (bench) =>
  bench.screen.hands.croppable ? null : "Select one picture for this.",
);

const oneFrame: Need = needs(free, one, (bench) =>
  theFrame(bench.session.editor) ? null : "Select one frame for this.",
);

const fullFrame: Need = needs(oneFrame, ({ session: { editor } }) =>
  editor.tree.membersOf(theFrame(editor)!.id).length ? null : "There is nothing in this frame.",
);

const files: Need = needs(selection, (bench) =>
  selectedOf(bench).some((item) => item.imageId) ? null : "What is selected is no picture.",
);

export const HANDWORK: readonly Command<Bench>[] = [
  {
    id: "change.crop",
    group: "Change",
    label: "Crop a picture",
    keys: ["Shift+c"],
    now: () => "Crop",
    refusal: onePicture,
    run: ({ screen }) => screen.hands.crop(),
  },
  {
    id: "change.replace",
    group: "Change",
    label: "Replace the picture…",
    refusal: onePicture,
    run: ({ screen }) => screen.replacePicture(),
  },
  {
    id: "change.numbers",
    group: "Change",
    label: "Place and size in numbers",
    keys: ["Shift+i"],
    now: () => "Place and size…",
    refusal: free,
    run: ({ screen }) => screen.showNumbers(),
  },
  {
    id: "change.frame-selection",
    group: "Change",
    label: "Frame the selection",
    keys: ["Mod+Alt+g"],
    refusal: free,
    run: ({ session: { editor }, screen }) => screen.hands.title(frameSelection(editor)),
  },
  {
    id: "change.frame-title",
    group: "Change",
    label: "Name the frame",
    refusal: oneFrame,
    run: ({ session: { editor }, screen }) => screen.hands.title(theFrame(editor)?.id ?? null),
  },
  {
    id: "change.fit-frame",
    group: "Change",
    label: "Fit the frame to what is in it",
    refusal: fullFrame,
    run: ({ session: { editor } }) => fitFrame(editor),
  },
  {
    id: "change.fit-into-frame",
    group: "Change",
    label: "Fit what is in it into the frame",
    refusal: fullFrame,
    run: ({ session: { editor } }) => fitIntoFrame(editor, "CONTAIN"),
  },
  {
    id: "change.arrange-into-frame",
    group: "Change",
    label: "Pack what is in it to fill the frame",
    refusal: fullFrame,
    run: ({ session: { editor } }) => fitIntoFrame(editor, "ARRANGE"),
  },
  {
    id: "change.copy",
    group: "Select",
    label: "Copy",
    browserKey: "Mod+c",
    refusal: selection,
    run: ({ screen }) => void screen.hands.copy(),
  },
  {
    id: "change.cut",
    group: "Change",
    label: "Cut",
    browserKey: "Mod+x",
    refusal: free,
    run: ({ screen, session: { editor } }) => {
      if (screen.hands.copy()) remove(editor);
    },
  },
  {
    id: "add.paste",
    group: "Add",
    label: "Paste",
    browserKey: "Mod+v",
    refusal: editing,
    run: ({ screen }) => screen.pasteFromClipboard(),
  },
  {
    id: "look.files",
    group: "Look",
    label: "Download the selection",
    now: (bench) =>
      selectedOf(bench).filter((item) => item.imageId).length > 1
        ? "Download the selection as ZIP"
        : "Save the original…",
    refusal: files,
    run: ({ screen }) => screen.hands.download(),
  },
];

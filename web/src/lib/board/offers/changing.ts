/** Commands that change what is selected: its turn, its looks, its words, its being there. */
import { retryPictures, useAsCover } from "../boardDeeds";
import type { Command } from "../../commands/command";
import { phrase } from "../../language/phrase";
import * as commands from "../commands";
import * as grouping from "../grouping";
import type { Editor } from "../editor";
import {
  editing,
  free,
  itemsOf,
  needs,
  one,
  selectedOf,
  selection,
  several,
  type Bench,
  type Need,
} from "./bench";

const chosen: Need = needs(editing, selection);

const pictures: Need = needs(free, ({ session }) =>
  looked(session.editor).some((item) => item.kind === "IMAGE") ? null : "No picture is selected.",
);

const looked = (editor: Editor) => commands.looksIn(editor);

/** The change of one editor's selection. */
type Change = (editor: Editor) => void;

function change(
  id: string,
  label: string,
  keys: readonly string[],
  run: Change,
  more: Partial<Command<Bench>> = {},
): Command<Bench> {
  return {
    id,
    group: "Change",
    label,
    keys,
    refusal: free,
    run: ({ session }) => run(session.editor),
    ...more,
  };
}

function resettable(what: "SCALE" | "ROTATION" | "FLIP", words: string): Need {
  return needs(free, ({ session }) => (commands.isReset(session.editor, what) ? words : null));
}

export const CHANGING: readonly Command<Bench>[] = [
  {
    id: "change.undo",
    group: "Change",
    label: "Undo",
    keys: ["Mod+z"],
    refusal: needs(editing, ({ session }) => (session.canUndo ? null : "There is nothing to undo.")),
    run: ({ session }) => session.undo(),
  },
  {
    id: "change.redo",
    group: "Change",
    label: "Redo",
    keys: ["Mod+Shift+z"],
    refusal: needs(editing, ({ session }) => (session.canRedo ? null : "There is nothing to redo.")),
    run: ({ session }) => session.redo(),
  },
  change("change.duplicate", "Duplicate", ["Mod+d"], commands.duplicate, { refusal: chosen }),
  change("change.delete", phrase("Delete"), ["Delete", "Backspace"], commands.remove, { danger: true }),
  change("change.flip-x", "Flip left to right", ["h", "Alt+Shift+h"], (editor) => commands.flip(editor, "x")),
  change("change.flip-y", "Flip top to bottom", ["v", "Alt+Shift+v"], (editor) => commands.flip(editor, "y")),
  change("change.turn", "Rotate by 90°", [], (editor) => commands.turn(editor, 90)),
  change("change.upright", "Upright again", [], (editor) => commands.resetTransform(editor, "ROTATION"), {
    refusal: resettable("ROTATION", "Nothing that is selected is turned."),
  }),
  change("change.unflip", "Not mirrored any more", [], (editor) => commands.resetTransform(editor, "FLIP"), {
    refusal: resettable("FLIP", "Nothing that is selected is mirrored."),
  }),
  change(
    "change.own-size",
    "Back to its own size",
    [],
    (editor) => commands.resetTransform(editor, "SCALE"),
    {
      refusal: resettable("SCALE", "All that is selected has its own size."),
    },
  ),
  change("change.reset", "Upright, own size", ["r"], (editor) => commands.resetTransform(editor)),
  change("change.gray", "Gray or coloured", ["g"], commands.toggleGrayscale, {
    now: ({ session }) => (looked(session.editor).every((item) => item.grayscale) ? "Coloured" : "Gray"),
  }),
  change("change.pixels", "Sharp or smooth pixels", ["Shift+p"], commands.toggleSampling, {
    refusal: pictures,
    now: ({ session }) => {
      const them = looked(session.editor).filter((item) => item.kind === "IMAGE");
      return them.every((item) => item.sampling === "NEAREST") ? "Smooth pixels" : "Sharp pixels";
    },
  }),
  change("change.uncrop", "Show the whole picture, uncropped", ["Alt+Shift+c"], commands.uncrop, {
    now: () => "Show the whole picture",
    refusal: needs(free, ({ session }) =>
      session.editor.moving.some((item) => item.crop) ? null : "Nothing that is selected is cropped.",
    ),
  }),
  change("change.plain", "Looks as they came", [], commands.resetLooks, { now: () => "As they came" }),
  change("change.lock", "Lock or unlock", ["l"], commands.toggleLocked, {
    refusal: chosen,
    now: (bench) => (selectedOf(bench).every((item) => item.locked) ? "Unlock" : "Lock"),
  }),
  change("change.hide", "Hide or show", [], commands.toggleHidden, {
    now: (bench) => (selectedOf(bench).every((item) => item.hidden) ? "Show" : "Hide"),
  }),
  change("change.show-hidden", "Show hidden items", [], commands.showHidden, {
    refusal: needs(editing, (bench) =>
      itemsOf(bench).some((item) => item.hidden) ? null : "Nothing is hidden.",
    ),
  }),
  {
    id: "change.edit",
    group: "Change",
    label: "Write in the note, go into the group",
    keys: ["Enter"],
    refusal: chosen,
    run: ({ screen }) => screen.editSelected(),
  },
  {
    id: "change.properties",
    group: "Change",
    label: "Name, tags, link",
    keys: ["i"],
    now: () => "Name, tags, link…",
    refusal: chosen,
    run: ({ screen }) => screen.showProperties(),
  },
  change("change.group", "Group", ["Mod+g"], grouping.group, { refusal: several }),
  change("change.ungroup", "Ungroup", ["Mod+Shift+g"], grouping.ungroup, {
    refusal: needs(free, ({ session }) =>
      grouping.canUngroup(session.editor) ? null : "No group or frame is selected.",
    ),
  }),
  change("change.into-frame", "Put into the frame", [], grouping.putInFrame, {
    refusal: needs(free, ({ session }) =>
      grouping.frameFor(session.editor) ? null : "Select one frame, and what is to go into it.",
    ),
  }),
  change("change.take-out", "Take out", [], grouping.takeOut, {
    refusal: needs(free, ({ session }) =>
      grouping.contained(session.editor).length ? null : "Nothing that is selected is in a group or frame.",
    ),
  }),
  {
    id: "change.prepare-again",
    group: "Change",
    label: "Prepare the picture again",
    refusal: needs(editing, (bench) =>
      failedIn(bench).length ? null : "Nothing that is selected has failed.",
    ),
    run: (bench) => void retryPictures(bench.session, failedIn(bench)),
  },
  {
    id: "change.cover",
    group: "Change",
    label: "Use as the board's cover",
    refusal: needs(editing, one, ({ session }) =>
      session.editor.selected[0]?.imageId ? null : "What is selected is no picture.",
    ),
    run: ({ session }) => {
      const imageId = session.editor.selected[0]?.imageId;
      if (imageId) void useAsCover(session, imageId);
    },
  },
];

function failedIn(bench: Bench) {
  const { pictures } = bench.session;
  return selectedOf(bench).filter((item) => item.imageId && pictures.get(item.imageId)?.state === "FAILED");
}

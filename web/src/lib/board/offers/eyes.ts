/** Commands for looking closely: at one picture, at several one after the other or together, at a colour. */
import type { Command } from "../../commands/command";
import type { Direction } from "../../geometry/neighbours";
import { itemsOf, selectedOf, type Bench, type Need } from "./bench";

const pictures: Need = (bench) =>
  itemsOf(bench).some((item) => item.kind === "IMAGE") ? null : "There are no pictures on the board.";

const two: Need = (bench) => {
  selectedOf(bench);
  const { editor } = bench.session;
  const chosen = editor.tree.placedIn(editor.selected).filter((item) => item.kind === "IMAGE");
  return chosen.length > 1 ? null : "Select two or more pictures.";
};

function look(
  id: string,
  label: string,
  keys: readonly string[],
  more: Omit<Command<Bench>, "id" | "label" | "keys" | "group">,
): Command<Bench> {
  return { id: `look.${id}`, group: "Look", label, keys, ...more };
}

function neighbour(direction: Direction, label: string, key: string): Command<Bench> {
  return look(`neighbour-${direction}`, label, [key], {
    mode: "focus",
    run: ({ screen }) => screen.looking.goTo(direction),
  });
}

export const EYES: readonly Command<Bench>[] = [
  neighbour("left", "In focus: to the picture to the left", "ArrowLeft"),
  neighbour("right", "In focus: to the picture to the right", "ArrowRight"),
  neighbour("up", "In focus: to the picture above", "ArrowUp"),
  neighbour("down", "In focus: to the picture below", "ArrowDown"),
  look("next", "Next picture", ["."], { refusal: pictures, run: ({ screen }) => screen.looking.step(1) }),
  look("previous", "Picture before", [","], {
    refusal: pictures,
    run: ({ screen }) => screen.looking.step(-1),
  }),
  look("slideshow", "Slideshow…", ["Shift+Enter"], {
    refusal: pictures,
    run: ({ screen }) => (screen.looking.overlay = "slideshow"),
  }),
  look("study", "Timed study…", ["t"], {
    refusal: pictures,
    run: ({ screen }) => (screen.looking.overlay = "study"),
  }),
  look("compare", "Compare pictures", ["y"], {
    refusal: two,
    run: ({ screen }) => (screen.looking.overlay = "compare"),
  }),
  look("pipette", "Pick a colour", ["s"], {
    run: ({ screen: { looking } }) => (looking.overlay = looking.overlay === "pipette" ? null : "pipette"),
  }),
  look("gray", "See everything gray, or in colour", ["Shift+g"], {
    now: ({ screen }) => (screen.looking.habits.isGray ? "See it in colour" : "See everything gray"),
    run: ({ screen: { looking } }) => looking.set({ isGray: !looking.habits.isGray }),
  }),
  look("mirrored", "Mirror the view, or not", ["Shift+x"], {
    now: ({ screen }) => (screen.looking.habits.isMirrored ? "See it unmirrored" : "See it mirrored"),
    run: ({ screen: { looking } }) => looking.set({ isMirrored: !looking.habits.isMirrored }),
  }),
  look("grid", "Show or hide the grid", ["Alt+g"], {
    now: ({ screen }) => (screen.looking.habits.hasGrid ? "Hide the grid" : "Show the grid"),
    run: ({ screen: { looking } }) => looking.set({ hasGrid: !looking.habits.hasGrid }),
  }),
  look("grid-snapping", "Snap to the grid, or not", ["Alt+Shift+g"], {
    now: ({ screen }) => (screen.looking.habits.snapsToGrid ? "Do not snap to the grid" : "Snap to the grid"),
    run: ({ screen: { looking } }) => {
      const snapsToGrid = !looking.habits.snapsToGrid;
      looking.set({ snapsToGrid, hasGrid: snapsToGrid || looking.habits.hasGrid });
    },
  }),
  look("grid-finer", "Finer grid", ["Alt+["], {
    run: ({ screen: { looking } }) =>
      looking.set({ hasGrid: true, gridStep: finer(looking.habits.gridStep) }),
  }),
  look("grid-coarser", "Coarser grid", ["Alt+]"], {
    run: ({ screen: { looking } }) =>
      looking.set({ hasGrid: true, gridStep: coarser(looking.habits.gridStep) }),
  }),
  look("minimap", "Show or hide the map", ["Alt+m"], {
    now: ({ screen }) => (screen.looking.habits.hasMinimap ? "Hide the map" : "Show the map"),
    run: ({ screen: { looking } }) => looking.set({ hasMinimap: !looking.habits.hasMinimap }),
  }),
  look("list", "List of everything on the board", ["o"], {
    run: ({ screen: { looking } }) => (looking.isListOpen = !looking.isListOpen),
  }),
];

/** In board units; a picture that comes in is some hundreds wide. */
const STEPS = [5, 10, 20, 25, 50, 100, 200, 250, 500, 1000];

const finer = (step: number) => STEPS.filter((one) => one < step).at(-1) ?? STEPS[0]!;
const coarser = (step: number) => STEPS.find((one) => one > step) ?? STEPS.at(-1)!;

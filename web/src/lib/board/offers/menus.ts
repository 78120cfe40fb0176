/** The menus of a board: which commands stand where; those that cannot be done now are left out. */
import type { MenuPlan } from "../../commands/menus";

export const ARRANGEMENTS: MenuPlan = [
  {
    label: "Align",
    plan: [
      "arrange.left-edges",
      "arrange.centres",
      "arrange.right-edges",
      "arrange.upper-edges",
      "arrange.middles",
      "arrange.lower-edges",
      "arrange.across",
      "arrange.down",
    ],
  },
  {
    label: "Same size",
    plan: ["arrange.same-height", "arrange.same-width", "arrange.same-size", "arrange.same-scale"],
  },
  {
    label: "Arrange",
    plan: [
      "arrange.pack",
      "arrange.row",
      "arrange.column",
      "arrange.grid",
      "arrange.stack",
      "arrange.compare",
    ],
  },
  {
    label: "Sort",
    plan: ["arrange.by-name", "arrange.by-size", "arrange.by-date", "arrange.by-colour", "arrange.at-random"],
  },
];

/** How one sees the board, for oneself. */
export const SIGHTS: MenuPlan = [
  {
    label: "Look",
    plan: [
      "look.slideshow",
      "look.study",
      "look.pipette",
      "line",
      "look.gray",
      "look.mirrored",
      "look.grid",
      "look.grid-snapping",
      "look.minimap",
      "look.list",
    ],
  },
];

/** Where nothing is selected. */
export const BOARD_MENU: MenuPlan = [
  "add.files",
  "add.folder",
  "add.photo",
  "add.web",
  "add.library",
  "add.note",
  "add.paste",
  {
    label: "Draw",
    plan: ["draw.pen", "draw.line", "draw.arrow", "draw.rectangle", "draw.ellipse", "draw.frame"],
  },
  "arrange.snapping",
  "together.comment-here",
  "line",
  "look.all",
  "look.actual-size",
  "look.animations",
  ...SIGHTS,
  ...ARRANGEMENTS,
  "line",
  "change.show-hidden",
  "other.palette",
];

export const SELECTION_MENU: MenuPlan = [
  "look.focus",
  "look.selection",
  "look.compare",
  "look.animations",
  "look.video",
  "add.pages",
  "look.link",
  "together.comment-here",
  "line",
  "change.copy",
  "change.cut",
  "add.paste",
  "change.duplicate",
  "line",
  "change.crop",
  "change.replace",
  "change.group",
  "change.ungroup",
  {
    label: "Frame",
    plan: [
      "change.frame-selection",
      "change.frame-title",
      "change.fit-frame",
      "change.fit-into-frame",
      "change.arrange-into-frame",
      "change.into-frame",
      "change.take-out",
    ],
  },
  ...ARRANGEMENTS,
  { label: "Turn", plan: ["change.flip-x", "change.flip-y", "change.turn"] },
  { label: "Looks", plan: ["change.gray", "change.pixels"] },
  {
    label: "Reset",
    plan: [
      "change.upright",
      "change.unflip",
      "change.own-size",
      "change.reset",
      "change.uncrop",
      "change.plain",
    ],
  },
  { label: "Order", plan: ["arrange.front", "arrange.forward", "arrange.backward", "arrange.back"] },
  "line",
  "change.numbers",
  "change.properties",
  "change.lock",
  "change.hide",
  "change.prepare-again",
  "change.cover",
  "look.files",
  "line",
  "change.delete",
];

/** All that an open board can be asked for; a new command is one entry in one of these lists. */
import type { Command } from "../../commands/command";
import { EVERYWHERE } from "../../shell/offers";
import { ADDING } from "./adding";
import { ARRANGING } from "./arranging";
import type { Bench } from "./bench";
import { CHANGING } from "./changing";
import { DRAWING } from "./drawing";
import { EYES } from "./eyes";
import { HANDWORK } from "./handwork";
import { LOOKING } from "./looking";
import { MATERIAL } from "./material";
import { TOGETHER_COMMANDS } from "./together";

export type { Bench } from "./bench";
export type { Screen } from "./screen";

export const BOARD_COMMANDS: readonly Command<Bench>[] = [
  ...LOOKING,
  ...EYES,
  ...CHANGING,
  ...ARRANGING,
  ...DRAWING,
  ...HANDWORK,
  ...ADDING,
  ...MATERIAL,
  {
    id: "other.keys",
    group: "Other",
    label: "Keys and gestures",
    keys: ["?"],
    run: ({ screen }) => screen.showKeys(),
  },
];

/** All that the app can be asked for, by whomever it is lent: what the page of keys shows. */
export const EVERY_COMMAND: readonly Pick<
  Command<never>,
  "id" | "label" | "group" | "keys" | "browserKey" | "mode"
>[] = [...BOARD_COMMANDS, ...TOGETHER_COMMANDS, ...EVERYWHERE];

/** A command: something a person can ask for by key, in the palette, in a menu or with a button. */

/** In the order in which they are listed. */
export const GROUPS = [
  "Look",
  "Select",
  "Change",
  "Arrange",
  "Draw",
  "Add",
  "Together",
  "Go",
  "Other",
] as const;
export type Group = (typeof GROUPS)[number];

/** Ways of looking that have commands of their own: while one lasts, they are found first for a key. */
export type Mode = "focus" | "show";

/** C: what it works on, lent by the page that offers it. */
export interface Command<C> {
  /** Kept in people's key maps, so it never changes. */
  readonly id: string;
  readonly label: string;
  readonly group: Group;
  /** As `combination` writes them; several for the same doing. */
  readonly keys?: readonly string[];
  /** What the browser itself hears for it, and then tells the page: shown, and nobody's to give away. */
  readonly browserKey?: string;
  readonly mode?: Mode;
  /** Its keys are also heard while something is being written. */
  readonly whileWriting?: boolean;
  /** Shown as something that cannot simply be done again. */
  readonly danger?: boolean;
  /** What it would do at this moment, where that changes: Lock, Unlock. */
  now?(context: C): string;
  /** Why it cannot be done now, in words; null: it can. */
  refusal?(context: C): string | null;
  run(context: C): void;
}

/** A command with what it works on. */
export interface Offer {
  readonly id: string;
  readonly group: Group;
  readonly mode: Mode | null;
  readonly whileWriting: boolean;
  readonly danger: boolean;
  /** By what it is listed. */
  readonly label: string;
  readonly keys: readonly string[];
  /** Those, behind the one that the browser hears. */
  readonly shown: readonly string[];
  readonly now: string;
  readonly refusal: string | null;
  run(): void;
}

/** Which keys call which command: what is given by habit, and on top of it what a person has chosen. */
import { preferences } from "../preferences.svelte";
import type { Mode } from "./command";

/** What a command's keys are found by. */
export interface Keyed {
  readonly id: string;
  readonly keys?: readonly string[] | undefined;
  readonly mode?: Mode | null | undefined;
}

/** Where PureRef's keys are others than ours; the rest is the same. */
export const PUREREF: Readonly<Record<string, readonly string[]>> = {
  "look.compare": ["Mod+y"],
  "change.redo": ["Mod+Shift+z"],
  "change.flip-x": ["Alt+Shift+h"],
  "change.flip-y": ["Alt+Shift+v"],
  "arrange.same-height": ["Mod+Alt+ArrowLeft"],
  "arrange.same-width": ["Mod+Alt+ArrowRight"],
  "arrange.same-size": ["Mod+Alt+ArrowUp"],
};

class Keymap {
  /** Those of the habit, without what was chosen. */
  givenTo({ id, keys = [] }: Keyed): readonly string[] {
    return (preferences.now.keyPreset === "PUREREF" ? PUREREF[id] : undefined) ?? keys;
  }

  keysOf(command: Keyed): readonly string[] {
    return preferences.now.keys[command.id] ?? this.givenTo(command);
  }

  isChosen(id: string): boolean {
    return preferences.now.keys[id] !== undefined;
  }

  /** Which other command a combination calls already, where both can be meant. */
  holderOf<C extends Keyed>(combined: string, asking: Keyed, all: readonly C[]): C | undefined {
    return all.find(
      (one) =>
        one.id !== asking.id &&
        (one.mode ?? null) === (asking.mode ?? null) &&
        this.keysOf(one).includes(combined),
    );
  }

  /** Gives a command one more key, and takes it from whoever had it. */
  give(combined: string, to: Keyed, all: readonly Keyed[]): void {
    const keys = { ...preferences.now.keys };
    const holder = this.holderOf(combined, to, all);
    if (holder) keys[holder.id] = this.keysOf(holder).filter((key) => key !== combined);
    keys[to.id] = [...this.keysOf(to).filter((key) => key !== combined), combined];
    this.keep(keys, [...all]);
  }

  take(combined: string, from: Keyed): void {
    const keys = { ...preferences.now.keys, [from.id]: this.keysOf(from).filter((key) => key !== combined) };
    this.keep(keys, [from]);
  }

  /** Back to the habit; what others were given of it in the meantime, they lose. */
  reset(command: Keyed, all: readonly Keyed[]): void {
    const keys = { ...preferences.now.keys };
    for (const combined of this.givenTo(command)) {
      const holder = this.holderOf(combined, command, all);
      if (holder) keys[holder.id] = this.keysOf(holder).filter((key) => key !== combined);
    }
    delete keys[command.id];
    this.keep(keys, all);
  }

  resetAll(): void {
    preferences.set({ keys: {} });
  }

  /** What comes to the habit again is not kept. */
  private keep(keys: Record<string, readonly string[]>, all: readonly Keyed[]): void {
    for (const command of all) {
      const own = keys[command.id];
      if (own && own.join(" ") === this.givenTo(command).join(" ")) delete keys[command.id];
    }
    preferences.set({ keys });
  }
}

export const keymap = new Keymap();

/** What can be asked for on this page, and by which keys: the one list behind keys, palette, menus and buttons. */
import { untrack } from "svelte";
import type { Command, Mode, Offer } from "./command";
import { keymap } from "./keymap.svelte";
import { inSigns } from "./keys";

class Registry {
  mode = $state<Mode | null>(null);
  #lists = $state.raw<readonly (readonly Offer[])[]>([]);
  readonly #byId = $derived(new Map(this.all.map((offer) => [offer.id, offer])));

  /** Offers these commands until the answer is called. */
  offer<C>(commands: readonly Command<C>[], context: C): () => void {
    const list = commands.map((command) => offered(command, context));
    // An effect that offers does not depend on what else is offered.
    this.#lists = [...untrack(() => this.#lists), list];
    return () => {
      this.#lists = untrack(() => this.#lists).filter((one) => one !== list);
    };
  }

  get all(): readonly Offer[] {
    return this.#lists.flat();
  }

  get(id: string): Offer | undefined {
    return this.#byId.get(id);
  }

  /** What a pressed combination asks for: of the mode that lasts before what is always there, refused only if all are. */
  forKey(pressed: string): Offer | undefined {
    const found = this.all.filter(
      (offer) => offer.keys.includes(pressed) && (offer.mode === null || offer.mode === this.mode),
    );
    found.sort((a, b) => Number(a.mode === null) - Number(b.mode === null));
    return found.find((offer) => offer.refusal === null) ?? found[0];
  }

  run(id: string): void {
    const offer = this.get(id);
    if (offer?.refusal === null) offer.run();
  }

  /** Its first key as people read it; undefined where it has none. */
  signsOf(id: string): string | undefined {
    const [first] = this.get(id)?.shown ?? [];
    return first && inSigns(first);
  }
}

function offered<C>(command: Command<C>, context: C): Offer {
  const { id, label, group, mode = null, whileWriting = false, danger = false } = command;
  return {
    id,
    label,
    group,
    mode,
    whileWriting,
    danger,
    get keys() {
      return keymap.keysOf(command);
    },
    get shown() {
      return command.browserKey ? [command.browserKey, ...this.keys] : this.keys;
    },
    get now() {
      return command.now?.(context) ?? label;
    },
    get refusal() {
      return command.refusal?.(context) ?? null;
    },
    run: () => command.run(context),
  };
}

export const registry = new Registry();

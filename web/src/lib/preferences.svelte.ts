/** How somebody likes to work: kept with their account, so that it is the same in every browser; at hand here at once. */
import {
  ShowPreferencesDocument,
  SetPreferencesDocument,
  type PreferenceFactsFragment,
} from "$generated/graphql";
import { request } from "./graphql/client";

export type KeyPreset = PreferenceFactsFragment["keyPreset"];
export type Wheel = PreferenceFactsFragment["wheel"];

export interface Preferences {
  readonly keyPreset: KeyPreset;
  /** By command; only where they are others than the preset's. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly wheel: Wheel;
  readonly snapping: boolean;
  /** Whether a mail tells of boards that others share. */
  readonly sharingMail: boolean;
}

const USUAL: Preferences = {
  keyPreset: "WEBREF",
  keys: {},
  wheel: "AUTO",
  snapping: true,
  sharingMail: true,
};
const KEY = "webref.preferences";
/** Several choices in a row are sent as one. */
const REST_MS = 600;
const AGAIN_MS = 10_000;

/** With what is not at the server yet. */
interface Kept {
  readonly accountId: string;
  readonly now: Preferences;
  readonly unsent: Partial<Preferences>;
}

function remembered(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Kept | null;
    return kept?.now ? { ...kept, now: { ...USUAL, ...kept.now } } : null;
  } catch {
    return null;
  }
}

class KeptPreferences {
  now = $state.raw<Preferences>(remembered()?.now ?? USUAL);
  #accountId = "";
  #unsent: Partial<Preferences> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Somebody is here: what this browser knows of them at once, and what the server knows as soon as it says so. */
  async open(accountId: string): Promise<void> {
    if (this.#accountId === accountId) return;
    const kept = remembered();
    const isSame = kept?.accountId === accountId;
    this.#accountId = accountId;
    this.now = isSame ? kept.now : USUAL;
    this.#unsent = isSame ? kept.unsent : {};
    try {
      const { viewer } = await request(ShowPreferencesDocument, {});
      if (this.#accountId !== accountId || !viewer) return;
      this.now = { ...read(viewer.preferences), ...this.#unsent };
      this.#keep();
      if (Object.keys(this.#unsent).length) this.#plan(0);
    } catch {
      // What this browser remembers holds until the next time.
    }
  }

  set(change: Partial<Preferences>): void {
    this.now = { ...this.now, ...change };
    this.#unsent = { ...this.#unsent, ...change };
    this.#keep();
    this.#plan(REST_MS);
  }

  #plan(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), wait);
  }

  async #send(): Promise<void> {
    const accountId = this.#accountId;
    const sending = this.#unsent;
    if (!accountId || !Object.keys(sending).length) return;
    const { keys, ...plain } = sending;
    const input = {
      ...plain,
      ...(keys
        ? { keys: Object.entries(keys).map(([command, list]) => ({ command, keys: [...list] })) }
        : {}),
    };
    try {
      await request(SetPreferencesDocument, { input });
      if (this.#accountId !== accountId) return;
      // What was chosen meanwhile is still to be sent.
      this.#unsent = Object.fromEntries(
        Object.entries(this.#unsent).filter(([name, value]) => sending[name as keyof Preferences] !== value),
      );
      this.#keep();
      if (Object.keys(this.#unsent).length) this.#plan(REST_MS);
    } catch {
      this.#plan(AGAIN_MS);
    }
  }

  #keep(): void {
    const kept: Kept = { accountId: this.#accountId, now: this.now, unsent: this.#unsent };
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // Storage may be refused: the server keeps it.
    }
  }
}

function read({ keyPreset, keys, wheel, snapping, sharingMail }: PreferenceFactsFragment): Preferences {
  return {
    keyPreset,
    keys: Object.fromEntries(keys.map(({ command, keys }) => [command, keys])),
    wheel,
    snapping,
    sharingMail,
  };
}

export const preferences = new KeptPreferences();

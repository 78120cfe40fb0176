/** Who was signed in here last, and to what kind of server: for opening the app while that cannot be asked. */
import type { OpeningQuery } from "$generated/graphql";

const KEY = "webref.opening";

export type Opening = Pick<OpeningQuery, "instance"> & {
  readonly viewer: NonNullable<OpeningQuery["viewer"]>;
};

export function rememberOpening({ instance, viewer }: OpeningQuery): void {
  try {
    if (viewer) localStorage.setItem(KEY, JSON.stringify({ instance, viewer }));
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage the app opens with the network alone.
  }
}

export function recallOpening(): Opening | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Opening | null;
    return kept?.viewer?.account?.id && kept.instance ? kept : null;
  } catch {
    return null;
  }
}

export function forgetOpening(): void {
  localStorage.removeItem(KEY);
}

/** The cookie session as the browser sees it: when access ends, and how one tab renews it for all. */
import { RefreshSessionDocument } from "$generated/graphql";
import { RequestFailed } from "./failure";
import { post } from "./transport";

const EXPIRY_KEY = "webref.access-expires-at";
const EARLY_MS = 45_000;

type Ended = () => void;
const endedListeners = new Set<Ended>();
const goneListeners = new Set<(stays: string | undefined) => void>();
let renewing: Promise<boolean> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function expiryMs(): number {
  return Number(localStorage.getItem(EXPIRY_KEY) ?? 0);
}

/** Called with every answer that names a new access token's end. */
export function noteAccess(expiresAt: string): void {
  const at = Date.parse(expiresAt);
  localStorage.setItem(EXPIRY_KEY, String(at));
  schedule();
}

export function forgetAccess(): void {
  localStorage.removeItem(EXPIRY_KEY);
  clearTimeout(timer);
}

/** Keeps the cookie fresh while the page is open, so that uploads and the live connection never meet a stale one. */
export function schedule(): void {
  clearTimeout(timer);
  const at = expiryMs();
  if (at === 0) return;
  timer = setTimeout(() => void renewAccess(at), Math.max(1_000, at - EARLY_MS - Date.now()));
}

export function isAccessStale(): boolean {
  const at = expiryMs();
  return at > 0 && at - Date.now() < EARLY_MS / 3;
}

export function onSessionEnded(listener: Ended): () => void {
  endedListeners.add(listener);
  return () => endedListeners.delete(listener);
}

export function endSession(): void {
  forgetAccess();
  for (const listener of endedListeners) listener();
}

/** For what goes on without a page: it must not go on under another name than that of `stays`. */
export function onPersonGone(listener: (stays: string | undefined) => void): void {
  goneListeners.add(listener);
}

/** Everybody has signed out but the account of this id. */
export function endPersons(stays?: string): void {
  for (const listener of goneListeners) listener(stays);
}

/**
 * Trades the refresh cookie for a new access cookie. The refresh token works once, so one tab at a
 * time does it, and a tab that waited takes the other's result. Resolves to false when the session is over;
 * throws when the server cannot be asked.
 */
export function renewAccess(seenExpiryMs = expiryMs()): Promise<boolean> {
  renewing ??= underLock(() => renew(seenExpiryMs)).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function renew(seenExpiryMs: number): Promise<boolean> {
  if (expiryMs() > seenExpiryMs && !isAccessStale()) return true;
  try {
    const data = await post(RefreshSessionDocument, {});
    noteAccess(data.refreshSession.accessExpiresAt);
    return true;
  } catch (error) {
    if (error instanceof RequestFailed && error.isPassing) throw error;
    forgetAccess();
    return false;
  }
}

function underLock<T>(work: () => Promise<T>): Promise<T> {
  // The lock API exists in secure contexts only; over plain HTTP on a local network each tab renews alone.
  return "locks" in navigator ? navigator.locks.request("webref-session", work) : work();
}

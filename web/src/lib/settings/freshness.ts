/** Whether somebody signed in so lately that it stands for a password which they do not have. */
import { RequestFailed } from "../graphql/failure";
import { router } from "../router.svelte";

/** As the server has it (domain/standing.py). */
const FRESH_MS = 15 * 60_000;
/** So that what is begun in time can be sent in time. */
const LEAVES_MS = 60_000;

type Session = { createdAt: string; isCurrent: boolean };

export function isFresh(sessions: readonly Session[], nowMs = Date.now()): boolean {
  const own = sessions.find((session) => session.isCurrent);
  return own !== undefined && nowMs - Date.parse(own.createdAt) < FRESH_MS - LEAVES_MS;
}

/** Whether the server refused because it is too long ago. */
export function asksForFreshness(error: unknown, hasPassword: boolean): boolean {
  return !hasPassword && error instanceof RequestFailed && error.code === "WRONG_CREDENTIALS";
}

/** What somebody wants to change who has to sign in again first; their way back leads to it. */
export type Wish = "email" | "password";
const PAGES: Readonly<Record<Wish, string>> = { email: "/settings/profile", password: "/settings/password" };

export function pathTo(wish: Wish): string {
  return `${PAGES[wish]}?change=${wish}`;
}

/** True, once, where somebody has come back for it; `app.hasArrived` says whether they signed in. */
export function cameBackFor(wish: Wish): boolean {
  if (router.query.get("change") !== wish) return false;
  router.go(PAGES[wish], { replace: true });
  return true;
}

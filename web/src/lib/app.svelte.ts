/** Who is using the app, and what this server is like: read once at the start, kept as it changes. */
import {
  OpeningDocument,
  SignOutDocument,
  type OpeningQuery,
  type ViewerFactsFragment,
} from "$generated/graphql";
import { request } from "./graphql/client";
import { RequestFailed, inWords } from "./graphql/failure";
import { forgetAccess, noteAccess, onSessionEnded, renewAccess, schedule } from "./graphql/session";
import { hangUp } from "./graphql/subscriptions";
import { router } from "./router.svelte";

export type Instance = OpeningQuery["instance"];

const AGAIN_MS = 4_000;

class App {
  phase = $state<"opening" | "ready" | "unreachable">("opening");
  instance = $state.raw<Instance | null>(null);
  viewer = $state.raw<ViewerFactsFragment | null>(null);
  /** Why the opening failed, in words. */
  trouble = $state("");
  /** Set when a session ended by itself, so that the sign-in page can say so. */
  sessionEnded = $state(false);
  #again: ReturnType<typeof setTimeout> | undefined;

  async open(): Promise<void> {
    clearTimeout(this.#again);
    if (this.phase !== "unreachable") this.phase = "opening";
    try {
      let opening = await request(OpeningDocument, {});
      // An ended access cookie reads as "nobody": ask the refresh cookie before believing it.
      if (!opening.viewer && opening.instance.hasOwner && (await this.renewed())) {
        opening = await request(OpeningDocument, {});
      }
      this.instance = opening.instance;
      this.viewer = opening.viewer ?? null;
      this.phase = "ready";
      schedule();
    } catch (error) {
      this.trouble = inWords(error);
      this.phase = "unreachable";
      this.#again = setTimeout(() => void this.open(), AGAIN_MS);
    }
  }

  /** After signing in or registering. */
  signedIn(viewer: ViewerFactsFragment, accessExpiresAt: string): void {
    noteAccess(accessExpiresAt);
    hangUp();
    this.viewer = viewer;
    this.sessionEnded = false;
    if (this.instance) this.instance = { ...this.instance, hasOwner: true };
  }

  async signOut(): Promise<void> {
    try {
      await request(SignOutDocument, {});
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== "UNAUTHENTICATED") throw error;
    }
    forgetAccess();
    hangUp();
    this.viewer = null;
    router.go("/sign-in");
  }

  start(): () => void {
    const stopRouter = router.start();
    const stopSession = onSessionEnded(() => {
      if (!this.viewer) return;
      this.viewer = null;
      this.sessionEnded = true;
      hangUp();
    });
    void this.open();
    return () => {
      stopRouter();
      stopSession();
    };
  }

  /** Whether somebody was signed in here before; only the server knows whether that still holds. */
  get mayBeSignedIn(): boolean {
    return localStorage.getItem("webref.access-expires-at") !== null;
  }

  private async renewed(): Promise<boolean> {
    // Without a trace of an earlier session there is nothing to renew.
    if (!this.mayBeSignedIn) return false;
    return renewAccess();
  }
}

export const app = new App();

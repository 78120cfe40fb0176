/** Who is using the app, and what this server is like: read once at the start, kept as it changes. */
import {
  ArriveDocument,
  OpeningDocument,
  SignOutDocument,
  type OpeningQuery,
  type ViewerFactsFragment,
} from "$generated/graphql";
import { request } from "./graphql/client";
import { RequestFailed, inWords } from "./graphql/failure";
import {
  endPersons,
  forgetAccess,
  noteAccess,
  onSessionEnded,
  renewAccess,
  schedule,
} from "./graphql/session";
import { hangUp } from "./graphql/subscriptions";
import { forgetSights } from "./offline/database";
import { countErrands, forgetErrands } from "./offline/errands";
import { forgetOpening, recallOpening, rememberOpening } from "./offline/opening";
import { router } from "./router.svelte";
import { countUploads, forgetUploads } from "./upload/kept";

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
  /** That this page was opened by signing in elsewhere. */
  hasArrived = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  async open(): Promise<void> {
    clearTimeout(this.#again);
    // Where one signs in only the server's word counts.
    if (this.phase === "opening" && router.route.isPrivate) this.goOn();
    try {
      let opening = await request(OpeningDocument, {});
      // An ended access cookie reads as "nobody": ask the refresh cookie before believing it.
      if (!opening.viewer && opening.instance.hasOwner && (await this.renewed())) {
        opening = await request(OpeningDocument, {});
      }
      if (opening.viewer && (router.query.has("arrived") || !this.mayBeSignedIn)) await this.arrive(opening);
      this.take(opening);
      schedule();
    } catch (error) {
      const isAway = error instanceof RequestFailed && error.isPassing;
      if (this.phase === "opening" && isAway) this.goOn();
      if (this.phase !== "ready" || !isAway) {
        this.trouble = inWords(error);
        this.phase = "unreachable";
      }
      this.#again = setTimeout(() => void this.open(), AGAIN_MS);
    }
  }

  /** Who was here last goes on with what this browser keeps, before the server has answered and while it cannot. */
  private goOn(): void {
    const kept = this.mayBeSignedIn ? recallOpening() : null;
    if (!kept) return;
    this.instance = kept.instance;
    this.viewer = kept.viewer;
    this.phase = "ready";
  }

  /** Who signed in elsewhere comes with cookies alone: until when they hold, and for whom, is asked here. */
  private async arrive(opening: OpeningQuery): Promise<void> {
    const { refreshSession } = await request(ArriveDocument, {});
    this.hasArrived = router.query.has("arrived");
    this.instance = opening.instance;
    this.signedIn(refreshSession.viewer, refreshSession.accessExpiresAt);
  }

  private take(opening: OpeningQuery): void {
    this.instance = opening.instance;
    this.viewer = opening.viewer ?? null;
    this.phase = "ready";
    rememberOpening(opening);
  }

  /** After signing in or registering. */
  signedIn(viewer: ViewerFactsFragment, accessExpiresAt: string): void {
    // Somebody else's boards and unsent changes are not this person's to find.
    const { id } = viewer.account;
    if (recallOpening()?.viewer.account.id !== id) {
      endPersons(id);
      void Promise.all([forgetSights(), forgetErrands((account) => account !== id), forgetUploads(id)]);
    }
    if (this.instance) {
      this.instance = { ...this.instance, hasOwner: true };
      rememberOpening({ instance: this.instance, viewer });
    }
    noteAccess(accessExpiresAt);
    hangUp();
    this.viewer = viewer;
    this.sessionEnded = false;
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
    forgetOpening();
    endPersons();
    await Promise.all([forgetSights(), forgetErrands(), forgetUploads()]);
    router.go("/sign-in");
  }

  /** How much this browser holds of what the viewer did that the server does not have yet. */
  async unsent(): Promise<{ changes: number; files: number }> {
    const id = this.viewer?.account.id ?? "";
    const [changes, files] = await Promise.all([countErrands(id), countUploads(id)]);
    return { changes, files };
  }

  start(): () => void {
    const stopRouter = router.start();
    const stopSession = onSessionEnded(() => {
      if (!this.viewer) return;
      this.viewer = null;
      this.sessionEnded = true;
      hangUp();
      forgetOpening();
      void forgetSights();
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

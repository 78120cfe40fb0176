/** One's own presence on a board and that of the others: told, heard, and followed. */
import { BoardPresenceDocument, ShowPresenceDocument } from "$generated/graphql";
import { approached, cameraOn, Glide, sightOf } from "../canvas/cursors";
import { toBoard, type Camera } from "../geometry/camera";
import type { Point } from "../geometry/shapes";
import type { RequestFailed } from "../graphql/failure";
import { ask, subscribe } from "../graphql/subscriptions";
import { newId } from "../uuid";
import type { Editor } from "./editor";
import {
  Company,
  differing,
  inOrder,
  nameOf,
  type Person,
  type PresenceEvent,
  type Showing,
} from "./presence";

const PACE_MS = 50;
/** While nobody else is there, for scripts that look on. */
const ALONE_MS = 1_000;
const IDLE_MS = 60_000;
/** A larger selection is shown by its first items. */
const MOST_SELECTED = 200;
/** After a cut not everybody is back at once: who was followed may come a little later. */
const GRACE_MS = 8_000;

export class BoardPresence {
  /** The others, in order; anew only when more than cursors and views has changed. */
  people = $state.raw<readonly Person[]>([]);
  followed = $state.raw<Person | null>(null);

  readonly glides = new Map<string, Glide>();
  /** Called when a cursor or the own camera has moved: whoever draws them asks for a frame. */
  moved: () => void = () => undefined;

  private readonly company = new Company(newId());
  private readonly stops: (() => void)[] = [];
  private stopStream: () => void = () => undefined;
  private hand: Point | null = null;
  private sent: Showing | null = null;
  private isIdle = false;
  private isSending = false;
  private isListening = false;
  private hurry: () => void = () => undefined;
  private isClosed = false;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;
  private frameId = 0;
  private lastFrame = 0;
  private ownCamera: Camera | null = null;
  private isCut = false;
  private graceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly boardId: string,
    private readonly accountId: string,
    private readonly editor: Editor,
  ) {
    this.stops.push(
      editor.onChange((aspect) => {
        if (aspect === "view") this.viewChanged();
        if (aspect === "view" || aspect === "selection") void this.tell();
      }),
    );
    const root = document.documentElement;
    const watch = () => this.visibilityChanged();
    const gone = () => this.handGone();
    document.addEventListener("visibilitychange", watch);
    root.addEventListener("pointerleave", gone);
    this.stops.push(() => {
      document.removeEventListener("visibilitychange", watch);
      root.removeEventListener("pointerleave", gone);
    });
  }

  open(clientId: string | null = this.company.self): void {
    this.stopStream();
    this.stopStream = subscribe(BoardPresenceDocument, () => ({ boardId: this.boardId, clientId }), {
      next: ({ presence }) => this.take(presence),
      failed: (error) => this.failed(error),
    });
    this.stir();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.idleTimer);
    clearTimeout(this.graceTimer);
    cancelAnimationFrame(this.frameId);
    for (const stop of this.stops) stop();
    this.stopStream();
    this.editor.mark(new Map());
  }

  /** The hand is there, in screen pixels of the canvas. */
  point(at: Point): void {
    this.hand = at;
    this.stir();
    void this.tell();
  }

  /** Something was done. */
  stir(): void {
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => this.rest(), IDLE_MS);
    if (!this.isIdle || document.hidden) return;
    this.isIdle = false;
    void this.tell();
  }

  cursorOf(clientId: string, now: number): Point | null {
    return this.glides.get(clientId)?.at(now) ?? null;
  }

  /** The others with where they point and look at this moment. */
  get peopleNow(): Person[] {
    return [...this.company.people.values()];
  }

  nameOf(person: Person): string {
    return nameOf(person, this.accountId);
  }

  /** Returns null, or why not. */
  follow(clientId: string): string | null {
    const leader = this.company.leaderOf(clientId);
    if (!leader) {
      const person = this.company.people.get(clientId);
      return person ? `${this.nameOf(person)} is following you.` : null;
    }
    this.followed = leader;
    this.ownCamera = this.editor.camera;
    void this.tell();
    this.glide();
    return null;
  }

  /** Returns whether somebody was followed. */
  unfollow(): boolean {
    if (!this.followed) return false;
    this.followed = null;
    void this.tell();
    return true;
  }

  /** The line is cut: who is there, and where, is not known any more. Who was followed is followed on afterwards. */
  cut(): void {
    this.isCut = true;
    this.isListening = false;
    this.forgetOthers();
  }

  private forgetOthers(): void {
    this.company.clear();
    this.people = [];
    this.glides.clear();
    this.editor.mark(new Map());
    this.moved();
  }

  private take(event: PresenceEvent): void {
    if (this.isCut && event.isComplete) {
      this.isCut = false;
      clearTimeout(this.graceTimer);
      this.graceTimer = setTimeout(() => {
        this.graceTimer = undefined;
        this.followOn();
      }, GRACE_MS);
    }
    const wasAlone = this.company.people.size === 0;
    const isNews = this.company.take(event);
    this.glideCursors();
    if (isNews) {
      this.people = inOrder(this.company.people.values(), this.accountId);
      this.editor.mark(this.company.marks);
    }
    this.followOn();
    if (event.isComplete || wasAlone) this.sent = null;
    if (wasAlone && this.company.people.size) this.hurry();
    this.isListening = true;
    void this.tell();
    this.moved();
  }

  private failed(error: RequestFailed): void {
    this.isListening = false;
    this.forgetOthers();
    this.unfollow();
    if (this.isClosed) return;
    // There is no room for one more here: look on without being shown.
    if (error.code === "LIMIT_EXCEEDED") this.open(null);
    if (error.code === "ALREADY_EXISTS") {
      this.company.self = newId();
      this.open();
    }
  }

  private glideCursors(): void {
    const now = performance.now();
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const clientId of this.glides.keys()) {
      if (!this.company.people.get(clientId)?.cursor) this.glides.delete(clientId);
    }
    for (const { clientId, cursor } of this.company.people.values()) {
      if (!cursor) continue;
      const known = this.glides.get(clientId);
      if (known) known.heard(cursor, now);
      else this.glides.set(clientId, new Glide(cursor, now));
      if (isCalm) this.glides.get(clientId)?.settle();
    }
  }

  /** The followed one may have gone, have begun to follow somebody else, or to follow us. */
  private followOn(): void {
    if (!this.followed) return;
    const leader = this.company.leaderOf(this.followed.clientId);
    if (!leader) {
      if (this.graceTimer === undefined) this.unfollow();
    } else {
      this.followed = leader;
      this.glide();
    }
  }

  private viewChanged(): void {
    if (this.followed && this.editor.camera !== this.ownCamera) this.unfollow();
    this.moved();
  }

  private glide(): void {
    this.frameId ||= requestAnimationFrame((now) => {
      this.frameId = 0;
      this.lastFrame = now - 16;
      this.glideFrame(now);
    });
  }

  private glideFrame(now: number): void {
    const sight = this.followed?.sight;
    if (!sight) return;
    const { camera, viewport } = this.editor;
    const goal = cameraOn(sight, viewport);
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const next = isCalm ? goal : approached(camera, goal, now - this.lastFrame, viewport);
    this.lastFrame = now;
    if (!isSame(next, camera)) {
      this.ownCamera = next;
      this.editor.look(next);
    }
    if (!isSame(next, goal) && this.followed) {
      this.frameId = requestAnimationFrame((then) => {
        this.frameId = 0;
        this.glideFrame(then);
      });
    }
  }

  private rest(): void {
    this.isIdle = true;
    void this.tell();
  }

  private visibilityChanged(): void {
    if (document.hidden) {
      this.handGone();
      this.rest();
    } else this.stir();
  }

  private handGone(): void {
    this.hand = null;
    void this.tell();
  }

  private get showing(): Showing {
    const { camera, viewport, selection } = this.editor;
    return {
      cursor: this.hand && toBoard(camera, this.hand),
      selection: [...selection].slice(0, MOST_SELECTED),
      viewport: sightOf(camera, viewport),
      following: this.followed?.clientId ?? null,
      status: this.isIdle ? "IDLE" : "ACTIVE",
    };
  }

  /** Tells what has changed, at a pace that suits those who see it. */
  private async tell(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    while (this.isListening && !this.isClosed) {
      const now = this.showing;
      const changes = differing(this.sent, now);
      if (!changes) break;
      this.sent = now;
      const pace = new Promise<void>((resolve) => {
        this.hurry = resolve;
        setTimeout(resolve, this.company.people.size ? PACE_MS : ALONE_MS);
      });
      const input = { boardId: this.boardId, clientId: this.company.self, ...changes };
      // Being seen is a courtesy: what could not be sent is said again with the next stream.
      await ask(ShowPresenceDocument, { input }).catch(() => undefined);
      await pace;
    }
    this.isSending = false;
  }
}

function isSame(a: Camera, b: Camera): boolean {
  return a.x === b.x && a.y === b.y && a.zoom === b.zoom;
}

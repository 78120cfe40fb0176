/** One open board: what it shows, what waits to be sent, and the live streams that keep it true. */
import {
  BoardChangesDocument,
  BoardHistoryStateDocument,
  BoardTransformsDocument,
  type ChangeFactsFragment,
  type Role,
} from "$generated/graphql";
import type { Picture } from "../canvas/pictures";
import { Talk, type Saying } from "../comments/comments";
import { Talking } from "../comments/talking.svelte";
import { request } from "../graphql/client";
import { RequestFailed } from "../graphql/failure";
import { endSession, renewAccess } from "../graphql/session";
import { subscribe, untilOnlineOr } from "../graphql/subscriptions";
import type { Size } from "../geometry/packing";
import type { Point } from "../geometry/shapes";
import { forgetBoard } from "../offline/boards";
import { Keepsake, type Copy } from "../offline/keepsake";
import { toasts } from "../ui/toasts.svelte";
import { nameOfAddress, type WebSource } from "../upload/fromWeb";
import { senderBy } from "../upload/direct";
import { forget, keepAddress } from "../upload/kept";
import type { UploadedImage } from "../upload/transfer";
import { Uploads, type Totals, type Upload } from "../upload/uploads";
import { Arrivals } from "./arrivals";
import { Atlases } from "./atlases";
import { counted } from "./commands";
import { DragSender, DragWatch } from "./drags";
import { Editor } from "./editor";
import type { Deed } from "./deeds";
import { messagesOf, operationIn, type Answer, type Message } from "./errands";
import { subjectsOf, type Item, type Operation } from "./operations";
import { nameOf } from "./names";
import { Keeping } from "./keeping.svelte";
import { paced } from "./paced";
import { Posting } from "./posting.svelte";
import { readBoard } from "./reading";
import { Store } from "./store";
import { Awaiting, more } from "./awaiting";
import { changeOf, pictureOf } from "./wire";

const AGAIN_MS = 4_000;
const GO_ON_AGAIN_MS = [3_000, 12_000];
/** The eye reads a number no faster, and every change of it costs a layout. */
const ZOOM_MS = 80;
const NO_TOTALS: Totals = { count: 0, done: 0, failed: 0, active: 0, bytes: 0, sentBytes: 0 };

export interface Who {
  readonly accountId: string;
  readonly uploadUrl: string;
  readonly directUrl: string | null;
  readonly mostBatchBytes: number;
}

export class BoardSession {
  phase = $state<"loading" | "ready" | "gone" | "failed">("loading");
  failure = $state.raw<unknown>(null);
  title = $state("");
  role = $state<Role>("VIEWER");
  isTrashed = $state(false);
  private undoable = $state(false);
  private redoable = $state(false);
  /** What is shown is what this browser kept: the server has not been asked yet, or cannot be. */
  isRecalled = $state(false);
  totals = $state.raw<Totals>(NO_TOTALS);
  uploadRev = $state(0);
  itemsRev = $state(0);
  selectionRev = $state(0);
  talkRev = $state(0);
  zoom = $state(1);

  readonly store = new Store();
  readonly talk = new Talk(() => (this.talkRev += 1));
  readonly pictures = new Map<string, Picture>();
  readonly talking: Talking;
  readonly atlases: Atlases;
  readonly editor: Editor;
  readonly arrivals: Arrivals;
  readonly uploads: Uploads;
  readonly keeping: Keeping;

  /** Called when what is unsent may have become less. */
  moved: () => void = () => undefined;

  readonly posting: Posting;
  private readonly key: string;
  private readonly drags: DragSender;
  private readonly watch: DragWatch;
  private readonly stops: (() => void)[] = [];
  private streams: (() => void)[] = [];
  private readonly awaiting: Awaiting;
  private uploadTick = false;
  private isClosed = false;
  private hasGoneOn = false;
  private readonly keepsake: Keepsake;

  constructor(
    readonly boardId: string,
    readonly who: Who,
  ) {
    this.drags = new DragSender(boardId);
    this.editor = new Editor(this.store, {
      commit: (operation, label, deed) => this.perform(operation, label, deed),
      drag: (gestureId, placements, phase) => {
        this.watch.claim(gestureId);
        this.drags.send(gestureId, placements, phase);
      },
    });
    this.watch = new DragWatch(this.editor);
    this.arrivals = new Arrivals(this.editor, this.pictures);
    this.awaiting = new Awaiting(boardId, (facts) => {
      this.pictures.set(facts.id, pictureOf(facts));
      if (facts.renditions.length) this.arrivals.local.delete(facts.id);
      this.editor.tell("items");
    });
    this.key = `${who.accountId}/${boardId}`;
    this.talking = new Talking(boardId, this.talk);
    this.atlases = new Atlases(
      boardId,
      () => this.shownPictures,
      () => this.editor.tell("looks"),
    );
    this.keepsake = new Keepsake(this.key, () => this.copy);
    this.posting = new Posting(boardId, this.key, {
      propose: (mutationId, message) => this.propose(mutationId, message),
      withdraw: (mutationId, message, error) => this.withdraw(mutationId, message, error),
      hide: (mutationId) => {
        this.store.withdraw(mutationId);
        this.talk.withdraw(mutationId);
      },
      answered: (answer, message) => this.answered(answer, message),
      changed: () => this.moved(),
    });
    const listener = {
      changed: () => this.uploadsChanged(),
      arrived: (upload: Upload, image: UploadedImage) => this.arrivals.arrived(upload, image),
      unpacked: (upload: Upload, images: readonly UploadedImage[]) => this.arrivals.unpacked(upload, images),
      gaveUp: (upload: Upload) => {
        this.arrivals.gaveUp(upload);
        if (upload.state === "cancelled" || upload.isFinal) void forget([upload.imageId]);
      },
      resumed: (upload: Upload) => void this.resumeUpload(upload),
      placed: (upload: Upload) => void keepAddress(upload.imageId, upload.address),
    };
    this.uploads = new Uploads(who.uploadUrl, listener, who.mostBatchBytes, senderBy(who.directUrl));
    this.keeping = new Keeping(this.key, this.store, this.arrivals, this.uploads);
    const tellZoom = paced(() => (this.zoom = this.editor.camera.zoom), ZOOM_MS);
    this.stops.push(
      this.editor.onChange((aspect) => {
        if (aspect === "items") this.itemsRev += 1;
        if (aspect === "selection") this.selectionRev += 1;
        if (aspect === "view") tellZoom();
      }),
    );
  }

  async open(): Promise<void> {
    if (this.phase !== "ready") {
      this.phase = "loading";
      await this.recall();
    }
    // Before it is looked at anew: what was left unsent lies on top of whatever the server says.
    if (!this.hasGoneOn) await this.goOn();
    this.hasGoneOn = true;
    await this.catchUp();
  }

  /** Reads the board and follows it; what is here of it already is good enough while the server cannot be asked. */
  private async catchUp(): Promise<void> {
    if (this.isClosed) return;
    try {
      void this.atlases.read();
      await this.read();
      this.isRecalled = false;
      this.phase = "ready";
      this.listen();
      this.keepsake.now();
      if (this.editor.canEdit) void this.keeping.goOn();
    } catch (error) {
      const isPassing = error instanceof RequestFailed && error.isPassing;
      if (this.isClosed) return;
      if (this.phase === "ready" && isPassing) void untilOnlineOr(AGAIN_MS).then(() => void this.catchUp());
      else await this.fail(error);
    }
  }

  /** Again after a while: a tab that was just closed may still hold what it left. */
  private async goOn(): Promise<void> {
    await this.posting.goOn();
    for (const wait of GO_ON_AGAIN_MS) setTimeout(() => void (this.isClosed || this.posting.goOn()), wait);
  }

  private async recall(): Promise<void> {
    const kept = await this.keepsake.recall();
    if (!kept || this.isClosed) return;
    for (const picture of kept.pictures) this.pictures.set(picture.id, picture);
    this.title = kept.title;
    this.isTrashed = kept.isTrashed;
    this.isRecalled = true;
    this.take({ viewerRole: kept.role, canUndo: false, canRedo: false });
    this.store.reset(kept.items, kept.seq);
    if (kept.talkSeq !== null) this.talk.reset(kept.comments, kept.talkSeq);
    this.atlases.recall(kept.atlas);
    this.phase = "ready";
  }

  /** What would be shown without the network; null while the server has not said it. */
  private get copy(): Copy | null {
    if (this.phase !== "ready" || this.isRecalled) return null;
    const items = [...this.store.allConfirmed];
    const shown = new Set(items.map((item) => item.imageId));
    return {
      seq: this.store.seq,
      title: this.title,
      role: this.role,
      isTrashed: this.isTrashed,
      items,
      pictures: [...this.pictures.values()].filter(({ id }) => shown.has(id)),
      comments: [...this.talk.all],
      talkSeq: this.talk.isRead ? this.talk.readTo : null,
      atlas: this.atlases.now?.facts ?? null,
    };
  }

  private get shownPictures(): ReadonlySet<string> {
    const shown = new Set<string>();
    for (const { imageId } of this.store.inOrder) {
      if (imageId !== null && this.pictures.get(imageId)?.state === "READY") shown.add(imageId);
    }
    return shown;
  }

  get waiting(): number {
    return this.posting.waiting;
  }

  get isStalled(): boolean {
    return this.posting.isStalled;
  }

  /** The connection or the session is back. */
  nudge(): void {
    this.posting.nudge();
    this.talking.nudge();
  }

  get mayEdit(): boolean {
    return (this.role === "OWNER" || this.role === "EDITOR") && !this.isTrashed;
  }

  /** Something would be lost if the page were closed now: what this browser keeps is not. */
  get wouldLose(): boolean {
    return this.posting.wouldLose || this.keeping.isBusy;
  }

  get hasUnsent(): boolean {
    return this.waiting > 0 || this.uploads.isBusy || this.arrivals.isGathering;
  }

  /** Takes settled files off the list, and the placeholders of those that failed off the board. */
  clearUploads(some: readonly Upload[] = this.uploads.list): void {
    const failed = some.filter((upload) => upload.state === "failed");
    for (const upload of failed) this.arrivals.forget(upload);
    void forget(failed.map((upload) => upload.imageId));
    this.uploads.leaveOut(some);
  }

  close(): void {
    this.keepsake.close();
    this.isClosed = true;
    for (const stop of [...this.stops, ...this.streams]) stop();
    this.awaiting.stop();
    this.talking.close();
    this.atlases.close();
    this.watch.close();
    this.posting.close();
    this.uploads.close();
  }

  /** Shows the operation now and sees to it that the server gets it once, or the deed that comes to it. */
  perform(operation: Operation, label: string, deed?: Deed): void {
    for (const message of messagesOf(operation, deed)) this.post(message, label);
  }

  say(saying: Saying, label: string): void {
    this.post({ kind: "say", saying }, label);
  }

  get canUndo(): boolean {
    return this.undoable || this.posting.canTakeBack;
  }

  get canRedo(): boolean {
    return this.redoable || this.posting.canGiveAgain;
  }

  undo(): void {
    if (!this.posting.takeBack()) this.post({ kind: "undo" }, "Undo");
  }

  redo(): void {
    if (!this.posting.giveAgain()) this.post({ kind: "redo" }, "Redo");
  }

  /** `done` is told when the server has it. */
  post(message: Message, label: string, done?: () => void): void {
    this.posting.post(message, label, done);
  }

  /** Lays the files around a board point and starts sending them. */
  async bring(files: readonly File[], point: Point): Promise<void> {
    const fresh = this.keeping.matched(files);
    if (fresh.length === 0) return;
    const begin = this.uploads.list.length;
    this.uploads.add(await this.arrivals.lay(fresh, point));
    void this.keeping.keepAll(this.uploads.list.slice(begin));
  }

  /** Lays placeholders around a board point, and has the server fetch their pictures. */
  bringFromWeb(sources: readonly (WebSource & { size?: Size | null })[], point: Point): void {
    const files = sources.map(({ url }) => new File([], nameOfAddress(url)));
    const laid = this.arrivals.layOut(
      files,
      sources.map(({ size }) => size ?? null),
      point,
    );
    const begin = this.uploads.list.length;
    this.uploads.add(
      laid.map((one, i) => ({ ...one, from: { url: sources[i]!.url, source: sources[i]!.source } })),
    );
    void this.keeping.keepAll(this.uploads.list.slice(begin));
  }

  nameOf(item: Item): string {
    return nameOf(item, item.imageId ? this.pictures.get(item.imageId) : undefined);
  }

  private propose(mutationId: string, message: Message): void {
    const operation = operationIn(message);
    if (operation) this.store.propose(mutationId, operation);
    if (message.kind === "say") this.talk.propose(mutationId, message.saying);
  }

  private answered({ change, skipped }: Answer, message: Message): void {
    if (change) {
      this.receive(change);
      if (message.kind === "undo" || message.kind === "redo") this.reselect(change);
      // Not only when the server has been asked what there is: a hand is quicker.
      if (message.kind === "undo") this.redoable = true;
      if (message.kind === "redo") this.undoable = true;
    }
    if (!operationIn(message) && message.kind !== "say") void this.readStanding();
    if (!skipped.length) return;
    const names = [...new Set(skipped.map((one) => one.by?.name).filter(Boolean))].join(", ");
    const left = counted(skipped);
    toasts.say(names ? `${left} left as changed by ${names} since.` : `${left} left as changed since.`);
  }

  private withdraw(mutationId: string, message: Message, error: RequestFailed): void {
    this.store.withdraw(mutationId);
    this.talk.withdraw(mutationId);
    if (error.code === "NOTHING_TO_UNDO") this[message.kind === "undo" ? "undoable" : "redoable"] = false;
    if (error.code === "FORBIDDEN" || error.code === "BOARD_TRASHED") void this.readStanding();
  }

  /** What was taken back or done again is in hand, to go on from there. */
  private reselect(facts: ChangeFactsFragment): void {
    const { operation } = changeOf(facts);
    const ids = new Set(operation ? subjectsOf(operation) : []);
    const items = [...ids].map((id) => this.store.get(id)).filter((item) => item !== undefined);
    const wholes = this.store.tree.outermost(items);
    if (this.editor.canEdit && wholes.length) this.editor.select(wholes.map((item) => item.id));
  }

  private async read(): Promise<void> {
    const { facts, items } = await readBoard(this.boardId, (picture) =>
      this.pictures.set(picture.id, picture),
    );
    this.title = facts.title;
    this.isTrashed = facts.trashedAt !== null && facts.trashedAt !== undefined;
    this.take(facts);
    this.store.reset(items, facts.seq);
    this.awaiting.follow(this.pictures.values());
    // Beside the items: a board is there to be seen before its comments are.
    void this.talking.read();
  }

  private async readStanding(): Promise<void> {
    const { board } = await request(BoardHistoryStateDocument, { id: this.boardId }).catch(() => ({
      board: null,
    }));
    if (board) this.take(board);
  }

  private take(board: { viewerRole: Role; canUndo: boolean; canRedo: boolean }): void {
    this.role = board.viewerRole;
    this.undoable = board.canUndo;
    this.redoable = board.canRedo;
    this.editor.canEdit = (board.viewerRole === "OWNER" || board.viewerRole === "EDITOR") && !this.isTrashed;
    this.editor.tell("selection");
  }

  private listen(): void {
    for (const stop of this.streams) stop();
    this.streams = [
      subscribe(BoardChangesDocument, () => ({ boardId: this.boardId, after: this.store.seq }), {
        next: ({ boardChanges }) => this.receive(boardChanges),
        failed: (error) => void this.lost(error),
      }),
      subscribe(BoardTransformsDocument, () => ({ boardId: this.boardId }), {
        next: ({ transforms }) => this.watch.take(transforms),
        // The stream of changes says whether the board is still ours; drags are only a courtesy.
        failed: () => undefined,
      }),
    ];
  }

  private async lost(error: RequestFailed): Promise<void> {
    if (error.code === "RESYNC") {
      try {
        await this.read();
        this.listen();
      } catch (failure) {
        await this.fail(failure);
      }
    } else if (error.code !== "UNAUTHENTICATED") await this.fail(error);
  }

  private async fail(error: unknown): Promise<void> {
    const isGone =
      error instanceof RequestFailed && (error.code === "NOT_FOUND" || error.code === "FORBIDDEN");
    // To somebody whose session was ended elsewhere every private board is not there: ask for the session first.
    if (isGone && !(await renewAccess().catch(() => true))) {
      endSession();
      return;
    }
    if (isGone) void forgetBoard(this.key);
    this.failure = error;
    this.phase = isGone ? "gone" : "failed";
  }

  private receive(facts: ChangeFactsFragment): void {
    const { operation, sayings, pictures } = changeOf(facts);
    this.learn(pictures);
    if (facts.seq > this.store.seq) {
      switch (facts.operation.__typename) {
        case "EditBoard":
          this.title = facts.operation.title ?? this.title;
          break;
        case "TrashBoard":
        case "RestoreBoard":
          this.isTrashed = facts.operation.__typename === "TrashBoard";
          void this.readStanding();
      }
      if (facts.actor.id === this.who.accountId && facts.kind === "DO" && (operation || sayings.length)) {
        this.undoable = true;
        this.redoable = false;
      }
    }
    const mutationId = facts.clientMutationId ?? null;
    this.store.receive({ seq: facts.seq, mutationId, operation });
    this.talk.receive(facts.seq, mutationId, sayings);
    this.keepsake.soon(this.store.size);
    if (operation) {
      this.watch.land(subjectsOf(operation));
      const landed = this.arrivals.landed(subjectsOf(operation));
      if (landed.length) void forget(landed);
    }
  }

  learn(pictures: readonly Picture[]): void {
    for (const picture of pictures)
      this.pictures.set(picture.id, more(this.pictures.get(picture.id), picture));
    if (pictures.length) {
      this.editor.tell("items");
      this.awaiting.follow(this.pictures.values());
      this.atlases.grown();
    }
  }

  private async resumeUpload(upload: Upload): Promise<void> {
    if (this.arrivals.ghosts.has(upload.imageId)) return;
    await this.arrivals.relay(upload);
  }

  private uploadsChanged(): void {
    // Progress arrives far more often than a person can read it.
    if (this.uploadTick) return;
    this.uploadTick = true;
    setTimeout(() => {
      this.uploadTick = false;
      this.totals = this.uploads.totals;
      this.uploadRev += 1;
      this.moved();
    }, 80);
  }
}

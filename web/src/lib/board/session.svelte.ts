/** One open board: what it shows, what waits to be sent, and the live streams that keep it true. */
import {
  BoardAtlasDocument,
  BoardChangesDocument,
  BoardHistoryStateDocument,
  BoardTransformsDocument,
  OpenBoardDocument,
  EditBoardDocument,
  RetryBoardPicturesDocument,
  type ChangeFactsFragment,
  type Role,
} from "$generated/graphql";
import type { Atlas } from "../canvas/atlas";
import type { Picture } from "../canvas/pictures";
import { Talk, type Saying } from "../comments/comments";
import { readTalk } from "../comments/readTalk";
import { request } from "../graphql/client";
import { RequestFailed, inWords } from "../graphql/failure";
import { endSession, renewAccess } from "../graphql/session";
import { subscribe } from "../graphql/subscriptions";
import type { Size } from "../geometry/packing";
import type { Point } from "../geometry/shapes";
import { toasts } from "../ui/toasts.svelte";
import { nameOfAddress, type WebSource } from "../upload/fromWeb";
import { senderBy } from "../upload/direct";
import { forget, keepAddress } from "../upload/kept";
import type { UploadedImage } from "../upload/transfer";
import { Uploads, type Totals, type Upload } from "../upload/uploads";
import { newId } from "../uuid";
import { Arrivals } from "./arrivals";
import { counted } from "./commands";
import { DragSender, DragWatch } from "./drags";
import { Editor } from "./editor";
import type { Deed } from "./deeds";
import { deliver, messagesOf, operationIn, type Answer, type Message } from "./errands";
import { subjectsOf, type Item, type Operation } from "./operations";
import { nameOf } from "./names";
import { Keeping } from "./keeping.svelte";
import { Outbox } from "./outbox";
import { paced } from "./paced";
import { Store } from "./store";
import { Awaiting, more } from "./awaiting";
import { atlasOf, changeOf, itemOf, pictureOf } from "./wire";

const PAGE = 1000;
const TALK_AGAIN_MS = 4_000;
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
  canUndo = $state(false);
  canRedo = $state(false);
  /** Changes that are not acknowledged yet, and whether they are being held up. */
  waiting = $state(0);
  isStalled = $state(false);
  totals = $state.raw<Totals>(NO_TOTALS);
  uploadRev = $state(0);
  itemsRev = $state(0);
  selectionRev = $state(0);
  talkRev = $state(0);
  zoom = $state(1);

  readonly store = new Store();
  readonly talk = new Talk(() => (this.talkRev += 1));
  readonly pictures = new Map<string, Picture>();
  /** Undefined: not read yet. */
  atlas: Atlas | null | undefined;
  readonly editor: Editor;
  readonly arrivals: Arrivals;
  readonly uploads: Uploads;
  readonly keeping: Keeping;

  private readonly outbox: Outbox;
  private readonly drags: DragSender;
  private readonly watch: DragWatch;
  private readonly stops: (() => void)[] = [];
  private streams: (() => void)[] = [];
  private readonly awaiting: Awaiting;
  private uploadTick = false;
  private isClosed = false;

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
    this.outbox = new Outbox((waiting, stalled) => {
      this.waiting = waiting;
      this.isStalled = stalled;
      this.rest();
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
    this.keeping = new Keeping(`${who.accountId}/${boardId}`, this.store, this.arrivals, this.uploads);
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
    this.phase = "loading";
    try {
      void this.readAtlas();
      await this.read();
      this.phase = "ready";
      this.listen();
      if (this.editor.canEdit) void this.keeping.goOn();
    } catch (error) {
      await this.fail(error);
    }
  }

  /** The connection or the session is back. */
  nudge(): void {
    this.outbox.nudge();
  }

  get mayEdit(): boolean {
    return (this.role === "OWNER" || this.role === "EDITOR") && !this.isTrashed;
  }

  /** Something would be lost if the page were closed now: files that are kept are not. */
  get wouldLose(): boolean {
    return this.waiting > 0 || this.keeping.isBusy;
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
    this.isClosed = true;
    for (const stop of [...this.stops, ...this.streams]) stop();
    this.awaiting.stop();
    this.watch.close();
    this.outbox.close();
    this.uploads.close();
  }

  /** Shows the operation now and sees to it that the server gets it once, or the deed that comes to it. */
  perform(operation: Operation, label: string, deed?: Deed): void {
    for (const message of messagesOf(operation, deed)) this.post(message, label);
  }

  say(saying: Saying, label: string): void {
    this.post({ kind: "say", saying }, label);
  }

  undo(): void {
    this.post({ kind: "undo" }, "Undo");
  }

  redo(): void {
    this.post({ kind: "redo" }, "Redo");
  }

  /** `done` is told when the server has it. */
  post(message: Message, label: string, done?: () => void): void {
    const mutationId = newId();
    const operation = operationIn(message);
    if (operation) this.store.propose(mutationId, operation);
    if (message.kind === "say") this.talk.propose(mutationId, message.saying);
    this.outbox.add({
      mutationId,
      label,
      send: async () => {
        const answer = await deliver({ boardId: this.boardId, clientMutationId: mutationId }, message);
        this.answered(answer);
        if (answer.change && (message.kind === "undo" || message.kind === "redo"))
          this.reselect(answer.change);
        if (!operation && message.kind !== "say") void this.readStanding();
        done?.();
      },
      refused: (error) => this.refused(mutationId, message, label, error),
    });
  }

  async rename(title: string): Promise<void> {
    const before = this.title;
    this.title = title;
    try {
      await request(EditBoardDocument, { input: { id: this.boardId, title, clientMutationId: newId() } });
    } catch (error) {
      this.title = before;
      toasts.say(`The title was not changed. ${inWords(error)}`, { tone: "danger" });
    }
  }

  /** The picture that stands for the board where boards are listed. */
  async useAsCover(imageId: string): Promise<void> {
    try {
      await request(EditBoardDocument, {
        input: { id: this.boardId, coverId: imageId, clientMutationId: newId() },
      });
      toasts.say("This picture is the cover of the board now.");
    } catch (error) {
      toasts.say(`The cover was not changed. ${inWords(error)}`, { tone: "danger" });
    }
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

  async retryPictures(items: readonly Item[]): Promise<void> {
    const ids = [...new Set(items.map((item) => item.imageId).filter((id) => id !== null))];
    try {
      const { retryImages } = await request(RetryBoardPicturesDocument, {
        input: { ids, clientMutationId: newId() },
      });
      this.learn(retryImages.images.map(pictureOf));
    } catch (error) {
      toasts.say(`Not tried again. ${inWords(error)}`, { tone: "danger" });
    }
  }

  nameOf(item: Item): string {
    return nameOf(item, item.imageId ? this.pictures.get(item.imageId) : undefined);
  }

  private answered({ change, skipped }: Answer): void {
    if (change) this.receive(change);
    if (!skipped.length) return;
    const names = [...new Set(skipped.map((one) => one.by?.name).filter(Boolean))].join(", ");
    const left = counted(skipped);
    toasts.say(names ? `${left} left as changed by ${names} since.` : `${left} left as changed since.`);
  }

  private refused(mutationId: string, message: Message, label: string, error: RequestFailed): void {
    this.store.withdraw(mutationId);
    this.talk.withdraw(mutationId);
    if (error.code === "NOTHING_TO_UNDO") this[message.kind === "undo" ? "canUndo" : "canRedo"] = false;
    const isCalm = error.code === "NOTHING_TO_CHANGE" || error.code === "NOTHING_TO_UNDO";
    if (isCalm) toasts.say(inWords(error));
    else toasts.say(`${label}: not done. ${inWords(error)}`, { tone: "danger" });
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
    const items: Item[] = [];
    let after: string | null = null;
    let seq: number | null = null;
    for (;;) {
      const variables: { id: string; first: number; after: string | null } = {
        id: this.boardId,
        first: PAGE,
        after,
      };
      const { board } = await request(OpenBoardDocument, variables);
      if (!board)
        throw new RequestFailed("NOT_FOUND", "This board does not exist, or it is not shared with you.");
      for (const facts of board.items.nodes) {
        const { item, picture } = itemOf(facts);
        items.push(item);
        if (picture) this.pictures.set(picture.id, picture);
      }
      if (seq === null) {
        // Later pages may be newer than the first: what happened since its seq is told again, and fits.
        seq = board.seq;
        this.title = board.title;
        this.isTrashed = board.trashedAt !== null && board.trashedAt !== undefined;
        this.take(board);
      }
      if (!board.items.pageInfo.hasNextPage) break;
      after = board.items.pageInfo.endCursor ?? null;
    }
    this.store.reset(items, seq);
    this.awaiting.follow(this.pictures.values());
    void this.readTalk();
  }

  /** Beside the items: a board is there to be seen before its comments are. */
  private async readTalk(): Promise<void> {
    try {
      const { comments, seq } = await readTalk(this.boardId);
      this.talk.reset(comments, seq);
    } catch (error) {
      const isOver = this.isClosed || !(error instanceof RequestFailed) || !error.isPassing;
      if (!isOver) setTimeout(() => void this.readTalk(), TALK_AGAIN_MS);
    }
  }

  /** Without it pictures are shown from their own files: nothing to tell anybody. */
  private async readAtlas(): Promise<void> {
    const { board } = await request(BoardAtlasDocument, { id: this.boardId }).catch(() => ({ board: null }));
    this.atlas = board?.atlas ? atlasOf(board.atlas) : null;
    this.editor.tell("looks");
  }

  private async readStanding(): Promise<void> {
    const { board } = await request(BoardHistoryStateDocument, { id: this.boardId }).catch(() => ({
      board: null,
    }));
    if (board) this.take(board);
  }

  private take(board: { viewerRole: Role; canUndo: boolean; canRedo: boolean }): void {
    this.role = board.viewerRole;
    this.canUndo = board.canUndo;
    this.canRedo = board.canRedo;
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
        this.canUndo = true;
        this.canRedo = false;
      }
    }
    const mutationId = facts.clientMutationId ?? null;
    this.store.receive({ seq: facts.seq, mutationId, operation });
    this.talk.receive(facts.seq, mutationId, sayings);
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
    }
  }

  private async resumeUpload(upload: Upload): Promise<void> {
    if (this.arrivals.ghosts.has(upload.imageId)) return;
    await this.arrivals.relay(upload);
  }

  /** Left and done: nothing to go on for. */
  private rest(): void {
    if (kept.get(this.boardId) !== this || this.hasUnsent) return;
    kept.delete(this.boardId);
    this.close();
  }

  private uploadsChanged(): void {
    // Progress arrives far more often than a person can read it.
    if (this.uploadTick) return;
    this.uploadTick = true;
    setTimeout(() => {
      this.uploadTick = false;
      this.totals = this.uploads.totals;
      this.uploadRev += 1;
      this.rest();
    }, 80);
  }
}

const kept = new Map<string, BoardSession>();

/** A board left with work under way goes on in the background; coming back finds it. */
export function openSession(boardId: string, who: Who): BoardSession {
  const known = kept.get(boardId);
  kept.delete(boardId);
  if (known && known.who.accountId === who.accountId) {
    known.nudge();
    void known.open();
    return known;
  }
  known?.close();
  const session = new BoardSession(boardId, who);
  void session.open();
  return session;
}

export function leaveSession(session: BoardSession): void {
  if (session.hasUnsent) kept.set(session.boardId, session);
  else session.close();
}

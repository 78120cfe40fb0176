/** What a person does with a board's past: which moment is shown, whether it plays, and what they go back to. */
import { BoardActivityDocument, BoardSpanDocument, type BoardSpanQuery } from "$generated/graphql";
import type { Item } from "../board/operations";
import type { BoardSession } from "../board/session.svelte";
import { request } from "../graphql/client";
import { RequestFailed } from "../graphql/failure";
import { toasts } from "../ui/toasts.svelte";
import { instantInWords } from "../ui/words";
import { pastReader } from "./reading";
import { stretchesOf, type Stretch } from "./stretches";
import { Timeline } from "./timeline";
import type { Entry } from "./words";

export type Moment = NonNullable<BoardSpanQuery["board"]>["moments"][number];

/** A long life is told in about so many steps, a short one change by change. */
const STEPS = 240;
const STEP_MS = 90;
const MOST_PAGES = 40;

export class History {
  isPanelOpen = $state(false);
  /** Null: now. */
  seq = $state<number | null>(null);
  start = $state(0);
  end = $state(0);
  moments = $state.raw<readonly Moment[]>([]);
  entries = $state.raw<readonly Entry[]>([]);
  hasMore = $state(false);
  isReading = $state(false);
  isPlaying = $state(false);
  isFetching = $state(false);
  comparing = $state(false);
  failure = $state.raw<unknown>(null);
  /** What lay on the board at `seq`. */
  shown = $state.raw<ReadonlyMap<string, Item>>(new Map());

  /** Pages are read for what the slider points at, and not for ever. */
  private pagesLeft = MOST_PAGES;
  private timeline: Timeline;
  private cursor: string | null = null;
  private isGoing = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly session: BoardSession) {
    this.timeline = this.fresh();
  }

  get isOpen(): boolean {
    return this.seq !== null;
  }

  /** The entry that was under way at the moment that is shown: the latest that had begun. */
  get entry(): Entry | null {
    const { seq } = this;
    if (seq === null) return null;
    return this.entries.find((one) => one.fromSeq <= seq && seq <= one.toSeq) ?? null;
  }

  get moment(): Moment | null {
    const { seq } = this;
    return seq === null ? null : this.momentAt(seq);
  }

  /** The kept moment next to a seq. */
  momentAt(seq: number): Moment | null {
    return this.moments.reduce<Moment | null>(
      (best, one) => (!best || Math.abs(one.seq - seq) < Math.abs(best.seq - seq) ? one : best),
      null,
    );
  }

  /** The first page of the activity, or the next. */
  async read(isMore = false): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    this.failure = null;
    try {
      const variables = { id: this.session.boardId, after: isMore ? this.cursor : null };
      const { board } = await request(BoardActivityDocument, variables);
      if (!board) return;
      const { nodes, pageInfo } = board.activity;
      this.entries = isMore ? [...this.entries, ...nodes] : nodes;
      this.cursor = pageInfo.endCursor ?? null;
      this.hasMore = pageInfo.hasNextPage;
    } catch (error) {
      this.failure = error;
    } finally {
      this.isReading = false;
    }
  }

  /** Shows the board as it was right after a change; null: at its latest. */
  async open(seq: number | null): Promise<void> {
    this.failure = null;
    this.timeline = this.fresh();
    this.end = this.session.store.seq;
    this.seq = seq ?? this.end;
    this.shown = new Map(this.session.store.inOrder.map((item) => [item.id, item]));
    if (!this.entries.length) void this.read().then(() => this.readBack());
    try {
      const { board } = await request(BoardSpanDocument, { id: this.session.boardId });
      if (!board) throw new RequestFailed("NOT_FOUND", "This board is not shared with you any more.");
      this.start = board.historyStart;
      this.end = board.seq;
      this.moments = board.moments;
      this.go(Math.max(this.start, seq ?? this.end));
    } catch (error) {
      this.failure = error;
    }
  }

  close(): void {
    this.pause();
    this.comparing = false;
    this.seq = null;
  }

  go(seq: number): void {
    this.seq = Math.max(this.start, Math.min(this.end, seq));
    void this.follow();
    void this.readBack();
  }

  /** What was done where the slider stands: as many pages more as it takes, while it stands there. */
  private async readBack(): Promise<void> {
    while (this.isOpen && !this.isReading && this.hasMore && this.pagesLeft > 0 && this.seq! < this.readTo) {
      this.pagesLeft -= 1;
      await this.read(true);
      if (this.failure) return;
    }
  }

  /** Down to which seq the activity has been read. */
  get readTo(): number {
    return this.entries.at(-1)?.fromSeq ?? this.end;
  }

  /** Who did what before that: for each stretch between two kept moments those who acted in it, from one reading. */
  get stretches(): readonly Stretch[] {
    return stretchesOf(this.moments, this.start, this.hasMore ? this.readTo : this.start);
  }

  /** To the end of the entry before, or after; where there is none, by one change. */
  step(direction: -1 | 1): void {
    this.pause();
    const at = this.seq ?? this.end;
    const ends = this.entries.map((entry) => entry.toSeq).sort((a, b) => a - b);
    const next = direction > 0 ? ends.find((end) => end > at) : ends.findLast((end) => end < at);
    this.go(next ?? at + direction);
  }

  /** As a time-lapse, from where it stands; at the end from the beginning. */
  play(): void {
    this.isPlaying = true;
    if (this.seq === null || this.seq >= this.end) this.go(this.start);
    const step = Math.max(1, Math.ceil((this.end - this.start) / STEPS));
    const tick = async () => {
      if (!this.isPlaying || this.seq === null) return;
      if (this.seq >= this.end) {
        this.isPlaying = false;
        return;
      }
      const began = performance.now();
      this.seq = Math.min(this.end, this.seq + step);
      await this.follow();
      void this.timeline.ahead(this.seq ?? this.end, this.end).catch(() => undefined);
      this.timer = setTimeout(() => void tick(), Math.max(0, STEP_MS - (performance.now() - began)));
    };
    void tick();
  }

  pause(): void {
    this.isPlaying = false;
    clearTimeout(this.timer);
  }

  /** Makes the board again what is shown, by a new change that can be taken back. */
  restore(): void {
    const { seq, session } = this;
    if (seq === null) return;
    const at = this.whenOf(seq);
    this.close();
    session.post({ kind: "revert", to: seq }, "Go back in history", () =>
      toasts.say(at ? `The board is again as it was on ${at}.` : "The board is again as it was.", {
        action: { label: "Undo", run: () => session.undo() },
      }),
    );
  }

  /** When it was, as far as that is known. */
  whenOf(seq: number): string | null {
    const entry = this.entries.find((one) => one.fromSeq <= seq && seq <= one.toSeq);
    const moment = this.moments.find((one) => one.seq === seq);
    const at = moment?.at ?? entry?.endedAt ?? this.momentAt(seq)?.at;
    return at ? instantInWords(at) : null;
  }

  private fresh(): Timeline {
    const { session } = this;
    return new Timeline(pastReader(session.boardId, (pictures) => session.learn(pictures)));
  }

  /** Shows what is asked for last; what was asked for meanwhile is passed over. */
  private async follow(): Promise<void> {
    if (this.isGoing) return;
    this.isGoing = true;
    const late = setTimeout(() => (this.isFetching = true), 150);
    try {
      let wanted: number | null = null;
      while (this.seq !== null && this.seq !== wanted) {
        wanted = this.seq;
        this.shown = await this.timeline.at(wanted);
        this.failure = null;
      }
    } catch (error) {
      this.pause();
      this.failure = error;
      if (error instanceof RequestFailed && error.code === "HISTORY_COMPACTED") {
        this.start = Number(error.details["earliest"] ?? this.start);
      }
    } finally {
      clearTimeout(late);
      this.isFetching = false;
      this.isGoing = false;
    }
  }
}

/** Drags in progress: ours sent at most thirty times a second, others' kept until they land. */
import { DragItemsDocument, type BoardTransformsSubscription } from "$generated/graphql";
import { request } from "../graphql/client";
import { connection } from "../graphql/connection.svelte";
import { ask } from "../graphql/subscriptions";
import type { Transform } from "../geometry/shapes";
import type { DragPhase, Editor, RemoteDrag } from "./editor";

const PACE_MS = 34;
/** What a drag may carry at most: a larger selection is shown to others when it lands. */
const MOST_ITEMS = 200;
/** A drag that falls silent is over for the others. */
const SILENCE_MS = 4_000;

interface Step {
  readonly gestureId: string;
  readonly items: { id: string; transform: Transform }[];
  readonly phase: DragPhase;
}

export class DragSender {
  private next: Step | null = null;
  private running = false;
  private begun: string | null = null;

  constructor(private readonly boardId: string) {}

  send(gestureId: string, placements: ReadonlyMap<string, Transform>, phase: DragPhase): void {
    if (placements.size === 0 || placements.size > MOST_ITEMS) return;
    if (phase !== "MOVING" && this.begun !== gestureId) return;
    this.begun = phase === "MOVING" ? gestureId : null;
    this.next = { gestureId, phase, items: [...placements].map(([id, transform]) => ({ id, transform })) };
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    while (this.next) {
      const step = this.next;
      this.next = null;
      const pace = new Promise((resolve) => setTimeout(resolve, PACE_MS));
      await this.tell(step);
      await pace;
    }
    this.running = false;
  }

  /**
   * Over the socket while it stands, else by a request; never two at once, so that none overtakes another. Seeing a
   * drag live is a courtesy: when it fails, the move itself is still sent.
   */
  private async tell(step: Step): Promise<void> {
    const input = { boardId: this.boardId, ...step };
    const told =
      connection.state === "up" ? ask(DragItemsDocument, { input }) : request(DragItemsDocument, { input });
    await told.catch(() => undefined);
  }
}

type TransformEvent = BoardTransformsSubscription["transforms"];

export class DragWatch {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly own = new Set<string>();

  constructor(private readonly editor: Editor) {}

  /** Gestures of this window: their echoes are not shown. */
  claim(gestureId: string): void {
    this.own.add(gestureId);
  }

  take(event: TransformEvent): void {
    if (event.gestureId && this.own.has(event.gestureId)) return;
    if (event.phase === "COMMITTED") return;
    const ids = event.items.map((item) => item.id);
    if (event.phase === "CANCELLED") {
      this.land(ids);
      return;
    }
    const { name, colour } = event.actor;
    for (const { id, transform } of event.items) {
      if (this.editor.lifted.has(id)) continue;
      this.editor.remote.set(id, { transform, name, colour } satisfies RemoteDrag);
      clearTimeout(this.timers.get(id));
      this.timers.set(
        id,
        setTimeout(() => this.land([id]), SILENCE_MS),
      );
    }
    this.editor.tell("items");
  }

  /** What is stored is shown again: the drag was cancelled, or its change has arrived. */
  land(ids: Iterable<string>): void {
    let changed = false;
    for (const id of ids) {
      clearTimeout(this.timers.get(id));
      this.timers.delete(id);
      changed = this.editor.remote.delete(id) || changed;
    }
    if (changed) this.editor.tell("items");
  }

  close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
  }
}

/** What goes out from a board: sent in order, kept in this browser until it is acknowledged, told about when it could not be done. */
import { RequestFailed, inWords } from "../graphql/failure";
import { forgetErrand, keepErrand, takeOverErrands } from "../offline/errands";
import { toasts } from "../ui/toasts.svelte";
import { newId } from "../uuid";
import { deliver, type Answer, type Message } from "./errands";
import { Outbox } from "./outbox";

export interface Desk {
  /** Shows it before the server has said so. */
  propose(mutationId: string, message: Message): void;
  withdraw(mutationId: string, message: Message, error: RequestFailed): void;
  /** Shows it no more, before the server has said anything of it. */
  hide(mutationId: string): void;
  answered(answer: Answer, message: Message): void;
  /** What waits has changed. */
  changed(): void;
}

/** What was done on this page and is not acknowledged. `of`: of an undo, what it takes back. */
interface Own {
  readonly mutationId: string;
  readonly message: Message;
  readonly label: string;
  readonly of?: string | undefined;
}

/** Something of an earlier page that could not be done. */
export interface Conflict {
  readonly label: string;
  readonly reason: string;
}

const MOST_LISTED = 50;

function isOfHistory({ kind }: Message): boolean {
  return kind === "undo" || kind === "redo";
}

export class Posting {
  /** Changes that are not acknowledged yet, and whether they are being held up. */
  waiting = $state(0);
  isStalled = $state(false);
  /** In words, the next one first; as many as anybody reads. */
  labels = $state.raw<readonly string[]>([]);
  conflicts = $state.raw<readonly Conflict[]>([]);

  private readonly outbox: Outbox;
  private isClosed = false;
  /** The last one is what an undo takes back. */
  private own: readonly Own[] = [];
  /** Which undo takes back what, so that it goes with it. */
  private readonly undos = new Map<string, string>();
  /** Taken back before it was sent, to be done again. */
  private taken: readonly Own[] = [];
  canTakeBack = $state(false);
  canGiveAgain = $state(false);
  /** Not in the browser's keeping (yet): lost with the page. */
  private readonly unkept = new Set<string>();

  constructor(
    private readonly boardId: string,
    private readonly queue: string,
    private readonly desk: Desk,
  ) {
    this.outbox = new Outbox((waiting, stalled) => {
      this.waiting = waiting;
      this.isStalled = stalled;
      this.labels = this.outbox.labels.slice(0, MOST_LISTED);
      desk.changed();
    });
  }

  get wouldLose(): boolean {
    return this.unkept.size > 0;
  }

  /** `done` is told when the server has it. */
  post(message: Message, label: string, done?: () => void): void {
    if (!isOfHistory(message)) this.taken = [];
    this.begin(message, label, { done });
  }

  /** Undoes what waits here: nobody else has seen it. Returns false where it is for the server to undo. */
  takeBack(): boolean {
    const last = this.own.at(-1);
    if (!last || isOfHistory(last.message)) return false;
    if (this.outbox.withdraw(last.mutationId)) {
      this.over(last.mutationId);
      this.taken = [...this.taken, last];
    } else if (this.isStalled) this.begin({ kind: "undo" }, "Undo", { of: last.mutationId });
    else return false;
    this.desk.hide(last.mutationId);
    this.look();
    return true;
  }

  /** Does again what was taken back here. */
  giveAgain(): boolean {
    const last = this.own.at(-1);
    const undone = last?.of && this.own.find(({ mutationId }) => mutationId === last.of);
    if (last && undone && this.outbox.withdraw(last.mutationId)) {
      this.over(last.mutationId);
      this.desk.propose(undone.mutationId, undone.message);
      return true;
    }
    const again = this.taken.at(-1);
    if (!again) return false;
    this.taken = this.taken.slice(0, -1);
    this.begin(again.message, again.label, {});
    return true;
  }

  private begin(
    message: Message,
    label: string,
    more: { done?: (() => void) | undefined; of?: string },
  ): void {
    const mutationId = newId();
    this.unkept.add(mutationId);
    void keepErrand({ mutationId, queue: this.queue, label, message, of: more.of }).then((isKept) => {
      if (isKept) this.unkept.delete(mutationId);
    });
    this.own = [...this.own, { mutationId, message, label, of: more.of }];
    this.send(mutationId, message, label, more);
    this.look();
  }

  private over(mutationId: string): void {
    this.unkept.delete(mutationId);
    this.own = this.own.filter((one) => one.mutationId !== mutationId);
    void forgetErrand(mutationId);
    this.look();
  }

  private look(): void {
    const last = this.own.at(-1);
    this.canTakeBack = last !== undefined && !isOfHistory(last.message);
    this.canGiveAgain = this.taken.length > 0 || last?.of !== undefined;
  }

  /** Goes on with what pages left that are no more. */
  async goOn(): Promise<void> {
    const { errands, expired } = await takeOverErrands(this.queue);
    this.tell(
      expired.map(({ label, at }) => {
        const day = new Date(at).toLocaleDateString();
        return { label, reason: `It was done here on ${day} and is too old to be sent safely.` };
      }),
    );
    for (const { mutationId, message, label, of } of errands)
      this.send(mutationId, message, label, { of, isLeftOver: true });
    if (!errands.length) return;
    void this.outbox.drained().then(() => {
      if (!this.isClosed && !this.conflicts.length)
        toasts.say("What you did here before has reached the server.");
    });
  }

  nudge(): void {
    this.outbox.nudge();
  }

  close(): void {
    this.isClosed = true;
    this.outbox.close();
  }

  private send(
    mutationId: string,
    message: Message,
    label: string,
    {
      done,
      of,
      isLeftOver = false,
    }: { done?: (() => void) | undefined; of?: string | undefined; isLeftOver?: boolean },
  ): void {
    if (of) this.undos.set(of, mutationId);
    this.desk.propose(mutationId, message);
    this.outbox.add({
      mutationId,
      label,
      send: async () => {
        const answer = await deliver({ boardId: this.boardId, clientMutationId: mutationId }, message);
        this.over(mutationId);
        this.desk.answered(answer, message);
        done?.();
      },
      refused: (error) => {
        this.over(mutationId);
        // Undoing what was not done would undo something else.
        const undo = this.undos.get(mutationId);
        if (undo && this.outbox.withdraw(undo)) this.over(undo);
        this.desk.withdraw(mutationId, message, error);
        this.explain(label, error, isLeftOver);
      },
    });
  }

  private explain(label: string, error: RequestFailed, isLeftOver: boolean): void {
    const isCalm = error.code === "NOTHING_TO_CHANGE" || error.code === "NOTHING_TO_UNDO";
    // An earlier page has sent it, and another release of the app has put it otherwise: it is done.
    if (isLeftOver && (isCalm || error.code === "MUTATION_ID_CONFLICT")) return;
    const reason = inWords(error);
    if (isLeftOver) this.tell([{ label, reason }]);
    else if (isCalm) toasts.say(reason);
    else toasts.say(`${label}: not done. ${reason}`, { tone: "danger" });
  }

  private tell(conflicts: readonly Conflict[]): void {
    if (conflicts.length) this.conflicts = [...this.conflicts, ...conflicts];
  }
}

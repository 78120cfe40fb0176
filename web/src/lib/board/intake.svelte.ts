/** What is let go over a board, chosen for it or pasted into it, and where on the screen it then lies. */
import { toBoard } from "../geometry/camera";
import type { Point } from "../geometry/shapes";
import { router } from "../router.svelte";
import { takeShared } from "../share/shared";
import { toasts } from "../ui/toasts.svelte";
import { counted } from "../ui/words";
import { apart, webSourcesIn, type WebSource } from "../upload/fromWeb";
import { gather, hasFiles, mayBring, picturesIn } from "../upload/gather";
import type { Looking } from "./looking.svelte";
import type { Material } from "./material.svelte";
import type { Item } from "./operations";
import { replacePicture } from "./replacing";
import type { BoardSession } from "./session.svelte";

export class Intake {
  /** Something hangs over the board that may be let go there. */
  isDropping = $state(false);
  /** The picture whose place it would take: Alt or the command key is held over that. */
  target = $state.raw<Item | null>(null);
  /** Dropped folders are being read. */
  isReading = $state(false);

  constructor(
    private readonly session: BoardSession,
    private readonly material: Material,
    private readonly looking: Looking,
  ) {}

  async bring(files: readonly File[], at: Point, passedOver = 0, isMore = false): Promise<void> {
    const { arrivals, editor } = this.session;
    if (passedOver) toasts.say(`${counted(passedOver, "file is", "files are")} no picture and stayed out.`);
    if (!files.length) {
      if (!passedOver && !isMore) toasts.say("There was no picture in that.");
      return;
    }
    const wasEmpty = this.isEmpty;
    await this.session.bring(files, toBoard(editor.camera, at));
    if (wasEmpty) this.looking.flyTo(arrivals.cameraForGhosts());
  }

  bringFromWeb(sources: readonly WebSource[], at: Point): void {
    const { arrivals, editor } = this.session;
    const { files, others } = apart(sources);
    void this.bring(files, at, 0, others.length > 0);
    if (!others.length) return;
    const wasEmpty = this.isEmpty;
    this.session.bringFromWeb(others, toBoard(editor.camera, at));
    if (wasEmpty) this.looking.flyTo(arrivals.cameraForGhosts());
  }

  /** What another app has shared with this one and was meant for this board. */
  takeShared(at: Point): void {
    if (!router.query.has("shared")) return;
    router.go(`/boards/${this.session.boardId}`, { replace: true });
    void takeShared().then(({ files, sources }) => {
      if (files.length) void this.bring(files, at);
      if (sources.length) this.bringFromWeb(sources, at);
    });
  }

  /** At is where on the screen the board takes it to be, here and below. */
  hover(event: DragEvent, at: Point): void {
    if (!event.dataTransfer || !mayBring(event.dataTransfer)) return;
    event.preventDefault();
    // Alt asks the browser for a link, which the source may not allow.
    event.dataTransfer.dropEffect = "copy";
    this.isDropping = this.session.mayEdit;
    this.aimAt(this.isDropping ? this.replacedBy(event, at) : null);
  }

  leave(event: DragEvent): void {
    if (!event.relatedTarget) this.end();
  }

  async drop(event: DragEvent, at: Point): Promise<void> {
    const replaced = this.replacedBy(event, at);
    this.end();
    if (!event.dataTransfer || !mayBring(event.dataTransfer)) return;
    event.preventDefault();
    if (!this.session.mayEdit) {
      toasts.say("You may look at this board, not change it. Its owner can make you an editor.");
      return;
    }
    if (replaced && this.session.editor.tree.isLocked(replaced)) {
      toasts.say("That picture is locked. Unlock it to put another in its place.");
      return;
    }
    const carried = picturesIn(event.dataTransfer);
    if (carried.length) {
      if (replaced && carried.length === 1) this.material.replace(replaced, carried[0]!);
      else this.material.place(carried, at);
      return;
    }
    if (!hasFiles(event.dataTransfer)) {
      this.bringFromWeb(webSourcesIn(event.dataTransfer), at);
      return;
    }
    this.isReading = true;
    try {
      const { files, passedOver } = await gather(event.dataTransfer);
      const [only, ...more] = files;
      if (replaced && only && !more.length) await replacePicture(this.session, replaced, only);
      else await this.bring(files, at, passedOver);
    } finally {
      this.isReading = false;
    }
  }

  private replacedBy({ altKey, metaKey }: DragEvent, at: Point): Item | null {
    if (!altKey && !metaKey) return null;
    const item = this.session.editor.pick(at);
    return item?.imageId ? item : null;
  }

  private aimAt(target: Item | null): void {
    if (this.target === target) return;
    const { editor } = this.session;
    this.target = target;
    editor.target = target?.id ?? null;
    editor.tell("overlay");
  }

  private end(): void {
    this.isDropping = false;
    this.aimAt(null);
  }

  private get isEmpty(): boolean {
    return this.session.store.size === 0 && this.session.arrivals.ghosts.size === 0;
  }
}

/** How somebody looks at an open board, for themselves alone: what they are close to, and in what light. */
import { boundsOf } from "../geometry/shapes";
import type { Camera } from "../geometry/camera";
import { inReadingOrder, neighbourOf, type Boxed, type Direction } from "../geometry/neighbours";
import type { Editor } from "./editor";
import { recall, remember } from "./memory";
import type { Item } from "./operations";

/** What is kept of it, by board. */
interface Habits {
  readonly isGray: boolean;
  readonly isMirrored: boolean;
  readonly hasGrid: boolean;
  readonly gridStep: number;
  readonly snapsToGrid: boolean;
  readonly hasMinimap: boolean;
}

const USUAL: Habits = {
  isGray: false,
  isMirrored: false,
  hasGrid: false,
  gridStep: 50,
  snapsToGrid: false,
  hasMinimap: false,
};

/** What lies over the board: pictures one after the other, or beside each other, or the pipette. */
export type Overlay = "slideshow" | "study" | "compare" | "pipette";

const CLOSE = 32;

export class Looking {
  habits = $state.raw<Habits>(USUAL);
  overlay = $state<Overlay | null>(null);
  isListOpen = $state(false);
  /** Where one was before going close; null: nothing is in focus. */
  back = $state.raw<Camera | null>(null);
  private closeTo: string | null = null;

  constructor(
    private readonly boardId: string,
    private readonly editor: Editor,
    private readonly fly: (camera: Camera) => void,
  ) {
    this.habits = { ...USUAL, ...recall<Partial<Habits>>(`look.${boardId}`) };
    this.apply();
  }

  set(change: Partial<Habits>): void {
    this.habits = { ...this.habits, ...change };
    remember(`look.${this.boardId}`, this.habits);
    this.apply();
  }

  /** A camera that is flown to ends the focus. */
  flyTo(camera: Camera | null): void {
    this.letGo();
    if (camera) this.fly(camera);
  }

  letGo(): void {
    this.back = null;
    this.closeTo = null;
  }

  /** Goes close to an item, or to the selection; a second time back to where one was. */
  focus(item: Item | null, ids: ReadonlySet<string>): void {
    if (this.back) {
      this.flyTo(this.back);
      return;
    }
    if (item) this.comeClose(item.id, ids.size ? ids : new Set([item.id]));
  }

  /** While one is close: to the next that way. */
  goTo(direction: Direction): void {
    if (this.closeTo === null) return;
    const next = neighbourOf(this.boxes(), this.closeTo, direction);
    if (next) this.comeClose(next, new Set([next]));
  }

  /** The next or the one before as one reads the board; selects it, and goes close if one was. */
  step(by: 1 | -1): void {
    const order = inReadingOrder(this.boxes());
    if (!order.length) return;
    const from = this.closeTo ?? this.editor.selected[0]?.id;
    const at = from === undefined ? -1 : order.indexOf(from);
    const next = order[at < 0 ? (by === 1 ? 0 : order.length - 1) : (at + by + order.length) % order.length]!;
    this.comeClose(next, new Set([next]));
  }

  /** The pictures that are seen as one reads them: of the selection, where several are selected; else all. */
  pictures(): string[] {
    const { editor } = this;
    const chosen = editor.tree.placedIn(editor.selected).filter((item) => item.kind === "IMAGE");
    const ids = chosen.length > 1 ? new Set(chosen.map((item) => item.id)) : null;
    return inReadingOrder(this.boxes().filter(({ id }) => ids?.has(id) ?? true));
  }

  private comeClose(id: string, ids: ReadonlySet<string>): void {
    const { editor } = this;
    const from = this.back ?? editor.camera;
    const close = editor.cameraFor(ids, CLOSE);
    if (!close) return;
    const item = editor.store.get(id);
    if (item && !editor.selection.has(id)) editor.reach(item);
    this.fly(close);
    this.back = from;
    this.closeTo = id;
  }

  private boxes(): Boxed[] {
    const { editor } = this;
    return editor.store.inOrder
      .filter((item) => item.kind === "IMAGE" && !editor.tree.isHidden(item))
      .map((item) => ({ id: item.id, box: boundsOf(editor.placed(item)) }));
  }

  private apply(): void {
    const { editor, habits } = this;
    editor.gridStep = habits.snapsToGrid ? habits.gridStep : null;
    if (editor.isMirrored !== habits.isMirrored) {
      editor.isMirrored = habits.isMirrored;
      editor.tell("view");
    }
  }
}

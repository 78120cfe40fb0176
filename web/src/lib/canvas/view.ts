/** The screen: one Konva stage of two layers, painted when something changed and never otherwise. */
import type { Context as KonvaContext } from "konva/lib/Context";
import { Layer } from "konva/lib/Layer";
import { Shape } from "konva/lib/Shape";
import { Stage } from "konva/lib/Stage";
import type { Editor } from "../board/editor";
import type { Item } from "../board/operations";
import { blended, toScreen, type Camera, type Viewport } from "../geometry/camera";
import type { Point } from "../geometry/shapes";
import { Animations } from "./animations";
import { Bitmaps } from "./bitmaps";
import type { FrameColours } from "./frames";
import { paintCrop, paintGuides } from "./overlay";
import { Painter, type Context, type Counts, type Scene } from "./painter";
import { Plates, type Painting } from "./plates";
import type { Tools } from "./tools";

const MB = 1_000_000;
const FLIGHT_MS = 220;
const MOST_OUTLINED = 60;

export interface Colours extends FrameColours {
  readonly selection: string;
  readonly handle: string;
  readonly guide: string;
}

/** As the theme has them where the element stands. */
export function coloursAt(element: Element): Colours {
  const style = getComputedStyle(element);
  const named = (name: string) => style.getPropertyValue(name).trim();
  return {
    selection: named("--selection"),
    handle: "#ffffff",
    guide: named("--guide"),
    edge: named("--line-strong"),
    title: named("--text-quiet"),
  };
}

export class View {
  /** Frames painted, per layer: what tests assert instead of times. */
  readonly counters = { base: 0, ui: 0 };
  readonly bitmaps: Bitmaps;
  readonly animations: Animations;

  private readonly stage: Stage;
  private readonly base = new Layer({ listening: false });
  private readonly ui = new Layer({ listening: false });
  private readonly painter: Painter;
  readonly plates: Plates;
  /** What was in hand, and so not painted on the plate. */
  private liftedThen: ReadonlyMap<string, unknown>;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private baseDirty = true;
  private uiDirty = true;
  private frameId = 0;
  private flight: { from: Camera; to: Camera; start: number } | null = null;
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly container: HTMLDivElement,
    private readonly editor: Editor,
    private readonly tools: Tools,
    private readonly scene: Scene,
    private readonly colours: () => Colours,
    private readonly onPainted: (painted: Counts) => void,
  ) {
    const isSmall = matchMedia("(pointer: coarse)").matches;
    this.bitmaps = new Bitmaps((isSmall ? 128 : 320) * MB, () => this.invalidate("base"));
    this.animations = new Animations(() => this.refresh());
    const fontFamily = getComputedStyle(container).fontFamily || "sans-serif";
    this.painter = new Painter(this.bitmaps, this.animations, fontFamily, () => this.colours());
    this.plates = new Plates((context, from, size) => this.platePainting(context, from, size));
    this.liftedThen = editor.lifted;
    this.stage = new Stage({ container, width: 1, height: 1, listening: false });
    this.base.add(
      new Shape({ listening: false, perfectDrawEnabled: false, sceneFunc: (c) => this.paintBase(c) }),
    );
    this.ui.add(
      new Shape({ listening: false, perfectDrawEnabled: false, sceneFunc: (c) => this.paintUi(c) }),
    );
    this.stage.add(this.base, this.ui);

    const observer = new ResizeObserver(() => this.measure());
    observer.observe(container);
    const wake = () => (this.animations.awake = !document.hidden);
    document.addEventListener("visibilitychange", wake);
    wake();
    this.stops.push(
      () => document.removeEventListener("visibilitychange", wake),
      () => observer.disconnect(),
      editor.onChange((aspect) => {
        if (aspect === "view") this.baseDirty = true;
        this.invalidate(aspect === "items" || aspect === "looks" ? "base" : "ui");
      }),
    );
    this.measure();
  }

  invalidate(layer: "base" | "ui"): void {
    if (layer === "base") {
      this.baseDirty = true;
      this.plates.spoil();
    }
    this.uiDirty = true;
    this.frameId ||= requestAnimationFrame((now) => this.frame(now));
  }

  /** A picture shows another frame: what lies above the board is as it was, unless pictures are in hand. */
  private refresh(): void {
    this.baseDirty = true;
    this.plates.spoil();
    if (this.editor.lifted.size) this.uiDirty = true;
    this.frameId ||= requestAnimationFrame((now) => this.frame(now));
  }

  /** Moves the camera there, in a short flight unless the person asked for less motion. */
  fly(to: Camera): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.editor.look(to);
      return;
    }
    this.flight = { from: this.editor.camera, to, start: performance.now() };
    this.invalidate("base");
  }

  land(): void {
    this.flight = null;
  }

  close(): void {
    cancelAnimationFrame(this.frameId);
    clearTimeout(this.restTimer);
    this.plates.drop();
    for (const stop of this.stops) stop();
    this.bitmaps.close();
    this.animations.close();
    this.stage.destroy();
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.container;
    if (width === 0 || height === 0) return;
    this.stage.size({ width, height });
    this.editor.resize({ width, height });
    this.invalidate("base");
  }

  private frame(now: number): void {
    this.frameId = 0;
    if (this.flight) {
      const { from, to, start } = this.flight;
      const share = Math.min(1, Math.max(0, (now - start) / FLIGHT_MS));
      const eased = 1 - (1 - share) ** 3;
      if (share === 1) this.flight = null;
      this.editor.look(share === 1 ? to : blended(from, to, eased, this.editor.viewport));
    }
    if (!this.plates.areUsed) this.bitmaps.begin();
    if (this.baseDirty) {
      this.baseDirty = false;
      this.base.draw();
    }
    if (this.uiDirty) {
      this.uiDirty = false;
      this.ui.draw();
    }
    this.bitmaps.end();
  }

  private paintBase(konva: KonvaContext): void {
    this.counters.base += 1;
    if (!(this.plates.areUsed && this.paintFromPlate(konva._context))) this.paintDirectly(konva._context);
  }

  private paintDirectly(context: Context): void {
    const { camera, viewport } = this.editor;
    const painting = this.wholePainting(context, camera, viewport);
    for (let step = painting.next(); ; step = painting.next()) {
      if (!step.done) continue;
      this.plates.count(step.value.drawn);
      this.onPainted(step.value);
      return;
    }
  }

  /** Returns whether plates are still worth their while. */
  private paintFromPlate(context: Context): boolean {
    const { camera, viewport, lifted } = this.editor;
    const wait = this.plates.show(context, camera, viewport, this.ratio, lifted !== this.liftedThen);
    const counts = this.plates.counts!;
    this.plates.count(counts.drawn);
    clearTimeout(this.restTimer);
    if (wait !== null) {
      const again = () => {
        this.baseDirty = true;
        this.frameId ||= requestAnimationFrame((now) => this.frame(now));
      };
      if (wait === 0) again();
      else this.restTimer = setTimeout(again, wait);
    }
    // What is stretched is not sharp, whatever it was painted from.
    this.onPainted(wait === null ? counts : { ...counts, coarse: Math.max(1, counts.coarse) });
    return this.plates.areUsed;
  }

  private *platePainting(context: Context, camera: Camera, viewport: Viewport): Painting {
    this.bitmaps.begin();
    const counts = yield* this.wholePainting(context, camera, viewport);
    this.bitmaps.end();
    return counts;
  }

  /** All but what is in hand. */
  private *wholePainting(context: Context, camera: Camera, viewport: Viewport): Painting {
    const { lifted } = this.editor;
    this.liftedThen = lifted;
    this.animations.begin();
    const shows = (item: Item) => !lifted.has(item.id);
    const counts = yield* this.painter.painting(context, this.scene, camera, viewport, this.ratio, shows);
    this.animations.end();
    return counts;
  }

  /** Lifted items, other people's drags and selections, the selection's frame and the rubber band. */
  private paintUi(konva: KonvaContext): void {
    this.counters.ui += 1;
    const context = konva._context;
    const { editor } = this;
    const { lifted } = editor;
    if (lifted.size) {
      this.painter.paint(context, this.scene, editor.camera, editor.viewport, this.ratio, (item) =>
        lifted.has(item.id),
      );
    }
    if (editor.drafts.length) this.paintDrafts(context);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const { selection, handle, guide } = this.colours();
    for (const [id, drag] of editor.remote) {
      const item = editor.store.get(id);
      if (item) this.outline(context, editor.outlineOf(item), drag.colour, 2);
    }
    for (const [id, colour] of editor.marks) {
      const item = editor.store.get(id);
      if (item && !editor.tree.isHidden(item)) this.outline(context, editor.outlineOf(item), colour, 2);
    }
    const target = editor.target === null ? undefined : editor.store.get(editor.target);
    if (target) this.outline(context, editor.outlineOf(target), selection, 3);
    if (editor.cropping) paintCrop(context, editor.cropping, editor.camera, selection, handle);
    else this.paintSelection(context, selection, handle);
    paintGuides(context, editor.guides, editor.camera, guide);
    if (editor.marquee) {
      const a = toScreen(editor.camera, { x: editor.marquee.left, y: editor.marquee.top });
      const b = toScreen(editor.camera, { x: editor.marquee.right, y: editor.marquee.bottom });
      context.fillStyle = selection;
      context.globalAlpha = 0.12;
      context.fillRect(a.x, a.y, b.x - a.x, b.y - a.y);
      context.globalAlpha = 1;
      context.strokeStyle = selection;
      context.lineWidth = 1;
      context.strokeRect(a.x + 0.5, a.y + 0.5, b.x - a.x, b.y - a.y);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** What is being drawn, and is on no board yet. */
  private paintDrafts(context: CanvasRenderingContext2D): void {
    const { editor } = this;
    const drafts: Scene = {
      ...this.scene,
      items: editor.drafts,
      dressed: (item) => item,
      placed: (item) => item,
      isHidden: () => false,
      isEditing: () => false,
      picture: (id) => this.scene.picture(id),
      local: (id) => this.scene.local(id),
    };
    this.painter.paint(context, drafts, editor.camera, editor.viewport, this.ratio, () => true);
  }

  private paintSelection(context: CanvasRenderingContext2D, colour: string, fill: string): void {
    const { editor } = this;
    const items = editor.selected;
    if (items.length === 0) return;
    this.paintEntered(context, colour);
    for (const item of items) {
      if (editor.tree.isHidden(item)) continue;
      if (editor.tree.isHeld(item)) context.setLineDash([4, 4]);
      this.outline(context, editor.outlineOf(item), colour, 1.5);
      context.setLineDash([]);
      if (item.kind === "GROUP") this.paintMembers(context, item, colour);
    }
    if (items.length > 1) this.outline(context, editor.frame()?.corners ?? null, colour, 1);
    if (!editor.canEdit || editor.movable.length === 0 || this.tools.state.name === "Translating") return;
    const places = this.tools.handles();
    if (!places) return;
    const top = { x: (places.nw.x + places.ne.x) / 2, y: (places.nw.y + places.ne.y) / 2 };
    context.strokeStyle = colour;
    context.fillStyle = fill;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(top.x, top.y);
    context.lineTo(places.rotate.x, places.rotate.y);
    context.stroke();
    for (const [name, at] of Object.entries(places)) {
      context.beginPath();
      context.arc(at.x, at.y, name === "rotate" ? 6 : 5, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  /** The group that one is in, as a faint box around its members. */
  private paintEntered(context: CanvasRenderingContext2D, colour: string): void {
    const { entered, store } = this.editor;
    const group = entered === null ? undefined : store.get(entered);
    if (!group) return;
    context.globalAlpha = 0.6;
    context.setLineDash([2, 4]);
    this.outline(context, this.editor.outlineOf(group), colour, 1);
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** What a selected group is made of, as long as it is not too much to tell apart. */
  private paintMembers(context: CanvasRenderingContext2D, group: Item, colour: string): void {
    const { editor } = this;
    const members = editor.tree.membersOf(group.id);
    if (members.length > MOST_OUTLINED) return;
    context.globalAlpha = 0.5;
    for (const member of members)
      if (!editor.tree.isHidden(member)) this.outline(context, editor.outlineOf(member), colour, 1);
    context.globalAlpha = 1;
  }

  private outline(
    context: CanvasRenderingContext2D,
    shape: readonly Point[] | null,
    colour: string,
    width: number,
  ): void {
    if (!shape) return;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const corner of shape) {
      const { x, y } = toScreen(this.editor.camera, corner);
      context.lineTo(x, y);
    }
    context.closePath();
    context.stroke();
  }

  private get ratio(): number {
    return this.base.getCanvas().getPixelRatio();
  }
}

/** The screen: one Konva stage of two layers, painted when something changed and never otherwise. */
import type { Context as KonvaContext } from "konva/lib/Context";
import { Layer } from "konva/lib/Layer";
import { Shape } from "konva/lib/Shape";
import { Stage } from "konva/lib/Stage";
import type { Editor } from "../board/editor";
import type { Item } from "../board/operations";
import { blended, toScreen, type Camera, type Viewport } from "../geometry/camera";
import { Animations } from "./animations";
import { Bitmaps } from "./bitmaps";
import type { FrameColours } from "./frames";
import { ScreenGround } from "./ground";
import { sightBefore } from "./hold";
import { Outlines } from "./outlines";
import { paintCrop, paintGuides } from "./overlay";
import { Painter, type Context, type Counts, type Scene } from "./painter";
import { MANY, Plates, REST_MS, type Painting } from "./plates";
import type { Tools } from "./tools";

const MB = 1_000_000;
const FLIGHT_MS = 220;

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

/** Hands are bound elsewhere (`hands.ts`): what Konva would listen to costs a layout at every turn of the wheel. */
class Paper extends Stage {
  override _bindContentEvents(): void {}
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
  /** What many are held or selected above the board: shown in the same way. */
  readonly upper: Plates;
  private readonly outlines: Outlines;
  /** What was in hand, and so not painted on the plate. */
  private liftedThen: ReadonlyMap<string, unknown>;
  /** What the upper plates show: others are wanted when it is another. */
  private upperThen: readonly unknown[] = [];
  private hasUi = true;
  private readonly timers: { base?: ReturnType<typeof setTimeout>; ui?: ReturnType<typeof setTimeout> } = {};
  private baseDirty = true;
  private uiDirty = true;
  private frameId = 0;
  private paintedFrom: Camera | null = null;
  /** In the last painting, of the view or of the plate that is shown of it. */
  private drawn = 0;
  private flight: { from: Camera; to: Camera; start: number } | null = null;
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly container: HTMLDivElement,
    private readonly editor: Editor,
    tools: Tools,
    private readonly scene: Scene,
    private readonly colours: () => Colours,
    private readonly onPainted: (painted: Counts) => void,
  ) {
    const isSmall = matchMedia("(pointer: coarse)").matches;
    this.bitmaps = new Bitmaps((isSmall ? 128 : 320) * MB, () => this.sharpen());
    this.animations = new Animations(() => this.refresh());
    const fontFamily = getComputedStyle(container).fontFamily || "sans-serif";
    this.painter = new Painter(this.bitmaps, this.animations, fontFamily, () => this.colours());
    this.outlines = new Outlines(editor, tools, colours);
    const ground = new ScreenGround();
    const upperGround = new ScreenGround();
    this.plates = new Plates((...all) => this.platePainting(...all), ground);
    this.upper = new Plates((...all) => this.upperPainting(...all), upperGround, true);
    this.liftedThen = editor.lifted;
    this.stage = new Paper({ container, width: 1, height: 1, listening: false });
    this.base.add(
      new Shape({ listening: false, perfectDrawEnabled: false, sceneFunc: (c) => this.paintBase(c) }),
    );
    this.ui.add(
      new Shape({ listening: false, perfectDrawEnabled: false, sceneFunc: (c) => this.paintUi(c) }),
    );
    this.stage.add(this.base, this.ui);
    this.base.getNativeCanvasElement().after(ground.element, upperGround.element);

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
        if (aspect === "selection") this.upper.spoil();
        this.invalidate(aspect === "items" || aspect === "looks" ? "base" : "ui");
      }),
    );
    this.measure();
  }

  invalidate(layer: "base" | "ui"): void {
    if (layer === "base") {
      this.baseDirty = true;
      this.plates.spoil();
      this.upper.spoil();
    }
    this.uiDirty = true;
    this.ask();
  }

  private ask(): void {
    this.frameId ||= requestAnimationFrame((now) => this.frame(now));
  }

  /** A picture has come, or another one could be asked for. */
  private sharpen(): void {
    this.baseDirty = true;
    this.plates.sharpen();
    this.upper.sharpen();
    if (this.editor.lifted.size) this.uiDirty = true;
    this.ask();
  }

  /** A picture shows another frame: what lies above the board is as it was, unless pictures are in hand. */
  private refresh(): void {
    this.baseDirty = true;
    if (this.plates.areUsed) this.plates.spoil();
    else this.plates.sharpen();
    if (this.editor.lifted.size) this.uiDirty = true;
    this.ask();
  }

  /** Moves the camera there, in a short flight unless the person asked for less motion. */
  fly(to: Camera): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.editor.look(to);
      return;
    }
    this.flight = { from: this.editor.camera, to, start: performance.now() };
    this.ask();
  }

  land(): void {
    this.flight = null;
  }

  close(): void {
    cancelAnimationFrame(this.frameId);
    clearTimeout(this.timers.base);
    clearTimeout(this.timers.ui);
    this.plates.drop();
    this.upper.drop();
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
    this.plates.lend(this.drawn, this.editor.camera, this.editor.viewport, this.ratio);
    if (!this.plates.areUsed) this.bitmaps.begin();
    if (this.baseDirty) {
      this.baseDirty = false;
      this.showBase();
    }
    if (this.uiDirty) {
      this.uiDirty = false;
      this.showUi();
    }
    this.bitmaps.end();
  }

  private showBase(): void {
    if (this.plates.areUsed && !this.showPlate()) return;
    this.base.draw();
    this.plates.count(this.drawn);
    this.plates.hide();
    this.baseStyle.visibility = "visible";
  }

  private paintBase(konva: KonvaContext): void {
    this.counters.base += 1;
    const { viewport } = this.editor;
    if (this.plates.areUsed) this.plates.settle(konva._context, { viewport, ratio: this.ratio });
    else this.paintDirectly(konva._context);
  }

  /** In haste while the view moves, and well once it rests. */
  private paintDirectly(context: Context): void {
    const { camera, viewport } = this.editor;
    const isDraft = this.paintedFrom !== null && this.paintedFrom !== camera;
    this.paintedFrom = camera;
    const painting = this.wholePainting(context, camera, viewport, isDraft);
    let step = painting.next();
    while (!step.done) step = painting.next();
    const counts = step.value;
    this.drawn = counts.drawn;
    this.wakeIn(isDraft ? REST_MS : null, "base");
    this.onPainted(isDraft ? unsharp(counts) : counts);
  }

  /** Returns whether the lowest layer is to be painted: with what the plate shows at rest, or without plates. */
  private showPlate(): boolean {
    const { camera, viewport, lifted } = this.editor;
    const wait = this.plates.show(camera, viewport, this.ratio, lifted !== this.liftedThen);
    const counts = this.plates.counts!;
    this.drawn = counts.drawn;
    this.wakeIn(wait, "base");
    this.paintedFrom = camera;
    this.onPainted(wait === null ? counts : unsharp(counts));
    if (wait === null) return true;
    this.plates.count(counts.drawn);
    if (this.plates.areUsed) this.baseStyle.visibility = "hidden";
    return !this.plates.areUsed;
  }

  /** Is asked again after so many milliseconds; null: when something has changed. */
  private wakeIn(wait: number | null, layer: "base" | "ui"): void {
    clearTimeout(this.timers[layer]);
    if (wait === null) return;
    const again = () => {
      if (layer === "base") this.baseDirty = true;
      else this.uiDirty = true;
      this.ask();
    };
    if (wait === 0) again();
    else this.timers[layer] = setTimeout(again, wait);
  }

  private *platePainting(context: Context, camera: Camera, viewport: Viewport, isDraft: boolean): Painting {
    this.bitmaps.begin();
    const counts = yield* this.wholePainting(context, camera, viewport, isDraft);
    this.bitmaps.end();
    return counts;
  }

  /** All but what is in hand. */
  private *wholePainting(context: Context, camera: Camera, viewport: Viewport, isDraft = false): Painting {
    const { lifted } = this.editor;
    this.liftedThen = lifted;
    this.animations.begin();
    const shows = (item: Item) => !lifted.has(item.id);
    const counts = yield* this.painter.painting(
      context,
      this.scene,
      camera,
      viewport,
      this.ratio,
      shows,
      smoothingOf(isDraft),
    );
    this.animations.end();
    return counts;
  }

  /** Nothing is painted for what is not there: an empty layer costs as much as a full one. */
  private showUi(): void {
    const isUpper = this.showUpper();
    const { editor } = this;
    const isWanted =
      this.outlines.count > 0 ||
      (!isUpper && editor.lifted.size > 0) ||
      editor.drafts.length > 0 ||
      editor.remote.size > 0 ||
      editor.target !== null ||
      editor.cropping !== null ||
      editor.guides.length > 0 ||
      editor.marquee !== null;
    if (isWanted || this.hasUi) this.ui.draw();
    if (isWanted !== this.hasUi)
      this.ui.getNativeCanvasElement().style.visibility = isWanted ? "visible" : "hidden";
    this.hasUi = isWanted;
  }

  /** Many that are held or outlined are not painted in every frame. Returns whether they are shown so. */
  private showUpper(): boolean {
    const { editor, upper } = this;
    const many = Math.max(this.outlines.count, editor.lifted.size);
    const { camera, viewport, lifted } = editor;
    const sight = many > MANY ? sightBefore(camera, viewport, lifted, (id) => editor.store.get(id)) : null;
    upper.count(sight ? many : 0);
    if (!sight) {
      upper.drop();
      return false;
    }
    const shown = [editor.lifted, editor.marks, editor.selection];
    const isOther = shown.some((one, n) => one !== this.upperThen[n]);
    this.upperThen = shown;
    if (isOther) upper.spoil();
    this.wakeIn(upper.show(sight.camera, viewport, this.ratio, isOther, sight.degrees), "ui");
    return true;
  }

  private *upperPainting(context: Context, camera: Camera, viewport: Viewport, isDraft: boolean): Painting {
    const { lifted } = this.editor;
    const scene: Scene = { ...this.scene, items: this.scene.items, placed: (item) => item };
    const shows = (item: Item) => lifted.has(item.id);
    const none: Counts = { drawn: 0, coarse: 0, bare: 0, beyond: 0, unfinished: new Set() };
    const counts = lifted.size
      ? yield* this.painter.painting(
          context,
          scene,
          camera,
          viewport,
          this.ratio,
          shows,
          smoothingOf(isDraft),
        )
      : none;
    counts.beyond += yield* this.outlines.painting(context, camera, viewport, this.ratio);
    return counts;
  }

  /** Lifted items, other people's drags and selections, the selection's frame and the rubber band. */
  private paintUi(konva: KonvaContext): void {
    this.counters.ui += 1;
    const context = konva._context;
    const { editor, outlines } = this;
    const { lifted } = editor;
    const isUpper = this.upper.areUsed;
    if (lifted.size && !isUpper) {
      this.painter.paint(context, this.scene, editor.camera, editor.viewport, this.ratio, (item) =>
        lifted.has(item.id),
      );
    }
    if (editor.drafts.length) this.paintDrafts(context);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const { selection, handle, guide } = this.colours();
    for (const [id, drag] of editor.remote) {
      const item = editor.store.get(id);
      if (item) outlines.outline(context, editor.outlineOf(item), drag.colour, 2);
    }
    if (!isUpper) outlines.paintMarks(context);
    const target = editor.target === null ? undefined : editor.store.get(editor.target);
    if (target) outlines.outline(context, editor.outlineOf(target), selection, 3);
    if (editor.cropping) paintCrop(context, editor.cropping, editor.camera, selection, handle);
    else outlines.paintSelection(context, !isUpper);
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

  private get baseStyle(): CSSStyleDeclaration {
    return this.base.getNativeCanvasElement().style;
  }

  private get ratio(): number {
    return this.base.getCanvas().getPixelRatio();
  }
}

/** What is stretched, or painted in haste, is not sharp, whatever it was painted from. */
function unsharp(counts: Counts): Counts {
  return { ...counts, coarse: Math.max(1, counts.coarse) };
}

/** Of thousands of small pictures, what is smoothed well takes twice as long. */
function smoothingOf(isDraft: boolean): ImageSmoothingQuality {
  return isDraft ? "low" : "medium";
}

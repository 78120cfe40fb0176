/** What a hand does to a board, without a screen: camera, selection, and gestures that end in one operation. */
import { isHit } from "../canvas/hitting";
import { fitting, toBoard, type Camera, type Viewport } from "../geometry/camera";
import {
  boundsOf,
  centre,
  corners,
  cornersOf,
  touches,
  union,
  type Bounds,
  type Placed,
  type Point,
  type Transform,
} from "../geometry/shapes";
import type { Guide } from "../geometry/snapping";
import { newId } from "../uuid";
import type { Deed } from "./deeds";
import type { Item, Operation, Placement, Style } from "./operations";
import type { Store } from "./store";
import type { Tree } from "./tree";

export type DragPhase = "MOVING" | "DROPPED" | "CANCELLED";

/** Where the editor's doings go: to the server in the app, to a list in tests. */
export interface Post {
  /** Shows the operation at once; where a deed is given, that is what the server is asked for. */
  commit(operation: Operation, label: string, deed?: Deed): void;
  drag(gestureId: string, placements: ReadonlyMap<string, Transform>, phase: DragPhase): void;
}

/** Somebody else's drag in progress. */
export interface RemoteDrag {
  readonly transform: Transform;
  readonly name: string;
  readonly colour: string;
}

/** looks: a style is tried on, nothing stored has changed. */
export type Aspect = "view" | "items" | "looks" | "selection" | "overlay";

/** The box around the selection: an item's own turned box, or the upright box around several or a group. */
export interface Frame {
  readonly corners: readonly [Point, Point, Point, Point];
  readonly pivot: Point;
  readonly rotation: number;
}

/** Around the part of a picture that is to be seen, in board places. */
export interface CropFrame {
  readonly id: string;
  readonly corners: readonly [Point, Point, Point, Point];
  readonly handles: readonly Point[];
  readonly thirds: readonly (readonly [Point, Point])[];
}

/** What is done when the hand lets go; a deed, where that is what the server is to be asked for. */
export interface Landing {
  readonly operation: Operation;
  readonly deed?: Deed | undefined;
}

const SLACK_PX = 2;
/** Thin lines are not to be missed by a hair. */
const LINE_SLACK_PX = 5;

export class Editor {
  camera: Camera = { x: 0, y: 0, zoom: 1 };
  viewport: Viewport = { width: 1, height: 1 };
  selection: ReadonlySet<string> = new Set();
  /** The group whose members are selected one by one; null: groups are selected as wholes. */
  entered: string | null = null;
  /** Own gesture in progress: shown instead of the stored transforms. */
  lifted: Map<string, Transform> = new Map();
  remote: Map<string, RemoteDrag> = new Map();
  /** Looks that are tried on while a slider is held. */
  private tried: { readonly ids: ReadonlySet<string>; readonly style: Partial<Style> } | null = null;
  marquee: Bounds | null = null;
  /** Whether what is dragged catches on what lies around it. */
  snaps = true;
  /** What is moved comes to lie on lines so many units apart; null: wherever it is put. */
  gridStep: number | null = null;
  /** The whole view is seen mirrored. Screen points stay as they would be without. */
  isMirrored = false;
  /** Why what is in hand lies well where it is. */
  guides: readonly Guide[] = [];
  /** The frame that would take what is in hand. */
  target: string | null = null;
  /** What is shown around a picture that is being cropped. */
  cropping: CropFrame | null = null;
  /** What is being drawn: painted above everything, and in no store yet. */
  drafts: readonly Item[] = [];
  /** Items that a gesture is reshaping, as they would be: shown instead of the stored ones. */
  private reshaped: ReadonlyMap<string, Item> = new Map();
  /** Items that others have selected, in the colour of one of them. */
  marks: ReadonlyMap<string, string> = new Map();
  canEdit = false;

  private found: { selection: ReadonlySet<string>; rev: number; items: readonly Item[] } = {
    selection: this.selection,
    rev: -1,
    items: [],
  };
  private framed: { readonly frame: Frame | null } | undefined;
  private gestureId = "";
  /** Where what is in hand lay when it was moved in another way than before. */
  private begun: ReadonlyMap<string, Transform> = new Map();
  private readonly listeners = new Set<(aspect: Aspect) => void>();

  constructor(
    readonly store: Store,
    private readonly post: Post,
  ) {
    store.onChange((touched) => {
      let changed = false;
      for (const id of touched) {
        if (!store.has(id)) {
          changed ||= this.selection.has(id);
          this.lifted.delete(id);
        }
      }
      if (changed) this.select([...this.selection].filter((id) => store.has(id)));
      this.tell("items");
    });
  }

  onChange(listener: (aspect: Aspect) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(aspect: Aspect): void {
    if (aspect !== "view") this.framed = undefined;
    for (const listener of this.listeners) listener(aspect);
  }

  look(camera: Camera): void {
    this.camera = camera;
    this.tell("view");
  }

  resize(viewport: Viewport): void {
    this.viewport = viewport;
    this.tell("view");
  }

  /** Selecting anything outside the entered group leaves it. */
  select(ids: Iterable<string>): void {
    this.selection = new Set(ids);
    if (this.entered !== null && !this.isWithin(this.entered, this.selected)) this.entered = null;
    this.tell("selection");
  }

  toggle(id: string): void {
    const next = new Set(this.selection);
    if (!next.delete(id)) next.add(id);
    this.select(next);
  }

  /** Selects an item itself, inside whatever groups it is in. */
  reach(item: Item): void {
    this.selection = new Set([item.id]);
    this.entered = this.tree.above(item).find((one) => one.kind === "GROUP")?.id ?? null;
    this.tell("selection");
  }

  /** Goes into a group, to the member under the hand, or to its frontmost. */
  enter(group: Item, leaf: Item | undefined = this.tree.membersOf(group.id).at(-1)): void {
    if (!leaf) return;
    this.entered = group.id;
    this.selection = new Set([this.tree.wholeOf(leaf, group.id).id]);
    this.tell("selection");
  }

  /** Back out of the entered group, which is selected then. Returns whether there was one. */
  leave(): boolean {
    const group = this.entered === null ? undefined : this.store.get(this.entered);
    this.entered = null;
    if (!group) return false;
    this.reach(group);
    return true;
  }

  mark(marks: ReadonlyMap<string, string>): void {
    this.marks = marks;
    this.tell("overlay");
  }

  /** Shows these as they would be; none: everything as it is stored. */
  reshape(items: readonly Item[]): void {
    this.reshaped = new Map(items.map((item) => [item.id, item]));
    this.tell("looks");
  }

  transformOf(item: Item): Transform {
    return (
      this.lifted.get(item.id) ??
      this.reshaped.get(item.id)?.transform ??
      this.remote.get(item.id)?.transform ??
      item.transform
    );
  }

  placed(item: Item): Placed {
    const reshaped = this.reshaped.get(item.id);
    if (reshaped) return reshaped;
    const transform = this.transformOf(item);
    return transform === item.transform ? item : { width: item.width, height: item.height, transform };
  }

  /** Shows these items with other looks until told otherwise; null: as they are. */
  tryOn(items: readonly Item[], style: Partial<Style> | null): void {
    this.tried = style && { ids: new Set(items.map((item) => item.id)), style };
    this.tell("looks");
  }

  dressed(item: Item): Item {
    const shape = this.reshaped.get(item.id) ?? item;
    return this.tried?.ids.has(item.id) ? { ...shape, ...this.tried.style } : shape;
  }

  get tree(): Tree {
    return this.store.tree;
  }

  get selected(): Item[] {
    return [...this.selection].map((id) => this.store.get(id)).filter((item) => item !== undefined);
  }

  /** Selected wholes that may be changed: what is locked, or has something locked in it, only takes being unlocked. */
  get movable(): readonly Item[] {
    const { rev } = this.store;
    // Asked at every move of the pointer, and of thousands it takes a while to find out.
    if (this.found.selection !== this.selection || this.found.rev !== rev) {
      const items = this.tree.outermost(this.selected).filter((item) => !this.tree.isHeld(item));
      this.found = { selection: this.selection, rev, items };
    }
    return this.found.items;
  }

  /** All in the movable wholes that has a place of its own. */
  get moving(): Item[] {
    return this.tree.placedIn(this.movable);
  }

  /** What is painted under a screen point, front to back: never a group. */
  pick(screen: Point): Item | null {
    const point = toBoard(this.camera, screen);
    const pixel = 1 / this.camera.zoom;
    const items = this.store.inOrder;
    for (let i = items.length - 1; i >= 0; i--) {
      const item = items[i]!;
      if (item.kind === "GROUP") continue;
      const slack = item.kind === "DRAWING" ? LINE_SLACK_PX : SLACK_PX;
      if (isHit(item, this.placed(item), point, slack * pixel, pixel) && !this.tree.isHidden(item))
        return item;
    }
    return null;
  }

  /** What a click there selects: the group around it as a whole, unless that was entered. */
  aim(screen: Point): Item | null {
    const item = this.pick(screen);
    return item && this.tree.wholeOf(item, this.entered);
  }

  /** What a rubber band takes: groups as wholes, frames only when all of them is inside; nothing locked. */
  within(area: Bounds): string[] {
    const { tree } = this;
    const found = new Set<Item>();
    for (const item of this.store.inOrder) {
      if (item.kind === "GROUP" || tree.isHidden(item)) continue;
      const placed = this.placed(item);
      if (item.kind === "FRAME" ? encloses(area, boundsOf(placed)) : touches(placed, area))
        found.add(tree.wholeOf(item, this.entered));
    }
    return tree
      .outermost([...found])
      .filter((item) => !tree.isHeld(item))
      .map((item) => item.id);
  }

  /** Upright bounds of an item, of a group those of its members; null for what shows nothing. */
  extentOf(item: Item): Bounds | null {
    if (item.kind !== "GROUP") return boundsOf(this.placed(item));
    const members = this.tree.placedIn([item]).filter((one) => !this.tree.isHidden(one));
    return union(members.map((one) => boundsOf(this.placed(one))));
  }

  /** The box of an item as it is turned, of a group the upright one around its members. */
  outlineOf(item: Item): Frame["corners"] | null {
    if (item.kind !== "GROUP") return corners(this.placed(item));
    const box = this.extentOf(item);
    return box && cornersOf(box);
  }

  /** Found once for as long as nothing moves but the view: of thousands it takes a while. */
  frame(): Frame | null {
    return (this.framed ??= { frame: this.findFrame() }).frame;
  }

  private findFrame(): Frame | null {
    const items = this.selected.filter((item) => !this.tree.isHidden(item));
    const [first] = items;
    if (items.length === 1 && first!.kind !== "GROUP") {
      const only = this.placed(first!);
      return { corners: corners(only), pivot: only.transform, rotation: only.transform.rotation };
    }
    const box = union(items.map((item) => this.extentOf(item)).filter((one) => one !== null));
    return box && { corners: cornersOf(box), pivot: centre(box), rotation: 0 };
  }

  boundsOfAll(ids?: ReadonlySet<string>): Bounds | null {
    const { tree } = this;
    const items = ids ? [...ids].map((id) => this.store.get(id)).filter((item) => item !== undefined) : null;
    return union(
      (items ? tree.placedIn(items) : this.store.inOrder)
        .filter((item) => item.kind !== "GROUP" && !tree.isHidden(item))
        .map((item) => boundsOf(this.placed(item))),
    );
  }

  /** A camera that shows these items (or all), or null when there is nothing to see. */
  cameraFor(ids?: ReadonlySet<string>, mostZoom = 4): Camera | null {
    const bounds = this.boundsOfAll(ids);
    return bounds ? fitting(bounds, this.viewport, 64, mostZoom) : null;
  }

  // A gesture: begin, any number of moves, then commit or cancel. The store changes only at commit.

  /** Lifts all that moves with the selection. */
  begin(): void {
    this.gestureId = newId();
    this.lifted = new Map(this.moving.map((item) => [item.id, item.transform]));
    this.begun = new Map();
    this.tell("overlay");
    this.tell("items");
  }

  /** Another way of moving begins where what is in hand lies now. */
  goOn(): void {
    this.begun = new Map(this.lifted);
  }

  /** `how` gets the transform that the item had when the gesture began. */
  move(how: (start: Transform) => Transform): void {
    for (const id of this.lifted.keys()) {
      const item = this.store.get(id);
      if (item) this.lifted.set(id, how(this.begun.get(id) ?? item.transform));
    }
    this.post.drag(this.gestureId, this.lifted, "MOVING");
    this.tell("overlay");
  }

  /** drop: says what comes of it, while all is still seen where it was let go; left out: that it lies there. */
  commit(label: string, deed?: Deed, drop?: (places: readonly Placement[]) => Landing): void {
    const items = [...this.lifted].map(([id, transform]) => ({ id, transform }));
    const landing = drop?.(items) ?? { operation: { kind: "transform", items }, deed };
    this.post.drag(this.gestureId, this.lifted, "DROPPED");
    this.lifted = new Map();
    if (items.length) this.post.commit(landing.operation, label, landing.deed);
    this.tell("overlay");
    this.tell("items");
  }

  cancel(): void {
    if (this.lifted.size) {
      const restored = new Map<string, Transform>();
      for (const id of this.lifted.keys()) {
        const item = this.store.get(id);
        if (item) restored.set(id, item.transform);
      }
      this.post.drag(this.gestureId, restored, "CANCELLED");
    }
    this.lifted = new Map();
    this.marquee = null;
    this.tell("overlay");
    this.tell("items");
  }

  perform(operation: Operation, label: string, deed?: Deed): void {
    this.post.commit(operation, label, deed);
  }

  private isWithin(container: string, items: readonly Item[]): boolean {
    if (!items.length) return false;
    return items.every((item) => this.tree.above(item).some((one) => one.id === container));
  }
}

function encloses(outer: Bounds, inner: Bounds): boolean {
  return (
    outer.left <= inner.left &&
    outer.top <= inner.top &&
    outer.right >= inner.right &&
    outer.bottom >= inner.bottom
  );
}

/** What a hand does to a board, without a screen: camera, selection, and gestures that end in one operation. */
import { fitting, toBoard, type Camera, type Viewport } from "../geometry/camera";
import {
  boundsOf,
  centre,
  contains,
  corners,
  touches,
  union,
  type Bounds,
  type Placed,
  type Point,
  type Transform,
} from "../geometry/shapes";
import { newId } from "../uuid";
import type { Item, Operation } from "./operations";
import type { Store } from "./store";

export type DragPhase = "MOVING" | "DROPPED" | "CANCELLED";

/** Where the editor's doings go: to the server in the app, to a list in tests. */
export interface Post {
  commit(operation: Operation, label: string): void;
  drag(gestureId: string, placements: ReadonlyMap<string, Transform>, phase: DragPhase): void;
}

/** Somebody else's drag in progress. */
export interface RemoteDrag {
  readonly transform: Transform;
  readonly name: string;
  readonly colour: string;
}

export type Aspect = "view" | "items" | "selection" | "overlay";

/** The box around the selection: an item's own turned box, or the upright box around several. */
export interface Frame {
  readonly corners: readonly [Point, Point, Point, Point];
  readonly pivot: Point;
  readonly rotation: number;
}

const SLACK_PX = 2;

export class Editor {
  camera: Camera = { x: 0, y: 0, zoom: 1 };
  viewport: Viewport = { width: 1, height: 1 };
  selection: ReadonlySet<string> = new Set();
  /** Own gesture in progress: shown instead of the stored transforms. */
  lifted: Map<string, Transform> = new Map();
  remote: Map<string, RemoteDrag> = new Map();
  marquee: Bounds | null = null;
  /** Items that others have selected, in the colour of one of them. */
  marks: ReadonlyMap<string, string> = new Map();
  canEdit = false;

  private gestureId = "";
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

  select(ids: Iterable<string>): void {
    this.selection = new Set(ids);
    this.tell("selection");
  }

  toggle(id: string): void {
    const next = new Set(this.selection);
    if (!next.delete(id)) next.add(id);
    this.select(next);
  }

  mark(marks: ReadonlyMap<string, string>): void {
    this.marks = marks;
    this.tell("overlay");
  }

  transformOf(item: Item): Transform {
    return this.lifted.get(item.id) ?? this.remote.get(item.id)?.transform ?? item.transform;
  }

  placed(item: Item): Placed {
    const transform = this.transformOf(item);
    return transform === item.transform ? item : { width: item.width, height: item.height, transform };
  }

  get selected(): Item[] {
    return [...this.selection].map((id) => this.store.get(id)).filter((item) => item !== undefined);
  }

  /** Selected items that may be changed: locked ones only take being unlocked. */
  get movable(): Item[] {
    return this.selected.filter((item) => !item.locked);
  }

  /** The item under a screen point, front to back. */
  pick(screen: Point): Item | null {
    const point = toBoard(this.camera, screen);
    const slack = SLACK_PX / this.camera.zoom;
    const items = this.store.inOrder;
    for (let i = items.length - 1; i >= 0; i--) {
      const item = items[i]!;
      if (!item.hidden && contains(this.placed(item), point, slack)) return item;
    }
    return null;
  }

  /** Items that a rubber band takes; locked ones stay out of it. */
  within(area: Bounds): string[] {
    return this.store.inOrder
      .filter((item) => !item.hidden && !item.locked && touches(this.placed(item), area))
      .map((item) => item.id);
  }

  frame(): Frame | null {
    const items = this.selected.filter((item) => !item.hidden);
    if (items.length === 0) return null;
    const only = items.length === 1 ? this.placed(items[0]!) : null;
    if (only) {
      return { corners: corners(only), pivot: only.transform, rotation: only.transform.rotation };
    }
    const box = union(items.map((item) => boundsOf(this.placed(item))))!;
    return {
      corners: [
        { x: box.left, y: box.top },
        { x: box.right, y: box.top },
        { x: box.right, y: box.bottom },
        { x: box.left, y: box.bottom },
      ],
      pivot: centre(box),
      rotation: 0,
    };
  }

  boundsOfAll(ids?: ReadonlySet<string>): Bounds | null {
    return union(
      this.store.inOrder
        .filter((item) => !item.hidden && (!ids || ids.has(item.id)))
        .map((item) => boundsOf(this.placed(item))),
    );
  }

  /** A camera that shows these items (or all), or null when there is nothing to see. */
  cameraFor(ids?: ReadonlySet<string>, mostZoom = 4): Camera | null {
    const bounds = this.boundsOfAll(ids);
    return bounds ? fitting(bounds, this.viewport, 64, mostZoom) : null;
  }

  // A gesture: begin, any number of moves, then commit or cancel. The store changes only at commit.

  begin(items: readonly Item[]): void {
    this.gestureId = newId();
    this.lifted = new Map(items.map((item) => [item.id, item.transform]));
    this.tell("overlay");
    this.tell("items");
  }

  /** `how` gets the transform that the item had when the gesture began. */
  move(how: (start: Transform) => Transform): void {
    for (const id of this.lifted.keys()) {
      const item = this.store.get(id);
      if (item) this.lifted.set(id, how(item.transform));
    }
    this.post.drag(this.gestureId, this.lifted, "MOVING");
    this.tell("overlay");
  }

  commit(label: string): void {
    const items = [...this.lifted].map(([id, transform]) => ({ id, transform }));
    this.post.drag(this.gestureId, this.lifted, "DROPPED");
    this.lifted = new Map();
    if (items.length) this.post.commit({ kind: "transform", items }, label);
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

  perform(operation: Operation, label: string): void {
    this.post.commit(operation, label);
  }
}

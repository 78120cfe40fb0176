/** The vocabulary of the change log, folded into items: the browser's half of domain/operations/. */
import { IDENTITY, type Crop, type Point, type Transform } from "../geometry/shapes";

export type ItemKind = "IMAGE" | "NOTE" | "DRAWING" | "FRAME" | "GROUP";
export type Sampling = "SMOOTH" | "NEAREST";
export type DrawingShape = "PEN" | "LINE" | "ARROW" | "RECTANGLE" | "ELLIPSE";

export interface Note {
  readonly text: string;
  readonly fontSize: number;
  readonly colour: string;
  readonly background: string | null;
}

/** points: in board units from the item's centre, before scale; pressures: 0 to 1, one a point, or none. */
export interface Drawing {
  readonly shape: DrawingShape;
  readonly points: readonly Point[];
  readonly pressures: readonly number[];
  readonly stroke: string;
  readonly strokeWidth: number;
  readonly fill: string | null;
}

export interface FrameContent {
  readonly background: string | null;
}

/** How an item looks and behaves: each field is a register of its own. */
export interface Style {
  readonly opacity: number;
  readonly grayscale: boolean;
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly sampling: Sampling;
  readonly locked: boolean;
  readonly hidden: boolean;
  readonly name: string;
  readonly tags: readonly string[];
  readonly link: string;
}

export const PLAIN: Style = {
  opacity: 1,
  grayscale: false,
  brightness: 1,
  contrast: 1,
  saturation: 1,
  sampling: "SMOOTH",
  locked: false,
  hidden: false,
  name: "",
  tags: [],
  link: "",
};

/** What an item shows. width, height: of the visible box, before scale. */
export interface Content {
  readonly width: number;
  readonly height: number;
  readonly imageId: string | null;
  readonly crop: Crop | null;
  readonly note: Note | null;
  readonly drawing: Drawing | null;
  readonly frame: FrameContent | null;
}

export const BLANK: Omit<Content, "width" | "height"> = {
  imageId: null,
  crop: null,
  note: null,
  drawing: null,
  frame: null,
};

export interface Item extends Style, Content {
  readonly id: string;
  readonly kind: ItemKind;
  readonly transform: Transform;
  readonly z: string;
  /** The frame or group that it is in; its place is never relative to it. */
  readonly parentId: string | null;
}

export interface Placement {
  readonly id: string;
  readonly transform: Transform;
}

/** A style change: what is undefined stays as it is. */
export type StylePatch = { readonly id: string } & { readonly [K in keyof Style]?: Style[K] | undefined };

export interface Rank {
  readonly id: string;
  readonly z: string;
}

/** The whole content and box of an item. */
export interface Edit extends Content {
  readonly id: string;
}

export interface Membership {
  readonly id: string;
  readonly parentId: string | null;
}

export type Simple =
  | { readonly kind: "add"; readonly items: readonly Item[] }
  | { readonly kind: "remove"; readonly ids: readonly string[] }
  | { readonly kind: "restore"; readonly items: readonly Item[] }
  | { readonly kind: "transform"; readonly items: readonly Placement[] }
  | { readonly kind: "restyle"; readonly items: readonly StylePatch[] }
  | { readonly kind: "reorder"; readonly items: readonly Rank[] }
  | { readonly kind: "edit"; readonly items: readonly Edit[] }
  | { readonly kind: "regroup"; readonly items: readonly Membership[] };

/** Several as one deed, taken back together; never nested. None at all: nothing that concerns items. */
export interface Compound {
  readonly kind: "compound";
  readonly operations: readonly Simple[];
}

export type Operation = Simple | Compound;

export type Items = Map<string, Item>;

export const NOTHING: Compound = { kind: "compound", operations: [] };

export function partsOf(operation: Operation): readonly Simple[] {
  return operation.kind === "compound" ? operation.operations : [operation];
}

/** One operation of several; a lone one stays as it is. */
export function together(operations: readonly Simple[]): Operation {
  return operations.length === 1 ? operations[0]! : { kind: "compound", operations };
}

/** The items that it touches; of a compound some may come twice. */
export function subjectsOf(operation: Operation): readonly string[] {
  if (operation.kind === "compound") return operation.operations.flatMap(subjectsOf);
  return operation.kind === "remove" ? operation.ids : operation.items.map((item) => item.id);
}

/** Only what the operation says about these items. */
export function narrowed(operation: Operation, ids: ReadonlySet<string>): Operation {
  if (operation.kind === "compound")
    return {
      kind: "compound",
      operations: operation.operations.map((part) => narrowed(part, ids) as Simple),
    };
  if (operation.kind === "remove") return { kind: "remove", ids: operation.ids.filter((id) => ids.has(id)) };
  return { ...operation, items: operation.items.filter((item) => ids.has(item.id)) } as Simple;
}

/** The content that an item has, as an edit to change. */
export function editOf(item: Item): Edit {
  const { id, width, height, imageId, crop, note, drawing, frame } = item;
  return { id, width, height, imageId, crop, note, drawing, frame };
}

/** A group: it lies where its members lie, and has no place or box of its own. */
export function aGroup(id: string, z: string, parentId: string | null, name = ""): Item {
  return {
    ...PLAIN,
    ...BLANK,
    id,
    kind: "GROUP",
    transform: IDENTITY,
    width: 1,
    height: 1,
    z,
    parentId,
    name,
  };
}

/**
 * Changes `items` in place. What does not fit is passed over: an optimistic operation may meet an item that
 * somebody else has just removed, and reading a board while it changes may meet an operation twice.
 */
export function fold(operation: Operation, items: Items): void {
  switch (operation.kind) {
    case "compound":
      for (const part of operation.operations) fold(part, items);
      break;
    case "add":
    case "restore":
      for (const item of operation.items) items.set(item.id, item);
      break;
    case "remove":
      for (const id of operation.ids) items.delete(id);
      break;
    default:
      for (const part of operation.items) {
        const item = items.get(part.id);
        if (item) items.set(part.id, { ...item, ...written(part) });
      }
  }
}

/** Without what is undefined: that stays as it is. */
function written<T extends object>(part: T): Partial<T> {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Partial<T>;
}

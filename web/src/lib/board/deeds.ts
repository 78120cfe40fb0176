/** What the server is asked to do by ids where it knows better than this window, or where values would be too many. */
import type { Axis, Edge, Fit, Layout, Measure, Order, Reset } from "../geometry/arranging";
import type { Crop, Point, Transform } from "../geometry/shapes";

/** The schema's bounds on lists of values, and of ids. */
export const MOST_PER_MUTATION = 500;
export const MOST_IDS = 5_000;

/** Names of items; a container stands for all that is in it. */
type Ids = readonly string[];
/** Null: all that is seen at the top of the board. */
type Chosen = Ids | null;

export type Layering = "FRONT" | "BACK" | "FORWARD" | "BACKWARD";

export type Deed =
  | { readonly kind: "remove"; readonly ids: Ids }
  | { readonly kind: "group"; readonly ids: Ids; readonly id: string }
  | { readonly kind: "ungroup"; readonly ids: Ids }
  | { readonly kind: "regroup"; readonly ids: Ids; readonly parentId: string | null }
  | { readonly kind: "crop"; readonly items: readonly { readonly id: string; readonly crop: Crop | null }[] }
  /** A crop, and where what is seen of it lies then. */
  | {
      readonly kind: "recrop";
      readonly id: string;
      readonly crop: Crop | null;
      readonly transform: Transform;
    }
  | { readonly kind: "replace"; readonly items: readonly { readonly id: string; readonly imageId: string }[] }
  /** What is in a frame, enlarged or shrunk to what fits it; or with ids, these. */
  | {
      readonly kind: "fit";
      readonly ids: Chosen;
      readonly frameId: string;
      readonly margin: number;
      readonly mode: Fit;
    }
  | { readonly kind: "move"; readonly ids: Ids; readonly dx: number; readonly dy: number }
  | { readonly kind: "scale"; readonly ids: Ids; readonly factor: number; readonly about: Point }
  | { readonly kind: "rotate"; readonly ids: Ids; readonly degrees: number; readonly about: Point }
  | { readonly kind: "flip"; readonly ids: Ids; readonly axis: Axis; readonly about: Point }
  | { readonly kind: "reset"; readonly ids: Ids; readonly what: readonly Exclude<Reset, "ALL">[] }
  | { readonly kind: "order"; readonly ids: Ids; readonly to: Layering }
  | { readonly kind: "align"; readonly ids: Chosen; readonly edge: Edge }
  | { readonly kind: "distribute"; readonly ids: Chosen; readonly axis: Axis }
  | { readonly kind: "normalize"; readonly ids: Chosen; readonly by: Measure }
  | { readonly kind: "stack"; readonly ids: Chosen }
  | { readonly kind: "pack"; readonly ids: Chosen; readonly margin: number }
  | {
      readonly kind: "arrange";
      readonly ids: Chosen;
      readonly layout: Layout;
      readonly order: Order;
      readonly margin: number;
      readonly seed: number;
    }
  | { readonly kind: "compare"; readonly ids: Ids; readonly by: Measure; readonly opacity: number };

/** The deed, where so many places are too many to name one by one and its ids are not; else undefined. */
export function forMany(count: number, deed: Deed): Deed | undefined {
  const ids = "ids" in deed ? deed.ids : null;
  return count > MOST_PER_MUTATION && (ids?.length ?? 0) <= MOST_IDS ? deed : undefined;
}

/** Bringing units to like sizes of their visible bounds: normalized, laid over each other, fitted into a frame. */
import { centre, type Bounds } from "../shapes";
import { pack } from "./packing";
import {
  allowedFactor,
  change,
  extent,
  extentOfAll,
  movable,
  place,
  placeAbout,
  references,
  unitAt,
  type Places,
  type Unit,
} from "./units";

export type Measure = "WIDTH" | "HEIGHT" | "AREA" | "SCALE";

/** CONTAIN keeps the layout; ARRANGE packs the units to the frame's shape first. */
export type Fit = "CONTAIN" | "ARRANGE";

/** Every unit to the mean measure of the references, each about its own centre. */
export function normalize(units: readonly Unit[], by: Measure): Places {
  const places: Places = new Map();
  const leads = references(units);
  const mean = leads.reduce((sum, unit) => sum + measured(unit, by), 0) / leads.length;
  for (const unit of movable(units))
    place(places, unit, centre(extent(unit)), factorFor(mean, measured(unit, by), by));
  return places;
}

/** Every unit centred on the first reference and brought to its measure; rotation and flips stay. */
export function compareOverlay(units: readonly Unit[], by: Measure): Places {
  const places: Places = new Map();
  const lead = references(units)[0];
  if (!lead) return places;
  const middle = centre(extent(lead));
  const wanted = measured(lead, by);
  for (const unit of movable(units))
    if (unit !== lead) place(places, unit, middle, factorFor(wanted, measured(unit, by), by));
  return places;
}

/**
 * All that can move, as one whole, as large as the frame holds with a margin inside, and centred there.
 * The margin is cut to a quarter of the frame's shorter side. ARRANGE leaves gaps of about the margin.
 */
export function fitToFrame(units: readonly Unit[], frame: Bounds, margin: number, mode: Fit): Places {
  const free = movable(units);
  const [across, down] = [frame.right - frame.left, frame.bottom - frame.top];
  const inside = Math.min(margin, across / 4, down / 4);
  const width = across - 2 * inside;
  const height = down - 2 * inside;
  const fitted: Places = new Map();
  if (free.length === 0 || width <= 0 || height <= 0) return fitted;
  let arranged = free;
  if (mode === "ARRANGE") {
    const packed = pack(free, gapBefore(free, width * height, inside), [], width / height);
    arranged = free.map((unit) => unitAt(unit, packed));
  }
  const whole = extentOfAll(arranged)!;
  const boxes = arranged.flatMap((unit) => unit.boxes);
  const ratios = [
    [width, whole.right - whole.left],
    [height, whole.bottom - whole.top],
  ].flatMap(([room, side]) => (side! > 0 ? [room! / side!] : []));
  const factor = allowedFactor(boxes, ratios.length ? Math.min(...ratios) : 1);
  placeAbout(fitted, boxes, centre(whole), centre(frame), factor);
  const now = new Map(boxes.map((box) => [box.id, fitted.get(box.id) ?? box.transform]));
  const places: Places = new Map();
  for (const unit of free) for (const box of unit.boxes) change(places, box, now.get(box.id)!);
  return places;
}

/** SCALE: the mean of the unit's boxes. */
function measured(unit: Unit, by: Measure): number {
  const { left, top, right, bottom } = extent(unit);
  if (by === "WIDTH") return right - left;
  if (by === "HEIGHT") return bottom - top;
  if (by === "AREA") return (right - left) * (bottom - top);
  return unit.boxes.reduce((sum, box) => sum + box.transform.scale, 0) / unit.boxes.length;
}

function factorFor(wanted: number, measure: number, by: Measure): number {
  // Nothing: too small to be seen so far out, where floats are coarse.
  if (measure <= 0) return 1;
  return by === "AREA" ? Math.sqrt(wanted / measure) : wanted / measure;
}

/** The gap that scaling to the room will turn into about the margin. */
function gapBefore(units: readonly Unit[], room: number, margin: number): number {
  let area = 0;
  for (const unit of units) area += measured(unit, "AREA");
  return margin * Math.sqrt(area / (0.9 * room));
}

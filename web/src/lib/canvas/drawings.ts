/** Drawings as paths: strokes by hand, as wide as they were pressed, lines, arrows, boxes and ellipses. */
import type { Drawing, Item } from "../board/operations";
import { angle, distance, type Point } from "../geometry/shapes";
import { toned } from "./looks";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** ink: painted as one area (a pressed stroke, an arrow), line: stroked; area: filled where there is a fill. */
interface Paths {
  readonly ink: Path2D | null;
  readonly line: Path2D | null;
  readonly area: Path2D | null;
}

const LEAST_WIDTH = 0.15;
const HEAD_LENGTH = 4.5;
const HEAD_SPREAD = 26;
const CURVE_STEPS = 4;
/** Beyond such a turn the two sides of a stroke no longer meet by themselves. */
const SHARP_TURN = 40;

const known = new WeakMap<Drawing, Paths>();

/** Onto a context whose origin is the item's centre, one unit a board unit before scale. */
export function paintDrawing(context: Context, item: Item): void {
  const drawing = item.drawing!;
  const { shape, strokeWidth, fill } = drawing;
  const stroke = toned(drawing.stroke, item);
  context.lineCap = "round";
  context.lineJoin = shape === "RECTANGLE" ? "miter" : "round";
  context.lineWidth = strokeWidth;
  context.strokeStyle = stroke;
  if (fill) context.fillStyle = toned(fill, item);
  if (shape === "RECTANGLE" || shape === "ELLIPSE") {
    // The fill ends where the stroke begins: see-through ones do not show a darker seam.
    if (fill) context.fill(boxPath(item, strokeWidth));
    context.stroke(boxPath(item, 0));
    return;
  }
  const { ink, line, area } = pathsOf(drawing);
  if (fill && area) context.fill(area);
  if (line) context.stroke(line);
  context.fillStyle = stroke;
  if (ink) context.fill(ink);
}

function boxPath({ width, height, drawing }: Item, inset: number): Path2D {
  const path = new Path2D();
  const w = Math.max(0, width - inset);
  const h = Math.max(0, height - inset);
  if (drawing!.shape === "RECTANGLE") path.rect(-w / 2, -h / 2, w, h);
  else path.ellipse(0, 0, w / 2, h / 2, 0, 0, 2 * Math.PI);
  return path;
}

function pathsOf(drawing: Drawing): Paths {
  let paths = known.get(drawing);
  if (!paths) known.set(drawing, (paths = pathsFor(drawing)));
  return paths;
}

function pathsFor({ shape, points, pressures, strokeWidth }: Drawing): Paths {
  const area = points.length > 2 ? polygon(points) : null;
  const [first] = points;
  if (!first) return { ink: null, line: null, area: null };
  if (points.length === 1)
    return { ink: dot(first, (strokeWidth / 2) * widthAt(pressures[0] ?? 1)), line: null, area };
  if (shape === "ARROW") return { ink: arrow(points, strokeWidth), line: null, area };
  if (shape === "LINE") return { ink: null, line: polyline(points), area };
  if (pressures.length === points.length)
    return { ink: pressed(points, pressures, strokeWidth), line: null, area };
  return { ink: null, line: smooth(points), area };
}

function widthAt(pressure: number): number {
  return LEAST_WIDTH + (1 - LEAST_WIDTH) * pressure;
}

function polygon(points: readonly Point[]): Path2D {
  const path = polyline(points);
  path.closePath();
  return path;
}

function polyline(points: readonly Point[]): Path2D {
  const path = new Path2D();
  for (const { x, y } of points) path.lineTo(x, y);
  return path;
}

function dot({ x, y }: Point, radius: number): Path2D {
  const path = new Path2D();
  path.arc(x, y, radius, 0, 2 * Math.PI);
  return path;
}

/** Curves from the middle of each piece to the middle of the next. */
function smooth(points: readonly Point[]): Path2D {
  const path = new Path2D();
  const [first] = points;
  path.moveTo(first!.x, first!.y);
  for (let i = 1; i < points.length - 1; i++) {
    const middle = between(points[i]!, points[i + 1]!, 0.5);
    path.quadraticCurveTo(points[i]!.x, points[i]!.y, middle.x, middle.y);
  }
  const last = points.at(-1)!;
  path.lineTo(last.x, last.y);
  return path;
}

/** Shaft and head as one area: a see-through arrow shows no seam where they meet. */
function arrow(points: readonly Point[], strokeWidth: number): Path2D {
  const { corners, neck } = arrowHead(points, strokeWidth);
  const path = new Path2D();
  const shaft = [...points.slice(0, -1), neck].filter(
    (one, i, all) => i === 0 || distance(one, all[i - 1]!) > 1e-6,
  );
  const radius = strokeWidth / 2;
  shaft.forEach((one, i) => {
    path.moveTo(one.x + radius, one.y);
    path.arc(one.x, one.y, radius, 0, 2 * Math.PI);
    const next = shaft[i + 1];
    if (!next) return;
    const { left, right } = sides([
      { ...one, radius },
      { ...next, radius },
    ]);
    add(path, [...left, ...right.reverse()]);
  });
  add(path, corners);
  return path;
}

/** In the sense of a circle, so that areas that overlap add up instead of cancelling out. */
function add(path: Path2D, points: readonly Point[]): void {
  const [first, ...rest] = isClockwise(points) ? points : [...points].reverse();
  path.moveTo(first!.x, first!.y);
  for (const { x, y } of rest) path.lineTo(x, y);
  path.closePath();
}

/** Its tip at the last point; the line ends at the neck, inside it. */
export function arrowHead(points: readonly Point[], strokeWidth: number): { corners: Point[]; neck: Point } {
  const tip = points.at(-1)!;
  const from = points.findLast((point) => distance(point, tip) > 1e-6) ?? { x: tip.x - 1, y: tip.y };
  const back = angle(tip, from);
  const length = HEAD_LENGTH * strokeWidth;
  const along = (degrees: number, reach: number): Point => {
    const turn = (degrees * Math.PI) / 180;
    return { x: tip.x + Math.cos(turn) * reach, y: tip.y + Math.sin(turn) * reach };
  };
  return {
    corners: [tip, along(back - HEAD_SPREAD, length), along(back + HEAD_SPREAD, length)],
    neck: along(back, Math.min(distance(from, tip), length * 0.7)),
  };
}

interface Sample extends Point {
  readonly radius: number;
}

/** The stroke as an area: both its sides, with round ends and corners. */
function pressed(points: readonly Point[], pressures: readonly number[], strokeWidth: number): Path2D {
  const samples = sampled(points, pressures, strokeWidth);
  const path = new Path2D();
  const { left, right, rounds } = sides(samples);
  for (let i = 1; i < samples.length; i++) add(path, [left[i - 1]!, left[i]!, right[i]!, right[i - 1]!]);
  for (const { x, y, radius } of rounds) {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
  }
  return path;
}

function sampled(points: readonly Point[], pressures: readonly number[], strokeWidth: number): Sample[] {
  const at = (i: number): Sample => ({ ...points[i]!, radius: (strokeWidth / 2) * widthAt(pressures[i]!) });
  const samples: Sample[] = [at(0)];
  for (let i = 1; i < points.length - 1; i++) {
    const start = blend(at(i - 1), at(i), 0.5);
    const end = blend(at(i), at(i + 1), 0.5);
    for (let n = 0; n < CURVE_STEPS; n++) {
      const t = n / CURVE_STEPS;
      samples.push(blend(blend(start, at(i), t), blend(at(i), end, t), t));
    }
  }
  samples.push(at(points.length - 1));
  return samples.filter((one, i) => i === 0 || distance(one, samples[i - 1]!) > 1e-6);
}

/** The points to both sides of each sample, and where it has to be rounded. */
export function sides(samples: readonly Sample[]): { left: Point[]; right: Point[]; rounds: Sample[] } {
  const left: Point[] = [];
  const right: Point[] = [];
  const rounds: Sample[] = [samples[0]!, samples.at(-1)!];
  samples.forEach((one, i) => {
    const before = samples[Math.max(0, i - 1)]!;
    const after = samples[Math.min(samples.length - 1, i + 1)]!;
    const length = Math.max(1e-9, distance(before, after));
    const across = {
      x: (-(after.y - before.y) / length) * one.radius,
      y: ((after.x - before.x) / length) * one.radius,
    };
    left.push({ x: one.x + across.x, y: one.y + across.y });
    right.push({ x: one.x - across.x, y: one.y - across.y });
    const turn = Math.abs(((angle(one, after) - angle(before, one) + 540) % 360) - 180);
    if (i > 0 && i < samples.length - 1 && turn > SHARP_TURN) rounds.push(one);
  });
  return { left, right, rounds };
}

function isClockwise(points: readonly Point[]): boolean {
  let sum = 0;
  points.forEach((point, i) => {
    const next = points[(i + 1) % points.length]!;
    sum += (next.x - point.x) * (next.y + point.y);
  });
  return sum < 0;
}

function between(a: Point, b: Point, share: number): Point {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

function blend(a: Sample, b: Sample, share: number): Sample {
  return { ...between(a, b, share), radius: a.radius + (b.radius - a.radius) * share };
}

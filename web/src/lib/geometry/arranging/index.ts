/** Where things go when they are aligned, spread, sized, sorted, packed, fitted or restacked: pure functions. */
export { align, distribute, stack, type Axis, type Edge } from "./aligning";
export { overlapping, steps, type Insertion, type Layer, type Step } from "./layers";
export { arrange, type Layout } from "./layouts";
export { pack } from "./packing";
export { flipped, moved, reset, rotated, scaled, type Reset } from "./relative";
export { compareOverlay, fitToFrame, normalize, type Fit, type Measure } from "./sizing";
export { compareNames, type Order, type SortKey } from "./sorting";
export { alone, type Box, type Places, type Unit } from "./units";

"""Arranging: where things go when they are aligned, spread, sized, sorted, packed, fitted or restacked.

Pure functions over units and boxes (`units`). The browser has the same (web/src/lib/geometry/arranging/), and
both are checked by the same vectors (tests/vectors/arranging.json).
"""

from domain.arranging.aligning import Axis, Edge, align, distribute, stack
from domain.arranging.layers import Insertion, Layer, Step, steps
from domain.arranging.layouts import Layout, arrange
from domain.arranging.packing import pack
from domain.arranging.relative import Reset, flipped, moved, reset, rotated, scaled
from domain.arranging.sizing import Fit, Measure, compare_overlay, fit_to_frame, normalize
from domain.arranging.sorting import Order, SortKey
from domain.arranging.units import Box, Places, Unit

__all__ = [
    "Axis",
    "Box",
    "Edge",
    "Fit",
    "Insertion",
    "Layer",
    "Layout",
    "Measure",
    "Order",
    "Places",
    "Reset",
    "SortKey",
    "Step",
    "Unit",
    "align",
    "arrange",
    "compare_overlay",
    "distribute",
    "fit_to_frame",
    "flipped",
    "moved",
    "normalize",
    "pack",
    "reset",
    "rotated",
    "scaled",
    "stack",
    "steps",
]

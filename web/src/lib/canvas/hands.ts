/** Ties the browser's pointer and wheel events on the canvas to the tools. */
import type { Point } from "../geometry/shapes";
import type { Sample } from "./states/state";
import type { Pointer, Tools } from "./tools";

export type WheelHabit = "auto" | "zoom" | "pan";

export interface HandOptions {
  wheelHabit(): WheelHabit;
  /** What is seen on the left lies on the right. */
  isMirrored(): boolean;
  /** Any hand on the canvas ends a camera flight. */
  touched(): void;
  moved(at: Point): void;
}

const LINE_PX = 18;
const PAGE_PX = 400;
const LONG_PRESS_MS = 500;
const ZOOM_PER_PX = 0.0022;
const PINCH_PER_PX = 0.011;

/** Cursors that lean the other way in a mirrored view. */
const TURNED: Readonly<Record<string, string>> = {
  "nwse-resize": "nesw-resize",
  "nesw-resize": "nwse-resize",
};

export function bindHands(element: HTMLElement, tools: Tools, options: HandOptions): () => void {
  let pressTimer: ReturnType<typeof setTimeout> | undefined;
  let hasPressedLong = false;

  const at = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    const x = event.clientX - box.left;
    return { x: options.isMirrored() ? box.width - x : x, y: event.clientY - box.top };
  };
  const pointer = (event: PointerEvent): Pointer => ({
    ...at(event),
    id: event.pointerId,
    button: event.button,
    shift: event.shiftKey,
    control: event.ctrlKey || event.metaKey,
    alt: event.altKey,
    touch: event.pointerType === "touch",
    pressure: event.pointerType === "pen" ? event.pressure : null,
    ...(event.type === "pointermove" ? { trail: trail(event) } : {}),
  });
  /** A pen is read several times between two frames: each of them belongs to its stroke. */
  const trail = (event: PointerEvent): Sample[] => {
    const all = event.getCoalescedEvents?.() ?? [];
    return (all.length ? all : [event]).map((one) => ({ ...at(one), pressure: one.pressure }));
  };
  const showCursor = (event: PointerEvent) => {
    const cursor = tools.cursorAt(pointer(event));
    element.style.cursor = (options.isMirrored() && TURNED[cursor]) || cursor;
  };

  const on: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void } = {
    pointerdown: (event) => {
      options.touched();
      element.setPointerCapture(event.pointerId);
      if (event.button === 1) event.preventDefault();
      tools.down(pointer(event));
      clearTimeout(pressTimer);
      hasPressedLong = false;
      if (event.pointerType === "touch")
        pressTimer = setTimeout(() => (hasPressedLong = tools.longPress()), LONG_PRESS_MS);
      showCursor(event);
    },
    pointermove: (event) => {
      options.moved(at(event));
      tools.move(pointer(event));
      if (tools.state.name !== "Pressing") clearTimeout(pressTimer);
      showCursor(event);
    },
    pointerup: (event) => {
      clearTimeout(pressTimer);
      tools.up(pointer(event));
      showCursor(event);
    },
    pointercancel: (event) => {
      clearTimeout(pressTimer);
      tools.lost(event.pointerId);
    },
    touchend: (event) => {
      // Else a click follows, which takes the focus from the menu that the long press has opened, and closes it.
      if (hasPressedLong) event.preventDefault();
    },
    contextmenu: (event) => event.preventDefault(),
    wheel: (event) => {
      event.preventDefault();
      options.touched();
      const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? PAGE_PX : 1;
      const dx = event.deltaX * unit;
      const dy = event.deltaY * unit;
      if (event.ctrlKey || event.metaKey) {
        // A pinch on a trackpad arrives as small steps with Ctrl; a real Ctrl+wheel as whole notches.
        tools.wheel(at(event), 0, dy * (Math.abs(dy) < 50 ? PINCH_PER_PX : ZOOM_PER_PX), true);
        return;
      }
      const habit = options.wheelHabit();
      const zooms = habit === "zoom" || (habit === "auto" && !isTrackpad(event));
      if (zooms) tools.wheel(at(event), 0, dy * ZOOM_PER_PX, true);
      else if (event.shiftKey && dx === 0) tools.wheel(at(event), dy, 0, false);
      else tools.wheel(at(event), dx, dy, false);
    },
  };
  for (const [name, listener] of Object.entries(on)) {
    element.addEventListener(name, listener as EventListener, { passive: false });
  }
  return () => {
    clearTimeout(pressTimer);
    for (const [name, listener] of Object.entries(on))
      element.removeEventListener(name, listener as EventListener);
  };
}

/** Browsers derive the old wheelDelta of a trackpad as exactly -3 × delta, of a wheel from whole notches. */
function isTrackpad(event: WheelEvent): boolean {
  if (event.deltaMode !== 0) return false;
  if (event.deltaX !== 0 && !event.shiftKey) return true;
  const legacy = (event as WheelEvent & { readonly wheelDeltaY?: number }).wheelDeltaY;
  return legacy === undefined ? Math.abs(event.deltaY) < 20 : legacy === -3 * event.deltaY;
}

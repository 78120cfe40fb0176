"""What is wrong with a page: what axe finds, what moves by itself, does not fit, or hides the focus."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.running import REPOSITORY

AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"

# WCAG 2.2 to the level AA, and what axe counts as good practice; the size of targets is off unless asked for.
_RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}

# Adds up what moves without anybody's doing, from the first paint on, and notes what it was.
NOTE_SHIFTS = """
    window.shifts = { sum: 0, what: [] };
    new PerformanceObserver(list => {
      for (const entry of list.getEntries()) {
        if (entry.hadRecentInput) continue;
        window.shifts.sum += entry.value;
        for (const { node } of entry.sources)
          window.shifts.what.push(node?.className || node?.parentElement?.className || node?.nodeName);
      }
    }).observe({ type: 'layout-shift', buffered: true });
"""
MOST_SHIFT = 0.02

_TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1)
      .slice(0, 3).map(one => one.outerHTML.slice(0, 120))"""

# Small targets for fingers: what can be pressed, is seen, and is not a link within a text.
_TOO_SMALL = """least => [...document.querySelectorAll('button, [role=menuitem], select, summary, input')]
    .filter(one => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter(one => !one.closest('[inert], .visually-hidden') && !one.matches('[type=file]'))
    .map(one => [one.closest('label') ?? one, one])
    .map(([target, one]) => {
        const { left, right, width, height } = target.getBoundingClientRect();
        // What reaches beyond it takes the finger, too.
        const beyond = getComputedStyle(target, '::after');
        const isWider = beyond.position === 'absolute' && beyond.pointerEvents !== 'none';
        const reach = side => (isWider ? Number.parseFloat(beyond[side]) || 0 : 0);
        const [wide, high] = [Math.max(width, reach('width')), Math.max(height, reach('height'))];
        return [{ left, right, width: wide, height: high }, one];
    })
    .filter(([box]) => box.width > 1 && box.right > 0 && box.left < innerWidth)
    .filter(([box]) => box.height < least - 0.5 || box.width < least - 0.5)
    .map(([box, one]) => `${box.width} x ${box.height} ${one.outerHTML.slice(0, 90)}`)"""

# Whether the focus can be told: something of what has it, or of what holds that, looks other without it.
_FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const around = [];
    for (let at = one; at && around.length < 6; at = at.parentElement) around.push(at);
    const active = document.getElementById(one.getAttribute('aria-activedescendant') ?? '');
    if (active) around.push(active);
    const looks = () => around.map(at => {
        const { boxShadow, outline, backgroundColor, borderColor, transform } = getComputedStyle(at);
        return [boxShadow, outline, backgroundColor, borderColor, transform].join();
    }).join();
    const box = one.getBoundingClientRect();
    const isInView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const html = one.outerHTML.slice(0, 160);
    const focused = looks();
    one.blur();
    const isTold = looks() !== focused;
    one.focus({ preventScroll: true });
    return { html, isSeen: isInView && isTold };
}"""


@dataclass(frozen=True)
class Stop:
    """Where the Tab key came to."""

    html: str
    is_seen: bool


def axe_complaints(page: Page) -> list[str]:
    """What axe finds on the page as it is now, in words."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(
        "async rules => (await axe.run(document, rules)).violations", _RULES
    )
    return [
        f"{page.url} {one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
    ]


def too_wide(page: Page) -> list[str]:
    return [f"{page.url} is wider than the window: {one}" for one in page.evaluate(_TOO_WIDE)]


def too_small(page: Page, least: int = 44) -> list[str]:
    """What a finger has to hit and is smaller than it, in CSS pixels."""
    return [f"{page.url} {one}" for one in page.evaluate(_TOO_SMALL, least)]


def shifted(page: Page) -> list[str]:
    """Needs NOTE_SHIFTS as an init script of the page."""
    shifts: dict[str, Any] = page.evaluate("window.shifts")
    return (
        [f"{page.url} moved by {shifts['sum']:.3f}: {shifts['what'][:6]}"]
        if shifts["sum"] > MOST_SHIFT
        else []
    )


def tab_stops(page: Page, most: int = 60) -> list[Stop]:
    """Every place that the Tab key comes to, from the beginning until it leaves the page or comes round."""
    page.evaluate("document.activeElement?.blur?.(); getSelection()?.removeAllRanges()")
    stops: list[Stop] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        at: dict[str, Any] | None = page.evaluate(_FOCUSED)
        if at is None or (stops and at["html"] == stops[0].html):
            break
        stops.append(Stop(at["html"], at["isSeen"]))
    return stops

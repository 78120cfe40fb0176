/** Combinations of keys: how they are named, shown, and when they belong to something else than a command. */
import { phrase } from "../language/phrase";

const isApple = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);

/** "Mod+Shift+z": Mod is Ctrl, or Command on Apple's machines. Letters are lower case. */
export function combination(event: KeyboardEvent): string {
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  // Shift is part of the sign itself for characters such as "?", and of the digits' places.
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  // With Alt some machines write other letters: then it is the key that counts.
  const placed = event.altKey ? /^Key([A-Z])$/.exec(event.code)?.[1] : undefined;
  const key = placed ?? event.key;
  const isLetter = /^[a-z]$/i.test(key);
  const isNamed = key.length > 1;
  if (event.shiftKey && (isLetter || isNamed || digit)) parts.push("Shift");
  parts.push(event.shiftKey && digit ? digit : isLetter ? key.toLowerCase() : key);
  return parts.join("+");
}

const SIGNS: Record<string, string> = {
  Mod: isApple ? "⌘" : "Ctrl",
  Alt: isApple ? "⌥" : "Alt",
  Shift: isApple ? "⇧" : phrase("Shift"),
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: phrase("PgUp"),
  PageDown: phrase("PgDn"),
  Escape: "Esc",
  Delete: "Del",
  Enter: phrase("Enter"),
  Backspace: phrase("Backspace"),
};

export function inSigns(combined: string): string {
  return combined
    .split("+")
    .map((part) => SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(isApple ? "" : "+");
}

/** True while letters are being composed, where somebody else has answered, and behind an open dialog. */
export function isHeldBack(event: KeyboardEvent): boolean {
  // Behind an open dialog nothing happens, even when its focused button has just been disabled.
  return event.isComposing || event.defaultPrevented || document.querySelector("dialog:modal") !== null;
}

/** True where keys belong to what is being written, or to an open menu or list. */
export function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as Element | null;
  if (!target?.closest) return false;
  // A slider or box takes no text: what is done with Ctrl is meant for the board.
  if ((event.ctrlKey || event.metaKey) && target.matches("input[type=range], input[type=checkbox]"))
    return false;
  return (
    target.closest(
      "input, textarea, select, [contenteditable=true], dialog, [popover], [role=menu], [role=listbox]",
    ) !== null
  );
}

/** Keys that no page should take: the browser keeps them, or people need them everywhere. */
import { phrase } from "../language/phrase";

const OWNED: Readonly<Record<string, string>> = {
  "Mod+n": phrase("opens a window"),
  "Mod+Shift+n": phrase("opens a private window"),
  "Mod+t": phrase("opens a tab"),
  "Mod+Shift+t": phrase("opens the last closed tab"),
  "Mod+w": phrase("closes the tab"),
  "Mod+Shift+w": phrase("closes the window"),
  "Mod+q": phrase("closes the browser"),
  "Mod+r": phrase("loads the page again"),
  "Mod+Shift+r": phrase("loads the page again"),
  "Mod+l": phrase("goes to the address"),
  "Mod+p": phrase("prints"),
  "Mod+f": phrase("searches the page"),
  "Mod+h": phrase("shows the history"),
  "Mod+j": phrase("shows the downloads"),
  "Mod+Tab": phrase("goes to the next tab"),
  "Mod+Shift+Tab": phrase("goes to the tab before"),
  "Mod+c": phrase("copies"),
  "Mod+v": phrase("pastes"),
  "Mod+x": phrase("cuts"),
  Tab: phrase("goes on to the next button or field"),
  "Shift+Tab": phrase("goes back to the button or field before"),
  " ": phrase("moves the view while it is held"),
  F1: phrase("shows the browser's help"),
  F5: phrase("loads the page again"),
  F6: phrase("goes to the address"),
  F7: phrase("reads with a cursor"),
  F11: phrase("fills the screen"),
  F12: phrase("shows the browser's tools"),
};

const SWITCHING = /^Mod\+\d$/;

/** Why a combination cannot be given to a command, in words; null: it can. */
export function refusalOf(combined: string, signs: string): string | null {
  const does = SWITCHING.test(combined) ? phrase("goes to another tab") : OWNED[combined];
  return does ? `${signs} ${does}: browsers and people rely on that. Choose another.` : null;
}

/** Only a modifier is pressed so far. */
export function isUnfinished(key: string): boolean {
  return ["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process"].includes(key);
}

/** Keys that no page should take: the browser keeps them, or people need them everywhere. */

const OWNED: Readonly<Record<string, string>> = {
  "Mod+n": "opens a window",
  "Mod+Shift+n": "opens a private window",
  "Mod+t": "opens a tab",
  "Mod+Shift+t": "opens the last closed tab",
  "Mod+w": "closes the tab",
  "Mod+Shift+w": "closes the window",
  "Mod+q": "closes the browser",
  "Mod+r": "loads the page again",
  "Mod+Shift+r": "loads the page again",
  "Mod+l": "goes to the address",
  "Mod+p": "prints",
  "Mod+f": "searches the page",
  "Mod+h": "shows the history",
  "Mod+j": "shows the downloads",
  "Mod+Tab": "goes to the next tab",
  "Mod+Shift+Tab": "goes to the tab before",
  "Mod+c": "copies",
  "Mod+v": "pastes",
  "Mod+x": "cuts",
  Tab: "goes on to the next button or field",
  "Shift+Tab": "goes back to the button or field before",
  " ": "moves the view while it is held",
  F1: "shows the browser's help",
  F5: "loads the page again",
  F6: "goes to the address",
  F7: "reads with a cursor",
  F11: "fills the screen",
  F12: "shows the browser's tools",
};

const SWITCHING = /^Mod\+\d$/;

/** Why a combination cannot be given to a command, in words; null: it can. */
export function refusalOf(combined: string, signs: string): string | null {
  const does = SWITCHING.test(combined) ? "goes to another tab" : OWNED[combined];
  return does ? `${signs} ${does}: browsers and people rely on that. Choose another.` : null;
}

/** Only a modifier is pressed so far. */
export function isUnfinished(key: string): boolean {
  return ["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process"].includes(key);
}

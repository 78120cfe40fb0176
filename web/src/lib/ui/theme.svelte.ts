/** Dark, light or as the system says: remembered in this browser. */

export type Theme = "system" | "dark" | "light";

const KEY = "webref.theme";

function remembered(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "dark" || kept === "light" ? kept : "system";
  } catch {
    return "system";
  }
}

class Themes {
  chosen = $state<Theme>(remembered());

  choose(theme: Theme): void {
    this.chosen = theme;
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Storage may be refused: then the choice lasts as long as the page.
    }
    this.apply();
  }

  /** Called once before the first paint, and after every choice. */
  apply(): void {
    if (this.chosen === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.chosen;
  }
}

export const theme = new Themes();

/** What was asked for lately, the last first: remembered in this browser. */

const KEY = "webref.recent-commands";
const MOST = 8;

function remembered(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

class Recent {
  ids = $state.raw<readonly string[]>(remembered());

  note(id: string): void {
    this.ids = [id, ...this.ids.filter((one) => one !== id)].slice(0, MOST);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.ids));
    } catch {
      // Storage may be refused: then it is forgotten with the page.
    }
  }
}

export const recent = new Recent();

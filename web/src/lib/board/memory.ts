/** Small things this browser remembers about boards: where one looked last, how the wheel behaves. */

const PREFIX = "webref.board.";

export function recall<T>(name: string): T | null {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return kept === null ? null : (JSON.parse(kept) as T);
  } catch {
    return null;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage may be full or refused: then it is forgotten with the page.
  }
}

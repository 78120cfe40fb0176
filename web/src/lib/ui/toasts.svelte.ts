/** Toasts: short words about what just happened, each with at most one action. */

export type ToastAction = { label: string; run: () => void | Promise<void> };
export type Toast = {
  id: number;
  text: string;
  tone: "plain" | "danger";
  action?: ToastAction;
  seconds: number;
};

const MOST_SHOWN = 4;

class Toasts {
  shown = $state<Toast[]>([]);
  #last = 0;

  /** Shows `text`; an action keeps it longer so that it can be reached. The same words again take the place of the first. Returns its id. */
  say(text: string, options: { tone?: Toast["tone"]; action?: ToastAction; seconds?: number } = {}): number {
    const id = ++this.#last;
    const seconds = options.seconds ?? (options.action || options.tone === "danger" ? 10 : 5);
    const toast: Toast = { id, text, tone: options.tone ?? "plain", seconds };
    if (options.action) toast.action = options.action;
    const others = this.shown.filter((one) => one.action || options.action || one.text !== text);
    this.shown = [...others, toast].slice(-MOST_SHOWN);
    return id;
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();

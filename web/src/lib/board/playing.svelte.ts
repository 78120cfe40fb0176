/** Whether animations move on an open board: for who wants less motion they stand still until asked to. */
import { toasts } from "../ui/toasts.svelte";

export class Playing {
  readonly isPossible = typeof ImageDecoder !== "undefined";
  private readonly stillness = matchMedia("(prefers-reduced-motion: reduce)");
  private wanted = $state(!this.stillness.matches);

  get isOn(): boolean {
    return this.isPossible && this.wanted;
  }

  toggle(): void {
    if (!this.isPossible) {
      toasts.say("This browser cannot play animations here: pictures stand still.");
      return;
    }
    this.wanted = !this.wanted;
    toasts.say(this.wanted ? "Animations play." : "Animations are paused.");
  }

  /** Goes along with the system's wish, until what it returns is called. */
  heed(): () => void {
    const heed = () => (this.wanted = !this.stillness.matches);
    this.stillness.addEventListener("change", heed);
    return () => this.stillness.removeEventListener("change", heed);
  }
}

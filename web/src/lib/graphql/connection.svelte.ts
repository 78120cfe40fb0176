/** Whether the live connection stands, for whoever shows it. */

type State = "idle" | "connecting" | "up" | "down";

class Connection {
  state = $state<State>("idle");
  /** When the line was lost; null while it stands. */
  lostAt = $state<number | null>(null);

  get isLost(): boolean {
    return this.lostAt !== null;
  }

  up(): void {
    this.state = "up";
    this.lostAt = null;
  }

  connecting(): void {
    this.state = "connecting";
  }

  idle(): void {
    this.state = "idle";
    this.lostAt = null;
  }

  down(): void {
    this.state = "down";
    this.lostAt ??= Date.now();
  }
}

export const connection = new Connection();

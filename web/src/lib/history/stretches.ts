/** A board's life in stretches between its kept moments: who acted in each, without reading what they did. */

export interface Told {
  readonly seq: number;
  readonly actors: readonly { readonly id: string; readonly name: string; readonly colour: string }[];
}

export interface Stretch {
  /** After this change … */
  readonly from: number;
  /** … up to this one. */
  readonly to: number;
  readonly names: string;
  /** A CSS background: one colour, or those of all who acted, one beside the other. */
  readonly colours: string;
}

/** From `start` up to change `until`, which may lie within a stretch. `moments`: the oldest first. */
export function stretchesOf(moments: readonly Told[], start: number, until: number): Stretch[] {
  const found: Stretch[] = [];
  let from = start;
  for (const { seq, actors } of moments) {
    const to = Math.min(seq, until - 1);
    if (to > from && actors.length) {
      const names = actors.map(({ name }) => name).join(", ");
      found.push({ from, to, names, colours: besideEachOther(actors.map(({ colour }) => colour)) });
    }
    from = Math.max(from, seq);
  }
  return found;
}

function besideEachOther(colours: readonly string[]): string {
  if (colours.length === 1) return colours[0]!;
  const part = 100 / colours.length;
  const stops = colours.map((colour, n) => `${colour} ${part * n}% ${part * (n + 1)}%`);
  return `linear-gradient(${stops.join(", ")})`;
}

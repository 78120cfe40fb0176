/** Colours of single pixels, in the forms in which people take them along. */

export interface Rgb {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

export function hexOf({ red, green, blue }: Rgb): string {
  return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

export function rgbOf({ red, green, blue }: Rgb): string {
  return `rgb(${red}, ${green}, ${blue})`;
}

/** The pixel at that place of RGBA bytes as it is seen over a ground. */
export function over(ground: Rgb, bytes: ArrayLike<number>, at: number): Rgb {
  const share = bytes[at + 3]! / 255;
  const mix = (value: number, below: number) => Math.round(value * share + below * (1 - share));
  return {
    red: mix(bytes[at]!, ground.red),
    green: mix(bytes[at + 1]!, ground.green),
    blue: mix(bytes[at + 2]!, ground.blue),
  };
}

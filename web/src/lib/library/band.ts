/** A rubber band over tiles: which of them it touches, and what is chosen by it. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Tile extends Box {
  readonly id: string;
}

/** From where it was begun to where the hand is, whichever way it was drawn. */
export function bandOf(from: { x: number; y: number }, to: { x: number; y: number }): Box {
  return {
    left: Math.min(from.x, to.x),
    top: Math.min(from.y, to.y),
    right: Math.max(from.x, to.x),
    bottom: Math.max(from.y, to.y),
  };
}

export function touched(tiles: readonly Tile[], band: Box): string[] {
  return tiles
    .filter(
      (tile) =>
        tile.left < band.right && tile.right > band.left && tile.top < band.bottom && tile.bottom > band.top,
    )
    .map(({ id }) => id);
}

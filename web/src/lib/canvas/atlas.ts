/** The atlas of a board: where in the server's pages of small pictures each picture lies. */
import type { Size } from "../geometry/packing";
import { toneKey, type Tone } from "./looks";

/** As the server tells it. */
export interface AtlasFacts {
  readonly cellSize: number;
  readonly columns: number;
  readonly step: number;
  readonly margin: number;
  readonly pages: readonly { readonly url: string; readonly images: readonly (string | null)[] }[];
}

/** Longest side of what an atlas shows, in pixels: smaller pictures are not asked for before it is known if there is one. */
export const AFAR_PX = 64;

/** Where a picture lies on the bitmap of its page. key: that the bitmap is known by. */
export interface Cell {
  readonly key: string;
  readonly url: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Slot {
  readonly page: number;
  readonly n: number;
  cell: Cell | null;
}

export class Atlas {
  readonly cellSize: number;
  private readonly slots = new Map<string, Slot>();
  private readonly keys: readonly string[];

  constructor(readonly facts: AtlasFacts) {
    this.cellSize = facts.cellSize;
    this.keys = facts.pages.map(({ url }) => `atlas${url}`);
    facts.pages.forEach(({ images }, page) =>
      images.forEach((id, n) => {
        if (id !== null) this.slots.set(id, { page, n, cell: null });
      }),
    );
  }

  /** Of its pages, which are other ones when what is on them is. */
  get addresses(): readonly string[] {
    return this.facts.pages.map(({ url }) => url);
  }

  has(imageId: string): boolean {
    return this.slots.has(imageId);
  }

  find(imageId: string, size: Size): Cell | null {
    const slot = this.slots.get(imageId);
    return slot ? (slot.cell ??= this.cellOf(slot, size)) : null;
  }

  /** Whether pages are kept in this tone too: one for each of many would be too much. */
  static hasTone({ brightness, contrast, saturation }: Tone): boolean {
    return brightness === 1 && contrast === 1 && saturation === 1;
  }

  static keyIn(cell: Cell, tone: Tone): string {
    return tone.grayscale ? cell.key + toneKey(tone) : cell.key;
  }

  private cellOf({ page, n }: Slot, { width, height }: Size): Cell {
    const { cellSize, columns, step, margin, pages } = this.facts;
    const scale = Math.min(1, cellSize / Math.max(width, height));
    return {
      key: this.keys[page]!,
      url: pages[page]!.url,
      x: margin + (n % columns) * step,
      y: margin + Math.floor(n / columns) * step,
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
    };
  }
}

/**
 * Pictures that move: which of them play, and the frame that each shows now.
 *
 * Frames are decoded when they are due; of each picture only the one that is shown is kept.
 */
import { tonePixels, toneKey, type Tone } from "./looks";

export interface Animation {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly durationMs: number;
  readonly sizeBytes: number;
}

/** A frame as it is drawn, and how long it is shown. */
export interface Frame {
  readonly bitmap: ImageBitmap;
  readonly ms: number;
}

/** Reads the frames of one animation in the tone that it was opened in. */
export interface Film {
  readonly frames: number;
  /** How often it is played; Infinity: for ever. */
  readonly plays: number;
  frame(index: number): Promise<Frame>;
  close(): void;
}

export type Open = (animation: Animation, tone: Tone | null) => Promise<Film>;

interface Wish {
  readonly animation: Animation;
  readonly tone: Tone | null;
  readonly pixels: number;
}

export const MOST_PLAYING = 24;
/** Smaller on the screen, the still picture will do. */
export const SMALLEST_PX = 32;
/** Out of view for so long, it begins anew when it comes back. */
const LINGER_MS = 5_000;
const RETRY_MS = 30_000;

/** The largest of those that are large enough, at most so many. */
export function chosen<T extends { readonly pixels: number }>(
  wishes: ReadonlyMap<string, T>,
  most = MOST_PLAYING,
): Map<string, T> {
  const seen = [...wishes].filter(([, { pixels }]) => pixels >= SMALLEST_PX);
  return new Map(seen.sort(([, a], [, b]) => b.pixels - a.pixels).slice(0, most));
}

/** Which frame comes after that one, and in which round; null: it was the last of the last. */
export function after(
  index: number,
  round: number,
  { frames, plays }: Pick<Film, "frames" | "plays">,
): { index: number; round: number } | null {
  if (index + 1 < frames) return { index: index + 1, round };
  return round + 1 < plays && frames > 1 ? { index: 0, round: round + 1 } : null;
}

/** When a frame that was due then is over; who came late goes on from now and does not hurry after. */
export function dueAfter(due: number, ms: number, now: number): number {
  return now - due > ms ? now + ms : due + ms;
}

class Player {
  bitmap: ImageBitmap | null = null;
  /** When the next frame is to be shown; Infinity: never, or it is being decoded. */
  due = 0;
  seenAt = 0;
  private opened: Promise<Film> | null = null;
  private next: { index: number; round: number } | null = { index: 0, round: 0 };
  private isClosed = false;

  constructor(
    private readonly open: () => Promise<Film>,
    private readonly clock: () => number,
  ) {}

  /** Shows the next frame. Rejects where there is none. */
  async step(): Promise<void> {
    const due = this.due;
    this.due = Infinity;
    const film = await (this.opened ??= this.open());
    if (!this.next || this.isClosed) return;
    const { index, round } = this.next;
    const { bitmap, ms } = await film.frame(index);
    if (this.isClosed) {
      bitmap.close();
      return;
    }
    this.bitmap?.close();
    this.bitmap = bitmap;
    this.next = after(index, round, film);
    if (this.next) this.due = dueAfter(due, ms, this.clock());
  }

  close(): void {
    this.isClosed = true;
    this.bitmap?.close();
    this.bitmap = null;
    this.opened?.then(
      (film) => film.close(),
      () => {},
    );
  }
}

export class Animations {
  /** For tests and for the curious. */
  readonly counters = { shown: 0, failed: 0 };

  private readonly players = new Map<string, Player>();
  private readonly failedAt = new Map<string, number>();
  private wishes = new Map<string, Wish>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private playing = true;
  private isAwake = true;

  constructor(
    private readonly onFrame: () => void,
    private readonly open: Open | null = filmOpener(),
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Whether this browser can play at all. */
  get canPlay(): boolean {
    return this.open !== null;
  }

  get isPlaying(): boolean {
    return this.playing;
  }

  /** Paused, each stands still where it is. */
  set isPlaying(value: boolean) {
    this.playing = value;
    this.end();
  }

  /** Asleep while nobody looks. */
  set awake(value: boolean) {
    this.isAwake = value;
    this.plan();
  }

  /** Everything is painted anew: what is not asked for from here on is not seen. */
  begin(): void {
    this.wishes = new Map();
  }

  /** What it shows now, if it plays or was paused; it is seen at so many pixels on its longest side. */
  find(id: string, animation: Animation, tone: Tone | null, pixels: number): ImageBitmap | null {
    if (!this.open || animation.frames < 2) return null;
    const key = id + (tone ? toneKey(tone) : "");
    const known = this.wishes.get(key);
    if (!known || known.pixels < pixels) this.wishes.set(key, { animation, tone, pixels });
    return this.players.get(key)?.bitmap ?? null;
  }

  /** The painting is over: starts those that are seen now, and lets go of others. */
  end(): void {
    const { open } = this;
    if (!open) return;
    const now = this.clock();
    const wanted = chosen(this.wishes);
    for (const [key, player] of this.players) {
      if (wanted.has(key)) player.seenAt = now;
      else if (this.wishes.has(key) || now - player.seenAt >= LINGER_MS) this.drop(key);
    }
    if (this.playing) {
      for (const [key, { animation, tone }] of wanted) {
        if (this.players.has(key) || now - (this.failedAt.get(key) ?? -RETRY_MS) < RETRY_MS) continue;
        const player = new Player(() => open(animation, tone), this.clock);
        player.due = now;
        player.seenAt = now;
        this.players.set(key, player);
      }
    }
    const spare = [...this.players.keys()].filter((key) => !wanted.has(key));
    for (const key of spare.slice(0, Math.max(0, this.players.size - 2 * MOST_PLAYING))) this.drop(key);
    this.plan();
  }

  close(): void {
    this.isAwake = false;
    clearTimeout(this.timer);
    for (const key of [...this.players.keys()]) this.drop(key);
  }

  private drop(key: string): void {
    this.players.get(key)?.close();
    this.players.delete(key);
  }

  /** Sets the one timer to when something is due next. */
  private plan(): void {
    clearTimeout(this.timer);
    if (!this.isAwake) return;
    const now = this.clock();
    let next = Infinity;
    for (const [key, { due, seenAt }] of this.players) {
      if (!this.wishes.has(key)) next = Math.min(next, seenAt + LINGER_MS);
      else if (this.playing) next = Math.min(next, due);
    }
    if (next < Infinity) this.timer = setTimeout(() => this.tick(), Math.max(0, next - now));
  }

  private tick(): void {
    const now = this.clock();
    for (const [key, player] of [...this.players]) {
      if (!this.wishes.has(key)) {
        if (now - player.seenAt >= LINGER_MS) this.drop(key);
      } else if (this.playing && player.due <= now) void this.step(key, player);
    }
    this.plan();
  }

  private async step(key: string, player: Player): Promise<void> {
    try {
      const before = player.bitmap;
      await player.step();
      if (player.bitmap !== before && this.players.get(key) === player) {
        this.counters.shown += 1;
        this.onFrame();
      }
    } catch {
      this.counters.failed += 1;
      if (this.players.get(key) === player) {
        this.failedAt.set(key, this.clock());
        this.drop(key);
        this.onFrame();
      }
    }
    this.plan();
  }
}

/** Null where the browser lacks WebCodecs' decoder of images: then pictures stand still. */
function filmOpener(): Open | null {
  return typeof ImageDecoder === "undefined" ? null : openFilm;
}

async function openFilm(animation: Animation, tone: Tone | null): Promise<Film> {
  const response = await fetch(animation.url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status}`);
  const data = await response.arrayBuffer();
  const decoder = new ImageDecoder({ data, type: "image/webp", preferAnimation: true });
  try {
    await decoder.tracks.ready;
    await decoder.completed;
  } catch (error) {
    decoder.close();
    throw error;
  }
  const track = decoder.tracks.selectedTrack;
  return {
    frames: track?.frameCount ?? 0,
    plays: (track?.repetitionCount ?? Infinity) + 1,
    async frame(frameIndex) {
      const { image } = await decoder.decode({ frameIndex });
      try {
        const ms = (image.duration ?? 100_000) / 1000;
        return { bitmap: tone ? toned(image, tone) : await createImageBitmap(image), ms };
      } finally {
        image.close();
      }
    },
    close: () => decoder.close(),
  };
}

function toned(image: VideoFrame, tone: Tone): ImageBitmap {
  const canvas = new OffscreenCanvas(image.displayWidth, image.displayHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  tonePixels(pixels.data, tone);
  context.putImageData(pixels, 0, 0);
  return canvas.transferToImageBitmap();
}

/** What is still being made of a board's pictures: heard of as it comes, and of nothing that is there already. */
import {
  AwaitedPicturesDocument,
  BoardPicturesDocument,
  type PictureFactsFragment,
} from "$generated/graphql";
import { MOVING, isDeep, type Picture } from "../canvas/pictures";
import { subscribe } from "../graphql/subscriptions";

type Told = (facts: PictureFactsFragment) => void;
type Subscribe = typeof subscribe;

/** As many as one subscription may name. */
const MOST_AWAITED = 500;

/** Whether more will come of a picture that is ready: its tiles, or how it moves. */
export function isAwaited(picture: Picture): boolean {
  if (picture.state !== "READY") return false;
  return (isDeep(picture) && !picture.tiles) || (isMoving(picture) && !picture.animation);
}

function isMoving({ frames, mime }: Picture): boolean {
  return frames > 1 && MOVING.has(mime);
}

export class Awaiting {
  private stopAll: (() => void) | null = null;
  private stopAwaited: (() => void) | null = null;
  private awaited = new Set<string>();

  constructor(
    private readonly boardId: string,
    private readonly tell: Told,
    private readonly listen: Subscribe = subscribe,
  ) {}

  /** Listens while some picture lacks renditions; then, and on a board that opens so, for what comes after. */
  follow(pictures: Iterable<Picture>): void {
    if (this.stopAll) return;
    const all = [...pictures];
    if (all.some(({ state }) => state === "WAITING" || state === "WORKING")) {
      this.stop();
      this.stopAll = this.listen(BoardPicturesDocument, () => ({ boardId: this.boardId }), {
        next: ({ imageProgress }) => this.tell(imageProgress.image),
        failed: () => (this.stopAll = null),
      });
      return;
    }
    const awaited = all.filter(isAwaited).map(({ id }) => id);
    if (awaited.every((id) => this.awaited.has(id))) return;
    this.stop();
    this.awaited = new Set(awaited.slice(-MOST_AWAITED));
    this.stopAwaited = this.listen(AwaitedPicturesDocument, () => ({ imageIds: [...this.awaited] }), {
      next: ({ imageProgress }) => this.tell(imageProgress.image),
      // One of them is gone by now: who reads the board anew asks for the others.
      failed: () => this.stop(),
    });
  }

  stop(): void {
    this.stopAll?.();
    this.stopAwaited?.();
    this.stopAll = this.stopAwaited = null;
    this.awaited.clear();
  }
}

/** What is known of a picture after it was told of again: never a step back to less of it. */
export function more(known: Picture | undefined, told: Picture): Picture {
  if (!known || told.state === "FAILED") return told;
  if (told.renditions.length < known.renditions.length) return known;
  return {
    ...told,
    tiles: told.tiles ?? known.tiles,
    animation: told.animation ?? known.animation,
  };
}

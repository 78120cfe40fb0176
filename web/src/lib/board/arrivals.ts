/** Pictures on their way onto the board: shown as placeholders at once, placed for good when their upload is through. */
import type { Picture } from "../canvas/pictures";
import { fitting, toBoard, type Camera } from "../geometry/camera";
import { packed, type Size, type Spot } from "../geometry/packing";
import { boundsOf, union, type Point } from "../geometry/shapes";
import { measure } from "../upload/measure";
import type { Upload } from "../upload/uploads";
import type { UploadedImage } from "../upload/transfer";
import { newId } from "../uuid";
import type { Editor } from "./editor";
import { BLANK, PLAIN, type Item } from "./operations";
import { ranksBetween } from "./ordering";
import { counted } from "./commands";

const UNKNOWN_SIZE = { width: 1000, height: 1000 };
const FLUSH_MS = 150;
const MOST_AT_ONCE = 100;
/** Small batches are shown from the person's own files until renditions arrive; large ones would cost too much. */
const MOST_LOCAL = 24;
const MOST_LOCAL_BYTES = 12_000_000;

export class Arrivals {
  /** Placeholders, in the order in which they were dropped. */
  readonly ghosts = new Map<string, Item>();
  readonly local = new Map<string, Blob>();
  /** Is told of each document that was brought: more than its first page may be wanted. */
  documentCame: (item: Item, image: UploadedImage) => void = () => undefined;
  private ready: Item[] = [];
  /** Items that were sent to the board, by the file that each was. */
  private readonly sent = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly editor: Editor,
    private readonly pictures: Map<string, Picture>,
  ) {}

  /** Lays placeholders around `point` and returns what is to be uploaded. */
  async lay(files: readonly File[], point: Point): Promise<{ imageId: string; file: File }[]> {
    return this.layOut(files, await Promise.all(files.map(async (file) => await measure(file))), point);
  }

  /** The same where sizes are known, or nobody knows them: pictures that the server fetches. */
  layOut(
    files: readonly File[],
    known: readonly (Size | null)[],
    point: Point,
  ): { imageId: string; file: File }[] {
    const sizes = known.map((size) => size ?? UNKNOWN_SIZE);
    const spots = packed(sizes, point, this.aspect);
    const ranks = ranksBetween(this.frontRank, null, files.length);
    const showsLocal = files.length <= MOST_LOCAL;
    const parcels = files.map((file, i) => {
      const imageId = newId();
      this.put(imageId, sizes[i]!, spots[i]!, ranks[i]!);
      if (showsLocal && file.size <= MOST_LOCAL_BYTES) this.local.set(imageId, file);
      return { imageId, file };
    });
    this.editor.tell("items");
    return parcels;
  }

  /** Placeholders from an earlier page, where they were. */
  restore(kept: readonly { imageId: string; place: Item; file?: File }[]): void {
    const showsLocal = kept.length <= MOST_LOCAL;
    for (const { imageId, place, file } of kept) {
      this.ghosts.set(imageId, place);
      if (showsLocal && file && file.size <= MOST_LOCAL_BYTES) this.local.set(imageId, file);
    }
    this.editor.tell("items");
  }

  /** Which files are on the board now, of those whose items are said to be. */
  landed(itemIds: Iterable<string>): string[] {
    const files: string[] = [];
    for (const id of itemIds) {
      const imageId = this.sent.get(id);
      if (imageId !== undefined && this.sent.delete(id)) files.push(imageId);
    }
    return files;
  }

  /** The file is stored: its placeholder becomes an item, together with others that arrive at the same time. */
  arrived(upload: Upload, image: UploadedImage): void {
    const ghost = this.ghosts.get(upload.imageId);
    if (!ghost) return;
    // Known bytes get the picture that is there already, under its own id.
    const known = this.pictures.get(image.id);
    if (!known) this.pictures.set(image.id, arrivedPicture(image));
    const local = this.local.get(upload.imageId);
    if (local && image.id !== upload.imageId) this.local.set(image.id, local);
    // Where the size was unknown before, the picture stays inside the room that was kept for it.
    const scale = ghost.transform.scale * Math.min(ghost.width / image.width, ghost.height / image.height);
    const item: Item = {
      ...ghost,
      imageId: image.id,
      width: image.width,
      height: image.height,
      transform: { ...ghost.transform, scale },
    };
    this.ghosts.set(upload.imageId, item);
    this.ready.push(item);
    if (image.pages > 1) this.documentCame(item, image);
    this.editor.tell("items");
    if (this.ready.length >= MOST_AT_ONCE) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** The pictures of an archive take the place of its placeholder, together. */
  unpacked(upload: Upload, images: readonly UploadedImage[]): void {
    const ghost = this.ghosts.get(upload.imageId);
    if (!ghost) return;
    const spots = packed(images, ghost.transform, this.aspect);
    const ranks = ranksBetween(this.frontRank, null, images.length);
    const items = images.map((image, i): Item => {
      if (!this.pictures.has(image.id)) this.pictures.set(image.id, arrivedPicture(image));
      // The first has the id of the placeholder: where it is on the board, the archive was laid out.
      const id = i === 0 ? ghost.id : newId();
      const { width, height } = image;
      const transform = { ...ghost.transform, ...spots[i]! };
      return { ...ghost, id, imageId: image.id, width, height, transform, z: ranks[i]! };
    });
    this.ghosts.delete(upload.imageId);
    this.sent.set(ghost.id, upload.imageId);
    this.editor.perform({ kind: "add", items }, `Add ${counted(items, "picture", "pictures")}`);
  }

  gaveUp(upload: Upload): void {
    if (upload.state === "cancelled") this.forget(upload);
    this.editor.tell("items");
  }

  /** A cancelled file is sent after all: its placeholder comes back in the middle of what is seen. */
  async relay(upload: Upload): Promise<void> {
    const size = (await measure(upload.file)) ?? UNKNOWN_SIZE;
    const { camera, viewport } = this.editor;
    const middle = toBoard(camera, { x: viewport.width / 2, y: viewport.height / 2 });
    this.put(upload.imageId, size, packed([size], middle)[0]!, ranksBetween(this.frontRank, null, 1)[0]!);
    this.editor.tell("items");
  }

  forget(upload: { readonly imageId: string }): void {
    this.ghosts.delete(upload.imageId);
    this.local.delete(upload.imageId);
    this.editor.tell("items");
  }

  /** A camera that shows all that is on its way. */
  cameraForGhosts(): Camera | null {
    const bounds = union([...this.ghosts.values()].map(boundsOf));
    return bounds ? fitting(bounds, this.editor.viewport, 80, 1) : null;
  }

  /** Stored files wait to be placed together. */
  get isGathering(): boolean {
    return this.ready.length > 0;
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const items = this.ready;
    this.ready = [];
    if (!items.length) return;
    const placed = new Set(items.map((item) => item.id));
    for (const [imageId, ghost] of this.ghosts) {
      if (!placed.has(ghost.id)) continue;
      this.ghosts.delete(imageId);
      this.sent.set(ghost.id, imageId);
    }
    this.editor.perform({ kind: "add", items }, `Add ${counted(items, "picture", "pictures")}`);
  }

  private put(imageId: string, size: Size, { x, y, scale }: Spot, z: string): void {
    this.ghosts.set(imageId, {
      id: newId(),
      kind: "IMAGE",
      transform: { x, y, scale, rotation: 0, flipX: false, flipY: false },
      width: size.width,
      height: size.height,
      z,
      parentId: null,
      ...PLAIN,
      ...BLANK,
      imageId,
    });
  }

  /** How wide a block of pictures is laid out, by the screen. */
  private get aspect(): number {
    const { width, height } = this.editor.viewport;
    return Math.max(1, Math.min(2.4, width / height));
  }

  private get frontRank(): string | null {
    let front = this.editor.store.topRank;
    for (const ghost of this.ghosts.values()) if (front === null || ghost.z > front) front = ghost.z;
    return front;
  }
}

export function arrivedPicture(image: UploadedImage): Picture {
  return {
    id: image.id,
    name: image.name,
    title: "",
    width: image.width,
    height: image.height,
    placeholder: image.placeholder,
    palette: image.palette,
    state: image.state,
    failure: null,
    pages: image.pages,
    mime: "",
    originalUrl: "",
    fullUrl: null,
    hasAlpha: false,
    frames: 1,
    tiles: null,
    animation: null,
    renditions: [],
  };
}

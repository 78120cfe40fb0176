/** What is brought onto a board beside files: pictures of the library, pages of documents; and videos that play there. */
import type { LibraryPictureFragment } from "$generated/graphql";
import type { Picture } from "../canvas/pictures";
import { toBoard } from "../geometry/camera";
import { packed } from "../geometry/packing";
import type { Point } from "../geometry/shapes";
import type { UploadedImage } from "../upload/transfer";
import { toasts } from "../ui/toasts.svelte";
import { newId } from "../uuid";
import { counted } from "./commands";
import { BLANK, PLAIN, type Item } from "./operations";
import { ranksBetween } from "./ordering";
import { putInPlace } from "./replacing";
import type { BoardSession } from "./session.svelte";
import { mayPlay } from "../ui/playing";

export class Material {
  isLibraryOpen = $state(false);
  /** The document whose pages are being chosen. */
  document = $state.raw<Item | null>(null);
  /** The item whose video plays. */
  playing = $state<string | null>(null);
  /** Those that the library shows, by id: what is dragged out of it is known here. */
  readonly shown = new Map<string, LibraryPictureFragment>();

  constructor(private readonly session: BoardSession) {
    session.arrivals.documentCame = (item, image) => this.offerPages(item, image);
  }

  toggleLibrary(): void {
    this.isLibraryOpen = !this.isLibraryOpen;
  }

  /** The picture of an item, where it is the only one selected. */
  get only(): { item: Item; picture: Picture } | null {
    const [item, ...more] = this.session.editor.selected;
    if (!item?.imageId || more.length) return null;
    const picture = this.session.pictures.get(item.imageId);
    return picture ? { item, picture } : null;
  }

  get canChoosePages(): boolean {
    return this.session.editor.canEdit && (this.only?.picture.pages ?? 1) > 1;
  }

  choosePages(): void {
    if (this.canChoosePages) this.document = this.only!.item;
  }

  get canPlay(): boolean {
    const { only } = this;
    return only !== null && mayPlay(only.picture.mime);
  }

  togglePlaying(): void {
    const { only } = this;
    this.playing = this.canPlay && this.playing !== only!.item.id ? only!.item.id : null;
  }

  /** Lays pictures of the library around a point of the screen, together. */
  place(ids: readonly string[], at?: Point): void {
    const { editor, pictures } = this.session;
    const found = ids.flatMap((id) => this.shown.get(id) ?? []);
    if (!found.length || !editor.canEdit) return;
    const { width, height } = editor.viewport;
    const around = toBoard(editor.camera, at ?? { x: width / 2, y: height / 2 });
    const spots = packed(found, around, Math.max(1, Math.min(2.4, width / height)));
    const ranks = ranksBetween(editor.store.topRank, null, found.length);
    const items = found.map((picture, i): Item => {
      if (!pictures.has(picture.id)) pictures.set(picture.id, seenOf(picture));
      return {
        ...PLAIN,
        ...BLANK,
        id: newId(),
        kind: "IMAGE",
        imageId: picture.id,
        width: picture.width,
        height: picture.height,
        transform: { ...spots[i]!, rotation: 0, flipX: false, flipY: false },
        z: ranks[i]!,
        parentId: null,
      };
    });
    editor.perform({ kind: "add", items }, `Add ${counted(items, "picture", "pictures")}`);
    editor.select(items.map(({ id }) => id));
  }

  /** One that the library shows, in the place of a picture on the board. */
  replace(item: Item, id: string): void {
    const picture = this.shown.get(id);
    if (picture) putInPlace(this.session, item.id, seenOf(picture));
  }

  private offerPages(item: Item, { name, pages }: UploadedImage): void {
    toasts.say(`“${name}” has ${pages} pages; the first is shown.`, {
      action: { label: "Pages…", run: () => void (this.document = item) },
    });
  }
}

/** What the library knows of a picture, until the board is told all of it. */
function seenOf(picture: LibraryPictureFragment): Picture {
  return {
    ...picture,
    failure: picture.failure ?? null,
    pages: 1,
    frames: 1,
    mime: "",
    originalUrl: "",
    fullUrl: null,
    hasAlpha: false,
    tiles: null,
    animation: null,
  };
}

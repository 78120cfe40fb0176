/** The viewer's pictures as asked for: searched, tagged, and sharpening while one looks. */
import { LibraryDocument, LibraryProgressDocument, type LibraryPictureFragment } from "$generated/graphql";
import { request } from "../graphql/client";
import { Paged, type Read } from "../graphql/paged.svelte";
import { subscribe } from "../graphql/subscriptions";

/** The most pictures watched at once; the others are found finished at the next refresh. */
const MOST_WATCHED = 200;

export class Library {
  readonly pictures: Paged<LibraryPictureFragment>;
  search = $state("");
  tags = $state.raw<readonly string[]>([]);

  constructor() {
    this.pictures = new Paged(this.#read(), 60);
  }

  look(search = this.search, tags = this.tags): Promise<void> {
    this.search = search;
    this.tags = tags;
    return this.pictures.restart(this.#read());
  }

  get isAsking(): boolean {
    return this.search.trim() !== "" || this.tags.length > 0;
  }

  /** Pictures on the screen whose renditions are still being made. */
  get unfinished(): string[] {
    return this.pictures.nodes
      .filter((picture) => picture.state === "WAITING" || picture.state === "WORKING")
      .map((picture) => picture.id)
      .slice(0, MOST_WATCHED);
  }

  /** Shows each rendition as it is made. Returns what ends it. */
  watch(imageIds: string[]): () => void {
    return subscribe(LibraryProgressDocument, () => ({ imageIds }), {
      next: ({ imageProgress }) => this.pictures.replace(imageProgress.image),
      failed: () => void this.pictures.refresh(),
    });
  }

  #read(): Read<LibraryPictureFragment> {
    const asked = { search: this.search.trim() || null, tags: this.tags.length > 0 ? [...this.tags] : null };
    return async (first, after, signal) =>
      (await request(LibraryDocument, { ...asked, first, after }, { signal })).images;
  }
}

const libraries = new Map<string, Library>();

/** One per person, kept while the app is open, so that coming back shows it at once. */
export function libraryOf(accountId: string): Library {
  let library = libraries.get(accountId);
  if (!library) {
    library = new Library();
    libraries.set(accountId, library);
  }
  return library;
}

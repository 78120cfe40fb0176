/** The viewer's pictures as asked for, sharpening while one looks. */
import {
  LibraryDocument,
  LibraryProgressDocument,
  SimilarPicturesDocument,
  type LibraryPictureFragment,
} from "$generated/graphql";
import { request } from "../graphql/client";
import { Paged, type Read } from "../graphql/paged.svelte";
import { subscribe } from "../graphql/subscriptions";
import { NOTHING, filterOf, isAsking, sortOf, type Question } from "./question";

/** The most pictures watched at once; the others are found finished at the next refresh. */
const MOST_WATCHED = 200;

export class Library {
  readonly pictures: Paged<LibraryPictureFragment>;
  asked = $state.raw<Question>(NOTHING);

  constructor() {
    this.pictures = new Paged(this.#read(), 60);
  }

  look(asked = this.asked): Promise<void> {
    this.asked = asked;
    return this.pictures.restart(this.#read());
  }

  get isAsking(): boolean {
    return isAsking(this.asked);
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
    const { like } = this.asked;
    if (like) {
      return async (first, after, signal) => {
        const asked = { to: like, first, after };
        const { similarImages } = await request(SimilarPicturesDocument, asked, { signal });
        return { ...similarImages, nodes: similarImages.nodes.map(({ image }) => image) };
      };
    }
    const asked = { filter: filterOf(this.asked), sort: sortOf(this.asked) };
    return async (first, after, signal) =>
      (await request(LibraryDocument, { ...asked, first, after }, { signal })).images;
  }
}

const libraries = new Map<string, Library>();

/** One per person, kept while the app is open, so that coming back shows it at once. */
export function libraryOf(accountId: string): Library {
  return kept(accountId);
}

/** The same beside a board: what is asked there has nothing to do with what the page of the library asks. */
export function besideOf(accountId: string): Library {
  return kept(`${accountId}/beside`);
}

function kept(key: string): Library {
  let library = libraries.get(key);
  if (!library) {
    library = new Library();
    libraries.set(key, library);
  }
  return library;
}

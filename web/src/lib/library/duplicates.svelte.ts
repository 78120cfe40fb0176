/** Pictures that are nearly one, group by group, and what can be done about each. */
import {
  DismissDuplicatesDocument,
  DuplicatesDocument,
  MergePicturesDocument,
  RestoreDuplicatesDocument,
  TakeBackMergedDocument,
  UndoOnBoardDocument,
  type DuplicatePictureFragment,
} from "$generated/graphql";
import { request } from "../graphql/client";
import { Paged } from "../graphql/paged.svelte";
import { dayInWords } from "../ui/words";
import { newId } from "../uuid";

export interface Group {
  /** Of the first picture by id: a group is another once that one is gone. */
  id: string;
  likeness: number;
  pictures: readonly DuplicatePictureFragment[];
  /** How many there are, those not shown included. */
  count: number;
}

/** A merge that was done: what was moved where, and where something was left. */
export interface Done {
  mergedIds: readonly string[];
  boardIds: readonly string[];
  leftOn: readonly { id: string; title: string }[];
}

export class Duplicates {
  readonly groups = new Paged<Group>(async (first, after, signal) => {
    const { duplicates } = await request(DuplicatesDocument, { first, after }, { signal });
    const nodes = duplicates.nodes.map(({ likeness, images }) => ({
      id: images.nodes.map(({ id }) => id).sort()[0] ?? "",
      likeness,
      pictures: images.nodes,
      count: images.totalCount,
    }));
    return { ...duplicates, nodes };
  }, 10);

  look(): Promise<void> {
    return this.groups.refresh();
  }

  async dismiss(group: Group): Promise<void> {
    const ids = group.pictures.map(({ id }) => id);
    await request(DismissDuplicatesDocument, { input: { ids, clientMutationId: newId() } });
    this.groups.remove([group.id]);
  }

  async restore(group: Group): Promise<void> {
    const ids = group.pictures.map(({ id }) => id);
    await request(RestoreDuplicatesDocument, { input: { ids, clientMutationId: newId() } });
    await this.groups.refresh();
  }

  async merge(group: Group, keepId: string): Promise<Done> {
    const ids = group.pictures.map(({ id }) => id).filter((id) => id !== keepId);
    const input = { keepId, ids, clientMutationId: newId() };
    const { mergeImages } = await request(MergePicturesDocument, { input });
    if (group.count > group.pictures.length) await this.groups.refresh();
    else this.groups.remove([group.id]);
    return {
      mergedIds: mergeImages.merged.map(({ id }) => id),
      boardIds: mergeImages.changes.map(({ board }) => board.id),
      leftOn: mergeImages.leftOn,
    };
  }

  /** Out of the trash again, and back into their places; answers on how many boards that was not possible. */
  async takeBack(done: Done): Promise<number> {
    await request(TakeBackMergedDocument, { input: { ids: [...done.mergedIds], clientMutationId: newId() } });
    let refused = 0;
    for (const boardId of done.boardIds) {
      try {
        await request(UndoOnBoardDocument, { input: { boardId, clientMutationId: newId() } });
      } catch {
        refused += 1;
      }
    }
    await this.groups.refresh();
    return refused;
  }
}

/** What sets a picture apart from the one it is compared with, as short words; nothing of what is alike. */
export function differences(
  picture: DuplicatePictureFragment,
  other: DuplicatePictureFragment,
): ReadonlySet<"pixels" | "format" | "bytes" | "date"> {
  const found = new Set<"pixels" | "format" | "bytes" | "date">();
  if (picture.width !== other.width || picture.height !== other.height) found.add("pixels");
  if (picture.format !== other.format) found.add("format");
  if (picture.sizeBytes !== other.sizeBytes) found.add("bytes");
  if (dayOf(picture) !== dayOf(other)) found.add("date");
  return found;
}

/** When it was taken, else added: the day is what is shown. */
export function dayOf(picture: DuplicatePictureFragment): string {
  return dayInWords(picture.takenAt ?? picture.createdAt);
}

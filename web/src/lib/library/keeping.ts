/** What is done with many pictures at once, each a single call that is all or nothing. */
import {
  DeletePicturesDocument,
  EditPicturesDocument,
  PlaceOnBoardDocument,
  RenamePicturesDocument,
  RestorePicturesDocument,
  TagPicturesDocument,
  TrashPicturesDocument,
  WhereUsedDocument,
  type LibraryPictureFragment,
} from "$generated/graphql";
import { request } from "../graphql/client";
import { isAccessStale, renewAccess } from "../graphql/session";
import { newId } from "../uuid";

type Picture = LibraryPictureFragment;

/** `nodes` takes so many ids. */
const MOST_NODES = 100;
const MOST_AT_ONCE = 500;

export async function tag(ids: string[], add: string[], remove: string[]): Promise<readonly Picture[]> {
  const input = { ids, add, remove, clientMutationId: newId() };
  return (await request(TagPicturesDocument, { input })).tagImages.images;
}

export async function rename(ids: string[], pattern: string, start: number): Promise<readonly Picture[]> {
  const input = { ids, pattern, start, clientMutationId: newId() };
  return (await request(RenamePicturesDocument, { input })).renameImages.images;
}

/** Gives each its words of before: what takes `tag` and `rename` back. */
export async function putBack(pictures: readonly Picture[]): Promise<readonly Picture[]> {
  const images = pictures.map(({ id, name, tags }) => ({ id, name, tags: [...tags] }));
  const input = { images, clientMutationId: newId() };
  return (await request(EditPicturesDocument, { input })).editImages.images;
}

export async function trash(ids: string[]): Promise<void> {
  await request(TrashPicturesDocument, { input: { ids, clientMutationId: newId() } });
}

export async function restore(ids: string[]): Promise<readonly Picture[]> {
  const input = { ids, clientMutationId: newId() };
  return (await request(RestorePicturesDocument, { input })).restoreImages.images;
}

/** Returns the ids of those that boards still need. */
export async function deleteForGood(ids: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (let at = 0; at < ids.length; at += MOST_AT_ONCE) {
    const input = { ids: ids.slice(at, at + MOST_AT_ONCE), clientMutationId: newId() };
    kept.push(...(await request(DeletePicturesDocument, { input })).deleteImages.kept.map(({ id }) => id));
  }
  return kept;
}

export interface Use {
  /** How many of the pictures lie on boards. */
  pictures: number;
  boards: { id: string; title: string }[];
}

/** Where they are shown, as far as the viewer may read. */
export async function uses(ids: readonly string[]): Promise<Use> {
  const boards = new Map<string, string>();
  let pictures = 0;
  for (let at = 0; at < ids.length; at += MOST_NODES) {
    const { nodes } = await request(WhereUsedDocument, { ids: ids.slice(at, at + MOST_NODES) });
    for (const node of nodes) {
      if (!node || !("boards" in node) || node.boards.totalCount === 0) continue;
      pictures += 1;
      for (const board of node.boards.nodes) boards.set(board.id, board.title);
    }
  }
  return { pictures, boards: [...boards].map(([id, title]) => ({ id, title })) };
}

export async function placeOn(boardId: string, ids: readonly string[]): Promise<void> {
  const items = ids.map((imageId) => ({ content: { imageId } }));
  await request(PlaceOnBoardDocument, { input: { boardId, items, clientMutationId: newId() } });
}

/** Has the browser save them: one as it is, several as a zip that is streamed to the disk. */
export async function download(ids: readonly string[]): Promise<void> {
  if (isAccessStale()) await renewAccess();
  if (ids.length === 1) {
    const link = document.createElement("a");
    link.href = `/files/${ids[0]}/original?download=1`;
    link.download = "";
    link.click();
    return;
  }
  // A form, since so many ids are too long for an address.
  const form = document.createElement("form");
  form.method = "post";
  // What is refused is said on a page of its own; what is saved opens none.
  form.target = "_blank";
  form.action = "/files/zip";
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "images";
  field.value = ids.join(",");
  form.append(field);
  document.body.append(form);
  form.submit();
  form.remove();
}

/** "12 days left", "leaves today": how long a picture stays in the trash. */
export function daysLeft(keptUntil: string | null | undefined, now = Date.now()): string {
  if (!keptUntil) return "Kept until deleted";
  const days = Math.ceil((Date.parse(keptUntil) - now) / 86_400_000);
  return days > 1 ? `${days} days left` : days === 1 ? "1 day left" : "Leaves today";
}

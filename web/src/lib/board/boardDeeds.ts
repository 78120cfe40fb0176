/** What is done to a board as a whole or to its pictures, beside what its history knows: told at once, and taken back in words. */
import { EditBoardDocument, RetryBoardPicturesDocument } from "$generated/graphql";
import { request } from "../graphql/client";
import { inWords } from "../graphql/failure";
import { toasts } from "../ui/toasts.svelte";
import { newId } from "../uuid";
import type { Item } from "./operations";
import type { BoardSession } from "./session.svelte";
import { pictureOf } from "./wire";

export async function renameBoard(session: BoardSession, title: string): Promise<void> {
  const before = session.title;
  session.title = title;
  try {
    await request(EditBoardDocument, { input: { id: session.boardId, title, clientMutationId: newId() } });
  } catch (error) {
    session.title = before;
    toasts.say(`The title was not changed. ${inWords(error)}`, { tone: "danger" });
  }
}

/** The picture that stands for the board where boards are listed. */
export async function useAsCover({ boardId }: BoardSession, imageId: string): Promise<void> {
  try {
    await request(EditBoardDocument, {
      input: { id: boardId, coverId: imageId, clientMutationId: newId() },
    });
    toasts.say("This picture is the cover of the board now.");
  } catch (error) {
    toasts.say(`The cover was not changed. ${inWords(error)}`, { tone: "danger" });
  }
}

/** Pictures of which nothing could be made. */
export async function retryPictures(session: BoardSession, items: readonly Item[]): Promise<void> {
  const ids = [...new Set(items.map((item) => item.imageId).filter((id) => id !== null))];
  try {
    const { retryImages } = await request(RetryBoardPicturesDocument, {
      input: { ids, clientMutationId: newId() },
    });
    session.learn(retryImages.images.map(pictureOf));
  } catch (error) {
    toasts.say(`Not tried again. ${inWords(error)}`, { tone: "danger" });
  }
}

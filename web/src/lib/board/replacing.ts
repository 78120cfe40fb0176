/** Another picture in the place of one: sent first, then shown as large as fits where the old one is. */
import type { Picture } from "../canvas/pictures";
import { inWords } from "../graphql/failure";
import { toasts } from "../ui/toasts.svelte";
import { isArchive } from "../upload/formats";
import { send } from "../upload/transfer";
import { newId } from "../uuid";
import { arrivedPicture } from "./arrivals";
import { editOf, type Edit, type Item } from "./operations";
import type { BoardSession } from "./session.svelte";

export async function replacePicture(session: BoardSession, item: Item, file: File): Promise<void> {
  if (isArchive(file)) {
    toasts.say("That is an archive. Choose one picture.");
    return;
  }
  const parcel = { imageId: newId(), batchId: newId(), file, address: "" };
  const notice = () => undefined;
  try {
    const sent = await send(session.who.uploadUrl, parcel, { progress: notice, placed: notice }).done;
    // An archive was refused before it was sent.
    if (!("id" in sent)) return;
    putInPlace(session, item.id, arrivedPicture(sent));
  } catch (error) {
    toasts.say(`The picture was not replaced. ${inWords(error)}`, { tone: "danger" });
  }
}

/** Nothing where the item is gone in the meantime. */
export function putInPlace(session: BoardSession, id: string, picture: Picture): void {
  const item = session.store.get(id);
  if (!item) return;
  if (!session.pictures.has(picture.id)) session.pictures.set(picture.id, picture);
  session.perform({ kind: "edit", items: [replaced(item, picture.id, picture)] }, "Replace a picture", {
    kind: "replace",
    items: [{ id, imageId: picture.id }],
  });
}

/** Whole and undistorted, as large as fits into the box of the old one. */
export function replaced(item: Item, imageId: string, size: { width: number; height: number }): Edit {
  const share = Math.min(item.width / size.width, item.height / size.height);
  return { ...editOf(item), imageId, crop: null, width: size.width * share, height: size.height * share };
}

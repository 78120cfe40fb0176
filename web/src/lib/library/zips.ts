/** All that a question finds, saved as one zip that is streamed to the disk. */
import { FoundZipDocument } from "$generated/graphql";
import { request } from "../graphql/client";
import { inWords } from "../graphql/failure";
import { isAccessStale, renewAccess } from "../graphql/session";
import { toasts } from "../ui/toasts.svelte";
import { bytesInWords, counted } from "../ui/words";
import { filterOf, sortOf, type Question } from "./question";

/** The server puts no more into one. */
const MOST_IN_ZIP = 10_000;

export async function downloadFound(asked: Question): Promise<void> {
  try {
    if (isAccessStale()) await renewAccess();
    const { imagesZip } = await request(FoundZipDocument, { filter: filterOf(asked), sort: sortOf(asked) });
    const { url, count, sizeBytes } = imagesZip;
    if (count > MOST_IN_ZIP) {
      toasts.say(`${counted(count, "picture")} are too many for one zip: narrow the search to 10,000.`);
      return;
    }
    const link = document.createElement("a");
    link.href = url;
    link.download = "";
    link.click();
    toasts.say(`${counted(count, "picture")}, ${bytesInWords(sizeBytes)}, on the way as one zip.`);
  } catch (error) {
    toasts.say(`Nothing was downloaded. ${inWords(error)}`, { tone: "danger" });
  }
}

/** What a whole upload became, in the server's words: asked once, or again while an archive is unpacked there. */
import { RequestFailed, type ServerError } from "../graphql/failure";
import { OWN_HEADER } from "../graphql/transport";
import type { Entry, Received, UploadedImage } from "./transfer";

export type ServerFault = { code: string; message: string; details?: ServerError["extensions"] };
export type Answer = {
  image?: UploadedImage;
  images?: Entry[];
  unpacking?: { state: string; progress: number };
  error?: ServerFault;
} | null;

const ASK_MS = 700;
const ASK_SELDOM_MS = 3_000;

/**
 * `tell` hears which share of an archive is unpacked. Ends when `isOver`, with null; throws RequestFailed when it
 * became nothing.
 */
export async function outcomeAt(
  address: string,
  tell: (share: number) => void,
  isOver: () => boolean,
): Promise<Received | null> {
  for (let wait = ASK_MS; !isOver(); wait = Math.min(ASK_SELDOM_MS, wait * 1.2)) {
    const response = await fetch(address, { headers: OWN_HEADER, credentials: "same-origin" }).catch(() => {
      throw new RequestFailed("NETWORK", "The connection broke off while the file was sent.");
    });
    const answer = (await response.json().catch(() => null)) as Answer;
    const found = receivedOf(answer);
    if (found) return found;
    if (answer?.error || !answer?.unpacking) throw failureOf(response.status, answer?.error);
    tell(answer.unpacking.progress);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return null;
}

export function receivedOf(answer: Answer): Received | null {
  return answer?.image ?? answer?.images ?? null;
}

export function answerOf(body: string | undefined): Answer {
  try {
    return body ? (JSON.parse(body) as Answer) : null;
  } catch {
    return null;
  }
}

export function failureOf(status: number, fault: ServerFault | undefined): RequestFailed {
  if (fault) return new RequestFailed(fault.code, fault.message, fault.details ?? {});
  if (status === 413)
    return new RequestFailed("FILE_TOO_LARGE", "The file is larger than this server takes.");
  return new RequestFailed("UNREADABLE", `The server answered ${status} without words.`);
}

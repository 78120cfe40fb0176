/** What the server's codes (docs/schema.md) mean in the page's language; in English the server's own words say more. */
import { language } from "../language/language";
import { REASONS } from "../library/failures";

const MEANINGS: Readonly<Record<string, string>> = {
  BAD_INPUT: "The server does not take a value.",
  UNAUTHENTICATED: "You are not signed in any more. Sign in again to go on.",
  WRONG_CREDENTIALS: "E-mail address and password do not belong together.",
  SESSION_REVOKED: "Your session has ended. Sign in again to go on.",
  SIGN_IN_REFUSED: "You are not let in this way.",
  LAST_WAY_IN: "It is the only way for you to sign in: set a password first.",
  FORBIDDEN: "You may see this, but not do that.",
  NOT_FOUND: "It does not exist, was deleted, or is no longer shared with you.",
  REGISTRATION_CLOSED: "New accounts are not open to you on this server.",
  ADDRESS_UNPROVEN: "This server first sends you a link, to see that the address is yours.",
  LINK_OVER: "This link was used, is over, or was followed by a newer one.",
  MAIL_UNAVAILABLE: "This server sends no mail. Its owner can help.",
  ALREADY_EXISTS: "That exists already.",
  BOARD_TRASHED: "The board is in the trash: restore it first.",
  ITEMS_LOCKED: "Some of it is locked: unlock it first.",
  LIMIT_EXCEEDED: "That is more than this server takes at once.",
  QUOTA_EXCEEDED: "That is more than your account may take on this server.",
  NOTHING_TO_UNDO: "There is nothing left to undo.",
  NOTHING_TO_CHANGE: "It is so already.",
  HISTORY_COMPACTED: "That far back the history of the board is no longer kept.",
  LAST_OWNER: "A board always keeps at least one owner.",
  TOO_BUSY: "Too much at once. Try again in a moment.",
  FILE_TOO_LARGE: "The file is larger than this server takes.",
  IMAGE_REFUSED: "The file is no picture that webref takes.",
  STORAGE_UNAVAILABLE: "The server cannot read or write files right now. Try again in a moment.",
  DATABASE_UNAVAILABLE: "The server's database does not answer right now. Try again in a moment.",
  ARCHIVE_REFUSED: "The archive cannot be unpacked.",
  URL_REFUSED: "The server does not fetch from this address.",
  FETCH_FAILED: "The web gave nothing for this address.",
  TIMEOUT: "It took too long and was stopped.",
  INTERNAL: "Something went wrong on the server. Try again in a moment.",
  NETWORK: "The server cannot be reached.",
  UPLOAD_INCOMPLETE: "Parts of the file are missing: send it again.",
  WRONG_CHECKSUM: "The file arrived damaged: send it again.",
};

/** The server's own words tell what of it, or why: they follow the meaning. */
const TELLING: ReadonlySet<string> = new Set([
  "BAD_INPUT",
  "SIGN_IN_REFUSED",
  "ALREADY_EXISTS",
  "LIMIT_EXCEEDED",
  "QUOTA_EXCEEDED",
  "IMAGE_REFUSED",
  "ARCHIVE_REFUSED",
  "URL_REFUSED",
  "FETCH_FAILED",
]);

/** `reason`: why a picture was refused, where the server says it. */
export function meaningOf(code: string, said: string, reason?: unknown): string {
  const meaning = (Object.hasOwn(REASONS, String(reason)) && REASONS[String(reason)]) || MEANINGS[code];
  // Of this one the server's words are meant for scripts: they speak of mutation ids.
  if (!meaning || (language === "en" && code !== "DATABASE_UNAVAILABLE")) return said;
  return TELLING.has(code) ? `${meaning} (${said})` : meaning;
}

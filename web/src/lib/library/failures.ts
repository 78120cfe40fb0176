/** Why a picture could not be prepared, in words; the codes are the server's. */

export const REASONS: Readonly<Record<string, string>> = {
  CORRUPT: "The file is damaged.",
  EMPTY: "The file is empty.",
  NOT_AN_IMAGE: "The file is not a picture.",
  UNSUPPORTED_FORMAT: "This kind of picture is not supported.",
  TOO_MANY_PIXELS: "The picture has more pixels than this server prepares.",
  TOO_MANY_FRAMES: "The animation has more frames than this server prepares.",
  CANCELLED: "The owner of this server stopped it.",
  WORKER_LOST: "The server stopped in the middle of it, three times.",
  ORIGINAL_MISSING: "The original is missing from the store: upload the same file again.",
  ORIGINAL_DAMAGED: "The original is damaged in the store: upload the same file again.",
  NO_PREVIEW: "The raw file holds no preview to show.",
  PROTECTED: "The document is protected by a password.",
  TOO_EXPENSIVE: "Preparing it took more time or memory than this server allows.",
};

export function failureInWords(code: string | null | undefined): string {
  if (!code) return "The server gave no reason.";
  return REASONS[code] ?? `The server says: ${code.replaceAll("_", " ").toLowerCase()}.`;
}

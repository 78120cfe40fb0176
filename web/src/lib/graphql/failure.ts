/** What went wrong, in words and with the server's stable code. */
import { meaningOf } from "./meanings";

export interface ServerError {
  message: string;
  extensions?: { code?: string; [detail: string]: unknown };
}

/** `code` is one of the server's, or NETWORK (no answer) or UNREADABLE (an answer that is not ours). */
export class RequestFailed extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "RequestFailed";
    this.code = code;
    this.details = details;
  }

  static from(errors: readonly ServerError[]): RequestFailed {
    const first = errors[0];
    const { code, ...details } = first?.extensions ?? {};
    return new RequestFailed(code ?? "INTERNAL", first?.message ?? "The server gave no reason.", details);
  }

  /** True when the same request may succeed later without any change. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }

  /** True when the server, or something it needs, is away: it heals without anybody's doing here. */
  get isOutage(): boolean {
    return this.isPassing && this.code !== "INTERNAL";
  }
}

const PASSING = new Set([
  "NETWORK",
  "UNREADABLE",
  "DATABASE_UNAVAILABLE",
  "STORAGE_UNAVAILABLE",
  "TOO_BUSY",
  "INTERNAL",
]);

export function inWords(error: unknown): string {
  if (error instanceof RequestFailed) return meaningOf(error.code, error.message, error.details["reason"]);
  return error instanceof Error ? error.message : String(error);
}

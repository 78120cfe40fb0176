/** One GraphQL request over HTTP: the envelope, and nothing about sessions. */
import type { TypedDocumentString } from "$generated/graphql";
import { language } from "../language/language";
import { RequestFailed, type ServerError } from "./failure";

export const ENDPOINT = "/graphql";

/** Sent with everything that changes state: a foreign page cannot add it. */
export const OWN_HEADER = { "X-Webref": "1" } as const;

/** Longer than any answer takes: a line that went dead without a word is given up and tried anew. */
const PATIENCE_MS = 60_000;

interface Envelope<R> {
  data?: R | null;
  errors?: ServerError[];
}

export async function post<R, V>(
  document: TypedDocumentString<R, V>,
  variables: V,
  signal?: AbortSignal,
): Promise<R> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let response: Response;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        ...OWN_HEADER,
        "Content-Type": "application/json",
        "Accept-Language": language,
        Accept: "application/graphql-response+json, application/json;q=0.9",
      },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new RequestFailed("NETWORK", "The server cannot be reached. It is tried again by itself.");
  }
  const envelope = (await response.json().catch(() => null)) as Envelope<R> | null;
  if (envelope?.errors?.length) throw RequestFailed.from(envelope.errors);
  if (envelope?.data) return envelope.data;
  throw new RequestFailed(
    "UNREADABLE",
    `The server answered ${response.status} without words. Try again in a moment.`,
  );
}

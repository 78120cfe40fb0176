/** Typed requests with the cookie session: renews access once when it has ended, then asks again. */
import type { TypedDocumentString } from "$generated/graphql";
import { RequestFailed } from "./failure";
import { endSession, isAccessStale, renewAccess } from "./session";
import { post } from "./transport";

export { RequestFailed, inWords } from "./failure";

export async function request<R, V>(
  document: TypedDocumentString<R, V>,
  variables: V,
  options: { signal?: AbortSignal } = {},
): Promise<R> {
  if (isAccessStale()) await renewAccess();
  try {
    return await post(document, variables, options.signal);
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.code !== "UNAUTHENTICATED") throw error;
    if (await renewAccess()) return post(document, variables, options.signal);
    endSession();
    throw error;
  }
}

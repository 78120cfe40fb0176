/** What a mailed link brings behind its #: the code, and for a new account the address that it was sent to. */

export interface Mailed {
  code: string;
  email: string;
}

export function mailedIn(hash: string): Mailed {
  const [code = "", address = ""] = hash.replace(/^#/, "").split("/");
  return { code, email: decoded(address) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // The end of the link was lost: the address is written by hand then.
  }
}

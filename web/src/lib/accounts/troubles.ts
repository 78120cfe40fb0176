/** Why signing in elsewhere came to nothing: the server sends a code along (docs/schema.md), the words are here. */

export function troubleInWords(code: string, provider: string): string {
  switch (code) {
    case "CANCELLED":
      return `The sign-in with ${provider} was cancelled.`;
    case "EXPIRED":
      return "This sign-in was begun in another tab or took longer than ten minutes. Try again.";
    case "NOT_ALLOWED":
      return `Your account at ${provider} may not use this server. Ask the owner of this server to let you in, or sign in with another account.`;
    case "NO_EMAIL":
      return `${provider} does not say your e-mail address, which an account here needs.`;
    case "EMAIL_TAKEN":
      return `There is an account with your e-mail address already. Sign in with its password; then you can link it with ${provider} in the settings.`;
    case "NEEDS_INVITE":
      return "This server takes new people by invite. Ask the owner of this server for one.";
    case "CLOSED":
      return "This server takes no new accounts. Ask the owner of this server for one.";
    case "DISABLED":
      return "Your account is disabled. Ask the owner of this server.";
    case "LINKED":
      return `Another account of this server is linked with this account at ${provider}.`;
    case "LINKED_OTHERWISE":
      return `Your account here is linked with another account at ${provider}.`;
    case "TOO_BUSY":
      return "Too many attempts. Wait a few minutes and try again.";
    default:
      return `Signing in with ${provider} does not work at the moment. Try again in a moment; if it stays so, tell the owner of this server.`;
  }
}

/** Where the provider would only say the same again, unless it asks who it is. */
const SAYS_IT_AGAIN: ReadonlySet<string> = new Set([
  "NOT_ALLOWED",
  "NO_EMAIL",
  "EMAIL_TAKEN",
  "NEEDS_INVITE",
  "CLOSED",
  "DISABLED",
  "LINKED_OTHERWISE",
]);

/** Where the browser goes to sign in with a provider whose way begins at `url`. */
export function wayTo(url: string, next: string, trouble: string, invite = ""): string {
  const query = new URLSearchParams();
  if (next !== "/") query.set("next", next);
  if (invite) query.set("invite", invite);
  if (SAYS_IT_AGAIN.has(trouble)) query.set("afresh", "1");
  return query.size ? `${url}?${query}` : url;
}

/** The same for who is signed in and has to prove once more who they are. */
export function wayAgain(url: string, next: string): string {
  return `${url}?${new URLSearchParams({ next, afresh: "1" })}`;
}

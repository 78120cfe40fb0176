/** What an account's fields must be like, said before the server has to. */
import { counted } from "../ui/words";

export const PASSWORD_MIN = 10;

export function nameProblem(name: string): string {
  return name.trim() ? "" : "Others see this name on boards you share.";
}

export function emailProblem(email: string): string {
  return /^[^\s@]+@[^\s@]+$/.test(email.trim()) ? "" : "Write an e-mail address, like ana@example.org.";
}

export function passwordProblem(password: string): string {
  const missing = PASSWORD_MIN - [...password].length;
  if (missing <= 0) return "";
  return password
    ? `${counted(missing, "more character")}: at least ${PASSWORD_MIN}.`
    : `At least ${PASSWORD_MIN} characters.`;
}

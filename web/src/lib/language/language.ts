/** Which language this page speaks: chosen here before, else the first that the browser asks for and webref knows. */

const KEY = "webref.language";

/** What the script in index.html has found before the first paint. */
export const language: string = document.documentElement.lang || "en";

/** Their codes, English first; each calls itself by its own name. */
export const LANGUAGES: readonly { code: string; name: string }[] = (
  document.documentElement.dataset["languages"] ?? "en"
)
  .split(" ")
  .map((code) => ({ code, name: named(code) }));

/** Remembered in this browser. The page opens anew: words that are shown already would stay as they are. */
export function speak(code: string): void {
  try {
    localStorage.setItem(KEY, code);
  } catch {
    return; // Storage is refused: the choice could not be found again after the page has opened anew.
  }
  location.reload();
}

function named(code: string): string {
  const name = new Intl.DisplayNames(code, { type: "language" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

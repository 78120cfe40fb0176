/** Paths to pages: real URLs, no hash; links are ordinary `<a href>` and are taken over here. */

export type Page =
  | "boards"
  | "board"
  | "sign-in"
  | "register"
  | "forgot-password"
  | "reset-password"
  | "verify"
  | "library"
  | "duplicates"
  | "settings"
  | "trash"
  | "share"
  | "not-found";

export interface Route {
  page: Page;
  /** What the path names: a board's id, a settings section. */
  parameter: string;
  /** Pages for people who are signed in. */
  isPrivate: boolean;
}

const ROUTES: readonly [RegExp, Page, boolean][] = [
  [/^\/$/, "boards", true],
  [/^\/boards\/([0-9a-fA-F-]{36})$/, "board", true],
  [/^\/sign-in$/, "sign-in", false],
  [/^\/register$/, "register", false],
  [/^\/forgot-password$/, "forgot-password", false],
  [/^\/reset-password$/, "reset-password", false],
  [/^\/verify$/, "verify", false],
  [/^\/library$/, "library", true],
  [/^\/library\/duplicates$/, "duplicates", true],
  [/^\/trash$/, "trash", true],
  [/^\/share$/, "share", true],
  [/^\/settings(?:\/([a-z-]+))?$/, "settings", true],
];

/** Paths that belong to the server, not to this app. */
const SERVED = /^\/(?:files|graphql|uploads|health|ide|auth)(?:\/|$)/;

export function match(path: string): Route {
  const trimmed = path.length > 1 ? path.replace(/\/+$/, "") : path;
  for (const [pattern, page, isPrivate] of ROUTES) {
    const found = pattern.exec(trimmed);
    if (found) return { page, parameter: found[1] ?? "", isPrivate };
  }
  return { page: "not-found", parameter: "", isPrivate: false };
}

class Router {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));
  route = $derived(match(this.path));

  /** Where to go after signing in; only ever a path of ours. */
  get next(): string {
    const next = this.query.get("next") ?? "/";
    return next.startsWith("/") && !next.startsWith("//") ? next : "/";
  }

  go(to: string, options: { replace?: boolean } = {}): void {
    const url = new URL(to, location.href);
    if (url.href !== location.href) {
      history[options.replace ? "replaceState" : "pushState"](null, "", url);
    }
    this.read();
    scrollTo(0, 0);
  }

  toSignIn(): void {
    if (this.route.page === "sign-in" || this.route.page === "register") return;
    const here = location.pathname + location.search;
    this.go(here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`, { replace: true });
  }

  /** Listens to the address bar and to clicks on links; returns what ends it. */
  start(): () => void {
    const onPop = () => this.read();
    const onClick = (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = (event.target as Element | null)?.closest?.("a[href]");
      if (!(link instanceof HTMLAnchorElement)) return;
      if (link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
      if (SERVED.test(link.pathname) || (link.hash !== "" && link.pathname === location.pathname)) return;
      event.preventDefault();
      this.go(link.href);
    };
    addEventListener("popstate", onPop);
    document.addEventListener("click", onClick);
    return () => {
      removeEventListener("popstate", onPop);
      document.removeEventListener("click", onClick);
    };
  }

  private read(): void {
    this.path = location.pathname;
    // A new object would run again whatever depends on the query, though nothing changed.
    const query = new URLSearchParams(location.search);
    if (query.toString() !== this.query.toString()) this.query = query;
  }
}

export const router = new Router();

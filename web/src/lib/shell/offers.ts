/** What can be asked for on every page: where to go, how the app looks, signing out. */
import { app } from "../app.svelte";
import type { Command } from "../commands/command";
import { palette } from "../commands/palette.svelte";
import { inWords } from "../graphql/failure";
import { router } from "../router.svelte";
import { theme, type Theme } from "../ui/theme.svelte";
import { toasts } from "../ui/toasts.svelte";
import { leaving } from "./leaving.svelte";

type Everywhere = Command<null>;

function going(id: string, label: string, path: string): Everywhere {
  return {
    id: `go.${id}`,
    group: "Go",
    label,
    refusal: () => (router.path === path ? "You are there." : null),
    run: () => router.go(path),
  };
}

function themed(chosen: Theme, label: string): Everywhere {
  return {
    id: `other.theme-${chosen}`,
    group: "Other",
    label,
    refusal: () => (theme.chosen === chosen ? "It is so already." : null),
    run: () => theme.choose(chosen),
  };
}

export const EVERYWHERE: readonly Everywhere[] = [
  {
    id: "other.palette",
    group: "Other",
    label: "All commands…",
    keys: ["Mod+k"],
    whileWriting: true,
    run: () => (palette.isOpen = true),
  },
  going("boards", "Go to your boards", "/"),
  going("library", "Go to the library", "/library"),
  going("duplicates", "Go to duplicates in the library", "/library/duplicates"),
  going("trash", "Go to the trash", "/trash"),
  going("settings", "Go to settings", "/settings"),
  going("keys", "Go to keys and gestures", "/settings/keys"),
  themed("dark", "Dark theme"),
  themed("light", "Light theme"),
  themed("system", "Theme of the system"),
  { id: "other.sign-out", group: "Other", label: "Sign out", run: signOut },
];

/** At once, unless something would be lost: then it is asked. */
export function signOut(): void {
  void app.unsent().then(({ changes, files }) => {
    if (changes || files) leaving.asks = { changes, files };
    else
      app
        .signOut()
        .catch((error) => toasts.say(`You are still signed in: ${inWords(error)}`, { tone: "danger" }));
  });
}

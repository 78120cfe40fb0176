/** The service worker: the app without a network, and the word that there is a newer one. */
import { toasts } from "../ui/toasts.svelte";

const LOOK_MS = 30 * 60 * 1000;
const SHELLS = "webref.shell.";
let registration: ServiceWorkerRegistration | null = null;
let isOffered = false;

/** Once the page has all that it needs: keeping the app for later must not hold up its start. */
export function startWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const whenIdle = () =>
    typeof requestIdleCallback === "function"
      ? requestIdleCallback(() => void start(), { timeout: 5_000 })
      : setTimeout(() => void start(), 2_000);
  if (document.readyState === "complete") whenIdle();
  else addEventListener("load", whenIdle, { once: true });
}

/** After the server was away: it may have come back as a newer one. */
export function lookForUpdate(): void {
  void registration?.update().catch(() => undefined);
}

async function start(): Promise<void> {
  const { serviceWorker } = navigator;
  try {
    registration = await serviceWorker.register("/service-worker.js");
  } catch {
    return; // Not over plain HTTP, nor where the browser keeps nothing: the app works with the network alone.
  }
  const { waiting } = registration;
  if (waiting) void welcome(waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration?.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && serviceWorker.controller) void welcome(coming);
    });
  });
  // Another tab may have asked for it.
  serviceWorker.addEventListener("controllerchange", () => void welcome(null));
  setInterval(lookForUpdate, LOOK_MS);
}

/** A page that came with the new release lets its worker in; an older one offers to be loaded anew. */
async function welcome(coming: ServiceWorker | null): Promise<void> {
  if (await isOfNewest()) coming?.postMessage("take over");
  else if (!isOffered) {
    isOffered = true;
    const run = () => {
      // The page of today comes from the server; what is unsent is kept, and goes out from it.
      coming?.postMessage("take over");
      location.reload();
    };
    toasts.say("There is a new version of webref.", { action: { label: "Reload", run }, seconds: 60 });
  }
}

/** Whether this page belongs to the release that was kept last: its script is among that one's files. */
export async function isOfNewest(): Promise<boolean> {
  const newest = (await caches.keys()).filter((name) => name.startsWith(SHELLS)).at(-1);
  const script = document.querySelector<HTMLScriptElement>("script[type=module][src]");
  if (newest === undefined || !script) return true;
  return (await caches.match(script.src, { cacheName: newest })) !== undefined;
}

/* The app without a network: its own files, and small pictures that were seen. What is private goes at sign-out.
   `__SHELL__` is put in by the build (web/shell.ts): the version of this release, and its files. */
const { version, files } = __SHELL__;
const SHELLS = "webref.shell.";
const SHELL = SHELLS + version;
const PICTURES = "webref.pictures";
const ATLASES = "webref.atlases";
const SHARED = "webref.shared";
/** How many addresses a cache of pictures holds at most. */
const MOST = { [PICTURES]: 3000, [ATLASES]: 60 };
/** As large as a picture may be to be kept: what a board shows of it from afar. */
const LARGEST_PX = 400;
/** An answer that takes longer than this is as good as none, where there is a kept one. */
const PATIENCE_MS = 1500;
/** Addresses of the server that are no pages. */
const SERVED = /^\/(?:graphql|uploads|files|health|ide|auth)(?:\/|$)/;
const SMALL_PICTURE = /^\/files\/[0-9a-f-]{36}\/(\d+)$/;
const ATLAS_PAGE = /^\/files\/boards\/[0-9a-f-]{36}\/atlas\/[0-9a-f]{64}$/;

self.addEventListener("install", (event) => {
  // What has its content in its name may come from the browser's own cache: the page has just loaded most of it.
  const asked = ["/", ...files].map((file) =>
    file.startsWith("/assets/") ? file : new Request(file, { cache: "reload" }),
  );
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(asked)));
});

// A new release waits until no page of the old one is open, or until one of them asks for it.
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

async function takeOver() {
  // Pages of the release before this one may still be open and want parts that they have not loaded yet.
  const others = (await caches.keys()).filter((name) => name.startsWith(SHELLS) && name !== SHELL);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  // Pages are asked for while this script starts.
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === "/share") event.respondWith(takeShared(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    if (!SERVED.test(url.pathname)) event.respondWith(page(event));
  } else if (url.search) return;
  else if (url.pathname.startsWith("/assets/") || files.includes(url.pathname))
    event.respondWith(part(request));
  else if (isSmallPicture(url.pathname)) event.respondWith(picture(request, PICTURES));
  else if (ATLAS_PAGE.test(url.pathname)) event.respondWith(picture(request, ATLASES));
});

/** The page of today while the server answers, so that no old one meets a newer server; else the kept one. */
async function page(event) {
  const asked = (async () => (await event.preloadResponse) ?? (await fetch(event.request)))();
  const kept = await caches.match("/", { cacheName: SHELL });
  if (!kept) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const answer = await Promise.race([asked.catch(() => null), late]);
  return answer && answer.status < 500 ? answer : kept;
}

/** Of this release, else of the one before it, else of the server. */
async function part(request) {
  return (
    (await caches.match(request, { cacheName: SHELL })) ?? (await caches.match(request)) ?? fetch(request)
  );
}

async function picture(request, name) {
  const cache = await caches.open(name);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  const isLasting = answer.headers.get("Cache-Control")?.includes("immutable");
  if (answer.status === 200 && isLasting) {
    // Where there is no room it is shown all the same.
    await cache.put(request, answer.clone()).catch(() => undefined);
    if (Math.random() < 0.02) void trim(cache, MOST[name]);
  }
  return answer;
}

/** The first that came go first. */
async function trim(cache, most) {
  const kept = await cache.keys();
  await Promise.all(kept.slice(0, Math.max(0, kept.length - most)).map((one) => cache.delete(one)));
}

function isSmallPicture(path) {
  const found = SMALL_PICTURE.exec(path);
  return found !== null && Number(found[1]) <= LARGEST_PX;
}

/** What another app hands over waits in this browser for the page that asks where it shall go. */
async function takeShared(request) {
  const form = await request.formData();
  const cache = await caches.open(SHARED);
  await Promise.all((await cache.keys()).map((one) => cache.delete(one)));
  const words = ["title", "text", "url"]
    .map((name) => form.get(name))
    .filter((one) => typeof one === "string");
  await cache.put("/share/words", new Response(JSON.stringify(words)));
  const pictures = form.getAll("pictures").filter((one) => typeof one !== "string");
  await Promise.all(
    pictures.map((file, number) => {
      const headers = { "Content-Type": file.type, "X-Name": encodeURIComponent(file.name) };
      return cache.put(`/share/${number}`, new Response(file, { headers }));
    }),
  );
  return Response.redirect("/share", 303);
}

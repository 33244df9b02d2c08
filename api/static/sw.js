// Keeps the operator's page usable without a signal and sends waiting photos when it returns. Served as /sw.js with VERSION filled in.
import { drain, NoLine } from "/static/js/phone/sender.js";

const VERSION = "{{version}}", FILES = "c1-berkas-" + VERSION, PAGES = "c1-halaman";
const PAGE = "/unggah";

self.addEventListener("install", (e) => { self.skipWaiting(); e.waitUntil(caches.open(FILES).then((c) => c.addAll({{files}}))); });
self.addEventListener("activate", (e) => e.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("c1-berkas-") && name !== FILES) await caches.delete(name);
  await self.clients.claim();
})()));

// The page from the network where there is one, quickly else from the last time. Never a log-in page in its place.
async function page(request) {
  const kept = await caches.open(PAGES), last = await kept.match(PAGE);
  const fresh = fetch(request).then(async (r) => {
    if (r.ok && !r.redirected) await kept.put(PAGE, r.clone());
    return r;
  });
  if (!last) return fresh;
  fresh.catch(() => {});
  const slow = new Promise((done) => setTimeout(() => done(last), 6000));
  return Promise.race([fresh.catch(() => last), slow]).then((r) => r.clone());
}

// Files carry their fingerprint or were put here at install; anything else goes out as always.
async function file(request) {
  const kept = await caches.match(request, { ignoreSearch: !new URL(request.url).search, cacheName: FILES });
  return kept || fetch(request);
}

self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (e.request.mode === "navigate" && url.pathname === PAGE) e.respondWith(page(e.request));
  else if (url.pathname.startsWith("/static/") || url.pathname.startsWith("/vendor/")) e.respondWith(file(e.request));
});

const tell = async (key, change) => { for (const c of await self.clients.matchAll()) c.postMessage({ key, change }); };

self.addEventListener("sync", (e) => { if (e.tag === "c1-kirim") e.waitUntil(drain(tell).catch((why) => { if (why instanceof NoLine) throw why; })); });
// Somebody logged out: what was kept of his page goes, his unsent photos stay.
self.addEventListener("message", (e) => { if (e.data === "keluar") e.waitUntil(caches.delete(PAGES)); });

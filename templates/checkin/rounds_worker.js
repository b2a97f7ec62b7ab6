// Keeps the page of a round ready for when there is no network. It knows no names and sends nothing.
"use strict";
const CACHE = "rounds-{{ version }}";
const PAGE = {{ page | tojson }};
const FILES = {{ files | tojson }};
const PATIENCE_MS = 3000;

self.addEventListener("install", (event) => {
  const fresh = [PAGE, ...FILES].map((address) => new Request(address, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("rounds-") && name !== CACHE;
  const clean = caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(clean.then(() => self.clients.claim()));
});

// The page from the network while there is a good one, so that a new version is seen at once.
async function page(request) {
  const kept = await caches.match(PAGE);
  if (!kept) return fetch(request);
  const given_up = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, kept.clone()));
  const fetched = fetch(request).then((answer) => (answer.ok ? answer : kept), () => kept);
  return Promise.race([fetched, given_up]);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate" && address.pathname === PAGE) event.respondWith(page(request));
  else if (FILES.includes(address.pathname + address.search)) {
    event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
  }
});

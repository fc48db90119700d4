// Keeps the page for visits without a connection: all its files, in one cache for each version of the site. Before this line stand the
// version, and the files with their hashes. A host with files of two versions is refused, and asked again at the next visit.

const own = `hsl-demo ${registration.scope} `; // other pages of the same host have caches, too
const cacheName = own + version;

addEventListener('install', event => event.waitUntil((async () => {
  const cache = await caches.open(cacheName);
  await cache.addAll(Object.entries(files).map(([path, integrity]) => new Request(path, { integrity, cache: 'no-cache' })));
})()));

addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys())
    if (name.startsWith(own) && name !== cacheName) await caches.delete(name);
})()));

addEventListener('fetch', event => {
  const url = new URL(event.request.url);
  const path = url.href.startsWith(registration.scope) ? `./${url.pathname.slice(new URL(registration.scope).pathname.length)}` : null;
  const kept = path === './index.html' ? './' : path;
  if (event.request.method !== 'GET' || !Object.hasOwn(files, kept)) return;
  event.respondWith((async () => await (await caches.open(cacheName)).match(kept) ?? fetch(event.request))());
});

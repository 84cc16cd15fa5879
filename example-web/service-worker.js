// Keeps the files of one build of the app, the wasm among them, and answers with them, offline or not. build.js says which
// they are; it is another file with each build, and so this worker is another worker, with a cache of its own.

/* global build */
importScripts('/build.js')      // build = { id, files: [{ path, integrity }] }

const prefix = 'field-journal '
const cacheName = prefix + build.id
const paths = new Set(build.files.map(({ path }) => path))

// All files or none. The server may have another build by now: a file that is not of this one fails by its integrity, the
// worker is then not installed, and the one before goes on.
addEventListener('install', event => event.waitUntil((async () => {
  try {
    const cache = await caches.open(cacheName)
    await cache.addAll(build.files.map(({ path, integrity }) => new Request(path, { integrity, cache: 'no-cache' })))
  } catch (error) {
    await caches.delete(cacheName)
    throw error
  }
})()))

addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name)
  }
  await clients.claim()
})()))

// The person has asked for the new build; until then pages go on with the one they began with.
addEventListener('message', event => {
  if (event.data === 'take over') skipWaiting()
})

addEventListener('fetch', event => {
  const { origin, pathname } = new URL(event.request.url)
  if (event.request.method !== 'GET' || origin !== location.origin || !paths.has(pathname)) return
  event.respondWith(answer(event.request, pathname, event.clientId))
})

// The page of the flights is not kept, and must not be given a part of an older build.
async function answer (request, pathname, clientId) {
  const client = await clients.get(clientId)
  if (client && new URL(client.url).pathname.startsWith('/flights/')) return fetch(request)
  const cache = await caches.open(cacheName)
  return await cache.match(pathname) ?? fetch(request)
}

import { serve } from '/dist/service-worker.mjs'
import { views } from './http-views.mjs'

serve({ name: 'served', prefix: '/bench/chromium/db/', views })
self.addEventListener('fetch', (event) => {
  if (event.request.url.endsWith('/floor')) event.respondWith(new Response('{"n":42}'))
})
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

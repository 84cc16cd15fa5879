// The badge that says whether the page is offline. The browser knows only whether there is a network, not whether it leads
// to the server; so that is asked for something small, which the service worker never answers.

import { byId } from './element.js'

export function showConnection () {
  const look = async () => {
    const online = await isOnline()
    byId('connection').textContent = online ? 'Online' : 'Offline: all of it works'
    byId('connection').dataset.state = online ? 'online' : 'offline'
  }
  for (const event of ['online', 'offline', 'focus']) addEventListener(event, look)
  setInterval(() => document.visibilityState === 'visible' && look(), 15_000)
  look()
}

async function isOnline () {
  if (!navigator.onLine) return false
  return fetch('/ping', { cache: 'no-store', signal: AbortSignal.timeout(5000) }).then(({ ok }) => ok, () => false)
}

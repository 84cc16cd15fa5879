// Registers the service worker, from which the page then loads, and offers a new build when there is one.

import { byId } from './element.js'

export async function offerUpdates () {
  if (!navigator.serviceWorker) return
  const { serviceWorker } = navigator
  let isFirst = !serviceWorker.controller
  serviceWorker.addEventListener('controllerchange', () => {
    // Another build answers from now on; the code on this page is of the one before.
    if (!isFirst) location.reload()
    isFirst = false
  })

  const registration = await serviceWorker.register('/service-worker.js', { updateViaCache: 'none' })
  // The state is the worker's own: WebKit may tell of the first worker, already on its way to answer for this page, that it
  // is still waiting.
  const offer = worker => { byId('update').hidden = !(worker?.state === 'installed' && serviceWorker.controller) }
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing
    worker?.addEventListener('statechange', () => offer(worker))
  })
  offer(registration.waiting)
  byId('update-now').addEventListener('click', () => registration.waiting?.postMessage('take over'))
  addEventListener('focus', () => registration.update().catch(() => {}))    // fails when offline
  await serviceWorker.ready
  byId('ready-offline').hidden = false
}

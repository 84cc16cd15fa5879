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
  const offer = () => {
    if (!registration.waiting || !serviceWorker.controller) return
    byId('update').hidden = false
  }
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer)
  })
  offer()
  byId('update-now').addEventListener('click', () => registration.waiting?.postMessage('take over'))
  addEventListener('focus', () => registration.update().catch(() => {}))    // fails when offline
  await serviceWorker.ready
  byId('ready-offline').hidden = false
}

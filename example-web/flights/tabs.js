// What the tabs of this page agree on. Appending needs none of it, any number of tabs may append to one log at once;
// but one data set wants to be imported by one tab, and a log wants to be deleted while nobody has it open.

const openName = 'flumedb-wasm example: logs are open'
const importName = 'flumedb-wasm example: import'
const resets = new BroadcastChannel('flumedb-wasm example: reset')

// Each tab holds this while its logs are open. All of these answer a function that gives the lock back.
export function holdOpen (signal) {
  return hold(openName, { mode: 'shared', signal })
}

// undefined if another tab imports now
export function tryToBecomeImporter () {
  return hold(importName, { ifAvailable: true })
}

// Waits for that tab to finish, to be closed or to crash.
export function becomeImporter (signal) {
  return hold(importName, { signal })
}

export function onResetElsewhere (listener) {
  resets.addEventListener('message', listener)
}

// Asks every tab, this one included, to close its logs, calls deleteLogs once the last one did, and lets them open anew.
// closeHere is called when it is certain that a tab which reopens will queue behind the deletion.
export async function resetEverywhere (closeHere, deleteLogs) {
  const exclusive = hold(openName, { mode: 'exclusive' })
  await navigator.locks.query()     // answered after the request above has taken its place in the queue
  resets.postMessage('close')
  await closeHere()
  const release = await exclusive
  try {
    await deleteLogs()
  } finally {
    release()
  }
}

function hold (name, options) {
  return new Promise((resolve, reject) => {
    navigator.locks.request(name, options, lock => {
      if (!lock) return resolve(undefined)
      return new Promise(release => resolve(release))
    }).catch(reject)
  })
}

// A worker of any kind that goes by what it is told: begins a life, or ends it and answers once all of it has been
// reported. Who asks sends a port for the answer.

import { begin } from './life.mjs'

let life

async function obey (command) {
  if (command.begin) {
    if (life) throw new Error('a life is under way already')
    life = begin(command.begin)
  } else {
    const ending = life
    life = undefined
    return ending ? ending.close() : 'was not alive'
  }
}

const hear = event => {
  const [port] = event.ports
  const obeyed = obey(event.data).then(value => port.postMessage({ value }), error => port.postMessage({ error: `${error} ${error.stack}` }))
  // A service worker lives for as long as what it has been told takes.
  event.waitUntil?.(obeyed.then(() => life?.over))
}

if ('onconnect' in self) self.onconnect = ({ ports: [port] }) => { port.onmessage = hear }
else self.addEventListener('message', hear)

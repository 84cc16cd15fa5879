// The same views in the page and behind the service worker.
export const views = {
  types: { kind: 'reduce', version: 1, options: { count: true, groupBy: 'type' } },
  byN: { kind: 'level', version: 1, options: { keys: ['n'] } },
}

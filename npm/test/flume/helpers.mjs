// What the tests of the flume layer share: the sources bundled afresh, and a log whose every answer can be steered.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export const require = createRequire(import.meta.url)
const src = fileURLToPath(new URL('../../src/', import.meta.url))

/** The package's flume layer with its inner parts, from the sources as they are now. */
async function load() {
  const modules = ['flume', 'reduce', 'errors', 'obv', 'source', 'readers', 'slice', 'pull', 'checkpoint', 'progress', 'callback', 'stream-options']
  const out = await build({
    stdin: { contents: modules.map(m => `export * from './${m}.js'`).join('\n'), resolveDir: src },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    write: false
  })
  const dir = fileURLToPath(new URL('../../.tmp/', import.meta.url))
  const file = `${dir}flume-${process.pid}.mjs`
  mkdirSync(dir, { recursive: true })
  writeFileSync(file, out.outputFiles[0].contents)
  try {
    return await import(pathToFileURL(file).href)
  } finally {
    rmSync(file)
  }
}

export const lib = await load()
export const { Flume, Reduce, FlumeError, createObv, createSource } = lib

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
export const task = () => new Promise(resolve => setImmediate(resolve))

/** The error a promise rejects with; fails if it does not. */
export async function failure(promise) {
  try {
    await promise
  } catch (err) {
    return err
  }
  throw new Error('expected a rejection')
}

/** Whether a promise is still pending after other work has had its turn. */
export async function pending(promise, ms = 20) {
  const still = {}
  return (await Promise.race([promise, sleep(ms).then(() => still)])) === still
}

/** Waits until `test` is true, and fails after a while. */
export async function until(test, what = 'condition', ms = 3000) {
  const end = Date.now() + ms
  while (!test()) {
    if (Date.now() > end) throw new Error('timed out waiting for ' + what)
    await sleep(2)
  }
}

/** A promise for the process's next uncaught error, which then counts as caught. */
export function uncaught() {
  const kept = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  return new Promise(resolve => {
    process.once('uncaughtException', err => {
      for (const listener of kept) process.on('uncaughtException', listener)
      resolve(err)
    })
  })
}

/** Console errors while `fn` runs, kept from the output. */
export async function complaints(fn) {
  const { error } = console
  const said = []
  console.error = (...args) => said.push(args)
  try {
    await fn()
  } finally {
    console.error = error
  }
  return said
}

/** Checkpoints in memory; `store` outlives the log, `ops` records what was asked. */
export function memoryCheckpoints(store = new Map()) {
  const ops = []
  const answer = (op, cb, ...args) => {
    ops.push(op)
    setImmediate(cb, ...args)
  }
  return {
    store,
    ops,
    get: (name, cb) => answer('get', cb, null, store.get(name) ?? null),
    put(name, bytes, cb) {
      store.set(name, bytes.slice())
      answer('put', cb, null)
    },
    delete(name, cb) {
      store.delete(name)
      answer('delete', cb, null)
    }
  }
}

/**
 * A log of our own kind, over an array. `load: false` waits for `log.load(err)`. `sync: false` answers each batch in a
 * later task. `log.readers` counts open readers, `log.reads` the batches asked for, `log.batches` the sizes given out.
 */
export function fakeLog(records = [], { load = true, sync = true, batch = 100, ...more } = {}) {
  const since = createObv()
  const loading = []
  let loaded = null
  const log = {
    since,
    records,
    readers: 0,
    reads: 0,
    closed: false,
    load(err = null) {
      loaded = { err }
      if (!err) since.set(records.length - 1)
      for (const cb of loading.splice(0)) cb(err)
    },
    loaded(cb) {
      if (loaded) cb(loaded.err)
      else loading.push(cb)
    },
    append(value, cb) {
      log.loaded(err => {
        if (err) return cb(err)
        for (const v of Array.isArray(value) ? value : [value]) records.push(v)
        setImmediate(() => {
          since.set(records.length - 1)
          cb(null, since.value)
        })
      })
    },
    get: (seq, cb) => (sync ? cb(null, records[seq]) : setImmediate(cb, null, records[seq])),
    stream: options => createSource(() => log.reader(options)),
    reader({ gt = -1, gte, lt = Infinity, lte, reverse, live, old, limit, seqs, values } = {}) {
      log.readers++
      let at = gte ?? gt + 1
      const end = lte != null ? lte + 1 : lt
      if (old === false) at = records.length
      live ||= old === false
      let left = limit > 0 ? limit : Infinity
      let off
      let open = true
      const done = () => {
        if (!open) return
        open = false
        log.readers--
        off?.()
      }
      const shape = seq =>
        seqs === false ? records[seq] : values === false ? seq : { seq, value: records[seq] }
      return {
        next(cb) {
          log.reads++
          if (!open) throw new Error('next after the end')
          const give = () => {
            off?.()
            off = undefined
            if (!open) return
            if (log.fail) {
              done()
              return cb(log.fail)
            }
            const to = Math.min(at + batch, at + left, end, since.value + 1)
            if (to > at) {
              const items = []
              while (at < to) items.push(shape(reverse ? records.length - 1 - at++ : at++))
              left -= items.length
              return cb(null, items)
            }
            if (!live || left <= 0 || at >= end) {
              done()
              return cb(true)
            }
            off = since(give, false)
          }
          if (sync) give()
          else setImmediate(give)
        },
        close(_end, cb) {
          if (!open) throw new Error('closed after the end')
          done()
          setImmediate(() => cb?.())
        }
      }
    },
    close(cb) {
      log.closed = true
      setImmediate(cb)
    },
    ...more
  }
  if (load) log.load()
  return log
}

/** A view that keeps what it saw. `write(item)` may throw. */
export function keepView({ write, methods = {}, ...more } = {}) {
  return (log, name) => {
    const since = createObv(-1)
    const view = {
      log,
      name,
      seen: [],
      builds: 0,
      destroyed: 0,
      since,
      methods: { all: 'async', ...methods },
      all: (_opts, cb) => cb(null, view.seen.map(i => i.seq)),
      createSink(done) {
        view.builds++
        view.end = done
        return read => {
          read(null, function next(end, item) {
            if (end) return done(end === true ? null : end)
            write?.(item, view)
            view.seen.push(item)
            since.set(item.seq)
            read(null, next)
          })
        }
      },
      destroy(cb) {
        view.destroyed++
        view.seen = []
        since.set(-1)
        cb()
      },
      close(cb) {
        view.closed = true
        cb()
      },
      ...more
    }
    keepView.last = view
    return view
  }
}

export const numbers = n => Array.from({ length: n }, (_, i) => i)

import { type Callback, answer, takeCallback } from '../callback.js'
import { type BloomView, bloomMethods, bloomOf } from '../bloom.js'
import { FlumeError } from '../errors.js'
import { type HashtableView, hashtableMethods, hashtableOf } from '../hashtable.js'
import { type LevelView, levelMethods, levelOf } from '../level.js'
import { type LinksIndex, type LinksView, linksMethods, linksOf } from '../links.js'
import { type NativeCore } from '../native-view.js'
import { type Obv } from '../obv.js'
import { type Explanation, type QueryRead, type QueryView, readQuery, toRequest } from '../query.js'
import { deferReader } from '../readers.js'
import { type BuiltInReduceView, reduceMethods, reduceReads, stateOf } from '../reduce-built-in.js'
import { type SearchView, searchMethods, searchOf } from '../search.js'
import { type Enlist, createSource, sourceReader } from '../source.js'
import { isLive } from '../stream-options.js'
import { type Async, type MethodKind, type View } from '../types.js'
import { followed } from './events.js'
import { type Ask, post } from './requests.js'
import { type Since } from './since.js'

/** What is to be known of a view: its `kind`, as `serve` is told it. The rest of what that is told may be there too. */
export interface RemoteViewSpec {
  kind: keyof Kinds<unknown>
  version?: number | string
  options?: unknown
}

/** The kinds that there are, and as what a page mounts them. */
interface Kinds<T> {
  reduce: BuiltInReduceView<any>
  level: LevelView<T>
  links: LinksView
  hashtable: HashtableView<T>
  bloom: BloomView
  search: SearchView<T>
  query: QueryView
}

type Methods<V extends View> = { [K in keyof V['methods'] & keyof V]: V['methods'][K] extends 'async' ? Async<V[K]> : V[K] }

/** A view elsewhere, with the methods of its kind. */
export type RemoteView<T, K extends keyof Kinds<T>> = (K extends 'query'
  ? Pick<QueryView, 'read'> & {
      /** How `read` would answer. Unlike that of a view in the page it has to ask. */
      explain(options?: QueryRead): Promise<Explanation>
      explain(options: QueryRead | undefined, cb: Callback<Explanation>): void
    }
  : Methods<Kinds<T>[K]>) & { readonly name: string; readonly since: Obv<number> }

export type RemoteViews<T, V> = { readonly [N in keyof V]: V[N] extends { kind: infer K extends keyof Kinds<T> } ? RemoteView<T, K> : never }

type Build = (core: NativeCore, records: { get(seq: number, cb: Callback<any>): void }, spec: RemoteViewSpec) => Record<string, any>

const KINDS: Record<keyof Kinds<unknown>, [methods: Record<string, MethodKind>, build: Build]> = {
  reduce: [
    reduceMethods,
    core => {
      // Only if it is asked for: it has the view asked whenever `since` moves.
      let state: Obv<any> | undefined
      const value = () => (state ??= stateOf(core, false))
      return { ...reduceReads(core, value), value }
    }
  ],
  level: [levelMethods, levelOf],
  links: [linksMethods, (core, records, { options }) => linksOf(core, records, (options as { indexes?: LinksIndex[] } | undefined)?.indexes ?? [])],
  hashtable: [hashtableMethods, hashtableOf],
  bloom: [bloomMethods, bloomOf],
  search: [searchMethods, (core, records) => searchOf(core, records)],
  query: [
    { read: 'source', explain: 'async' },
    core => ({
      read: readQuery(core),
      explain: (options: any, cb: Callback<any>) => core.ask('explain', [toRequest(options)], true, (err, answer) => cb(err, answer?.value))
    })
  ]
}

/** What views ask of the client that has them. */
export interface ViewClient {
  ask: Ask
  since: Since
  /** Throws once the client is closed. */
  open(method: string): void
  /** Ends what is open when the client is closed: what is live well, the rest with `CLOSED`. */
  enlist(live: boolean): Enlist
  get(seq: number, cb: Callback<any>): void
}

/** The view `name`, with the methods that it has in a page that mounts it, made by the same code. */
export function remoteView(client: ViewClient, name: string, spec: RemoteViewSpec): any {
  const found = KINDS[spec.kind]
  if (!found) throw new FlumeError('INVALID_OPTION', `view '${name}' is of kind "${spec.kind}", known are ${Object.keys(KINDS).join(', ')}`, { view: name })
  const [methods, build] = found
  const { since } = client

  const core: NativeCore = {
    name,
    version: spec.version!,
    since: since.known,
    moves: NaN, // nothing says how often the state has changed, so no answer is kept
    bytes: 0,
    mapped: false,
    ask(method, args, loaded, cb) {
      const text = typeof args === 'string' ? args : JSON.stringify(args)
      const read = async (response: Response) => ({
        value: await response.json(),
        since: Number(response.headers.get('Flumedb-Since')),
        stale: response.headers.has('Flumedb-Stale')
      })
      client.ask(`views/${encodeURIComponent(name)}/${method}${loaded ? '?since=-1' : ''}`, { init: post(text), read }).then(
        answer => {
          if (answer.since > since.known.value!) since.moved(answer.since)
          cb(null, answer)
        },
        err => cb(err)
      )
    },
    // Who waits follows `since` meanwhile.
    reached(seq, cb) {
      let over = false
      const off = since.known(newest => {
        if (over || newest < seq) return
        over = true
        // Not before it has been told how to stop listening.
        queueMicrotask(() => {
          off()
          cb(null)
        })
      })
      return () => {
        over = true
        off()
      }
    }
  }
  const own = build(core, client, spec)
  const view: Record<string, unknown> = { name, since: since.obv, methods }
  for (const [method, kind] of Object.entries(methods)) {
    const fn = own[method]
    if (kind === 'sync') {
      let obv: unknown
      Object.defineProperty(view, method, { enumerable: true, get: () => (obv ??= followed(fn(), since.follow)) })
    } else if (kind === 'async')
      view[method] = (...args: any[]) => {
        const cb = takeCallback(args)
        const after = args[fn.optionsAt ?? 0]?.since
        if (!args.length && fn.length > 1) args.push(undefined)
        return answer<any>(cb, cb => {
          client.open(method)
          if (!(after > (since.known.value ?? -1))) return fn(...args, cb)
          const offs = [
            since.follow(),
            core.reached(after, () => {
              offs.forEach(off => off())
              fn(...args, cb)
            }),
            client.enlist(false)(end => {
              offs.forEach(off => off())
              ;(cb as (err: unknown) => void)(end)
            })
          ]
        })
      }
    else
      view[method] = (options?: any) => {
        client.open(method)
        const live = isLive(options)
        // What is to come is what comes behind the newest seq: that has to be known.
        const ready = (cb: (err: Error | null) => void) =>
          void (live || since.known.value === undefined ? since.ask().then(() => cb(null), cb) : cb(null))
        const enlist: Enlist = abort => {
          const offs = [client.enlist(live)(abort), ...(live ? [since.follow()] : [])]
          return () => offs.forEach(off => off())
        }
        return createSource(() => deferReader(ready, () => sourceReader(fn(options))), enlist)
      }
  }
  return view
}

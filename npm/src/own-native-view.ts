import { type Callback } from './callback.js'
import { FlumeError } from './errors.js'
import { createNativeView } from './native-view.js'
import { type ListOptions, listSource } from './pages.js'
import { type Source } from './source.js'
import { type MethodKind, type View, type ViewLog } from './types.js'

/** What a view is mounted as that a module has, and what it is asked. */
export interface NativeViewOptions<M> {
  /** The name of its `view.Kind` in Go. */
  kind: string
  /** Raise it when the Go code changes what the view answers: another has the view built anew. */
  version: number | string
  /** What the kind's `New` is given, as JSON. Others have the view built anew too. */
  options?: unknown
  /** Makes of a record what the view is to see of it, as JSON can hold it; null or undefined where it is not to see it. */
  map?: (value: any, seq: number) => unknown
  /** Its methods: those that answer once, and those that list by the page, in the form of Go's package `core/listing`. */
  methods: { readonly [K in keyof M]: M[K] extends (...args: any) => Source<any> ? 'source' : 'async' }
}

/** A view's methods as they are on the view, of the signatures `M`: `(…args) => answer`, or `(options?) => Source<item>`. */
export type NativeMethods<M> = {
  [K in keyof M]: M[K] extends (...args: any) => Source<any>
    ? M[K]
    : M[K] extends (...args: infer A) => infer R
      ? { (...args: [...Required<A>, Callback<Awaited<R>>]): void; (...args: A): Promise<Awaited<R>> }
      : never
}

/** A view of a kind that is written in Go. */
export type OwnNativeView<M> = View & { readonly methods: NativeViewOptions<M>['methods'] } & NativeMethods<M>

/**
 * Makes a view for `db.use` of a kind that the log's module has, for kinds written in Go: docs/writing-views.md. `M` are the
 * methods' signatures, as if they answered at once:
 *
 *     const Longest = (version: number, options: { path: string }) =>
 *       nativeView<{ top(n: number): { seq: number; length: number }[] }>({ kind: 'longest', version, options, methods: { top: 'async' } })
 *     const db = Flume(Log('notes', { wasm })).use('longest', Longest(1, { path: 'text' }))
 *     await db.longest.top(10)
 *
 * Arguments go to Go as a JSON array. As of every view, methods wait until the view has applied all that is in the log; a
 * first argument that is an object may say `{ since }`. A kind that the module does not have fails reads with
 * `INVALID_OPTION`.
 */
export function nativeView<M extends { [K in keyof M]: (...args: any) => any }>(spec: NativeViewOptions<M>): (log: ViewLog<any>, name: string) => OwnNativeView<M> {
  const { kind, version, options, map, methods } = spec
  if (typeof kind !== 'string' || !kind) throw invalid('a native view needs a kind, by its name in Go')
  if (typeof version !== 'number' && typeof version !== 'string') throw invalid('version must be a number')
  const kinds = Object.entries(methods ?? {}) as [string, MethodKind][]
  for (const [method, how] of kinds)
    if (how !== 'async' && how !== 'source') throw invalid(`method ${method} of ${kind} must be 'async' or 'source', not ${String(how)}`)

  return (log, name) =>
    createNativeView(log, { name, version, kind, options, map }, Object.fromEntries(kinds), core => {
      const async =
        (method: string) =>
        (...args: any[]) => {
          const cb = args.pop()
          core.ask(method, args, args[0]?.since < 0, (err, answer) => (err ? cb(err) : cb(null, answer!.value)))
        }
      const source =
        (method: string) =>
        ({ since, signal, ...asked }: ListOptions & Record<string, unknown> = {}) =>
          listSource(core, log, method, asked, { since, signal, values: false })
      return Object.fromEntries(kinds.map(([method, how]) => [method, how === 'async' ? async(method) : source(method)]))
    }) as any
}

const invalid = (message: string) => new FlumeError('INVALID_OPTION', message)

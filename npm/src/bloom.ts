import { type Callback } from './callback.js'
import { FlumeError } from './errors.js'
import { type KeyPaths, type MakeKey, keyMethod, keySpec } from './key.js'
import { type NativeCore, createNativeView } from './native-view.js'
import { type ModuleView, type ViewLog } from './types.js'

export interface BloomOptions {
  /** How many different keys to make room for at first, 1 to 100 million. There may be more. Default 100,000. */
  items?: number
  /** How often at most `has` is wrong about a key that is not there, 1e-9 to 0.5. Default 0.001. */
  probability?: number
}

/** What `Bloom` mounts. */
export interface BloomView extends ModuleView {
  readonly methods: { readonly has: 'async' }
  /** False: no record in the log has this key. True: one may have. */
  has(key: unknown, cb: Callback<boolean>): void
  has(key: unknown, options: { since?: number } | undefined, cb: Callback<boolean>): void
  has(key: unknown, options?: { since?: number }): Promise<boolean>
}

export type CreateBloom = (log: ViewLog<any>, name: string) => BloomView

/**
 * A view that tells whether there may be a record with a key, from about two bytes a key: a Bloom filter, which grows with
 * the log so that its rate of false positives stays below `probability`. The key is as for `Hashtable`. Another `version`
 * or other options build it anew.
 */
export function Bloom(version: number | string, key: KeyPaths | MakeKey, { items, probability, ...rest }: BloomOptions = {}): CreateBloom {
  const spec = keySpec('Bloom', key)
  for (const name of Object.keys(rest)) throw new FlumeError('INVALID_OPTION', `Bloom has no option "${name}", known are items, probability`)
  const options = { key: spec.key, items, probability }
  return (log, name) => createNativeView(log, { name, version, kind: 'bloom', options, map: spec.map }, bloomMethods, bloomOf) as any
}

export const bloomMethods = { has: 'async' } as const

export const bloomOf = (core: NativeCore) => ({
  has: keyMethod<{ since?: number }>((key, options, cb) =>
    core.ask('has', [key], options?.since! < 0, (err, answer) => (err ? cb(err) : cb(null, answer!.value)))
  )
})

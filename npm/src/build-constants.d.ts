// Set when the package is built.

/** Names the sources this wrapper was built from, in 12 hexadecimal digits. */
declare const __BUILD__: string
/** The package's version. */
declare const __VERSION__: string

declare module '#wasm-exec' {
  /** Go's own glue, with `scope` in the place of the global object. */
  export function createGo(scope: object): {
    importObject: WebAssembly.Imports
    exited: boolean
    exit(code: number): void
    run(instance: WebAssembly.Instance): Promise<void>
    _resume(): void
  }
}

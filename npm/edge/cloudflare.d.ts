// What is used of Cloudflare's runtime.

declare module 'cloudflare:workers' {
  export class DurableObject<Env> {
    protected ctx: { storage: unknown; abort(reason?: string): void }
    protected env: Env
    constructor(ctx: unknown, env: Env)
    fetch(request: Request): Promise<Response>
  }
}

declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}

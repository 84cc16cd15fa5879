// Every function that crosses between JavaScript and Go; the twin of jsbridge/boundary.go, where each is explained. The
// rules of the crossing stand in docs/protocol.md.

/** Of this file and its twin. */
export const PROTOCOL = 4

/** Where in the module's memory something lies; 0 is nowhere. */
export type Pointer = number

export interface Exports extends WebAssembly.Exports {
  mem: WebAssembly.Memory
  flumedb_protocol(): number
  flumedb_build(): number
  flumedb_stage(size: number): Pointer
  flumedb_open(request: number, kind: number, nameSize: number, strict: number): void
  flumedb_append(log: number, request: number, count: number, size: number, lengths: number): void
  flumedb_commit(log: number): void
  flumedb_get(log: number, request: number, seq: number): Pointer
  flumedb_size(): number
  flumedb_read(log: number, request: number, from: number, through: number, budget: number, flags: number): void
  flumedb_refresh(log: number, request: number): void
  flumedb_verify(log: number, request: number): void
  flumedb_delete(log: number, request: number, count: number): void
  flumedb_compact(log: number, request: number): void
  flumedb_stats(log: number, request: number): void
  flumedb_checkpoint(log: number, request: number, nameSize: number): void
  flumedb_set_checkpoint(log: number, request: number, nameSize: number, valueSize: number, keep: number): void
  flumedb_close(log: number, request: number): void
  flumedb_cancel(request: number): void
  // The views' are only in modules that have views; the twin of jsbridge/views/boundary.go.
  flumedb_mount(log: number, request: number, nameSize: number, versionSize: number, kindSize: number, optionsSize: number, flags: number, history: number): void
  flumedb_call(view: number, request: number, methodSize: number, argsSize: number, loaded: number): Pointer
  flumedb_call_at(view: number, request: number, methodSize: number, argsSize: number, seq: number, maxReplay: number): Pointer
  flumedb_call_since(): number
  flumedb_call_stale(): number
  flumedb_pin(log: number, request: number, count: number): void
  flumedb_pinned_call(pin: number, index: number, request: number, methodSize: number, argsSize: number): Pointer
  flumedb_unpin(pin: number): void
  flumedb_mapped(batch: number, count: number, size: number, errorSize: number): void
  flumedb_turn(turn: number): void
  flumedb_rebuild(view: number, request: number): void
  flumedb_unmount(view: number, request: number): void
  // The twin of jsbridge/replicas/boundary.go.
  flumedb_sync(log: number, request: number, json: number): void
  flumedb_sync_message(session: number, request: number, budget: number): void
  flumedb_sync_take(session: number, request: number, size: number): void
  flumedb_sync_finish(session: number, request: number): void
  flumedb_sync_restart(session: number, request: number): void
  flumedb_sync_end(session: number): void
}

/** What Go calls, under the module name "flumedb". */
export interface Imports extends Record<string, (...args: number[]) => void> {
  settle(request: number, a: number, b: number, data: Pointer, size: number): void
  fail(
    request: number,
    code: Pointer, codeSize: number,
    message: Pointer, messageSize: number,
    segment: Pointer, segmentSize: number,
    first: number, last: number
  ): void
  records(request: number, first: number, count: number, data: Pointer, size: number, ends: Pointer): void
  since(log: number, seq: number): void
  progress(request: number, done: number, total: number): void
  warn(log: number, message: Pointer, size: number): void
  health(
    log: number,
    condition: Pointer, conditionSize: number,
    step: Pointer, stepSize: number,
    freed: number,
    code: Pointer, codeSize: number,
    message: Pointer, messageSize: number,
    first: number, last: number
  ): void
  // Of views:
  moved(view: number, since: number, flags: number, bytes: number): void
  stopped(
    view: number,
    code: Pointer, codeSize: number,
    message: Pointer, messageSize: number,
    segment: Pointer, segmentSize: number,
    first: number, last: number
  ): void
  turn(turn: number, delay: number): void
  map(view: number, batch: number, first: number, count: number, data: Pointer, size: number, ends: Pointer): void
}

/** What a store of files calls, under the module name "files"; the twin of jsbridge/nodefs. */
export type FileImports = Record<string, (...args: number[]) => number>

/** Kinds of store. */
export const MEMORY = 0
export const INDEXED_DB = 1
export const FILE = 2

/** Flags of a read. */
export const REVERSE = 1
export const NO_CACHE = 2
export const ENDS = 4

/** Flag of a view's mount: the wrapper makes of each record what the view sees. */
export const MAPPED = 1
/** Flag of what is told of a view: an old state answers reads that do not wait. */
export const STALE = 1
/** The length of what a map has made nothing of. */
export const ABSENT = 0xffffffff

export { Flume, Flume as default, type Mapper } from './flume.js'
export { Log, type LogOptions, type LogStats, type VerifyOptions, type VerifyReport } from './log.js'
export { type Health, type HealthState, type HealthStep } from './health.js'
export { type LogStorage, type StorageOptions } from './storage.js'
export { type ExportOptions } from './export.js'
export { provideImporter, type ImportFormat, type ImportOptions, type ImportProgress, type ImportResult, type ImportSource } from './importer.js'
export { provideSyncer, type SyncOptions, type SyncProgress, type SyncResult } from './syncer.js'
export { type Codec, type CodecOption } from './codec.js'
export { type WasmSource, type WorkerOption } from './engine.js'
export {
  Reduce,
  type CreateReduce,
  type MapItem,
  type MapReduceOptions,
  type ReduceOptions,
  type ReduceView,
  type Reducer,
  type StateCodec
} from './reduce.js'
export type {
  AggregateOptions,
  AggregateResults,
  Bucket,
  BuiltInReduceView,
  Condition,
  CreateBuiltInReduce,
  NamedAggregates,
  Path,
  ReduceResult,
  ReducedAt,
  Where
} from './reduce-built-in.js'
export {
  Level,
  type CreateLevel,
  type Key,
  type LevelItem,
  type LevelKey,
  type LevelOptions,
  type LevelPart,
  type LevelRead,
  type LevelView,
  type MakeKeys
} from './level.js'
export {
  Links,
  type CreateLinks,
  type EmitLinks,
  type LinkPart,
  type LinkSpec,
  type LinksIndex,
  type LinksOptions,
  type LinksRead,
  type LinksView
} from './links.js'
export {
  Hashtable,
  type CreateHashtable,
  type HashtableCallback,
  type HashtableOptions,
  type HashtableRead,
  type HashtableView
} from './hashtable.js'
export { Bloom, type BloomOptions, type BloomView, type CreateBloom } from './bloom.js'
export { Search, type CreateSearch, type Found, type Highlight, type SearchOptions, type SearchQuery, type SearchView } from './search.js'
export { type KeyPaths, type MakeKey } from './key.js'
export { type ListOptions } from './pages.js'
export {
  Query,
  type CreateQuery,
  type Explanation,
  type QueryFilter,
  type QueryIndex,
  type QueryOptions,
  type QueryPath,
  type QueryRead,
  type QueryStage,
  type QueryView
} from './query.js'
export { nativeView, type NativeMethods, type NativeViewOptions, type OwnNativeView } from './own-native-view.js'
export { FlumeError, type ErrorCode, type ErrorDetail } from './errors.js'
// For authors of views and logs.
export { createObv, type Obv, type ObvLike, type WritableObv } from './obv.js'
export { createSource, type BatchReader, type Enlist, type Source } from './source.js'
export { type Callback } from './callback.js'
export { type Progress, type ViewState, type ViewStatus } from './progress.js'
export { type End, type Observable, type Observer, type PullSource, type Subscription } from './pull.js'
export type {
  AtOptions,
  Checkpoints,
  CreateView,
  FlumeLog,
  HeldView,
  HeldViews,
  Item,
  MethodKind,
  ModuleView,
  Mounted,
  MountedView,
  PastView,
  ReadableAt,
  ReadOptions,
  StreamOptions,
  UseOptions,
  View,
  ViewLog,
  ViewNames,
  Views
} from './types.js'

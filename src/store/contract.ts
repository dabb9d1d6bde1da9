/** The contract that every store implements, and its configuration. */
import type { SealedStream } from '../seal/index.js'
import type { Station } from '../lib/station.js'

export type StoredItem = Station<'stored', { readonly key: string; readonly size: number }>

export interface ByteRange {
  /** First byte, counted from 0. */
  readonly start: number
  /** Last byte, inclusive. */
  readonly end: number
}

export interface ObjectStore {
  readonly kind: 'files' | 's3'
  /**
   * Stores the object and resolves only when it is durable. When the source or the store fails,
   * nothing is left under the key: an aborted multipart upload or a temporary file is removed
   * immediately or by `sweepPartial`. Only if the process is killed at the last step, or the server
   * stores the object and then becomes unreachable, can an unreferenced object remain, which may
   * even be incomplete after a power failure; `list` finds it. The source must not change a chunk
   * after yielding it. Keys match /^[a-z0-9]+(\/[a-z0-9-]+)*$/ and are never written twice.
   *
   * @throws NocturneError `store_unavailable` or `store_full`; errors from the source are passed on
   */
  put(key: string, sealed: SealedStream): Promise<StoredItem>
  /**
   * Returns exactly the object or exactly the range; iterating throws if the body ends early.
   * Iterate once and promptly: an S3 response that nobody starts to read within a minute is
   * dropped.
   *
   * @throws NocturneError `object_missing`, also for a range beyond the end; `store_unavailable`.
   *   Iterating throws the same.
   */
  get(key: string, range?: ByteRange): Promise<AsyncIterable<Buffer>>
  /** Returns the size in bytes, or undefined when the object does not exist. */
  size(key: string): Promise<number | undefined>
  /** Succeeds also when the object does not exist. */
  delete(key: string): Promise<void>
  /**
   * Yields every key under the prefix, in no particular order, without holding them all in memory.
   */
  list(prefix: string): AsyncIterable<string>
  /**
   * Removes what killed processes left half-written, unless it was modified in the `olderThanMs`
   * before `now`, the real time in milliseconds, since the medium stamps it with that. Returns how
   * many were removed.
   */
  sweepPartial(olderThanMs: number, now: number): Promise<number>
  /**
   * Tests that the store can be written and read.
   * @throws NocturneError `store_unavailable`, `store_full`
   */
  check(): Promise<void>
  close(): Promise<void>
}

/**
 * The published log, stored next to the objects: files at the paths of c2sp.org/tlog-tiles, which
 * anyone can read without the gateway. They are not sealed and hold no PHI.
 */
export interface LogFiles {
  /**
   * Returns whether files put with `keepUntil` cannot be deleted or changed before that date (S3
   * Object Lock in compliance mode).
   */
  isLocked(): Promise<boolean>
  /**
   * Stores the file durably. Returns false, and changes nothing, when the path already holds
   * different bytes.
   *
   * @throws NocturneError `store_unavailable`, `store_full`
   */
  putOnce(path: string, bytes: Buffer, keepUntil?: Date): Promise<boolean>
  /** Replaces the file atomically: a reader sees either the old or the new version in full. */
  replace(path: string, bytes: Buffer): Promise<void>
  /**
   * Returns undefined when the file does not exist.
   * @throws NocturneError `store_unavailable`
   */
  read(path: string): Promise<Buffer | undefined>
  /** Yields the names directly in the folder that sort after `after`, in ascending order. */
  names(folder: string, after?: string): AsyncIterable<string>
  /** Succeeds also when the folder does not exist. */
  removeFolder(folder: string): Promise<void>
  /**
   * Removes a file permanently; in a versioned bucket, all its versions. Returns false, and removes
   * nothing, when a lock protects any of them. Succeeds also when the file does not exist.
   *
   * @throws NocturneError `store_unavailable`
   */
  remove(path: string): Promise<boolean>
  /**
   * Returns until when the newest version of a file is locked, or undefined when it is not locked.
   * @throws NocturneError `store_unavailable`
   */
  lockedUntil(path: string): Promise<Date | undefined>
  /**
   * Finds files in a versioned bucket that no longer appear as first written, because a delete
   * marker hides them or another version was put over them. Checks only files that are written
   * once: partial tiles and `checkpoint` change as a matter of course.
   *
   * @throws NocturneError `store_unavailable`
   */
  altered(): AsyncIterable<AlteredFile>
  close(): Promise<void>
}

export interface AlteredFile {
  readonly path: string
  readonly how: 'hidden' | 'replaced'
}

export interface FilesStoreConfig {
  readonly kind: 'files'
  /** Absolute path of the folder. */
  readonly path: string
}

export interface S3StoreConfig {
  readonly kind: 's3'
  readonly bucket: string
  readonly region: string
  /** Plain HTTP only on this machine. */
  readonly endpoint?: string
  /** PEM file of the private CA that signed the endpoint's certificate; others are not trusted. */
  readonly caFile?: string
  readonly forcePathStyle?: boolean
  /** Prefix of every key in the bucket, without leading or trailing slash. */
  readonly prefix?: string
  /**
   * From the environment or files, never from YAML. When absent, the SDK's default credential chain
   * applies.
   */
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

export type StoreConfig = FilesStoreConfig | S3StoreConfig

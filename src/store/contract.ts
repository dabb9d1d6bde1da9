/** What every store does, and how one is configured. */
import type { SealedStream } from '../seal/index.js'
import type { Station } from '../lib/station.js'

export type StoredItem = Station<'stored', { readonly key: string; readonly size: number }>

export interface ByteRange {
  /** First byte, from 0. */
  readonly start: number
  /** Last byte, inclusive. */
  readonly end: number
}

export interface ObjectStore {
  readonly kind: 'files' | 's3'
  /**
   * Makes the object durable and resolves only then. When the source fails, or the store does,
   * nothing is left under the key (an aborted multipart upload or a temporary file is removed, now
   * or by `sweepPartial`). Only a process killed at the last step, or a server that stored and can
   * no longer be asked, leaves a whole object that nobody refers to, which `list` finds. The source
   * must not change a chunk after it yielded it. Keys match /^[a-z0-9]+(\/[a-z0-9-]+)*$/ and are
   * never written twice.
   *
   * @throws NocturneError `store_unavailable`, `store_full`, or what the source throws.
   */
  put(key: string, sealed: SealedStream): Promise<StoredItem>
  /**
   * Exactly the object, or exactly the range: a body that would end early throws instead. Iterate
   * it once and soon: an S3 answer that nobody begins to read within a minute is let go.
   *
   * @throws NocturneError `object_missing`, also for a range beyond the end; `store_unavailable`.
   * Iterating throws the same.
   */
  get(key: string, range?: ByteRange): Promise<AsyncIterable<Buffer>>
  /** Size in bytes, or undefined when there is no such object. */
  size(key: string): Promise<number | undefined>
  /** Deleting what is not there succeeds. */
  delete(key: string): Promise<void>
  /** Every key under the prefix, in no order, without holding them all. */
  list(prefix: string): AsyncIterable<string>
  /**
   * Removes what a killed process left half-written and no living one has touched for
   * `olderThanMs`. Answers how many.
   */
  sweepPartial(olderThanMs: number): Promise<number>
  /**
   * Proves that the store can be written and read.
   * @throws NocturneError `store_unavailable`, `store_full`
   */
  check(): Promise<void>
  close(): Promise<void>
}

/**
 * The published log beside the objects: files at the paths of c2sp.org/tlog-tiles, which anybody
 * may read without the gateway. Nothing here was sealed, and nothing here holds PHI.
 */
export interface LogFiles {
  /**
   * Whether a file put with `keepUntil` cannot be deleted or changed before that date (S3 Object
   * Lock, compliance mode).
   */
  isLocked(): Promise<boolean>
  /**
   * Makes the file durable. False when other bytes lie at the path already, which are left as they
   * are.
   *
   * @throws NocturneError `store_unavailable`, `store_full`
   */
  putOnce(path: string, bytes: Buffer, keepUntil?: Date): Promise<boolean>
  /** Puts the file in the place of what is there; a reader sees the old or the new one, whole. */
  replace(path: string, bytes: Buffer): Promise<void>
  /** Undefined when there is no such file. @throws NocturneError `store_unavailable` */
  read(path: string): Promise<Buffer | undefined>
  /** Names right in the folder and behind `after`, ascending. */
  names(folder: string, after?: string): AsyncIterable<string>
  /** Removing what is not there succeeds. */
  removeFolder(folder: string): Promise<void>
  /**
   * Removes a file for good, in a versioned bucket every version of it. False when a lock keeps one
   * of them; then it is as it was. Removing what is not there succeeds.
   *
   * @throws NocturneError `store_unavailable`
   */
  remove(path: string): Promise<boolean>
  /**
   * Until when the newest version of a file is locked, when it is.
   * @throws NocturneError `store_unavailable`
   */
  lockedUntil(path: string): Promise<Date | undefined>
  /**
   * Files that a versioned bucket does not show as they were first put: hidden by a delete marker,
   * or with another version put over them. Only of those that are put once and stay: partial forms
   * and `checkpoint` come and go.
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
  readonly endpoint?: string
  readonly forcePathStyle?: boolean
  /** Prefix of every key in the bucket, without slashes at the ends. */
  readonly prefix?: string
  /** From the environment or files, never from YAML; absent = the SDK's own chain. */
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

export type StoreConfig = FilesStoreConfig | S3StoreConfig

/**
 * The room that keeps ciphertext: a folder with fsync, or an S3 bucket, behind one contract.
 *
 * In:  a key that says nothing, and sealed bytes as a stream.
 * Out: StoredItem, which only exists when the bytes are durable.
 * Always true: an object is there whole or not at all; it is never changed, only deleted.
 * Trusts: nothing but durability. Every read is checked against the digest in the manifest by who
 *         opens it.
 */
export type {
  StoredItem,
  ByteRange,
  ObjectStore,
  LogFiles,
  AlteredFile,
  FilesStoreConfig,
  S3StoreConfig,
  StoreConfig,
} from './contract.js'
export { openLogFiles, openStore } from './open.js'
export type { S3Options } from './s3-client.js'

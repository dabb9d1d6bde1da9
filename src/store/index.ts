/**
 * The room that keeps ciphertext: a folder with fsync or an S3 bucket, behind one contract.
 *
 * In: a key without meaning, and sealed bytes as a stream.
 * Out: StoredItem, which exists only when the bytes are durable.
 * Always true: an object exists completely or not at all; it is never changed, only deleted.
 * Trusts: the medium, for durability only. An object is checked against the digest in the manifest
 * wherever it is opened.
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

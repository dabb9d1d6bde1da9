import { openFilesStore } from './files-store.js'
import type { LogFiles, ObjectStore, StoreConfig } from './contract.js'
import { openLogFolder } from './log-files.js'
import type { S3Options } from './s3-client.js'

/**
 * The store that the site names. A folder is made when it is not there; a bucket is not, and a
 * server that is away now may be back for the first `put`: `check` tells.
 *
 * @throws NocturneError `store_unavailable`, `store_full` for a folder that cannot be made.
 */
export async function openStore(
  config: StoreConfig,
  options: S3Options = {},
): Promise<ObjectStore> {
  if (config.kind === 'files') return openFilesStore(config)
  // Loaded when it is needed: the SDK is 25 MB of memory that a site with a folder does not pay
  // for.
  const { openS3Store } = await import('./s3-store.js')
  return openS3Store(config, options)
}

/**
 * Where the ledger is published: `log/` in the same folder or bucket.
 *
 * @throws NocturneError `store_unavailable`, `store_full`
 */
export async function openLogFiles(
  config: StoreConfig,
  options: S3Options = {},
): Promise<LogFiles> {
  if (config.kind === 'files') return openLogFolder(config)
  const { openLogBucket } = await import('./log-bucket.js')
  return openLogBucket(config, options)
}

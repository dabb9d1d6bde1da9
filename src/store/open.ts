import { openFilesStore } from './files-store.js'
import type { LogFiles, ObjectStore, StoreConfig } from './contract.js'
import { openLogFolder } from './log-files.js'
import type { S3Options } from './s3-client.js'

/**
 * Opens the store that the site configures. A missing folder is created; a missing bucket is not.
 * An unreachable server is no error here, as it may be reachable by the first `put`; `check`
 * reports it.
 *
 * @throws NocturneError `store_unavailable` or `store_full` when the folder cannot be created
 */
export async function openStore(
  config: StoreConfig,
  options: S3Options = {},
): Promise<ObjectStore> {
  if (config.kind === 'files') return openFilesStore(config)
  // Loaded only when needed: the SDK takes 25 MB of memory that a site using a folder need not
  // spend.
  const { openS3Store } = await import('./s3-store.js')
  return openS3Store(config, options)
}

/**
 * Opens the place where the ledger is published: `log/` in the same folder or bucket.
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

import { openFilesStore } from './files-store.js'
import type { ObjectStore, StoreConfig } from './index.js'
import type { S3Options } from './s3-client.js'
import { openS3Store } from './s3-store.js'

/**
 * The store that the site names. A folder is made when it is not there; a bucket is not, and a server that is
 * away now may be back for the first `put`: `check` tells.
 *
 * @throws NocturneError `store_unavailable`, `store_full` for a folder that cannot be made.
 */
export function openStore(config: StoreConfig, options: S3Options = {}): Promise<ObjectStore> {
  return config.kind === 'files'
    ? openFilesStore(config)
    : Promise.resolve(openS3Store(config, options))
}

import { CATALOGUE } from '../../lib/errors.js'
import { readManifest } from '../../protocol/manifest.js'
import type { Manifest } from '../../protocol/manifest.js'
import { CommandError } from '../command-error.js'

/** A manifest has about 700 bytes per item. */
export const MAX_MANIFEST_BYTES = 256 * 1024 * 1024

/**
 * The manifest of this transfer. Without `gateway`, any gateway may have signed it.
 *
 * @throws CommandError `manifest_mismatch`
 */
export function parseManifest(bytes: Uint8Array, transfer: string, gateway?: string): Manifest {
  const manifest = readManifest(bytes, { transfer, gateway })
  if (!manifest) throw mismatch('the manifest')
  return manifest
}

/** `what` is `item 3` or `the manifest`. */
export function mismatch(what: string): CommandError {
  const { title, hint } = CATALOGUE.manifest_mismatch
  return new CommandError(`${title}: ${what}`, { code: 'manifest_mismatch', hint })
}

import { createHash } from 'node:crypto'
import { NocturneError } from '../../../lib/errors.js'
import type { Manifest } from '../../../protocol/manifest.js'
import type { PrivateKey } from '../../../seal/keys/index.js'
import { openSignedMessage } from '../../../seal/open/index.js'
import type { SignedContent } from '../../../seal/open/index.js'
import { about } from '../../command-error.js'
import { mismatch, parseManifest } from '../manifest.js'
import type { TrustedGateway } from '../pull-targets.js'

/**
 * Opens the manifest of a transfer: signed by the gateway, or by the edge that the ledger names for
 * this very manifest.
 *
 * @throws CommandError `manifest_mismatch`, `manifest_not_signed`, `cannot_open`, `receipt_invalid`
 */
export async function openManifest(
  sealed: Uint8Array,
  key: PrivateKey,
  { name, signers, edgeOf }: TrustedGateway,
  transfer: string,
): Promise<{ readonly signed: SignedContent; readonly manifest: Manifest }> {
  const open = (by: TrustedGateway['signers']) => openSignedMessage(sealed, [key], by, new Date())
  try {
    const signed = await open(signers)
    return { signed, manifest: parseManifest(signed.content, transfer, name) }
  } catch (error) {
    const isOthers = error instanceof NocturneError && error.code === 'manifest_not_signed'
    const edge = isOthers ? await edgeOf?.(transfer) : undefined
    if (!edge) throw about('the manifest', error)
    const signed = await open([{ certificate: edge.certificate }]).catch((cause: unknown) => {
      throw about('the manifest', cause)
    })
    const manifest = parseManifest(signed.content, transfer, name)
    const digest = createHash('sha256').update(signed.content).digest('hex')
    if (manifest.sealedBy?.fingerprint !== edge.fingerprint || digest !== edge.manifest)
      throw mismatch('the manifest')
    return { signed, manifest }
  }
}

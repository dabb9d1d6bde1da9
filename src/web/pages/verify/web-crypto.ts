/** Cryptographic functions for verification in a browser. */
import * as noble from '@noble/ed25519'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { LedgerCrypto } from '../../../ledger/browser.js'

noble.hashes.sha512 = sha512

/**
 * Entries are short: WebCrypto's promise per hash would take longer than the hash itself.
 */
export const webCrypto: LedgerCrypto = { sha256, verifyEd25519 }

/**
 * Browsers from before 2025 have no built-in Ed25519. Both implementations are strict where RFC
 * 8032 leaves choices.
 */
async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await importOwn(publicKey)
  if (key)
    return crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message))
  try {
    return noble.verify(signature, message, publicKey, { zip215: false })
  } catch {
    return false
  }
}

async function importOwn(publicKey: Uint8Array): Promise<CryptoKey | undefined> {
  try {
    const raw = new Uint8Array(publicKey)
    return await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify'])
  } catch {
    return undefined
  }
}

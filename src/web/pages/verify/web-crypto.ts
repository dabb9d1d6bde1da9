/** What a browser verifies with. */
import * as noble from '@noble/ed25519'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { LedgerCrypto } from '../../../ledger/browser.js'

noble.hashes.sha512 = sha512

/**
 * Entries are short: a promise for each hash, as WebCrypto has it, would take longer than the hash.
 */
export const webCrypto: LedgerCrypto = { sha256, verifyEd25519 }

/**
 * Browsers of before 2025 have no Ed25519 of their own. Both are strict about what RFC 8032 leaves
 * open.
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

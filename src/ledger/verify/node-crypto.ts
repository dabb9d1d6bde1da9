import { createHash, createPublicKey, verify } from 'node:crypto'
import type { SyncLedgerCrypto } from './crypto.js'

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

export const nodeCrypto: SyncLedgerCrypto = {
  sha256,
  verifyEd25519: (publicKey, message, signature) => {
    const x = Buffer.from(publicKey).toString('base64url')
    try {
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
      return verify(null, message, key, signature)
    } catch {
      return false
    }
  },
}

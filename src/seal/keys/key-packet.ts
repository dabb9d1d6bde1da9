/** Seals a session key to a recipient; on Node and in browsers. */
import { encryptSessionKey } from 'openpgp'
import type { DataFormat } from '../stations.js'
import type { Target } from './certificate.js'
import { forReading } from './policy.js'

/**
 * Version 2 data needs a version 6 key packet; version 1 data needs version 3 (RFC 9580 section
 * 10.3.2.1).
 */
export const sealSessionKey = (
  sessionKey: Uint8Array,
  { certificate, key }: Target,
  format: DataFormat,
  now: Date,
): Promise<Uint8Array> =>
  encryptSessionKey({
    data: sessionKey,
    algorithm: 'aes256',
    ...(format === 'seipd2' && { aeadAlgorithm: 'gcm' as const }),
    encryptionKeys: certificate,
    encryptionKeyIDs: key.getKeyID(),
    date: now,
    format: 'binary',
    config: forReading,
  })

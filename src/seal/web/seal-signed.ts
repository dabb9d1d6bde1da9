/** Seals, in a browser, what a person writes: reports, findings, notes. */
import { createMessage, encrypt } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { targetOf } from '../keys/certificate.js'
import { sealSessionKey } from '../keys/key-packet.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { forReading } from '../keys/policy.js'
import type { Recipient } from '../keys/recipient.js'

/**
 * One message: a key packet per recipient, then the signed content under a fresh session key, as
 * `sealSigned` of an envelope makes it on Node.
 *
 * @throws NocturneError `recipient_unusable`, naming the recipient
 */
export async function sealSignedWeb(
  content: Uint8Array,
  signer: PrivateKey,
  recipients: readonly Recipient[],
  now: Date,
): Promise<Uint8Array<ArrayBuffer>> {
  if (recipients.length === 0) throw new NocturneError('recipient_unusable')
  const targets = await Promise.all(recipients.map((recipient) => targetOf(recipient, now)))
  const format = recipients.every(({ takesSeipd2 }) => takesSeipd2) ? 'seipd2' : 'seipd1'
  const sessionKey = crypto.getRandomValues(new Uint8Array(32))
  try {
    const packets = await Promise.all(
      targets.map((target) => sealSessionKey(sessionKey, target, format, now)),
    )
    const data: unknown = await encrypt({
      message: await createMessage({ binary: Uint8Array.from(content), date: new Date(0) }),
      signingKeys: secretOf(signer),
      sessionKey: {
        data: sessionKey,
        algorithm: 'aes256',
        ...(format === 'seipd2' && { aeadAlgorithm: 'gcm' as const }),
      },
      date: now,
      format: 'binary',
      config: forReading,
    })
    if (!(data instanceof Uint8Array)) throw new TypeError('openpgp gave no octets')
    return joined([...packets, data])
  } finally {
    sessionKey.fill(0)
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

import { createMessage, sign } from 'openpgp'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { NocturneError } from '../lib/errors.js'
import { targetOf } from './keys/certificate.js'
import { sealSessionKey } from './keys/key-packet.js'
import { literalFrames, packetFrames } from './frames.js'
import type { DataFormat, Envelope, KeyPacket, Sealable, SealedStream } from './stations.js'
import type { Recipient } from './keys/recipient.js'
import { secretOf } from './keys/keys.js'
import type { PrivateKey } from './keys/keys.js'
import { forReading } from './keys/policy.js'
import { proofKeyOf } from './proof/key.js'
import { NEW_FORMAT, TAG } from './packets.js'
import { sealStream } from './sealed-stream.js'
import { readyThread } from './workers.js'

/**
 * Makes a fresh session key and seals it to each recipient separately, so that one reader's key
 * packet can be handed out, added or deleted without touching the others or the data. Uses version
 * 2 packets only when every recipient supports them. Call `close` after the last call to `seal`;
 * streams already started can still be read to the end.
 *
 * @throws NocturneError `recipient_unusable`, naming the recipient whose certificate is not
 *   acceptable at `now`
 */
export async function newEnvelope(recipients: readonly Recipient[], now: Date): Promise<Envelope> {
  readyThread()
  const { format, keyPackets, sessionKey } = await prepare(recipients, now)
  let isOpen = true
  const key = (): Uint8Array => {
    if (!isOpen) throw new Error('the envelope is closed')
    return sessionKey
  }
  return {
    format,
    keyPackets,
    proofKey: proofKeyOf(sessionKey),
    seal: (content, { isMeasured = true, isMessage = false } = {}) =>
      sealStream(key(), literalFrames(content), {
        ...{ format, isMeasured },
        ...(isMessage && { before: inFront(keyPackets) }),
      }),
    sealSigned: async (content, signer, signedAt) => {
      const signed = await signInline(content, signer, signedAt)
      return sealStream(key(), packetFrames(signed), { format, signed: content, isMeasured: true })
    },
    close: () => {
      isOpen = false
      sessionKey.fill(0)
    },
  }
}

/**
 * Seals one complete message, key packet and data packet, to one recipient, without digests. Used
 * for quarantine, where only one party may open the content.
 *
 * @throws NocturneError `recipient_unusable`
 */
export async function sealMessage(
  content: Sealable,
  recipient: Recipient,
  now: Date,
): Promise<SealedStream> {
  return sealWhole(content, recipient, now)
}

async function sealWhole(
  content: Sealable | Iterable<Uint8Array>,
  recipient: Recipient,
  now: Date,
): Promise<SealedStream> {
  const { format, keyPackets, sessionKey } = await prepare([recipient], now)
  const sealed = sealStream(sessionKey, literalFrames(content), {
    format,
    before: inFront(keyPackets),
    isMeasured: false,
  })
  sessionKey.fill(0)
  return sealed
}

/** Like `sealMessage`, for content already in memory, such as a crosswalk entry. */
export async function sealBytes(
  content: Uint8Array,
  recipient: Recipient,
  now: Date,
): Promise<Buffer> {
  const { bytes } = await sealWhole([content], recipient, now)
  const sealed: Buffer[] = []
  for await (const piece of bytes) sealed.push(piece)
  return Buffer.concat(sealed)
}

/**
 * Wraps a message made by `sealBytes` and kept elsewhere as a stream for the store.
 *
 * @throws Error unless it begins with a key packet: the store accepts no plaintext
 */
export function sealedMessage(message: Buffer): SealedStream {
  if (message[0] !== (NEW_FORMAT | TAG.keyPacket)) throw new Error('this is no sealed message')
  return {
    bytes: Readable.from([message]),
    digests: () => {
      throw new Error('a whole message has no digests')
    },
  } as unknown as SealedStream
}

const inFront = (keyPackets: readonly KeyPacket[]): Buffer =>
  Buffer.concat(keyPackets.map(({ packet }) => packet))

interface Prepared {
  readonly format: DataFormat
  readonly keyPackets: readonly KeyPacket[]
  readonly sessionKey: Buffer
}

/**
 * Checks every recipient before making any key packet: one unacceptable recipient fails the whole
 * envelope.
 */
async function prepare(recipients: readonly Recipient[], now: Date): Promise<Prepared> {
  if (recipients.length === 0) throw new NocturneError('recipient_unusable')
  const targets = await Promise.all(
    recipients.map(async (recipient) => ({ recipient, target: await targetOf(recipient, now) })),
  )
  const format = recipients.every(({ takesSeipd2 }) => takesSeipd2) ? 'seipd2' : 'seipd1'
  const sessionKey = randomBytes(32)
  try {
    const keyPackets = await Promise.all(
      targets.map(async ({ recipient: { id, fingerprint }, target }) => ({
        recipient: id,
        fingerprint,
        packet: inBuffer(await sealSessionKey(sessionKey, target, format, now)),
      })),
    )
    return { format, keyPackets, sessionKey }
  } catch (cause) {
    sessionKey.fill(0)
    throw new NocturneError('recipient_unusable', { cause })
  }
}

const inBuffer = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length)

/** Builds a one-pass signature, a literal packet without name and date, and the signature. */
async function signInline(
  content: Uint8Array,
  signer: PrivateKey,
  date: Date,
): Promise<Uint8Array> {
  const signed: unknown = await sign({
    message: await createMessage({ binary: Uint8Array.from(content), date: new Date(0) }),
    signingKeys: secretOf(signer),
    date,
    format: 'binary',
    config: forReading,
  })
  if (!(signed instanceof Uint8Array)) throw new TypeError('openpgp gave no octets')
  return signed
}

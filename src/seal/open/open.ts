import { decryptSessionKeys, readMessage } from 'openpgp'
import { NocturneError } from '../../lib/errors.js'
import { concat } from '../../lib/concat.js'
import type { Ciphers } from '../ciphers.js'
import { secretOf } from '../keys/keys.js'
import type { PrivateKey } from '../keys/keys.js'
import { readContent } from './open-content.js'
import { openByOpenpgp } from './open-fallback.js'
import { Body, ByteSource } from './open-packets.js'
import { openSeipd1 } from './open-seipd1.js'
import { isGcm, openSeipd2, readSeipd2Header } from './open-seipd2.js'
import { packet, TAG } from '../packets.js'
import { forReading } from '../keys/policy.js'

/** Key packets in front of the data: some hundred recipients, or none of our concern. */
const MAX_KEY_PACKETS = 512
const MAX_KEY_PACKET_BYTES = 16_384
/**
 * Ceiling for one content unless the caller sets another: what is compressed can claim any size.
 */
const MAX_CONTENT_BYTES = 64 * 2 ** 30

export interface OpenOptions {
  readonly ciphers: Ciphers
  readonly maxContentBytes?: number
  /**
   * The caller is done with each piece when it asks for the next: its memory is used again, which
   * saves half the time. Without this, pieces are the caller's to keep.
   */
  readonly isTransient?: boolean
}

/**
 * Opens a message to one of `keys` and gives out its content as it comes. Binary; whatever file
 * name it carries is dropped.
 *
 * What comes out may be kept only when the iteration ends normally: write it under a temporary
 * name, and rename then. Version 2 packets: each piece is authentic, but the message may turn out
 * to be cut short. Version 1: nothing is authentic before the end. A signature inside is not
 * verified: see `openSignedMessage`.
 *
 * Of `source` no piece is looked at any more when the next is asked for.
 *
 * @throws NocturneError `cannot_open`, whatever is wrong with the message; an error of `source`
 * itself passes as it is.
 */
export async function* openMessage(
  source: AsyncIterable<Uint8Array>,
  keys: readonly PrivateKey[],
  { ciphers, maxContentBytes = MAX_CONTENT_BYTES, isTransient = false }: OpenOptions,
): AsyncGenerator<Uint8Array> {
  const bytes = new ByteSource(source)
  try {
    const { keyPackets, data } = await readFront(bytes)
    const free = isTransient ? ciphers.free : undefined
    const plaintext = await openData(keyPackets, data, keys, ciphers, free)
    yield* readContent(plaintext, maxContentBytes)
    await data.skip()
    if ((await bytes.octet()) !== undefined) throw new Error('something follows the message')
  } catch (cause) {
    if (bytes.failure) throw bytes.failure.error
    throw new NocturneError('cannot_open', { cause })
  } finally {
    await bytes.close()
  }
}

/** The key packets, and the data packet that follows them. */
async function readFront(
  bytes: ByteSource,
): Promise<{ readonly keyPackets: readonly Uint8Array[]; readonly data: Body }> {
  const keyPackets: Uint8Array[] = []
  for (let count = 0; count < MAX_KEY_PACKETS; count++) {
    const body = await Body.next(bytes)
    if (body?.tag === TAG.protected || body?.tag === TAG.draftAead)
      return { keyPackets, data: body }
    if (body?.tag === TAG.keyPacket) keyPackets.push(await body.whole(MAX_KEY_PACKET_BYTES))
    else if (
      body?.tag === TAG.passwordKeyPacket ||
      body?.tag === TAG.marker ||
      body?.tag === TAG.padding
    )
      await body.whole(MAX_KEY_PACKET_BYTES)
    else throw new Error('not an encrypted message')
  }
  throw new Error('too many key packets')
}

async function openData(
  keyPackets: readonly Uint8Array[],
  data: Body,
  keys: readonly PrivateKey[],
  ciphers: Ciphers,
  free: ((bytes: Uint8Array) => void) | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const version = (await data.exactly(1))[0]
  if (data.tag === TAG.protected && version === 1)
    return openSeipd1(data, await sessionKeyOf(keyPackets, 3, keys), ciphers, free)
  if (data.tag === TAG.protected && version === 2) {
    const header = await readSeipd2Header(data)
    if (isGcm(header))
      return openSeipd2(data, header, await sessionKeyOf(keyPackets, 6, keys), ciphers, free)
    const { cipher, mode, chunkOctet, salt } = header
    const front = concat([Uint8Array.of(2, cipher, mode, chunkOctet), salt])
    return openByOpenpgp(keyPackets, data, front, keys)
  }
  if (data.tag === TAG.draftAead && version === 1)
    return openByOpenpgp(keyPackets, data, Uint8Array.of(1), keys)
  throw new Error('unknown version')
}

/**
 * The session key from the key packet of the version that belongs to the data (RFC 9580 section
 * 10.3.2.1): the other version is passed over, or a message could be turned into one of the weaker
 * kind.
 */
export async function sessionKeyOf(
  keyPackets: readonly Uint8Array[],
  version: 3 | 6,
  keys: readonly PrivateKey[],
): Promise<Uint8Array> {
  const fitting = keyPackets.filter((body) => body[0] === version)
  const message = await readMessage({
    binaryMessage: concat(fitting.map((body) => packet(TAG.keyPacket, body))),
    config: forReading,
  })
  const found = await decryptSessionKeys({
    message,
    decryptionKeys: keys.map(secretOf),
    config: forReading,
  })
  const [one, ...others] = found
  if (!one || others.length > 0) throw new Error('not one session key')
  // Version 3 names the cipher beside the key; the AES of each size is the only one taken.
  if (version === 3 && !one.algorithm?.startsWith('aes')) throw new Error('not AES')
  return one.data
}

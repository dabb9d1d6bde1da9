import { concat } from '../../lib/bytes.js'
import type { Ciphers } from '../ciphers.js'
import type { PrivateKey } from '../keys/keys.js'
import { readContent } from './open-content.js'
import { openByOpenpgp } from './open-fallback.js'
import { Body, ByteSource } from './open-packets.js'
import { openSeipd1 } from './open-seipd1.js'
import { isGcm, openSeipd2, readSeipd2Header } from './open-seipd2.js'
import { TAG } from '../packets.js'
import { cannotOpen } from './addressed.js'
import { sessionKeyOf } from './session-keys.js'
import type { LastSessionKey } from './session-keys.js'

/** Key packets allowed before the data: enough for any real list of recipients. */
const MAX_KEY_PACKETS = 512
const MAX_KEY_PACKET_BYTES = 16_384
/**
 * Limit on the size of one content unless the caller sets another: compressed data can expand to
 * any size.
 */
const MAX_CONTENT_BYTES = 64 * 2 ** 30

export interface OpenOptions {
  readonly ciphers: Ciphers
  readonly maxContentBytes?: number
  /**
   * The caller is finished with each piece when it requests the next one, so the memory is reused,
   * which halves the time. Otherwise the caller may keep the pieces.
   */
  readonly isTransient?: boolean
  /** Kept between messages of one envelope, which are then opened faster. */
  readonly lastSessionKey?: LastSessionKey
}

/**
 * Opens a message sealed to one of `keys` and yields its binary content as it arrives. Any file
 * name in the message is discarded.
 *
 * Keep the output only if the iteration ends normally: write it under a temporary name and rename
 * it afterwards. With version 2 packets each piece is authentic, but the message may turn out to be
 * truncated. With version 1 nothing is authentic before the end. Signatures inside are not
 * verified; see `openSignedMessage`.
 *
 * A piece of `source` is not read again once the next one has been requested.
 *
 * @throws NocturneError `not_sealed_to_key`; `cannot_open` for any fault in the message; an error
 *   from `source` is passed on unchanged
 */
export async function* openMessage(
  source: AsyncIterable<Uint8Array>,
  keys: readonly PrivateKey[],
  options: OpenOptions,
): AsyncGenerator<Uint8Array> {
  const bytes = new ByteSource(source)
  try {
    const { keyPackets, data } = await readFront(bytes)
    const plaintext = await openData(keyPackets, data, keys, options)
    yield* readContent(plaintext, options.maxContentBytes ?? MAX_CONTENT_BYTES)
    await data.skip()
    if ((await bytes.octet()) !== undefined) throw new Error('something follows the message')
  } catch (cause) {
    if (bytes.failure) throw bytes.failure.error
    throw cannotOpen(cause)
  } finally {
    await bytes.close()
  }
}

/** Reads the key packets and the header of the data packet that follows them. */
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
  { ciphers, isTransient = false, lastSessionKey }: OpenOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const free = isTransient ? ciphers.free : undefined
  const sessionKey = (kind: 3 | 6): Promise<Uint8Array> =>
    lastSessionKey?.get(keyPackets, kind, keys) ?? sessionKeyOf(keyPackets, kind, keys)
  const version = (await data.exactly(1))[0]
  if (data.tag === TAG.protected && version === 1)
    return openSeipd1(data, await sessionKey(3), ciphers, free)
  if (data.tag === TAG.protected && version === 2) {
    const header = await readSeipd2Header(data)
    if (isGcm(header)) return openSeipd2(data, header, await sessionKey(6), ciphers, free)
    const { cipher, mode, chunkOctet, salt } = header
    const front = concat([Uint8Array.of(2, cipher, mode, chunkOctet), salt])
    return openByOpenpgp(keyPackets, data, front, keys)
  }
  if (data.tag === TAG.draftAead && version === 1)
    return openByOpenpgp(keyPackets, data, Uint8Array.of(1), keys)
  throw new Error('unknown version')
}

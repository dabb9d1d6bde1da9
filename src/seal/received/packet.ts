/** A data packet that somebody else sealed, on its way to the store. */
import { createHash } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import { NEW_FORMAT, TAG } from '../packets.js'
import type { DataFormat, SealedStream } from '../stations.js'

const VERSION: Readonly<Record<DataFormat, number>> = { seipd1: 1, seipd2: 2 }
/** A header is at most six octets long, and the version follows. */
const LOOK = 7

export interface ExpectedPacket {
  readonly format: DataFormat
  /** Of the whole packet, hexadecimal. */
  readonly sha256: string
  readonly size: number
}

/**
 * Passes the packet on as it arrives. It must begin as an encrypted data packet of the format, and
 * be the expected one to the octet; otherwise the stream fails at its end at the latest, so the
 * store keeps nothing of it.
 *
 * @throws NocturneError `sealed_content_wrong` while iterating; the errors of the source
 */
export function receivedPacket(
  octets: AsyncIterable<Uint8Array>,
  expected: ExpectedPacket,
): SealedStream {
  return {
    bytes: checked(octets, expected),
    digests: () => {
      throw new Error('the content of a received packet is not known')
    },
  } as unknown as SealedStream
}

async function* checked(
  octets: AsyncIterable<Uint8Array>,
  { format, sha256, size }: ExpectedPacket,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let seen = 0
  let head = Buffer.alloc(0)
  for await (const piece of octets) {
    if (piece.length === 0) continue
    // Its own memory: pieces of a connection share theirs, and the reader may keep what it gets.
    const own = Buffer.allocUnsafeSlow(piece.length)
    own.set(piece)
    if (head.length < LOOK) {
      head = Buffer.concat([head, own.subarray(0, LOOK - head.length)])
      if (head.length >= LOOK && !isDataPacket(head, format)) throw wrong()
    }
    seen += own.length
    if (seen > size) throw wrong()
    hash.update(own)
    yield own
  }
  if (seen !== size || head.length < LOOK || hash.digest('hex') !== sha256) throw wrong()
}

const wrong = (): NocturneError => new NocturneError('sealed_content_wrong')

/** RFC 9580 sections 4.2.1 and 5.13: tag, length in one of its forms, version. */
function isDataPacket(head: Buffer, format: DataFormat): boolean {
  const first = head[1] ?? 0
  const lengthOctets = first < 192 || (first >= 224 && first < 255) ? 1 : first === 255 ? 5 : 2
  return head[0] === (NEW_FORMAT | TAG.protected) && head[1 + lengthOctets] === VERSION[format]
}

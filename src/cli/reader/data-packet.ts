import { createHash } from 'node:crypto'
import { CommandError } from '../command-error.js'

/**
 * Packet tags of RFC 9580 section 5: packets that may precede the data packet, and the data packet
 * itself.
 */
const KEY_PACKETS: ReadonlySet<number> = new Set([1, 3, 10, 21])
const DATA_PACKET = 18

/**
 * Key packets of one reader take a few hundred bytes; the search for the data packet stops at this
 * size.
 */
export const MAX_KEY_PACKET_BYTES = 64 * 1024

/**
 * Measures the data packet of a message that passes through: its SHA-256 and size without the
 * preceding key packets, as in the manifest, because key packets differ between readers.
 */
export class DataPacketMeter {
  readonly #hash = createHash('sha256')
  #head: Buffer | undefined = Buffer.alloc(0)
  #size = 0

  /** @throws CommandError `cannot_open` when no data packet begins where one is required. */
  update(chunk: Uint8Array): void {
    if (this.#head === undefined) {
      this.#take(chunk)
      return
    }
    this.#head = Buffer.concat([this.#head, chunk])
    const start = findDataPacket(this.#head)
    if (start === undefined) {
      if (this.#head.length > MAX_KEY_PACKET_BYTES) throw notAMessage()
      return
    }
    this.#take(this.#head.subarray(start))
    this.#head = undefined
  }

  /** To be called after the last chunk. */
  digest(): { readonly sha256: string; readonly size: number } {
    return { sha256: this.#hash.digest('hex'), size: this.#size }
  }

  #take(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#size += bytes.length
  }
}

/** Passes a message through and feeds each chunk to the meter. */
export async function* metered(
  message: AsyncIterable<Uint8Array>,
  meter: DataPacketMeter,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of message) {
    meter.update(chunk)
    yield chunk
  }
}

/** Offset of the data packet; undefined while it is not known yet. */
function findDataPacket(head: Buffer): number | undefined {
  let at = 0
  for (;;) {
    const first = head[at]
    if (first === undefined) return undefined
    if ((first & 0x80) === 0) throw notAMessage()
    const isNew = (first & 0x40) !== 0
    const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f
    if (tag === DATA_PACKET) return at
    if (!KEY_PACKETS.has(tag)) throw notAMessage()
    const body = isNew ? newLength(head, at + 1) : oldLength(head, at + 1, first & 0x03)
    if (body === undefined) return undefined
    at = body.start + body.length
    if (at > MAX_KEY_PACKET_BYTES) throw notAMessage()
  }
}

interface PacketBody {
  readonly start: number
  readonly length: number
}

/** RFC 9580 section 4.2.1. Only data packets may have partial lengths. */
function newLength(head: Buffer, at: number): PacketBody | undefined {
  const first = head[at]
  if (first === undefined) return undefined
  if (first < 192) return { start: at + 1, length: first }
  if (first < 224) {
    const second = head[at + 1]
    return second === undefined
      ? undefined
      : { start: at + 2, length: ((first - 192) << 8) + second + 192 }
  }
  if (first !== 255) throw notAMessage()
  return head.length < at + 5 ? undefined : { start: at + 5, length: head.readUInt32BE(at + 1) }
}

/** RFC 9580 section 4.2.2. With an indeterminate length, the end of the packet is unknown. */
function oldLength(head: Buffer, at: number, type: number): PacketBody | undefined {
  if (type === 3) throw notAMessage()
  const octets = 1 << type
  return head.length < at + octets
    ? undefined
    : { start: at + octets, length: head.readUIntBE(at, octets) }
}

const notAMessage = () =>
  new CommandError('the message cannot be opened', {
    code: 'cannot_open',
    hint: 'fetch it again: what the gateway sent is not an OpenPGP message',
  })

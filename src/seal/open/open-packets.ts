import { concat } from '../../lib/bytes.js'
import { TAG } from '../packets.js'

/** Reads octets from pieces of any size, holding at most one piece. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)
  #failure: { readonly error: unknown } | undefined

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /**
   * Set when the source of the pieces failed, for example on a broken connection; the message
   * itself is then not at fault.
   */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Returns up to `limit` octets without copying them, or undefined at the end. */
  async take(limit: number): Promise<Uint8Array | undefined> {
    while (this.#piece.length === 0) {
      const next = await this.#next()
      if (next.done) return undefined
      this.#piece = next.value
    }
    const taken = this.#piece.subarray(0, limit)
    this.#piece = this.#piece.subarray(taken.length)
    return taken
  }

  /** Puts back the piece that `take` returned last. */
  unread(piece: Uint8Array): void {
    this.#piece = this.#piece.length === 0 ? piece : concat([piece, this.#piece])
  }

  /** One octet, or undefined at the end. */
  async octet(): Promise<number | undefined> {
    return (await this.take(1))?.[0]
  }

  /** Lets the source of the pieces clean up. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#pieces.next()
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }
}

const broken = (): Error => new Error('broken packet')

async function required(source: ByteSource): Promise<number> {
  const octet = await source.octet()
  if (octet === undefined) throw broken()
  return octet
}

/** Packet types that may use partial lengths (RFC 9580 section 4.2.1.4). */
const STREAMED: ReadonlySet<number> = new Set([
  TAG.compressed,
  TAG.unprotected,
  TAG.literal,
  TAG.protected,
  TAG.draftAead,
])

/**
 * The body of a packet: of definite length, in partial lengths, or (old format only) up to the end
 * of its container.
 */
export class Body {
  readonly tag: number
  readonly #source: ByteSource
  #left = 0
  #isLast = false

  private constructor(tag: number, source: ByteSource) {
    this.tag = tag
    this.#source = source
  }

  /**
   * Returns the next packet, or undefined at the end. The previous packet must have been read to
   * its end.
   */
  static async next(source: ByteSource): Promise<Body | undefined> {
    const header = await source.octet()
    if (header === undefined) return undefined
    if ((header & 0x80) === 0) throw broken()
    const isNew = (header & 0x40) !== 0
    const body = new Body(isNew ? header & 0x3f : (header >> 2) & 0x0f, source)
    if (isNew) await body.#readLength()
    else await body.#readOldLength(header & 3)
    return body
  }

  /**
   * Returns up to `limit` octets of the body, or undefined at its end. Throws when the body is
   * truncated.
   */
  async take(limit: number): Promise<Uint8Array | undefined> {
    while (this.#left === 0) {
      if (this.#isLast) return undefined
      await this.#readLength()
    }
    const piece = await this.#source.take(Math.min(limit, this.#left))
    if (piece === undefined) {
      if (this.#left !== Infinity) throw broken()
      this.#left = 0
      return undefined
    }
    this.#left -= piece.length
    return piece
  }

  /**
   * Fills `window` from `offset` with as much of the body as fits. Returns how many octets of
   * `window` are then filled.
   */
  async fill(window: Uint8Array, offset = 0): Promise<number> {
    let filled = offset
    while (filled < window.length) {
      const piece = await this.take(window.length - filled)
      if (piece === undefined) break
      window.set(piece, filled)
      filled += piece.length
    }
    return filled
  }

  /** Returns exactly the next `count` octets. */
  async exactly(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count)
    if ((await this.fill(bytes)) < count) throw broken()
    return bytes
  }

  /** Returns the rest of the body, which must not exceed `limit` octets. */
  async whole(limit: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let size = 0
    for (let piece; (piece = await this.take(limit)); pieces.push(Uint8Array.from(piece))) {
      size += piece.length
      if (size > limit) throw broken()
    }
    return concat(pieces)
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    for (let piece; (piece = await this.take(Infinity));) yield piece
  }

  async skip(): Promise<void> {
    while (await this.take(Infinity));
  }

  async #readLength(): Promise<void> {
    const first = await required(this.#source)
    if (first >= 224 && first < 255) {
      if (!STREAMED.has(this.tag)) throw broken()
      this.#left = 2 ** (first & 0x1f)
      return
    }
    this.#isLast = true
    if (first < 192) this.#left = first
    else if (first < 224) this.#left = ((first - 192) << 8) + (await required(this.#source)) + 192
    else this.#left = await this.#number(4)
  }

  /**
   * RFC 9580 section 4.2.2. Indeterminate lengths are accepted only for packet types that may
   * extend to the end of the data.
   */
  async #readOldLength(type: number): Promise<void> {
    this.#isLast = true
    if (type < 3) this.#left = await this.#number(2 ** type)
    else if (STREAMED.has(this.tag)) this.#left = Infinity
    else throw broken()
  }

  async #number(octets: number): Promise<number> {
    let value = 0
    for (let at = 0; at < octets; at++) value = value * 256 + (await required(this.#source))
    return value
  }
}

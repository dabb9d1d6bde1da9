import { Body, ByteSource } from './open-packets.js'
import { TAG } from '../packets.js'

/**
 * Limit for packets other than the content, such as signatures; far above what any program writes.
 */
const SMALL_PACKET_BYTES = 65_536
const SMALL_PACKETS = 64
/**
 * Unknown packet types from this ID on are ignored; below it, the message is refused (RFC 9580
 * section 4.3).
 */
const FIRST_NON_CRITICAL = 40

const FORMATS: ReadonlySet<number> = new Set([0x62, 0x74, 0x75, 0x6c, 0x31, 0x6d])

/**
 * Reads the content of a decrypted message (RFC 9580 section 10.3): one literal packet, optionally
 * signed or compressed. Signatures are skipped, not verified. A message with two contents is
 * refused, because programs differ in which one they show.
 */
export async function* readContent(
  plaintext: AsyncIterable<Uint8Array>,
  maxBytes: number,
  depth = 0,
): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(plaintext)
  try {
    let contents = 0
    let small = 0
    for (let body; (body = await Body.next(source));) {
      if (body.tag === TAG.literal) {
        if (++contents > 1) throw new Error('two contents')
        await passLiteralHeader(body)
        let size = 0
        for (let piece; (piece = await body.take(Infinity)); yield piece) {
          size += piece.length
          if (size > maxBytes) throw new Error('too large')
        }
      } else if (body.tag === TAG.compressed && depth === 0) {
        if (++contents > 1) throw new Error('two contents')
        yield* readContent(await decompress(body), maxBytes, depth + 1)
      } else if (body.tag === TAG.onePassSignature || body.tag === TAG.signature) {
        if (++small > SMALL_PACKETS) throw new Error('too many packets')
        await body.whole(SMALL_PACKET_BYTES)
      } else if (
        body.tag === TAG.marker ||
        body.tag === TAG.padding ||
        body.tag >= FIRST_NON_CRITICAL
      ) {
        await body.skip()
      } else {
        throw new Error('a packet that has no place here')
      }
    }
    if (contents === 0) throw new Error('no content')
  } finally {
    await source.close()
  }
}

/** RFC 9580 section 5.9. The file name and date are not needed and are discarded. */
async function passLiteralHeader(body: Body): Promise<void> {
  const [format = 0, nameBytes = 0] = await body.exactly(2)
  if (!FORMATS.has(format)) throw new Error('unknown format')
  await body.exactly(nameBytes + 4)
}

const STREAM_FORMATS: Readonly<Record<number, 'deflate-raw' | 'deflate'>> = {
  1: 'deflate-raw',
  2: 'deflate',
}

/** RFC 9580 section 5.6: ZIP and ZLIB use the platform's DecompressionStream; BZip2 is refused. */
async function decompress(body: Body): Promise<AsyncIterable<Uint8Array>> {
  const [algorithm = -1] = await body.exactly(1)
  if (algorithm === 0) return body.rest()
  const format = STREAM_FORMATS[algorithm]
  if (format === undefined) throw new Error('unknown compression')
  return inflate(body, format)
}

/**
 * Feeds one piece at a time and yields the output it produces, so memory stays constant whatever
 * the compression ratio.
 */
async function* inflate(body: Body, format: 'deflate-raw' | 'deflate'): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream(format)
  const writer = stream.writable.getWriter()
  const reader = stream.readable.getReader()
  const feed = async (): Promise<void> => {
    try {
      // Copied because the stream may still read a piece after accepting the next one.
      for await (const piece of body.rest()) await writer.write(Uint8Array.from(piece))
      await writer.close()
    } catch (error) {
      await writer.abort(error)
    }
  }
  const fed = feed()
  try {
    for (let next; !(next = await reader.read()).done;) yield next.value as Uint8Array
    await fed
  } finally {
    await reader.cancel().catch(() => undefined)
    await fed.catch(() => undefined)
  }
}

import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { DataFormat, Digests, Sealable, SealedStream } from './index.js'
import { PacketWriter } from './packet-writer.js'
import { TAG } from './packets.js'
import { Seipd1 } from './seipd1.js'
import { Seipd2 } from './seipd2.js'

/** Literal data header (RFC 9580 section 5.9): binary, no file name, no date: neither says anything of the content. */
const LITERAL_HEADER = Buffer.from([0x62, 0, 0, 0, 0, 0])

/** Pieces of input larger than this are taken in steps, so that what waits to be taken stays small. */
const STEP = 2 ** 18

class Digest {
  readonly #hash: Hash = createHash('sha256')
  #size = 0

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#size += bytes.length
  }

  end(): { readonly sha256: string; readonly size: number } {
    return { sha256: this.#hash.digest('hex'), size: this.#size }
  }
}

/** What is put before the ciphertext, and where the digest of the content comes from when it is not the input itself. */
interface Options {
  /** Bytes in front of the data packet: a key packet, when a whole message is wanted. */
  readonly before?: Buffer
  /** The input is a sequence of packets already, made from this content. */
  readonly signed?: Uint8Array
}

/**
 * One data packet over the content as it comes. The key material is derived before this returns: the caller may
 * forget the session key at once. A content that fails makes the stream fail with the same error, and what was
 * given out until then is not a message.
 */
export function sealStream(
  format: DataFormat,
  sessionKey: Uint8Array,
  content: Sealable | Iterable<Uint8Array>,
  { before, signed }: Options = {},
): SealedStream {
  const ready: Buffer[] = before ? [before] : []
  const outer = new PacketWriter(TAG.protected, (frame) => ready.push(frame), false)
  const emit = (bytes: Uint8Array): void => outer.write(bytes)
  const data = format === 'seipd2' ? new Seipd2(sessionKey, emit) : new Seipd1(sessionKey, emit)
  const literal = new PacketWriter(TAG.literal, (frame) => data.update(frame), true)
  const plaintext = new Digest()
  const ciphertext = new Digest()
  let digests: Digests | undefined

  function* drain(): Generator<Buffer> {
    for (const bytes of ready.splice(0)) {
      ciphertext.update(bytes)
      yield bytes
    }
  }

  async function* run(): AsyncGenerator<Buffer> {
    try {
      if (signed) plaintext.update(signed)
      else literal.write(LITERAL_HEADER)
      for await (const piece of content) {
        for (let at = 0; at < piece.length; at += STEP) {
          const step = piece.length <= STEP ? piece : piece.subarray(at, at + STEP)
          if (signed) data.update(step)
          else {
            plaintext.update(step)
            literal.write(step)
          }
          yield* drain()
        }
      }
      if (!signed) literal.end()
      data.end()
      outer.end()
      yield* drain()
      digests = { plaintext: plaintext.end(), ciphertext: ciphertext.end() }
    } finally {
      literal.clear()
      data.forget()
    }
  }

  return {
    bytes: once(run),
    digests: () => {
      if (!digests) throw new Error('the digests are known when the stream has ended')
      return digests
    },
  } as SealedStream
}

/** A second iteration of a spent generator would look like an empty object, so it throws. */
function once(run: () => AsyncGenerator<Buffer>): AsyncIterable<Buffer> {
  let isTaken = false
  return {
    [Symbol.asyncIterator]() {
      if (isTaken) throw new Error('a sealed stream can be read once')
      isTaken = true
      return run()
    },
  }
}

/**
 * A length that does not fit in four octets: 4 GiB and one octet, sealed and opened as a stream
 * with little memory.
 */
import { expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { newEnvelope } from '../../src/seal/index.js'
import { open, person } from './_seal.js'

const PIECE = Buffer.alloc(2 ** 20, 0x5a)
const isAsked = process.env.NOCTURNE_TEST_LARGE === '1'
const large = isAsked ? it : it.skip
const why = isAsked ? '' : ' (skipped: it takes a minute; set NOCTURNE_TEST_LARGE=1)'

async function* content(): AsyncGenerator<Buffer> {
  for (let at = 0; at < 4096; at++) yield await Promise.resolve(PIECE)
  yield PIECE.subarray(0, 1)
}

large.each(['seipd1', 'seipd2'] as const)(
  `seals and opens 4 GiB and one octet in %s${why}`,
  async (format) => {
    const reader = await person('reader-1', format)
    const envelope = await newEnvelope([reader.recipient], new Date())
    const sealed = envelope.seal(content())
    async function* message(): AsyncGenerator<Uint8Array> {
      yield envelope.keyPackets[0]!.packet
      yield* sealed.bytes
    }
    const hash = createHash('sha256')
    let size = 0
    for await (const piece of open(message(), reader.key)) {
      hash.update(piece)
      size += piece.length
    }
    expect(size).toBe(4096 * PIECE.length + 1)
    expect(sealed.digests().plaintext).toEqual({ sha256: hash.digest('hex'), size })
  },
  600_000,
)

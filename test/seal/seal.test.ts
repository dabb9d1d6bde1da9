import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { createMessage, decrypt, encrypt, enums, PublicKey, readKey } from 'openpgp'
import { readMessage, readPrivateKey } from 'openpgp'
import { newEnvelope, nodeCiphers, sealBytes, sealMessage } from '../../src/seal/index.js'
import { newKey } from '../../src/seal/keys/keys.js'
import { openMessage } from '../../src/seal/open/open.js'
import { openSignedMessage } from '../../src/seal/open/open-signed.js'
import { LastSessionKey } from '../../src/seal/open/session-keys.js'
import { toRecipient } from '../../src/seal/keys/certificate.js'
import { attempt, collect, content, message, open, person, sealTo, split } from './_seal.js'
import type { Person } from './_seal.js'

const CHUNK = 2 ** 20
/**
 * Includes lengths at which the content plus the literal packet's header fill a chunk or block
 * exactly.
 */
const LENGTHS = [0, 1, 185, 186, 8377, 8378]
  // Version 1: the final digest lies in one window, or begins in one and ends in the next.
  .concat([CHUNK - 53, CHUNK - 52, CHUNK - 51, CHUNK - 41, CHUNK - 31, CHUNK - 30, CHUNK - 29])
  .concat([CHUNK - 12, CHUNK - 11, CHUNK - 10, CHUNK - 7, CHUNK - 6, CHUNK - 5, CHUNK - 1, CHUNK])
  .concat([CHUNK + 1, 2 * CHUNK - 13, 2 * CHUNK - 6, 2 * CHUNK - 5, 3 * CHUNK + 7])

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe.each(['seipd1', 'seipd2'] as const)('sealing in %s', (format) => {
  let reader: Person
  let other: Person
  beforeAll(async () => {
    reader = await person('reader-1', format)
    other = await person('reader-2')
  })

  it.each(LENGTHS)('seals and opens %i octets', async (length) => {
    const plain = content(length)
    const opened = await collect(open(split(await sealTo(reader, plain)), reader.key))
    expect(opened.equals(plain)).toBe(true)
  })

  it('keeps the session key of one envelope, and takes it for no other', async () => {
    const make = async (to: Person) => newEnvelope([to.recipient], new Date())
    const [one, two] = [await make(reader), await make(reader)]
    const lastSessionKey = new LastSessionKey()
    const openFrom = async (envelope: typeof one, plain: Uint8Array) => {
      const { bytes } = envelope.seal(split(plain), { isMeasured: false, isMessage: true })
      return collect(openMessage(bytes, [reader.key], { ciphers: nodeCiphers, lastSessionKey }))
    }
    for (const [turn, envelope] of [one, one, two, one, two, two].entries()) {
      const plain = content(1000 + turn)
      expect((await openFrom(envelope, plain)).equals(plain)).toBe(true)
      if (turn === 3) await lastSessionKey.forget()
    }
    await expect(openFrom(await make(other), content(10))).rejects.toMatchObject({
      code: 'not_sealed_to_key',
    })
  })

  it('seals and opens any content, however both streams are split', async () => {
    const envelope = await newEnvelope([reader.recipient], new Date())
    const sizes = fc.array(fc.integer({ min: 1, max: CHUNK }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3 * CHUNK }),
        sizes,
        sizes,
        async (size, into, out) => {
          const plain = content(size)
          const sealed = envelope.seal(split(plain, ...into))
          const data = await collect(sealed.bytes)
          const whole = Buffer.concat([envelope.keyPackets[0]!.packet, data])
          expect((await collect(open(split(whole, ...out), reader.key))).equals(plain)).toBe(true)
          expect(sealed.digests()).toEqual({
            plaintext: { sha256: sha256(plain), size },
            ciphertext: { sha256: sha256(data), size: data.length },
          })
        },
      ),
      { numRuns: 25 },
    )
  })

  it('reuses the memory of a piece when the next is requested, if the caller allows it', async () => {
    for (const length of [1000, 100_000, 3 * CHUNK + 7]) {
      const plain = content(length)
      const sealed = await sealTo(reader, plain)
      const options = { ciphers: nodeCiphers, isTransient: true }
      const pieces: Uint8Array[] = []
      const copies: Uint8Array[] = []
      for await (const piece of openMessage(split(sealed, 99_991), [reader.key], options)) {
        pieces.push(piece)
        copies.push(Uint8Array.from(piece))
      }
      expect(Buffer.concat(copies).equals(plain)).toBe(true)
      expect(pieces.some((piece) => piece.length === 0)).toBe(length > 2 * CHUNK)
    }
  })

  it('accepts and returns single octets', async () => {
    const plain = content(5000)
    const envelope = await newEnvelope([reader.recipient], new Date())
    const data = await collect(envelope.seal(split(plain, 1)).bytes)
    const whole = Buffer.concat([envelope.keyPackets[0]!.packet, data])
    expect(await collect(open(split(whole, 1), reader.key))).toEqual(plain)
  })

  it.each([0, 1, 1000, CHUNK - 6, 3 * CHUNK + 7])(
    'is opened by openpgp.js, %i octets',
    async (length) => {
      const plain = content(length)
      const opened = await decrypt({
        message: await readMessage({ binaryMessage: Uint8Array.from(await sealTo(reader, plain)) }),
        decryptionKeys: await readPrivateKey({ armoredKey: reader.armoredKey }),
        format: 'binary',
      })
      expect(Buffer.from(opened.data).equals(plain)).toBe(true)
      expect([null, '']).toContain(opened.filename)
    },
  )

  it('opens what openpgp.js seals, compressed or not', async () => {
    const plain = content(700_000)
    const encryptionKeys = await readKey({ armoredKey: reader.recipient.certificate })
    if (!(encryptionKeys instanceof PublicKey)) throw new TypeError('not a certificate')
    const { uncompressed, zip, zlib } = enums.compression
    for (const preferredCompressionAlgorithm of [uncompressed, zip, zlib]) {
      const bytes = await encrypt({
        message: await createMessage({ binary: Uint8Array.from(plain), filename: 'secret.dcm' }),
        encryptionKeys,
        format: 'binary',
        config: { preferredCompressionAlgorithm },
      })
      expect(
        (await collect(open(split(bytes as Uint8Array, 77_777), reader.key))).equals(plain),
      ).toBe(true)
    }
  })

  it('makes one key packet per recipient, and each recipient opens every item with only their own', async () => {
    const third = { ...other, recipient: { ...other.recipient, id: 'recovery' } }
    const envelope = await newEnvelope([reader.recipient, third.recipient], new Date())
    expect(envelope.format).toBe(format)
    expect(envelope.keyPackets.map(({ recipient }) => recipient)).toEqual(['reader-1', 'recovery'])
    for (const [index, who] of [reader, third].entries()) {
      for (const plain of [content(10), content(CHUNK)]) {
        const data = await collect(envelope.seal(split(plain)).bytes)
        const whole = Buffer.concat([envelope.keyPackets[index]!.packet, data])
        expect((await collect(open(split(whole), who.key))).equals(plain)).toBe(true)
      }
    }
    const data = await collect(envelope.seal(split(content(10))).bytes)
    const wrong = Buffer.concat([envelope.keyPackets[0]!.packet, data])
    expect(await attempt(wrong, third.key)).toEqual({
      released: Buffer.alloc(0),
      code: 'not_sealed_to_key',
    })
  })

  it('opens an item preceded by all key packets', async () => {
    const envelope = await newEnvelope([other.recipient, reader.recipient], new Date())
    const data = await collect(envelope.seal(split(content(10))).bytes)
    const whole = Buffer.concat([...envelope.keyPackets.map(({ packet }) => packet), data])
    expect(await collect(open(split(whole), reader.key))).toEqual(content(10))
    expect(await collect(open(split(whole), other.key, reader.key))).toEqual(content(10))
  })

  it('seals items of one envelope at the same time', async () => {
    const envelope = await newEnvelope([reader.recipient], new Date())
    const plains = [content(900_000), content(10), content(300_000)]
    const sealed = await Promise.all(plains.map((plain) => message(envelope, plain)))
    for (const [index, bytes] of sealed.entries())
      expect((await collect(open(split(bytes), reader.key))).equals(plains[index]!)).toBe(true)
    expect(new Set(sealed.map((bytes) => bytes.subarray(-64).toString('hex'))).size).toBe(3)
  })

  it('seals nothing more once it is closed, but finishes streams in progress', async () => {
    const envelope = await newEnvelope([reader.recipient], new Date())
    const sealed = envelope.seal(split(content(CHUNK + 1), 1000))
    envelope.close()
    expect(() => envelope.seal(split(content(1)))).toThrow('closed')
    await expect(envelope.sealSigned(content(1), reader.key, new Date())).rejects.toThrow('closed')
    const whole = Buffer.concat([envelope.keyPackets[0]!.packet, await collect(sealed.bytes)])
    expect((await collect(open(split(whole), reader.key))).equals(content(CHUNK + 1))).toBe(true)
  })

  it('can be read once, and has no digests before its end', async () => {
    const sealed = (await newEnvelope([reader.recipient], new Date())).seal(split(content(10)))
    expect(() => sealed.digests()).toThrow('ended')
    await collect(sealed.bytes)
    await expect(collect(sealed.bytes)).rejects.toThrow('once')
  })

  it('fails with the error of its content', async () => {
    async function* torn(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(content(CHUNK))
      throw new Error('connection lost')
    }
    const sealed = (await newEnvelope([reader.recipient], new Date())).seal(torn())
    await expect(collect(sealed.bytes)).rejects.toThrow('connection lost')
    expect(() => sealed.digests()).toThrow('ended')
  })

  it("passes on an error of the message's source, and lets the source clean up", async () => {
    const bytes = await sealTo(reader, content(2 * CHUNK))
    let isClosed = false
    async function* torn(): AsyncGenerator<Uint8Array> {
      try {
        yield await Promise.resolve(bytes.subarray(0, CHUNK))
        throw new Error('connection lost')
      } finally {
        isClosed = true
      }
    }
    await expect(collect(open(torn(), reader.key))).rejects.toThrow('connection lost')
    expect(isClosed).toBe(true)
    isClosed = false
    async function* whole(): AsyncGenerator<Uint8Array> {
      try {
        yield* split(bytes, 10_000)
      } finally {
        isClosed = true
      }
    }
    for await (const piece of open(whole(), reader.key)) if (piece.length > 0) break
    expect(isClosed).toBe(true)
  })

  it('makes one complete message, without digests', async () => {
    const sealed = await sealMessage(split(content(CHUNK)), reader.recipient, new Date())
    const bytes = await collect(sealed.bytes)
    expect((await collect(open(split(bytes), reader.key))).equals(content(CHUNK))).toBe(true)
    expect(() => sealed.digests()).toThrow('measured')
    const small = await sealBytes(content(20), reader.recipient, new Date())
    expect(await collect(open(split(small), reader.key))).toEqual(content(20))
  })

  it('signs what it seals, and openSignedMessage accepts only the signer', async () => {
    const plain = Buffer.from('{"items":[]}')
    const envelope = await newEnvelope([reader.recipient], new Date())
    const sealed = await envelope.sealSigned(plain, other.key, new Date())
    const bytes = Buffer.concat([envelope.keyPackets[0]!.packet, await collect(sealed.bytes)])
    expect(sealed.digests().plaintext).toEqual({ sha256: sha256(plain), size: plain.length })
    const opened = await openSignedMessage(bytes, [reader.key], [other.recipient], new Date())
    expect(Buffer.from(opened.content)).toEqual(plain)
    expect(opened.signedBy).toBe(other.recipient.fingerprint)
    expect(await collect(open(split(bytes), reader.key))).toEqual(plain)
    const refused = { code: 'manifest_not_signed' }
    const signer = reader.recipient
    await expect(
      openSignedMessage(bytes, [reader.key], [signer], new Date()),
    ).rejects.toMatchObject(refused)
    const unsigned = await sealTo(reader, plain)
    await expect(
      openSignedMessage(unsigned, [reader.key], [other.recipient], new Date()),
    ).rejects.toMatchObject(refused)
  })

  it('keeps memory flat while 100 MB of content pass through', async () => {
    const piece = content(65_536)
    async function* long(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 100 * 16; at++) yield await Promise.resolve(piece)
    }
    const envelope = await newEnvelope([reader.recipient], new Date())
    async function* sealed(): AsyncGenerator<Uint8Array> {
      yield envelope.keyPackets[0]!.packet
      yield* envelope.seal(long()).bytes
    }
    const before = process.memoryUsage().rss
    let size = 0
    let peak = 0
    for await (const opened of open(sealed(), reader.key)) {
      size += opened.length
      peak = Math.max(peak, process.memoryUsage().rss)
    }
    expect(size).toBe(100 * 2 ** 20)
    expect(peak - before).toBeLessThan(50 * 2 ** 20)
  })
})

describe('the format', () => {
  it('is version 2 only when every recipient supports it', async () => {
    const [modern, old] = [await person('a'), await person('b', 'seipd1')]
    expect((await newEnvelope([modern.recipient, modern.recipient], new Date())).format).toBe(
      'seipd2',
    )
    expect((await newEnvelope([modern.recipient, old.recipient], new Date())).format).toBe('seipd1')
  })

  it('is refused for an empty list of recipients, and for a recipient that has since expired', async () => {
    await expect(newEnvelope([], new Date())).rejects.toMatchObject({ code: 'recipient_unusable' })
    const { certificate } = await newKey({ name: 'short', expiresInDays: 1 })
    const recipient = await toRecipient('short', certificate, new Date())
    const later = new Date(Date.now() + 2 * 86_400_000)
    const good = (await person('good')).recipient
    await expect(newEnvelope([good, recipient], later)).rejects.toMatchObject({
      code: 'recipient_unusable',
      subject: 'short',
    })
  })
})

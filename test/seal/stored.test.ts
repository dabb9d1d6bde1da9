/**
 * Messages kept in stores for years: sealed by earlier builds or other programs, in every shape
 * that the format allows.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { config, createMessage, encrypt, enums, PublicKey, readKey } from 'openpgp'
import { webCiphers } from '../../src/seal/browser.js'
import { newEnvelope, nodeCiphers } from '../../src/seal/index.js'
import { openMessage } from '../../src/seal/open/open.js'
import { Body, ByteSource } from '../../src/seal/open/open-packets.js'
import { independentMissing, openIndependently } from './_independent.js'
import { collect, content, message, person, split } from './_seal.js'
import type { Person } from './_seal.js'

const MiB = 2 ** 20
const KEY_BYTES = { aes128: 16, aes192: 24, aes256: 32 } as const

interface Shape {
  readonly cipher?: keyof typeof KEY_BYTES
  readonly mode?: 'gcm' | 'ocb' | 'eax'
  /** Chunks of 2^(octet + 6). */
  readonly chunkOctet?: number
}

let reader: Person
let folder: string
beforeAll(async () => {
  reader = await person('reader')
  folder = await mkdtemp(join(tmpdir(), 'nocturne-stored-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function keyOf({ recipient }: Person): Promise<PublicKey> {
  const key = await readKey({ armoredKey: recipient.certificate })
  if (key instanceof PublicKey) return key
  throw new TypeError('not a certificate')
}

/** Seals with openpgp.js, in version 2. */
async function sealedElsewhere(plain: Buffer, shape: Shape): Promise<Buffer> {
  const { cipher = 'aes256', mode = 'gcm', chunkOctet = 12 } = shape
  const sealed: unknown = await encrypt({
    message: await createMessage({ binary: new Uint8Array(plain) }),
    encryptionKeys: await keyOf(reader),
    sessionKey: {
      data: crypto.getRandomValues(new Uint8Array(KEY_BYTES[cipher])),
      algorithm: cipher,
      aeadAlgorithm: mode,
    },
    format: 'binary',
    config: { ...config, aeadChunkSizeByte: chunkOctet },
  })
  return Buffer.from(sealed as Uint8Array)
}

const open = (bytes: Uint8Array, ciphers = nodeCiphers): Promise<Buffer> =>
  collect(openMessage(split(bytes, 99_991), [reader.key], { ciphers }))

/** Splits a message into key packet and data packet. */
function parts(bytes: Buffer): readonly [Buffer, Buffer] {
  const length = 2 + bytes.readUInt8(1)
  return [bytes.subarray(0, length), bytes.subarray(length)]
}

/** The body of the data packet, whatever lengths it is written with. */
async function bodyOf(data: Buffer): Promise<Buffer> {
  const body = await Body.next(new ByteSource(split(data)))
  return Buffer.from((await body?.whole(32 * MiB)) ?? [])
}

describe('a stored message of version 2', () => {
  const chunk = (octet: number): number => 2 ** (octet + 6)
  const SIZES = [0, 4, 8, 12, 14, 16] as const

  it.each(SIZES.map((octet) => [chunk(octet), octet] as const))(
    'opens in chunks of %i octets',
    async (size, chunkOctet) => {
      // The literal packet has its own header, so one of these lengths fills a chunk exactly.
      for (const length of [0, size - 12, size - 11, size - 8, size, 2 * size + 7]) {
        const plain = content(Math.max(0, length))
        const sealed = await sealedElsewhere(plain, { chunkOctet })
        expect((await bodyOf(parts(sealed)[1])).readUInt8(3)).toBe(chunkOctet)
        expect((await open(sealed)).equals(plain)).toBe(true)
        if (chunkOctet < 14) expect((await open(sealed, webCiphers)).equals(plain)).toBe(true)
      }
    },
  )

  it.each([
    ['aes128', 'gcm'],
    ['aes192', 'gcm'],
    ['aes128', 'ocb'],
    ['aes256', 'ocb'],
    ['aes256', 'eax'],
  ] as const)('opens under %s in %s', async (cipher, mode) => {
    const plain = content(30_011)
    for (const chunkOctet of [0, 12]) {
      const sealed = await sealedElsewhere(plain, { cipher, mode, chunkOctet })
      expect((await open(sealed)).equals(plain)).toBe(true)
    }
  })

  const it3 = independentMissing === undefined ? it : it.skip
  const why = independentMissing === undefined ? '' : ` (skipped: ${independentMissing})`
  it3(`opens by the independent reader in chunks of any size${why}`, async () => {
    const plains = [0, 12, 16].map((octet) => [octet, content(chunk(octet) * 2 + 9)] as const)
    await mkdir(join(folder, 'keys'))
    const items = []
    for (const [at, [chunkOctet, plain]] of plains.entries()) {
      const [key, data] = parts(await sealedElsewhere(plain, { chunkOctet }))
      const names = { data: `${at + 1}.data`, keys: { reader: `keys/${at + 1}.key` } }
      await writeFile(join(folder, names.data), data)
      await writeFile(join(folder, names.keys.reader), key)
      items.push({ index: at + 1, ...names })
    }
    await writeFile(join(folder, 'transfer.json'), JSON.stringify({ items }))
    const out = join(folder, 'opened')
    await openIndependently(folder, reader.armoredKey, 'reader', out)
    for (const [at, [, plain]] of plains.entries())
      expect((await readFile(join(out, `${at + 1}`))).equals(plain)).toBe(true)
  })
})

describe('a stored message in partial lengths', () => {
  /**
   * Writes the body in parts of 2^exponent octets, repeating the exponents, and a last part with
   * the rest.
   */
  function reframed(body: Buffer, exponents: readonly number[]): Buffer {
    const framed: Buffer[] = [Buffer.of(0xc0 | enums.packet.symEncryptedIntegrityProtectedData)]
    let at = 0
    for (let turn = 0; ; turn++) {
      const exponent = exponents[turn % exponents.length] ?? 9
      if (body.length - at <= 2 ** exponent) break
      framed.push(Buffer.of(224 + exponent), body.subarray(at, at + 2 ** exponent))
      at += 2 ** exponent
    }
    const last = Buffer.alloc(5, 255)
    last.writeUInt32BE(body.length - at, 1)
    return Buffer.concat([...framed, last, body.subarray(at)])
  }

  it.each(['seipd1', 'seipd2'] as const)('opens in any of them: %s', async (format) => {
    const one = await person('one', format)
    const plain = content(200_003)
    const [key, data] = parts(await message(await newEnvelope([one.recipient], new Date()), plain))
    const body = await bodyOf(data)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 17 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 100_000 }),
        async (exponents, pieces) => {
          const bytes = Buffer.concat([key, reframed(body, [9, ...exponents])])
          const opened = openMessage(split(bytes, pieces), [one.key], { ciphers: nodeCiphers })
          expect((await collect(opened)).equals(plain)).toBe(true)
        },
      ),
      { numRuns: 15 },
    )
  })

  it('opens when streamed by openpgp.js, in version 1', async () => {
    const old = await person('old', 'seipd1')
    const plain = content(3 * MiB + 17)
    const sealed: unknown = await encrypt({
      message: await createMessage({ binary: ReadableStream.from(split(plain, 70_001)) }),
      encryptionKeys: await keyOf(old),
      format: 'binary',
    })
    const bytes = await collect(sealed as AsyncIterable<Uint8Array>)
    const opened = openMessage(split(bytes, 33_333), [old.key], { ciphers: nodeCiphers })
    expect((await collect(opened)).equals(plain)).toBe(true)
  })
})

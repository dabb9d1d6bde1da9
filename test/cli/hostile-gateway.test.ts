/**
 * A malicious gateway. It has everything but the reader's key: it chooses what it serves, signs as
 * itself, and seals arbitrary data to the reader.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { answerToKeyCheck, writeKeyCheck } from '../../src/protocol/key-check.js'
import type { KeyCheck } from '../../src/protocol/key-check.js'
import { GatewayClient } from '../../src/cli/client.js'
import { checkKey } from '../../src/cli/reader/key-check.js'
import { Progress } from '../../src/cli/progress.js'
import { pull } from '../../src/cli/reader/pull.js'
import { newEnvelope, sealBytes } from '../../src/seal/index.js'
import { newKey, readPrivateKey } from '../../src/seal/keys/keys.js'
import { verifyDetached } from '../../src/seal/keys/verify.js'
import type { Envelope } from '../../src/seal/index.js'
import type { PrivateKey } from '../../src/seal/keys/keys.js'
import { collect, content, person, split } from '../seal/_seal.js'
import type { Person } from '../seal/_seal.js'

const ID = '01985b2e-7c11-7f3a-9d52-1f0c5a9be001'

let reader: Person
let gatewayKey: PrivateKey
let server: Server
let url: string
/** Messages by path; JSON responses for requests that are posted. */
const served = new Map<string, Buffer>()
const answers = new Map<string, object>()
/** What the client sent, by path. */
let posted: { readonly path: string; readonly body: string }[] = []

beforeAll(async () => {
  reader = await person('reader-1')
  gatewayKey = await readPrivateKey((await newKey({ name: 'gateway' })).privateKey)
  server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

afterEach(() => {
  served.clear()
  answers.clear()
  posted = []
})

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? ''
  if (request.method === 'POST') posted.push({ path, body: await text(request) })
  const message = served.get(path)
  const answer = answers.get(path)
  if (message) response.setHeader('Content-Type', 'application/pgp-encrypted').end(message)
  else if (answer)
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer))
  else response.writeHead(404, { 'Content-Type': 'application/problem+json' }).end(PROBLEM)
}

const PROBLEM = JSON.stringify({ title: 'there is nothing here', status: 404, code: 'not_found' })

async function withClient<T>(work: (client: GatewayClient) => Promise<T>): Promise<T> {
  const client = new GatewayClient({ url, token: 'noc_not-a-token' })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

const sha256 = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex')

describe('the readiness check, requested by a malicious gateway', () => {
  const check = (): KeyCheck => ({
    origin: url,
    principal: 'reader-1',
    nonce: 'a'.repeat(64),
    expiresAt: Math.floor(Date.now() / 1000) * 1000 + 60_000,
  })

  /** What the client does when it receives this message as its check. */
  async function run(message: Uint8Array): Promise<string> {
    posted = []
    answers.set('/v1/key-check', {
      id: 'x',
      principal: 'reader-1',
      fingerprint: reader.recipient.fingerprint,
      message: Buffer.from(message).toString('base64'),
    })
    const { fingerprint } = reader.recipient
    const answer = { principal: 'reader-1', fingerprint, receipt: 'c2sp.org/tlog-proof@v1\n' }
    answers.set('/v1/key-check/answer', answer)
    try {
      await withClient((client) => checkKey(client, url, reader.key))
      return 'answered'
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    }
  }

  const sealed = (text: string): Promise<Buffer> =>
    sealBytes(Buffer.from(text), reader.recipient, new Date())

  it('answers a check with the digest of its nonce, and with nothing else', async () => {
    expect(await run(await sealed(writeKeyCheck(check())))).toBe('answered')
    const [, sent] = posted
    const answered = JSON.parse(sent?.body ?? '') as Record<string, string>
    expect(answered).toEqual({
      id: 'x',
      answer: sha256(answerToKeyCheck(check())),
      signature: expect.stringContaining('BEGIN PGP SIGNATURE'),
    })
    // The signature is over a text that is good for nothing else.
    const { certificate } = reader.key
    const isOver = (text: string) =>
      verifyDetached(text, answered.signature ?? '', certificate, new Date())
    expect(await isOver(answerToKeyCheck(check()))).toBe(true)
    // The same check again gives the same digest, so repeating it reveals nothing more. The gateway
    // accepts a check once.
    await run(await sealed(writeKeyCheck(check())))
    expect(JSON.parse(posted[1]?.body ?? '')).toMatchObject({ answer: answered.answer })
  })

  it('does not answer a message that is not a check, however much it resembles one', async () => {
    const good = writeKeyCheck(check())
    const envelope = await newEnvelope([reader.recipient], new Date())
    const study = await collect(envelope.seal(split(content(3000), 700)).bytes)
    const [{ packet }] = envelope.keyPackets as [Envelope['keyPackets'][number]]
    const asCheck = await sealed(good)
    const data = asCheck.subarray(packet.length)
    const lies: Record<string, Uint8Array> = {
      'an item of a study': Buffer.concat([packet, study]),
      'a short document': await sealed('Impression: no acute findings.'),
      'a document of 512 octets': await sealed('x'.repeat(512)),
      'one octet more than a check may have': await sealed('x'.repeat(513)),
      'a check followed by a document': await sealed(`${good}\nImpression: normal`),
      'a check preceded by a document': await sealed(`Impression: normal\n${good}`),
      'a check with a final line feed': await sealed(`${good}\n`),
      'the key packet of a study before the data of a check': Buffer.concat([packet, data]),
      'a check and a study in one': Buffer.concat([asCheck, packet, study]),
      'a check from another gateway, relayed': await sealed(
        writeKeyCheck({ ...check(), origin: 'https://gateway.example.org' }),
      ),
      'a check for another principal': await sealed(
        writeKeyCheck({ ...check(), principal: 'reader-2' }),
      ),
      // Clocks may be 5 minutes apart.
      'an expired check': await sealed(
        writeKeyCheck({ ...check(), expiresAt: Date.now() - 6 * 60_000 }),
      ),
      'a check dated tomorrow': await sealed(
        writeKeyCheck({ ...check(), expiresAt: Date.now() + 86_400_000 }),
      ),
      'an acknowledgement to sign': await sealed('{"type":"nocturne-acknowledgement","v":1}'),
      'a sign-in challenge': await sealed(`nocturne sign-in v1\norigin: ${url}\n`),
      'an unsealed message': Buffer.from(good),
      'more octets than a check may have in total': Buffer.alloc(20_000, 0xc1),
    }
    const found: Record<string, unknown> = {}
    for (const [what, message] of Object.entries(lies))
      found[what] = { code: await run(message), sent: posted.map(({ path }) => path) }
    for (const outcome of Object.values(found))
      expect(outcome).toEqual({
        code: expect.stringMatching(/^(cannot_open|challenge_invalid|gateway_unreachable)$/),
        // The client requested the check, and then sent nothing.
        sent: ['/v1/key-check'],
      })
    expect(Object.keys(found)).toEqual(Object.keys(lies))
  })
})

describe('a transfer from a malicious gateway', () => {
  const measure = (bytes: Uint8Array) => ({ sha256: sha256(bytes), size: bytes.length })

  interface Item {
    readonly index: number
    readonly kind: 'instance' | 'document'
    readonly mediaType: string
    readonly plaintext: { readonly sha256: string; readonly size: number }
    readonly ciphertext: { readonly sha256: string; readonly size: number }
  }

  interface Lie {
    /** The items as listed in the manifest. */
    items: Item[]
    /** Data packets by index. */
    data: Map<number, Buffer>
    manifest: Record<string, unknown>
    signer: PrivateKey | undefined
  }

  const instance = (size: number): Buffer => {
    const bytes = content(size)
    bytes.write('DICM', 128, 'latin1')
    return bytes
  }

  /**
   * Serves a transfer of three items after applying `change`.
   *
   * @returns what the client printed, and what it kept under a final name.
   */
  async function outcomeOf(
    change: (lie: Lie, envelope: Envelope) => void | Promise<void>,
  ): Promise<{ readonly said: string; readonly kept: readonly string[] }> {
    served.clear()
    const envelope = await newEnvelope([reader.recipient], new Date())
    const [{ packet }] = envelope.keyPackets as [Envelope['keyPackets'][number]]
    const contents = [instance(5000), instance(6000), content(7000)]
    const lie: Lie = {
      items: [],
      data: new Map(),
      manifest: { v: 1, transfer: ID, facility: 'f', group: 'g', gateway: 'gw' },
      signer: gatewayKey,
    }
    for (const [at, plain] of contents.entries()) {
      const data = await collect(envelope.seal(split(plain, 999)).bytes)
      const isInstance = at < 2
      lie.data.set(at + 1, data)
      lie.items.push({
        index: at + 1,
        kind: isInstance ? 'instance' : 'document',
        mediaType: isInstance ? 'application/dicom' : 'application/pdf',
        plaintext: measure(plain),
        ciphertext: measure(data),
      })
    }
    await change(lie, envelope)
    const json = Buffer.from(JSON.stringify({ ...lie.manifest, items: lie.items }))
    const manifest = lie.signer
      ? await envelope.sealSigned(json, lie.signer, new Date())
      : envelope.seal(split(json))
    const base = `/v1/transfers/${ID}`
    served.set(`${base}/manifest`, Buffer.concat([packet, await collect(manifest.bytes)]))
    for (const [index, data] of lie.data)
      served.set(`${base}/items/${index}`, Buffer.concat([packet, data]))
    const out = await mkdtemp(join(tmpdir(), 'hostile-'))
    try {
      const said = await withClient((client) =>
        pull(
          {
            client,
            signal: new AbortController().signal,
            gateway: { name: 'gw', signers: [gatewayKey] },
            key: reader.key,
            out,
            reader: undefined,
            manifest: undefined,
            startProgress: (totalBytes, totalItems) =>
              new Progress(process.stderr, { label: '', totalBytes, totalItems }),
            onRetry: () => undefined,
          },
          ID,
        ).then(
          ({ items }) => `${items} items`,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        ),
      )
      const files = await readdir(out, { recursive: true, withFileTypes: true })
      const kept = files.filter((one) => one.isFile() && !one.parentPath.endsWith('.partial'))
      return { said, kept: kept.map(({ name }) => name).sort() }
    } finally {
      // Items that were under way may still be leaving the folder.
      await rm(out, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    }
  }

  const MISMATCH = 'the items do not match the manifest'
  const replace = (lie: Lie, index: number, more: Partial<Item>) => {
    lie.items = lie.items.map((one) => (one.index === index ? { ...one, ...more } : one))
  }
  const data = (lie: Lie, index: number): Buffer => lie.data.get(index) ?? Buffer.alloc(0)

  it('is accepted completely when nothing in it was falsified', async () => {
    const { said, kept } = await outcomeOf(() => undefined)
    expect(said).toBe('3 items')
    expect(kept).toEqual(['0001.dcm', '0002.dcm', '0003.pdf', 'manifest.json'])
  })

  it.each([
    ['kept when they can be what they are called', 2_000, ['receipts.ndjson']],
    ['not kept when they would fill the disk', 2 << 20, []],
  ])('has receipts that are %s', async (_what, size, found) => {
    const { said, kept } = await outcomeOf(() => {
      served.set(`/v1/transfers/${ID}/receipts`, Buffer.alloc(size, '{}'))
    })
    expect(said).toBe('3 items')
    expect(kept).toEqual(['0001.dcm', '0002.dcm', '0003.pdf', 'manifest.json', ...found])
  })

  const lies: readonly (readonly [
    what: string,
    change: (lie: Lie, envelope: Envelope) => void | Promise<void>,
    said: string | RegExp,
  ])[] = [
    [
      'an octet of item 2 is altered',
      (lie) => void data(lie, 2).writeUInt8(data(lie, 2).readUInt8(400) ^ 1, 400),
      `${MISMATCH}: item 2`,
    ],
    [
      'item 2 is truncated',
      (lie) => void lie.data.set(2, data(lie, 2).subarray(0, -1)),
      `${MISMATCH}: item 2`,
    ],
    [
      'there is extra data after item 2',
      (lie) => void lie.data.set(2, Buffer.concat([data(lie, 2), Buffer.of(0)])),
      `${MISMATCH}: item 2`,
    ],
    ['item 2 is dropped', (lie) => void lie.data.delete(2), 'there is nothing here: item 2'],
    [
      'items 1 and 2 are swapped',
      (lie) => {
        const [one, two] = [data(lie, 1), data(lie, 2)]
        lie.data.set(1, two).set(2, one)
      },
      /^the items do not match the manifest: item [12]$/,
    ],
    [
      'item 1 is repeated instead of item 3',
      (lie) => void lie.data.set(3, data(lie, 1)),
      `${MISMATCH}: item 3`,
    ],
    [
      'item 2 has other content, newly sealed to the reader',
      async (lie, envelope) =>
        void lie.data.set(2, await collect(envelope.seal(split(instance(6000))).bytes)),
      `${MISMATCH}: item 2`,
    ],
    [
      'item 2 has other content whose ciphertext is in the manifest',
      async (lie, envelope) => {
        const other = await collect(envelope.seal(split(instance(6001))).bytes)
        lie.data.set(2, other)
        replace(lie, 2, { ciphertext: measure(other) })
      },
      `${MISMATCH}: item 2`,
    ],
    [
      'the manifest has another digest for item 2',
      (lie) => replace(lie, 2, { plaintext: { sha256: 'a'.repeat(64), size: 6000 } }),
      `${MISMATCH}: item 2`,
    ],
    [
      'the manifest has another size for item 2',
      (lie) => replace(lie, 2, { plaintext: { ...lie.items[1]!.plaintext, size: 5999 } }),
      `${MISMATCH}: item 2`,
    ],
    [
      'the manifest has another ciphertext for item 2',
      (lie) =>
        replace(lie, 2, { ciphertext: { ...lie.items[1]!.ciphertext, sha256: 'b'.repeat(64) } }),
      `${MISMATCH}: item 2`,
    ],
    [
      'the manifest has a smaller ciphertext for item 2',
      (lie) => replace(lie, 2, { ciphertext: { ...lie.items[1]!.ciphertext, size: 1 } }),
      `${MISMATCH}: item 2`,
    ],
    [
      'item 3 is listed as an instance but is not one',
      (lie) => replace(lie, 3, { kind: 'instance', mediaType: 'application/dicom' }),
      `${MISMATCH}: item 3`,
    ],
    [
      'the manifest lists a nonexistent item',
      (lie) => void lie.items.push({ ...lie.items[2]!, index: 4 }),
      'there is nothing here: item 4',
    ],
    [
      'the items in the manifest are in another order',
      (lie) => void lie.items.reverse(),
      `${MISMATCH}: the manifest`,
    ],
    [
      'an item is in the manifest twice',
      (lie) => void lie.items.push(lie.items[2]!),
      `${MISMATCH}: the manifest`,
    ],
    ['the manifest is empty', (lie) => void (lie.items = []), `${MISMATCH}: the manifest`],
    [
      'the manifest is for another transfer',
      (lie) => void (lie.manifest = { ...lie.manifest, transfer: ID.replace('01', '02') }),
      `${MISMATCH}: the manifest`,
    ],
    [
      'the manifest is from another gateway',
      (lie) => void (lie.manifest = { ...lie.manifest, gateway: 'other' }),
      `${MISMATCH}: the manifest`,
    ],
    [
      'the manifest is signed by the reader, not by the gateway',
      (lie) => void (lie.signer = reader.key),
      "the gateway's signature is not valid: the manifest",
    ],
    [
      'the manifest is not signed',
      (lie) => void (lie.signer = undefined),
      "the gateway's signature is not valid: the manifest",
    ],
  ]

  it.each(lies)('is refused when %s, and the error says where', async (_what, change, said) => {
    const outcome = await outcomeOf(change)
    if (typeof said === 'string') expect(outcome.said).toBe(said)
    else expect(outcome.said).toMatch(said)
    // Complete items that were verified may stay, but without its manifest the transfer does not
    // exist.
    expect(outcome.kept).not.toContain('manifest.json')
    const named = /item (\d)$/.exec(outcome.said)?.[1]
    if (named !== undefined) expect(outcome.kept.join(' ')).not.toContain(`000${named}.`)
  })
})

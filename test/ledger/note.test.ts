import { describe, expect, it } from '@jest/globals'
import { createHash, createPrivateKey } from 'node:crypto'
import {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
} from '../../src/ledger/verify/checkpoint.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import {
  formatNote,
  parseNote,
  parseVerifierKey,
  verifyNote,
} from '../../src/ledger/verify/note.js'
import { formatProof, parseProof } from '../../src/ledger/verify/proof.js'
import { createSigner, newLedgerKey } from '../../src/ledger/published/signer.js'

/** From the documentation and tests of golang.org/x/mod/sumdb/note. */
const GO_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const GO_NOTE =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n" +
  '\n' +
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'

/** Go's private test key is an Ed25519 seed; PKCS #8 is a fixed prefix followed by the seed. */
function goSigner(name: string, skey: string) {
  const seed = Buffer.from(skey.split('+').slice(4).join('+'), 'base64').subarray(1)
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return createSigner(name, key.export({ format: 'pem', type: 'pkcs8' }).toString())
}

describe('a signed note', () => {
  it("from Go's implementation verifies under Go's key", async () => {
    const key = await parseVerifierKey(GO_KEY, nodeCrypto)
    const note = parseNote(GO_NOTE)
    expect(key?.name).toBe('PeterNeumann')
    expect(await verifyNote(note!, key!, nodeCrypto)).toBe(true)
    expect(formatNote(note!)).toBe(GO_NOTE)
  })

  it('changed by one character does not verify', async () => {
    const key = (await parseVerifierKey(GO_KEY, nodeCrypto))!
    const note = parseNote(GO_NOTE.replace('answer', 'Answer'))!
    expect(await verifyNote(note, key, nodeCrypto)).toBe(false)
  })

  it('is refused when one of two signatures by the key fails, but not because of a signature by an unknown key', async () => {
    const key = (await parseVerifierKey(GO_KEY, nodeCrypto))!
    const note = parseNote(GO_NOTE)!
    const [own] = note.signatures
    const wrong = { ...own!, signature: Buffer.alloc(64) }
    const stranger = { ...own!, name: 'stranger', signature: Buffer.alloc(64) }
    const check = (signatures: typeof note.signatures) =>
      verifyNote({ ...note, signatures }, key, nodeCrypto)
    expect(await check([own!, wrong])).toBe(false)
    expect(await check([stranger, own!])).toBe(true)
    expect(await check([stranger])).toBe(false)
  })

  it.each([
    ['empty', ''],
    ['without signatures', 'text\n'],
    ['without a final newline', GO_NOTE.slice(0, -1)],
    ['with a control character', GO_NOTE.replace('answer', 'ans\twer')],
    ['with a carriage return', GO_NOTE.replaceAll('\n', '\r\n')],
    ['with a lone surrogate', GO_NOTE.replace('answer', '\ud800')],
    ['with a hyphen for the dash', GO_NOTE.replace('\u2014', '-')],
    ['with a plus in the name', GO_NOTE.replace('PeterNeumann', 'Peter+Neumann')],
    ['with base64 that has stray bits', GO_NOTE.replace('wJnAM=', 'wJnAN=')],
    ['beyond the largest size', 'x'.repeat(200_000) + GO_NOTE],
    ['with too many signatures', GO_NOTE + GO_NOTE.split('\n').at(-2)!.concat('\n').repeat(70)],
  ])('%s is none', (_, text) => {
    expect(parseNote(text)).toBeUndefined()
  })

  it.each([
    ['another ID', GO_KEY.replace('c74f20a3', 'c74f20a4')],
    ['another name', GO_KEY.replace('Peter', 'Pieter')],
    ['another type of key', GO_KEY.replace('+AR', '+BR')],
    ['a part missing', 'PeterNeumann+c74f20a3'],
    ['upper-case digits', GO_KEY.replace('c74f20a3', 'C74F20A3')],
  ])('verifier key with %s is refused', async (_, key) => {
    expect(await parseVerifierKey(key, nodeCrypto)).toBeUndefined()
  })
})

describe('the key of the log', () => {
  it("has the same verifier key as Go's implementation for the same seed", () => {
    const go = goSigner(
      'PeterNeumann',
      'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
    )
    const publicPart = (key: string) => key.split('+').at(-1)
    expect(publicPart(go.verifierKey)).toBe(publicPart(GO_KEY))
  })

  it('is named like the origin, with the ID computed as specified', () => {
    const { verifierKey } = newLedgerKey('gateway.example.org')
    const [name, id, key] = verifierKey
      .split('+', 2)
      .concat(verifierKey.split('+').slice(2).join('+'))
    expect(name).toBe('gateway.example.org/audit')
    const bytes = Buffer.from(key!, 'base64')
    const input = Buffer.concat([Buffer.from(`${name}\n`), bytes])
    expect(createHash('sha256').update(input).digest('hex').slice(0, 8)).toBe(id)
    expect([bytes.length, bytes[0]]).toEqual([33, 1])
  })
})

describe('a checkpoint', () => {
  const { privateKey, verifierKey } = newLedgerKey('gateway.example.org')
  const signer = createSigner('gateway.example.org', privateKey)
  const head = { size: 7, root: nodeCrypto.sha256(Buffer.from('root')) as Buffer }

  it('opens under the key of its log, and under no other', async () => {
    const signed = signer.sign(head)
    const { checkpoint } = await openCheckpoint(signed, verifierKey, nodeCrypto)
    expect(checkpoint).toMatchObject({ origin: 'gateway.example.org/audit', size: 7 })
    const other = newLedgerKey('gateway.example.org').verifierKey
    expect(await openCheckpoint(signed, other, nodeCrypto)).toHaveProperty('problem')
  })

  it('is accepted only in its canonical form', () => {
    const text = formatCheckpoint({ origin: 'o', ...head })
    expect(parseCheckpoint(text)).toMatchObject({ origin: 'o', size: 7 })
    expect(parseCheckpoint(`${text}extension\n`)).toMatchObject({ size: 7 })
    const wrong = [
      text.replace('7', '07'),
      text.replace('7', '-7'),
      text.replace('7', '9007199254740993'),
      text.replace('o\n', '\n'),
      text.slice(0, -1),
      `${text}\n`,
      text.replace('=', ''),
    ]
    for (const one of wrong) expect(parseCheckpoint(one)).toBeUndefined()
  })
})

describe('a tlog-proof', () => {
  const path = [nodeCrypto.sha256(Buffer.from('a')) as Buffer]
  const proof = {
    extra: Buffer.from('{}'),
    index: 73894,
    path,
    checkpoint: 'o\n1\n\n\u2014 o sig\n',
  }

  it('is read back as written, with and without the extra line', () => {
    expect(formatProof(proof).split('\n').slice(0, 3)).toEqual([
      'c2sp.org/tlog-proof@v1',
      'extra e30=',
      'index 73894',
    ])
    const read = parseProof(formatProof(proof))!
    expect({
      ...read,
      extra: Buffer.from(read.extra!),
      path: read.path.map((hash) => Buffer.from(hash)),
    }).toEqual(proof)
    const bare = { index: proof.index, checkpoint: proof.checkpoint }
    expect(parseProof(formatProof({ ...bare, path: [] }))).toEqual({ ...bare, path: [] })
  })

  it.each([
    ['another first line', (text: string) => text.replace('@v1', '@v2')],
    ['a leading zero', (text: string) => text.replace('index 7', 'index 07')],
    ['no index', (text: string) => text.replace(/index .*\n/, '')],
    ['a short hash', (text: string) => text.replace(/\n[^\n]{44}\n/, '\nAAAA\n')],
    ['a broken extra line', (text: string) => text.replace('e30=', 'e3=')],
    ['no checkpoint', (text: string) => text.split('\n\n')[0]!],
    [
      'a path higher than any tree',
      (text: string) =>
        text.replace(/\n([^\n]{44}\n)/, (_, line: string) => `\n${line.repeat(54)}`),
    ],
  ])('with %s is none', (_, change) => {
    expect(parseProof(change(formatProof(proof)))).toBeUndefined()
  })
})

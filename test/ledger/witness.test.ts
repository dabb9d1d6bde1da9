import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { event, fill, GATEWAY, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'
import { openWitness, submission } from './_witness.js'
import type { TestWitness } from './_witness.js'

let open: OpenLedger
let one: TestWitness
beforeEach(async () => {
  open = await openLedger()
  one = await openWitness([open.ledger.verifierKey])
})
afterEach(() => open.close())

/** Another log with the same name and key: the split view of a dishonest gateway. */
const openFork = () => openLedger(open.signingKey)

describe('a witness', () => {
  it('cosigns as specified, from the first checkpoint and from one checkpoint to the next', async () => {
    let old = 0
    for (const more of [1, 6, 250, 700]) {
      await fill(open.ledger, more)
      const answer = await one.witness.addCheckpoint(await submission(open.ledger, old))
      expect(answer).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' })
      expectCosignature(answer.body, await open.ledger.checkpoint(), one.key)
      old += more
    }
  })

  it('cosigns the same checkpoint again, with a new time', async () => {
    await fill(open.ledger, 5)
    const first = await submission(open.ledger, 0)
    await expect(one.witness.addCheckpoint(first)).resolves.toMatchObject({ status: 200 })
    const again = await submission(open.ledger, 5)
    await expect(one.witness.addCheckpoint(again)).resolves.toMatchObject({ status: 200 })
  })

  it('states its size when the old size differs, as after a restart of either side', async () => {
    await fill(open.ledger, 5)
    await one.witness.addCheckpoint(await submission(open.ledger, 0))
    await fill(open.ledger, 5)
    const restarted = await one.reopen()
    for (const old of [0, 4, 6, 10])
      await expect(restarted.addCheckpoint(await submission(open.ledger, old))).resolves.toEqual({
        status: 409,
        type: 'text/x.tlog.size',
        body: '5\n',
      })
    await expect(restarted.addCheckpoint(await submission(open.ledger, 5))).resolves.toMatchObject({
      status: 200,
    })
  })

  it('stores the checkpoint before it answers, and cosigns nothing when it cannot', async () => {
    await fill(open.ledger, 5)
    const memory = {
      read: () => Promise.resolve(undefined),
      write: () => Promise.reject(new Error('disk full')),
    }
    const forgetful = await openWitness([open.ledger.verifierKey], 'w.example.org', memory)
    await expect(forgetful.witness.addCheckpoint(await submission(open.ledger, 0))).rejects.toThrow(
      'disk full',
    )
  })

  it('never goes back when requests are concurrent', async () => {
    await fill(open.ledger, 3)
    await one.witness.addCheckpoint(await submission(open.ledger, 0))
    const bodies: string[] = []
    for (let i = 0; i < 10; i++) {
      await fill(open.ledger, 2)
      bodies.push(await submission(open.ledger, 3))
    }
    const answers = await Promise.all(bodies.map((body) => one.witness.addCheckpoint(body)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9)
  })
})

describe('a hostile log', () => {
  it('that is unknown gets 404', async () => {
    await fill(open.ledger, 1)
    const body = (await submission(open.ledger, 0)).replaceAll(
      `${GATEWAY}/audit`,
      'other.example.org/audit',
    )
    await expect(one.witness.addCheckpoint(body)).resolves.toMatchObject({ status: 404 })
  })

  it('whose signature does not verify gets 403, whatever other signatures are present', async () => {
    await fill(open.ledger, 2)
    const body = await submission(open.ledger, 0)
    const lines = body.split('\n')
    const signature = lines[lines.length - 2] ?? ''
    const bytes = Buffer.from(signature.split(' ')[2] ?? '', 'base64')
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)
    const forged = signature.replace(/\S+$/, bytes.toString('base64'))
    for (const put of [forged, `\u2014 somebody ${bytes.toString('base64')}`])
      await expect(one.witness.addCheckpoint(body.replace(signature, put))).resolves.toMatchObject({
        status: 403,
      })
    expect(one.kept.size).toBe(0)
  })

  it('with two heads of the same size gets 409, of different sizes 422', async () => {
    await fill(open.ledger, 7)
    await one.witness.addCheckpoint(await submission(open.ledger, 0))
    const fork = await openFork()
    await fill(fork.ledger, 7)
    await expect(
      one.witness.addCheckpoint(await submission(fork.ledger, 7)),
    ).resolves.toMatchObject({ status: 409, body: '7\n' })
    await fill(fork.ledger, 9)
    await expect(
      one.witness.addCheckpoint(await submission(fork.ledger, 7)),
    ).resolves.toMatchObject({ status: 422 })
    expect([...one.kept.values()].join()).toContain('\n7\n')
    await fork.close()
  })

  it('that was rolled back gets no cosignature at any old size', async () => {
    await fill(open.ledger, 20)
    const old = await submission(open.ledger, 0)
    await fill(open.ledger, 20)
    await one.witness.addCheckpoint(await submission(open.ledger, 0))
    await expect(one.witness.addCheckpoint(old)).resolves.toMatchObject({
      status: 409,
      body: '40\n',
    })
    await expect(one.witness.addCheckpoint(old.replace(/^old 0/, 'old 40'))).resolves.toMatchObject(
      { status: 400 },
    )
  })

  it('with a wrong, longer, shorter or unneeded proof gets 422', async () => {
    await fill(open.ledger, 11)
    const needless = (await submission(open.ledger, 0)).replace(
      'old 0\n',
      `old 0\n${Buffer.alloc(32).toString('base64')}\n`,
    )
    await expect(one.witness.addCheckpoint(needless)).resolves.toMatchObject({ status: 422 })
    await one.witness.addCheckpoint(await submission(open.ledger, 0))
    await fill(open.ledger, 30)
    const good = await submission(open.ledger, 11)
    const [first = '', ...rest] = good.split('\n')
    const hash = rest[0] ?? ''
    for (const lines of [
      [first, ...rest.slice(1)],
      [first, hash, ...rest],
      [first, Buffer.alloc(32).toString('base64'), ...rest.slice(1)],
      [first, rest[1] ?? '', hash, ...rest.slice(2)],
    ])
      await expect(one.witness.addCheckpoint(lines.join('\n'))).resolves.toMatchObject({
        status: 422,
      })
    await expect(one.witness.addCheckpoint(good)).resolves.toMatchObject({ status: 200 })
  })

  it.each([
    ['nothing', () => ''],
    ['no old size', (body: string) => body.replace(/^old 0\n/, '')],
    ['a size with a zero before it', (body: string) => body.replace('old 0', 'old 00')],
    ['a negative size', (body: string) => body.replace('old 0', 'old -1')],
    ['a size beyond 53 bits', (body: string) => body.replace('old 0', 'old 9007199254740993')],
    ['a hash that is none', (body: string) => body.replace('\n\n', '\nAAAA\n\n')],
    [
      'too many hashes',
      (body: string) =>
        body.replace('\n\n', `\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\n`),
    ],
    ['no checkpoint', (body: string) => body.slice(0, body.indexOf('\n\n') + 2)],
    ['windows line ends', (body: string) => body.replaceAll('\n', '\r\n')],
  ])('that sends %s gets 400', async (_what, change) => {
    await fill(open.ledger, 3)
    const body = change(await submission(open.ledger, 0))
    await expect(one.witness.addCheckpoint(body)).resolves.toMatchObject({ status: 400 })
  })

  it('never gets a cosignature for a changed body, and never causes an exception', async () => {
    await open.ledger.note(event())
    const body = await submission(open.ledger, 0)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(body.length - 1),
        fc.string({ minLength: 0, maxLength: 3, unit: 'binary' }),
        async (at, put) => {
          const changed = body.slice(0, at) + put + body.slice(at + 1)
          fc.pre(changed !== body)
          const { status } = await one.witness.addCheckpoint(changed)
          expect([400, 403, 404, 409, 422]).toContain(status)
        },
      ),
      { numRuns: 300 },
    )
    expect(one.kept.size).toBe(0)
  })
})

/** Checks a cosignature line using only the specification. */
function expectCosignature(body: string, checkpoint: string, vkey: string): void {
  const [, name = '', encoded = ''] = /^\u2014 (\S+) (\S+)\n$/.exec(body) ?? []
  const [keyName = '', id = '', keyText = ''] = vkey.split('+')
  const key = Buffer.from(vkey.slice(keyName.length + id.length + 2), 'base64')
  expect(keyText).not.toBe('')
  expect(name).toBe(keyName)
  expect(key[0]).toBe(4)
  const bytes = Buffer.from(encoded, 'base64')
  expect(bytes).toHaveLength(4 + 8 + 64)
  const digest = createHash('sha256').update(`${name}\n`).update(key).digest()
  expect(bytes.subarray(0, 4).toString('hex')).toBe(id)
  expect(digest.subarray(0, 4).toString('hex')).toBe(id)
  const time = bytes.readBigUInt64BE(4)
  expect(Math.abs(Number(time) - Date.now() / 1_000)).toBeLessThan(60)
  const text = checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1)
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.subarray(1).toString('base64url') },
    format: 'jwk',
  })
  const message = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
  expect(verify(null, message, publicKey, bytes.subarray(12))).toBe(true)
}

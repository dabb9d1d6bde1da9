/**
 * Mutated multipart, JSON and OpenPGP inputs, sent to a running gateway and read by the command's
 * own code: nothing crashes, nothing is answered with 500, and the gateway serves afterwards.
 * `bash scripts/test --long fuzz` sends 100,000 in all; NOCTURNE_FUZZ sets the number.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Agent, request } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NocturneError } from '../../src/lib/errors.js'
import { nodeCiphers } from '../../src/seal/index.js'
import { inspectCertificate, readPrivateKey, verifyDetached } from '../../src/seal/keys/index.js'
import { signDetached } from '../../src/seal/keys/keys.js'
import type { PrivateKey } from '../../src/seal/keys/keys.js'
import { openMessage } from '../../src/seal/open/open.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'
import { SEED, choices, mutate } from './_choices.js'

const COUNT = Math.ceil(Number(process.env.NOCTURNE_FUZZ ?? 1_200) / 3)
const AT_ONCE = 4

let site: TestSite
let gateway: RunningGateway
let tokens: Readonly<Record<string, string>>
let instance: Buffer
let transfer: string
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
const counts = new Map<string, number>()

beforeAll(async () => {
  site = await makeSite()
  await site.configure(
    (yaml) =>
      `${yaml.replace(/^doors:\n/m, 'doors:\n  stow: true\n')}\nlimits: { idleSeconds: 5 }\n`,
  )
  const files = await makeStudy(join(site.dir, '../study'), ...['--instances', '1', '--size', '16'])
  instance = await readFile(files[0] ?? '')
  gateway = await site.start()
  const names = ['facility-a', 'reader-1', 'officer-1', 'operator-1']
  const given = await Promise.all(
    names.map(async (name) => [name, await site.token(name)] as const),
  )
  tokens = Object.fromEntries(given)
  transfer = (await upload(site, gateway, files)).body.id
}, 600_000)
afterAll(async () => {
  agent.destroy()
  await gateway.stop()
  await site.remove()
  const shown = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `  ${n} ${what}`)
  console.log([`mutated inputs (seed ${SEED})`, ...shown].join('\n'))
})

const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)

interface Sent {
  readonly path: string
  readonly who: string
  readonly type: string
  readonly body: Buffer
}

/** Resolves with the status; 0 when the gateway closed the connection before it answered. */
const send = ({ path, who, type, body }: Sent): Promise<number> =>
  new Promise((resolve) => {
    const headers = {
      Authorization: `Bearer ${tokens[who] ?? ''}`,
      'Content-Type': type,
      'Content-Length': body.length,
    }
    const asked = request(gateway.url + path, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('close', () => resolve(response.statusCode ?? 0))
    })
    asked.once('error', () => resolve(0))
    asked.end(body)
  })

/** Sends so many, a few at a time, and expects that none is a fault of the gateway. */
async function sendMany(kind: string, make: (at: number) => Sent): Promise<void> {
  let next = 0
  const faults: string[] = []
  const worker = async () => {
    while (next < COUNT) {
      const at = next++
      const sent = make(at)
      const status = await send(sent)
      count(`${kind}: ${status}`)
      if (status === 500) faults.push(`${sent.path} ${sent.body.toString('base64').slice(0, 400)}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  expect(faults).toEqual([])
  await expectServing()
}

async function expectServing(): Promise<void> {
  expect(gateway.process.exitCode).toBeNull()
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  expect(gateway.log()).not.toMatch(/"level":(?:60|"fatal")/)
}

const part = (name: string, value: Buffer | string, more = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ])

describe(`inputs that were changed at random (seed ${SEED})`, () => {
  it('as multipart bodies of a form and of STOW-RS', async () => {
    const form = Buffer.concat([
      part('group', 'nights'),
      part('again', 'true'),
      part('files', instance, '; filename="a.dcm"'),
      part('files', 'a note', '; filename="a.txt"'),
      Buffer.from('--b--\r\n'),
    ])
    const related = Buffer.concat([
      Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'),
      instance,
      Buffer.from('\r\n--b--\r\n'),
    ])
    const random = choices()
    await sendMany('multipart', (at) =>
      at % 4 === 3
        ? {
            path: '/dicom-web/studies',
            who: 'facility-a',
            type: 'multipart/related; type="application/dicom"; boundary=b',
            body: mutate(related, random),
          }
        : {
            path: '/v1/transfers',
            who: 'facility-a',
            type: 'multipart/form-data; boundary=b',
            body: mutate(form, random),
          },
    )
  }, 3_000_000)

  it('as JSON', async () => {
    const random = choices(SEED + 1)
    const bodies: readonly (readonly [string, string, unknown])[] = [
      [`/v1/transfers/${transfer}/claim`, 'reader-1', { nonce: 'a'.repeat(32), answer: 'b' }],
      [`/v1/transfers/${transfer}/acknowledge`, 'reader-1', { statement: '{}', signature: 'x' }],
      [`/v1/cases/${transfer}/close`, 'facility-a', { reason: 'duplicate' }],
      [`/v1/cases/${transfer}/priority`, 'facility-a', { priority: 'stat' }],
      ['/v1/audit/patient', 'officer-1', { facility: 'facility-a', patientId: 'P1', issuer: '' }],
      [
        '/v1/audit/accounting',
        'officer-1',
        { facility: 'facility-a', from: '2026-01-01', until: '2026-02-01' },
      ],
      ['/v1/audit/holds', 'officer-1', { reason: 'a lawsuit', facility: 'facility-a' }],
      ['/v1/duty', 'reader-1', { group: 'nights', from: '2026-12-01T00:00:00Z', to: 'reader-1' }],
      ['/v1/registers/device', 'officer-1', { entries: [{ fields: { name: 'a' } }] }],
      ['/v1/sign-in/challenge', 'reader-1', { principal: 'reader-1' }],
    ]
    await sendMany('JSON', () => {
      const [path, who, body] = random.pick(bodies)
      const bytes = mutate(Buffer.from(JSON.stringify(body)), random)
      return { path, who, type: 'application/json', body: bytes }
    })
  }, 3_000_000)

  it('as OpenPGP certificates, keys, signatures and messages', async () => {
    const random = choices(SEED + 2)
    const armored = await readFile(site.keyFile('reader-1'), 'utf8')
    const key = await readPrivateKey(armored)
    const signature = await signDetached('a statement', key, new Date())
    const token = tokens['reader-1'] ?? ''
    const got = await fetch(`${gateway.url}/v1/transfers/${transfer}/items/1`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    const message = Buffer.from(await got.arrayBuffer())
    const texts = (text: string) => mutate(Buffer.from(text), random).toString('latin1')
    const readers: readonly (() => Promise<unknown>)[] = [
      () => inspectCertificate(texts(key.certificate), new Date()),
      () => readPrivateKey(texts(armored)),
      () => readPrivateKey(mutate(Buffer.from(armored), random)),
      () => verifyDetached('a statement', texts(signature), key.certificate, new Date()),
      () => openAll(mutate(message, random), key),
    ]
    for (let at = 0; at < COUNT; at++) {
      const read = random.pick(readers)
      try {
        await read()
        count('OpenPGP: read')
      } catch (error) {
        // Anything else than a refusal of ours is a fault.
        if (!(error instanceof NocturneError)) throw error
        count(`OpenPGP: ${error.code}`)
        expect(error.code).not.toBe('internal')
      }
    }
    const packets = mutate(message.subarray(0, 200), random).toString('base64')
    const path = `/v1/transfers/${transfer}/recipients`
    const body = Buffer.from(JSON.stringify({ recipient: 'reader-1', packets: [packets] }))
    expect(await send({ path, who: 'reader-1', type: 'application/json', body })).toBeLessThan(500)
    await expectServing()
  }, 3_000_000)
})

async function openAll(message: Buffer, key: PrivateKey): Promise<void> {
  const source = (async function* () {
    yield await Promise.resolve(message)
  })()
  for await (const piece of openMessage(source, [key], { ciphers: nodeCiphers }))
    if (piece.length < 0) throw new TypeError('a piece of nothing')
}

/** A gateway that changes its keys or its log between two runs of a command. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayClient } from '../../src/cli/client.js'
import { knownFile } from '../../src/cli/trust/known-gateways.js'
import { openTrust } from '../../src/cli/trust/trust.js'
import { newKey } from '../../src/seal/keys/index.js'
import { fill, openLedger } from '../ledger/_open.js'
import type { OpenLedger } from '../ledger/_open.js'

let log: OpenLedger
let forked: OpenLedger
let keys: readonly string[]
let server: Server
let url = ''
let dir = ''
let tokenFile = ''
/** What the gateway is at the moment. */
let now: {
  certificate: string
  former: readonly string[]
  ledger: OpenLedger
  hasLog: boolean
  /** Called once, between making an answer about the log and sending it. */
  meanwhile?: (() => Promise<unknown>) | undefined
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nocturne-trust-'))
  log = await openLedger()
  await fill(log.ledger, 20)
  // The same signing key, and another history.
  forked = await openLedger(log.signingKey)
  await fill(forked.ledger, 60)
  const made = await Promise.all(['a', 'b'].map((name) => newKey({ name })))
  keys = made.map(({ certificate }) => certificate)
  server = createServer((request, response) => {
    void answer(request.url ?? '').then(
      (value) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value)),
      () =>
        response
          .writeHead(404, { 'Content-Type': 'application/problem+json' })
          .end(JSON.stringify({ title: 'none', status: 404, code: 'not_found' })),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await Promise.all([log.close(), forked.close()])
  await rm(dir, { recursive: true, force: true })
})
let round = 0
beforeEach(() => {
  round += 1
  tokenFile = join(dir, `token-${String(round)}`)
  now = { certificate: keys[0] ?? '', former: [], ledger: log, hasLog: true }
})

async function answer(path: string): Promise<unknown> {
  const { ledger } = now.ledger
  if (path === '/v1/gateway')
    return {
      ...{ name: 'gw', origin: url, version: '1', certificate: now.certificate },
      formerCertificates: now.former.map((certificate) => ({
        certificate,
        until: '2026-01-01T00:00:00.000Z',
      })),
      ledgerKey: ledger.verifierKey,
      limits: { itemBytes: 1, requestItems: 1, transferItems: 1, transferBytes: 1 },
    }
  if (!now.hasLog) throw new Error('an earlier version')
  const checkpoint = await ledger.checkpoint()
  const [older, newer] = [
    Number(new URL(path, url).searchParams.get('from') ?? 0),
    Number(checkpoint.split('\n')[1]),
  ]
  const proof = older > 0 && older !== newer ? await ledger.consistency(older, newer) : []
  const { meanwhile } = now
  now.meanwhile = undefined
  await meanwhile?.()
  return {
    checkpoint,
    consistency: proof.map((hash) => Buffer.from(hash).toString('base64')),
  }
}

const warned: string[] = []
async function open(more: { readonly hasOwnSigners?: boolean } = {}) {
  const client = new GatewayClient({ url, token: 'noc_not-a-token' })
  try {
    const output = { warn: (text: string) => void warned.push(text) }
    return await openTrust({ client, url, tokenFile, output, ...more })
  } finally {
    client.close()
  }
}

describe('a gateway', () => {
  it('is trusted on first use, and again while it stays the same and its log grows', async () => {
    expect((await open()).signers).toHaveLength(1)
    await fill(log.ledger, 7)
    await open()
    await open()
    expect(warned).toEqual([])
  })

  it('is refused with another ledger key, which names what to do', async () => {
    await open()
    now.ledger = await openLedger()
    try {
      await expect(open()).rejects.toMatchObject({
        code: 'ledger_key_changed',
        hint: expect.stringContaining(knownFile(url, tokenFile)),
      })
    } finally {
      await now.ledger.close()
    }
    now.ledger = log
    await open()
  })

  it('is refused with another key for manifests, unless the user names the certificates', async () => {
    await open()
    const [first = '', second = ''] = keys
    Object.assign(now, { certificate: second, former: [first] })
    await expect(open()).rejects.toMatchObject({ code: 'gateway_key_changed' })
    await open({ hasOwnSigners: true })
    await expect(open()).rejects.toMatchObject({ code: 'gateway_key_changed' })
    // The operator has confirmed it.
    await rm(knownFile(url, tokenFile))
    expect((await open()).signers.map(({ certificate }) => certificate)).toEqual([second, first])
  })

  it('does not get a further key for old manifests trusted', async () => {
    await open()
    now.former = [keys[1] ?? '']
    expect((await open()).signers.map(({ certificate }) => certificate)).toEqual([keys[0]])
  })

  it('is refused when its log was cut off, replaced, or is no longer shown', async () => {
    await open()
    now.ledger = forked
    await expect(open()).rejects.toMatchObject({ code: 'log_inconsistent' })
    now.ledger = log
    const short = await openLedger(log.signingKey)
    await fill(short.ledger, 2)
    now.ledger = short
    await expect(open()).rejects.toThrow(/entries, and has 2 now/)
    await short.close()
    Object.assign(now, { ledger: log, hasLog: false })
    await expect(open()).rejects.toThrow(/does not show what came after/)
    now.hasLog = true
    await open()
  })

  it('is remembered as the newest of what commands at the same time have seen', async () => {
    await open()
    now.meanwhile = async () => {
      await fill(log.ledger, 5)
      await open()
    }
    await open()
    const known = JSON.parse(await readFile(knownFile(url, tokenFile), 'utf8')) as {
      readonly checkpoint: string
    }
    expect(known.checkpoint.split('\n')[1]).toBe((await log.ledger.checkpoint()).split('\n')[1])
  })

  it('of an earlier version, without its log, is trusted without one', async () => {
    now.hasLog = false
    await open()
    await open()
    now.hasLog = true
    await open()
  })

  it('at the same address with the token of another site is another gateway', async () => {
    await open()
    now.certificate = keys[1] ?? ''
    tokenFile = join(dir, 'other-site.token')
    await open()
  })

  it('is not taken for a new one when what is known was damaged', async () => {
    await open()
    await writeFile(knownFile(url, tokenFile), '{')
    await expect(open()).rejects.toMatchObject({ code: 'file_unreadable' })
  })
})

describe('a receipt', () => {
  it('verifies under the key of the ledger, for its transfer alone', async () => {
    const { index } = await log.ledger.note({
      ...{ type: 'transfer.available', outcome: 0, transfer: 't1' },
      actor: { id: 'facility-a', role: 'sender' },
    })
    const receipt = await log.ledger.proof(index)
    const trust = await open()
    await trust.checkReceipt(receipt, 't1')
    const refused = { code: 'receipt_invalid' }
    await expect(trust.checkReceipt(receipt, 't2')).rejects.toMatchObject(refused)
    await expect(trust.checkReceipt('a proof', 't1')).rejects.toMatchObject(refused)
    const hash = /\n([A-Za-z0-9+/]{43}=)\n/.exec(receipt)?.[1] ?? ''
    const altered = receipt.replace(hash, `${hash.startsWith('A') ? 'B' : 'A'}${hash.slice(1)}`)
    await expect(trust.checkReceipt(altered, 't1')).rejects.toMatchObject(refused)
  })
})

/**
 * A site that an older build made and filled is opened by this build: nothing in it may become
 * unreadable. The gateway runs in this process, with a clock one hour after the site was made, so
 * that its tokens are valid however old the site is.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyFile, verifyFolder } from '../../src/cli/audit/audit-verify.js'
// Loaded before openSite loads these modules in parallel, which Jest's module loader does not
// support.
import '../../src/config/index.js'
import '../../src/deidentify/rules/index.js'
import { openSite } from '../../src/cli/site/site.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { createLogger } from '../../src/lib/logger.js'
import { VERSION } from '../../src/lib/version.js'
import { readPrivateKey } from '../../src/seal/keys/keys.js'
import { openState } from '../../src/state/index.js'
import { buildCli, run } from '../cli/_cli.js'
import { laterMigrations } from '../state/_sharing.js'
import { call } from '../whole-way/_http.js'
import { siteAt } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { open, openTransfer, readerOf, sha256 } from '../whole-way/_reader.js'
import { oldSiteNames, unpackOldSite } from './_old-site.js'
import type { OldSite } from './_old-site.js'

it('has an old site to open', () => {
  expect(oldSiteNames).toContain('0011-gateway-keys')
})

describe.each(oldSiteNames)('the site %s', (name) => {
  let old: OldSite
  let site: TestSite
  let gateway: Gateway
  let at: { readonly url: string }
  let ledgerKey: string
  const now = () => old.madeAt.getTime() + 3_600_000

  beforeAll(async () => {
    old = await unpackOldSite(name)
    site = siteAt(old.dir, () => old.remove())
    ledgerKey = (await readFile(join(old.dir, 'keys/ledger.vkey'), 'utf8')).trim()
    gateway = await createGateway(await openSite(old.dir), {
      port: 0,
      now,
      logger: createLogger('silent'),
    })
    at = await gateway.start()
  })
  afterAll(async () => {
    await gateway.close()
    await site.remove()
  })

  const get = async (principal: string, path: string) =>
    call(at, 'GET', path, { token: await site.token(principal) })

  const as = async (principal: string) => ({
    Authorization: `Bearer ${await site.token(principal)}`,
  })

  it('accepts existing tokens, but no revoked one', async () => {
    for (const who of ['facility-a', 'reader-1', 'officer-1', 'operator-1'])
      for (const file of [who, `${who}-long`])
        expect(await get(file, '/v1/session')).toMatchObject({
          status: 200,
          body: { principal: who },
        })
    expect(await get('revoked', '/v1/session')).toMatchObject({ status: 401 })
  })

  it('shows every transfer unchanged', async () => {
    const { acknowledged, claimed, available, quarantined, released } = old.transfers
    const expected = [
      ...acknowledged.map((id) => [id, 'acknowledged', 'reader-1']),
      ...claimed.map((id) => [id, 'available', 'reader-1']),
      ...[...available, ...quarantined, ...released].map((id) => [id, 'available', undefined]),
    ]
    for (const [id, state, claimedBy] of expected) {
      const { status, body } = await get('reader-1', `/v1/transfers/${String(id)}`)
      expect({ status, state: body.state, by: body.claimedBy }).toEqual({
        status: 200,
        state,
        by: claimedBy,
      })
    }
  })

  it("opens every item with the reader's key, byte for byte as the old build sealed it", async () => {
    const reader = await readerOf(site)
    for (const [id, items] of Object.entries(old.items)) {
      const { contents } = await openTransfer(at, reader, id, new Date(now()))
      const opened = [...contents].map(([index, bytes]) => ({ index, sha256: sha256(bytes) }))
      expect(opened).toEqual(items)
    }
  })

  it("opens held items with the facility's key", async () => {
    const key = await readPrivateKey(await readFile(site.keyFile('facility-a'), 'utf8'))
    const [held] = old.held
    if (!held) throw new Error('nothing was held')
    const path = `/v1/transfers/${held.transfer}/quarantine/${String(held.item)}`
    const response = await fetch(at.url + path, {
      headers: await as('facility-a'),
    })
    expect(response.status).toBe(200)
    const original = await open(new Uint8Array(await response.arrayBuffer()), key)
    expect(sha256(original)).toBe(held.sha256)
    const { body } = await get('facility-a', '/v1/quarantine?all=true')
    expect(body.items).toEqual(
      expect.arrayContaining(
        old.held.map(({ transfer }, i) =>
          expect.objectContaining({ transfer, state: ['held', 'discarded', 'released'][i] }),
        ),
      ),
    )
  })

  it('restores originals from pseudonyms, with crosswalks fetched at that time', async () => {
    const names = (await readdir(join(old.dir, 'crosswalk'))).filter((n) => n.endsWith('.pgp'))
    expect(names).toHaveLength(Object.keys(old.items).length)
    for (const name of names) {
      const path = `/v1/crosswalk/${name.slice(0, -'.pgp'.length)}`
      const response = await fetch(at.url + path, { headers: await as('facility-a') })
      const kept = await readFile(join(old.dir, 'crosswalk', name))
      expect(kept.equals(Buffer.from(await response.arrayBuffer()))).toBe(true)
    }
    const [first = ''] = old.transfers.acknowledged
    const out = join(old.dir, 'back')
    const words = ['--crosswalk', join(old.dir, 'crosswalk'), '--key', site.keyFile('facility-a')]
    const opened = join(old.dir, 'opened', first)
    const back = await run(await buildCli(), ['reidentify', opened, ...words, '--out', out])
    expect(back.stdout).toContain(out)
    expect(await patientsIn(out)).toEqual(new Set(['DEMO']))
    expect(await patientsIn(opened)).toEqual(new Set())
  })

  it('opens what was dumped then', async () => {
    const words = [
      ...['--key', site.keyFile('reader-1'), '--out', join(old.dir, 'opened-dump')],
      ...['--gateway-certificate', join(old.dir, 'keys/gateway.asc'), '--ledger-key', ledgerKey],
    ]
    const opened = await run(await buildCli(), ['open', join(old.dir, 'dump'), ...words])
    expect(opened).toMatchObject({ status: 0 })
  })

  it('verifies what people kept of the ledger, offline: an export, receipts, the published log', async () => {
    const [first = ''] = old.transfers.acknowledged
    const kept = ['export.ndjson', `opened/${first}/receipts.ndjson`]
    for (const file of [...kept, `opened/${first}/receipt.tlog-proof`])
      expect(await verifyFile(join(old.dir, file), ledgerKey)).toMatchObject({ ok: true })
  })

  it('is not migrated further while this gateway runs on it', async () => {
    const url = `sqlite:${join(old.dir, 'data/nocturne.db')}`
    const later = { now, migrationsFor: laterMigrations }
    await expect(openState(url, later)).rejects.toMatchObject({
      code: 'gateways_older',
      subject: expect.stringContaining(`nocturne ${VERSION} with `),
    })
    expect((await get('officer-1', '/v1/session')).status).toBe(200)
  })

  it('continues the same ledger', async () => {
    // A last event of our own, and the published log of both builds.
    await get('officer-1', '/v1/audit/events')
    await gateway.close()
    const published = await verifyFolder(join(old.dir, 'data/objects/log'), ledgerKey)
    expect(published).toMatchObject({ ok: true })
    expect(published.size).toBeGreaterThan(old.ledger.size)
    expect(rootOf(old.dir, old.ledger.size)).toBe(old.ledger.root)
    expect(running(old.dir)).toEqual([])
    // And the site is opened again, without another migration.
    const again = await createGateway(await openSite(old.dir), {
      port: 0,
      now,
      logger: createLogger('silent'),
    })
    await again.start()
    await again.close()
  })
})

/**
 * Whose names the DICOM files of a folder hold in clear: every patient of the old site is called
 * DEMO^NIGHT.
 */
async function patientsIn(folder: string): Promise<ReadonlySet<string>> {
  const names = await readdir(folder, { recursive: true })
  const found = new Set<string>()
  for (const name of names.filter((one) => one.endsWith('.dcm'))) {
    const text = await readFile(join(folder, name), 'latin1')
    for (const [, word = ''] of text.matchAll(/(DEMO)\^NIGHT/g)) found.add(word)
  }
  return found
}

/** Gateways that have not left. */
function running(dir: string): readonly unknown[] {
  const db = new Database(join(dir, 'data/nocturne.db'), { readonly: true })
  const rows = db.prepare('select id from gateways').all()
  db.close()
  return rows
}

/** The root over the first entries of the database, by RFC 6962 section 2.1 and nothing of ours. */
function rootOf(dir: string, size: number): string {
  const db = new Database(join(dir, 'data/nocturne.db'), { readonly: true })
  const entries = db
    .prepare('select entry from events where idx < ? order by idx')
    .pluck()
    .all(size) as Buffer[]
  db.close()
  const hash = (prefix: number, ...parts: Buffer[]) =>
    createHash('sha256')
      .update(Buffer.concat([Buffer.from([prefix]), ...parts]))
      .digest()
  const tree = (leaves: readonly Buffer[]): Buffer => {
    const [only] = leaves
    if (leaves.length === 1 && only) return hash(0, only)
    const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
    return hash(1, tree(leaves.slice(0, left)), tree(leaves.slice(left)))
  }
  return tree(entries).toString('base64')
}

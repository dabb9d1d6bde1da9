/** What is recorded about configuration and software at a start, and about a lock-out. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { rename } from 'node:fs/promises'
import { openSite } from '../../src/cli/site/site.js'
import type { Site, SiteConfig } from '../../src/config/index.js'
import { createGateway } from '../../src/gateway.js'
import type { LedgerEntry } from '../../src/ledger/log/events.js'
import { createLogger } from '../../src/lib/logger.js'
import { openState } from '../../src/state/index.js'
import { makeSite, siteAt } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'

let site: TestSite
beforeAll(async () => {
  site = await makeSite()
}, 60_000)
afterAll(() => site.remove())

const logger = createLogger('silent')

/** The events of one start and stop, except those about certificates. */
async function recordedBy(
  change: (config: SiteConfig) => SiteConfig = (config) => config,
): Promise<readonly LedgerEntry[]> {
  const opened: Site = await openSite(site.dir)
  const gateway = await createGateway(
    { ...opened, config: change(opened.config) },
    { port: 0, logger },
  )
  const { rooms } = await gateway.start()
  const { rows } = await rooms.ledger.query({ limit: 1_000 })
  await gateway.close()
  const entries = rows.map(({ entry }) => entry)
  const start = entries.findLastIndex(({ type }) => type === 'gateway.started')
  return entries.slice(start).filter(({ type }) => !type.startsWith('certificate.'))
}

const types = (entries: readonly LedgerEntry[]) => entries.map(({ type }) => type)

describe('a start', () => {
  it('records the software and a digest of the configuration, and the first time no change', async () => {
    const entries = await recordedBy()
    expect(types(entries)).toEqual(['gateway.started'])
    expect(entries[0]?.detail).toMatchObject({
      version: expect.any(String),
      node: process.version,
      openssl: process.versions.openssl,
      config: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const again = await recordedBy()
    expect(types(again)).toEqual(['gateway.started'])
    expect(again[0]?.detail?.config).toBe(entries[0]?.detail?.config)
  })

  it('records the settings that changed since the last start, never their values', async () => {
    const [before] = await recordedBy()
    const secret = 'https://witness.7391.example.org'
    const entries = await recordedBy((config) => ({
      ...config,
      limits: { ...config.limits, itemBytes: 7_391_000_000 },
      facilities: config.facilities.map((one) => ({ ...one, documents: 'quarantine' })),
      keys: { ...config.keys, allowRsa2048: !config.keys.allowRsa2048 },
      gateway: { ...config.gateway, origin: secret },
    }))
    expect(types(entries)).toEqual(['gateway.started', 'config.changed'])
    expect(entries[1]?.detail).toEqual({
      added: ['gateway.origin'],
      changed: ['facilities.facility-a.documents', 'keys.allowRsa2048', 'limits.itemBytes'],
    })
    expect(entries[0]?.detail?.config).not.toBe(before?.detail?.config)
    expect(JSON.stringify(entries)).not.toContain('7391')
    const back = await recordedBy()
    expect(back[1]).toMatchObject({
      type: 'config.changed',
      detail: { removed: ['gateway.origin'] },
    })
  })

  it('records the group whose schedule changed', async () => {
    const entries = await recordedBy((config) => ({
      ...config,
      groups: config.groups.map((one) => ({ ...one, timezone: 'Europe/Berlin' })),
    }))
    expect(types(entries)).toEqual(['gateway.started', 'schedule.changed'])
    expect(entries[1]).toMatchObject({
      group: 'nights',
      detail: { changed: ['groups.nights.timezone'] },
    })
    await recordedBy()
  })

  it('records no change when the site folder was moved', async () => {
    const moved = `${site.dir}-moved`
    await rename(site.dir, moved)
    const made = site
    site = siteAt(moved, () => made.remove())
    expect(types(await recordedBy())).toEqual(['gateway.started'])
  })

  it('records the old and the new software version', async () => {
    const opened = await openSite(site.dir)
    const state = await openState(opened.config.database)
    await state.transaction((tx) =>
      tx.updateTable('config_marks').set({ mark: '0.0.1' }).where('name', '=', 'version').execute(),
    )
    await state.close()
    const gateway = await createGateway(opened, { port: 0, logger })
    const { ledger } = (await gateway.start()).rooms
    const { rows } = await ledger.query({ types: ['software.changed'] })
    const { rows: started } = await ledger.query({ types: ['gateway.started'] })
    await gateway.close()
    expect(rows.map(({ entry }) => entry.detail)).toEqual([
      { from: '0.0.1', to: started[0]?.entry.detail?.version },
    ])
  })
})

describe('a lock-out', () => {
  it('is one event per address and account, however many attempts follow', async () => {
    // The clock does not move, so no failure is forgiven during the test.
    const time = Date.now()
    const now = () => time
    const gateway = await createGateway(await openSite(site.dir), { port: 0, logger, now })
    const { url, rooms } = await gateway.start()
    const statuses = new Set<number>()
    for (let i = 0; i < 80; i++) {
      const response = await fetch(`${url}/v1/session`, {
        headers: { Authorization: `Bearer noct_${'x'.repeat(43)}` },
      })
      statuses.add(response.status)
    }
    const signIn = async (principal: string) => {
      const response = await fetch(`${url}/v1/sign-in`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ principal, challenge: 'none', signature: 'none' }),
      })
      return response.status
    }
    // From a locked address: once with an existing ID, and once with text typed into the wrong
    // field.
    for (let i = 0; i < 3; i++) expect(await signIn('reader-1')).toBe(429)
    expect(await signIn('correct-horse')).toBe(429)
    const { rows } = await rooms.ledger.query({ types: ['signin.locked'] })
    const { rows: asked } = await rooms.ledger.query({ question: 'refusals', limit: 1_000 })
    await gateway.close()
    expect([...statuses].sort()).toEqual([401, 429])
    expect(rows.map(({ entry }) => entry.detail?.principal)).toEqual([
      undefined,
      'reader-1',
      undefined,
    ])
    expect(rows[0]?.entry).toMatchObject({
      outcome: 8,
      actor: { id: 'anonymous', address: expect.stringContaining('127.0.0.1') },
      detail: { seconds: expect.any(Number) },
    })
    expect(asked.map(({ entry }) => entry.type)).toContain('signin.locked')
    expect(JSON.stringify(rows)).not.toContain('correct-horse')
  })
})

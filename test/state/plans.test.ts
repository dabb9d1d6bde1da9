/**
 * Every statement that a gateway makes while it starts, serves, works in the background and sweeps,
 * and how SQLite finds its rows: what grows with the work is found by an index, never by a scan.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import Database from 'better-sqlite3'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSite } from '../../src/cli/site/site.js'
import { initSite } from '../../src/config/init/index.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { newLedgerKey } from '../../src/ledger/published/index.js'
import { createLogger } from '../../src/lib/logger.js'
import { newKey } from '../../src/seal/keys/index.js'
import { keepEventTypes } from '../_event-types.js'
import { file } from '../deidentify/_build.js'
import { pdf } from '../transfer/_site.js'

/** Tables whose rows increase with studies, reports, events and time. */
const GROWING =
  'arrivals case_notes case_reports case_targets case_transfers cases critical_answers critical_results ' +
  'crosswalk_pieces crosswalks deposits downloads envelopes escalations events items key_packets ' +
  'ledger_tiles outbox patients proof_keys quarantine report_feedback reports transfers upload_keys'

/** A count of every case by state reads an index of the states alone, by `/metrics`. */
const COUNTED: ReadonlySet<string> = new Set([
  'select "state", count(*) as "count" from "cases" group by "state"',
])

let dir: string
const statements = new Set<string>()
const own = Object.getOwnPropertyDescriptor(Database.prototype, 'prepare') ?? {}
const prepare = own.value as (this: Database.Database, source: string) => Database.Statement

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nocturne-plans-'))
  const path = join(dir, 'site')
  await initSite(path, { demo: true, newKey, newLedgerKey })
  // The first start also migrates, which is done once.
  await useGateway(path)
  const value = function (this: Database.Database, source: string) {
    statements.add(source)
    return prepare.call(this, source)
  }
  Object.defineProperty(Database.prototype, 'prepare', { ...own, value })
  try {
    await useGateway(path)
  } finally {
    Object.defineProperty(Database.prototype, 'prepare', own)
  }
  await keepEventTypes(path)
}, 120_000)
afterAll(() => rm(dir, { recursive: true, force: true }))

/** Starts a gateway, asks it what people and monitoring ask every minute, and ends it. */
async function useGateway(path: string): Promise<void> {
  const { config, ...rest } = await openSite(path)
  const doors = { stow: config.doors.stow }
  const site = { ...rest, config: { ...config, doors, textDetector: NO_DETECTOR } }
  const gateway = await createGateway(site, { port: 0, logger: createLogger('silent') })
  try {
    await ask(await gateway.start())
  } finally {
    await gateway.close(0)
  }
}

type Started = Awaited<ReturnType<Gateway['start']>>

/** Requests of every role, and the background work. */
async function ask({ url, rooms }: Started): Promise<void> {
  const as = async (
    ...[who, route, method = 'GET', body, type]: [
      string,
      string,
      string?,
      (FormData | Uint8Array)?,
      string?,
    ]
  ) => {
    const { token } = await rooms.tokens.issue(who, { days: 1, actor: SITE })
    const headers = { Authorization: `Bearer ${token}`, ...(type && { 'Content-Type': type }) }
    const response = await fetch(`${url}${route}`, { method, headers, ...(body && { body }) })
    const text = await response.text()
    // A claim without proof is refused, after everything was looked up.
    if (!response.ok && response.status !== 428)
      throw new Error(`${route}: ${response.status} ${text}`)
    return text
  }
  const form = new FormData()
  form.set('group', 'nights')
  form.append('files', new Blob([new Uint8Array(pdf('a requisition'))]), 'a.pdf')
  const sent = await as('facility-a', '/v1/transfers', 'POST', form)
  const { id } = JSON.parse(sent) as { id: string }
  // Instance by instance, as over DIMSE: the second is added to the study of the first.
  for (const at of [1, 2])
    await as('facility-a', '/dicom-web/studies', 'POST', related(at), `${RELATED}; boundary=b`)
  await rooms.transfers.arrivals()
  const [sopClass, sopInstance] = ['1.2.840.10008.5.1.4.1.1.2', '1.2.80.1']
  await rooms.transfers.deposits('facility-a', [{ sopClass, sopInstance }])
  const inbox = JSON.parse(await as('reader-1', '/v1/inbox')) as { cases: { id: string }[] }
  const one = inbox.cases[0]?.id ?? ''
  for (const route of ['/v1/cases', `/v1/cases/${one}`, `/v1/transfers/${id}/manifest`])
    await as('reader-1', route)
  await as('reader-1', `/v1/cases/${one}/claim`, 'POST')
  await as('reader-1', `/v1/transfers/${id}/items/1`)
  for (const route of ['/v1/transfers', `/v1/transfers/${id}`, '/v1/quarantine'])
    await as('facility-a', route)
  for (const query of ['type=item.accepted', `transfer=${id}`, 'limit=10'])
    await as('officer-1', `/v1/audit/events?${query}`)
  await as('operator-1', '/metrics')
  await rooms.transfers.sweep(Number.MAX_SAFE_INTEGER)
  await rooms.deliveries.endLeft(Number.MAX_SAFE_INTEGER)
  await rooms.retention.run()
  await rooms.remind()
}

const RELATED = 'multipart/related; type="application/dicom"'
const related = (at: number): Buffer =>
  Buffer.concat([
    Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'),
    file([
      [0x0020000d, 'UI', '1.2.80'],
      [0x00080018, 'UI', `1.2.80.${at}`],
    ]),
    Buffer.from('\r\n--b--\r\n'),
  ])

const SITE = { id: 'site', role: 'operator' } as const
const NO_DETECTOR = { kind: 'none', clears: false, threads: 1 } as const

it('finds rows of tables that grow by an index', () => {
  const growing = new Set(GROWING.split(' '))
  const database = new Database(join(dir, 'site/data/nocturne.db'), { readonly: true })
  const scans: string[] = []
  for (const source of statements) {
    if (!/^\s*(select|with|update|delete)/i.test(source)) continue
    const asked = database.prepare(`explain query plan ${source}`)
    const steps = asked.all(...nulls(source)) as { detail: string }[]
    for (const { detail } of steps) {
      const table = /^SCAN (\w+)/.exec(detail)?.[1] ?? ''
      // Reading in the order of the key ends at the limit.
      const isCut = source.endsWith(' limit ?') && !source.includes(' where ')
      if (growing.has(table) && !isCut && !COUNTED.has(source)) scans.push(`${detail}: ${source}`)
    }
  }
  database.close()
  expect(statements.size).toBeGreaterThan(100)
  expect(scans).toEqual([])
})

/** Nothing for each parameter: a plan does not depend on them. */
const nulls = (source: string): null[] => Array.from(source.matchAll(/\?/g), () => null)

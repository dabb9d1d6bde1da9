/**
 * Compliance queries, each as one command and one request: both give the same result as a scan of
 * every entry.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LedgerEntry, LedgerRow } from '../../src/ledger/log/events.js'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { claim, readerOf } from './_reader.js'
import { makeStudy } from './_study.js'

interface Page {
  readonly events: readonly LedgerRow[]
  readonly count: number
  readonly end: number
  readonly next?: number
}

let site: TestSite
let gateway: RunningGateway
/** Every entry before the first query. */
let all: readonly LedgerRow[]
const at = (name: string) => join(site.dir, '..', name)

beforeAll(async () => {
  site = await makeSite()
  // Nobody is ever on duty, whatever the time of the test run.
  await site.configure((yaml) =>
    yaml.replace('readers: [reader-1]', 'readers: [reader-1], duty: { weekly: [] }'),
  )
  const issued = await nocturne(
    ...['token', 'issue', '--site', site.dir, '--principal', 'facility-a', '--json'],
  )
  const { id } = JSON.parse(issued.stdout) as { id: string }
  expect((await nocturne('token', 'revoke', id, '--site', site.dir)).status).toBe(0)
  gateway = await site.start()
  const files = await makeStudy(at('study'), '--instances', '2', '--size', '64')
  const read = (await upload(site, gateway, files)).body.id
  const left = await makeStudy(at('left'), '--instances', '1', '--size', '64', '--seed', '42')
  await upload(site, gateway, left)
  const token = await site.token('reader-1')
  await claim(gateway, await readerOf(site), read)
  for (const path of ['manifest', 'items/1', 'items/2'])
    await call(gateway, 'GET', `/v1/transfers/${read}/${path}`, { token })
  await call(gateway, 'GET', '/v1/audit/events', { token })
  await call(gateway, 'GET', '/v1/inbox', { token: 'no-token' })
  const officer = await site.token('officer-1')
  await call(gateway, 'GET', '/v1/audit/review', { token: officer })
  await writeFile(at('patient-id'), 'DEMO-0042')
  const { body } = await call(gateway, 'GET', '/v1/audit/events?limit=1000', { token: officer })
  all = (body as unknown as Page).events
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

type Is = (entry: LedgerEntry, rows: readonly LedgerRow[]) => boolean

const isOf =
  (...types: readonly string[]): Is =>
  ({ type }) =>
    types.includes(type)
const hasFacility: Is = ({ facility }) => facility === 'facility-a'
const byReader: Is = ({ actor }) => actor.id === 'reader-1'
const both =
  (...conditions: readonly Is[]): Is =>
  (entry, rows) =>
    conditions.every((is) => is(entry, rows))
const spanOf = ({ related, detail }: LedgerEntry) => related ?? detail?.download ?? detail?.envelope
const isUnended: Is = (entry, rows) =>
  isOf('transfer.begun', 'download.begun')(entry, rows) &&
  !rows.some(
    (later) => later.entry !== entry && [entry.id, spanOf(entry)].includes(spanOf(later.entry)),
  )
const isUnopened: Is = (entry, rows) =>
  entry.type === 'transfer.available' &&
  !rows.some(
    (other) => other.entry.type === 'download.begun' && other.entry.transfer === entry.transfer,
  )
const isFetched: Is = (entry, rows) =>
  entry.type === 'transfer.available' && !isUnopened(entry, rows)
const isOutside: Is = ({ detail }) => detail?.duty === 'outside'
const isRefusal = isOf('access.refused', 'signin.failed', 'signin.locked')
const isOfKeys = isOf('certificate.changed', 'token.issued', 'token.revoked')
const isDue: Is = (entry, rows) =>
  entry.outcome >= 8 || isOutside(entry, rows) || isRefusal(entry, rows) || isOfKeys(entry, rows)

interface Question {
  readonly what: string
  /** As in the URL. */
  readonly filters: Readonly<Record<string, string>>
  readonly is: Is
  /** Evaluated as of the first event of this type; if omitted, over the whole log. */
  readonly asOf?: string
}

const QUESTIONS: readonly Question[] = [
  { what: 'everything a person did', filters: { actor: 'reader-1' }, is: byReader },
  {
    what: 'what a person fetched',
    filters: { actor: 'reader-1', type: 'download.begun,download.ended' },
    is: both(byReader, isOf('download.begun', 'download.ended')),
  },
  { what: 'never opened', filters: { question: 'unopened' }, is: isUnopened },
  {
    what: 'never opened, of a facility',
    filters: { question: 'unopened', facility: 'facility-a' },
    is: both(isUnopened, hasFacility),
  },
  { what: 'fetched, not acknowledged', filters: { question: 'unacknowledged' }, is: isFetched },
  {
    what: 'health of the log',
    filters: { question: 'health' },
    is: isOf('gateway.started', 'gateway.stopped'),
  },
  {
    what: 'begun without an end, when a download was under way',
    filters: { question: 'unended' },
    is: isUnended,
    asOf: 'download.begun',
  },
  { what: 'outside duty hours', filters: { question: 'outside' }, is: isOutside },
  {
    what: 'outside duty hours, by a person for a facility',
    filters: { question: 'outside', actor: 'reader-1', facility: 'facility-a' },
    is: both(isOutside, byReader, hasFacility),
  },
  { what: 'refusals', filters: { question: 'refusals' }, is: isRefusal },
  {
    what: 'refusals of a person',
    filters: { question: 'refusals', actor: 'reader-1' },
    is: both(isRefusal, byReader),
  },
  { what: 'key changes', filters: { question: 'keys' }, is: isOfKeys },
  {
    what: 'tokens issued',
    filters: { question: 'keys', type: 'token.issued', outcome: '0' },
    is: isOf('token.issued'),
  },
  {
    what: 'who read the ledger',
    filters: { question: 'reads' },
    is: isOf('ledger.read', 'ledger.exported'),
  },
  { what: 'due for review', filters: { question: 'due' }, is: isDue },
  {
    what: 'due for review, of what failed',
    filters: { question: 'due', outcome: '8' },
    is: both(isDue, ({ outcome }) => outcome === 8),
  },
]

describe('a compliance query', () => {
  const indices = (rows: readonly LedgerRow[]) => rows.map(({ index }) => index)
  const endOf = (type: string | undefined) =>
    type === undefined ? all.length : all.findIndex(({ entry }) => entry.type === type) + 1
  const expected = (is: Is, end: number) => {
    const before = all.filter(({ index }) => index < end)
    return indices(before.filter(({ entry }) => is(entry, before)))
  }

  it.each(QUESTIONS)('is answered exactly over HTTP: $what', async ({ filters, is, asOf }) => {
    const end = endOf(asOf)
    const wanted = expected(is, end)
    expect(wanted).not.toEqual([])
    const token = await site.token('officer-1')
    const found: number[] = []
    // Reading is an event: the log grows between the pages, but the pages do not change.
    for (let start: number | undefined = 0; start !== undefined;) {
      const query = new URLSearchParams({ ...filters, limit: '2' })
      query.set('start', String(start))
      query.set('end', String(end))
      const path = `/v1/audit/events?${query.toString()}`
      const page = (await call(gateway, 'GET', path, { token })).body as unknown as Page
      expect([page.count, page.end]).toEqual([wanted.length, end])
      expect(page.events.length).toBeLessThanOrEqual(2)
      found.push(...indices(page.events))
      start = page.next
    }
    expect(found).toEqual(wanted)
  })

  it.each(QUESTIONS)('is answered exactly by one command: $what', async ({ filters, is, asOf }) => {
    const end = endOf(asOf)
    const options = Object.entries(filters).flatMap(([name, value]) => [`--${name}`, value])
    const { stdout, stderr } = await nocturne(
      ...['audit', 'query', ...options, '--end', String(end), '--limit', '1000', '--json'],
      ...['--site', site.dir],
    )
    expect(stderr).toBe('')
    const page = JSON.parse(stdout) as Page
    expect(indices(page.events)).toEqual(expected(is, end))
    expect([page.count, page.end]).toEqual([page.events.length, end])
  })

  it('is answered for a patient by the facility’s own ID, both over HTTP and by command', async () => {
    const transfer = all.findLast(({ entry }) => entry.type === 'item.accepted')?.entry.transfer
    const wanted = expected(
      (entry) => entry.transfer === transfer || entry.type === 'patient.coded',
      all.length,
    )
    const [coded, ...mine] = wanted
    expect(coded).toBeDefined()
    const token = await site.token('officer-1')
    const json = { facility: 'facility-a', patientId: 'DEMO-0042', end: all.length }
    const { body } = await call(gateway, 'POST', '/v1/audit/patient', { token, json })
    const page = body as unknown as Page
    expect(indices(page.events)).toEqual(mine)
    const { stdout } = await nocturne(
      ...['audit', 'patient', '--facility', 'facility-a', '--id-file', at('patient-id')],
      ...['--end', String(all.length), '--site', site.dir, '--json'],
    )
    const printed = JSON.parse(stdout) as Page
    expect([indices(printed.events), printed.count]).toEqual([mine, mine.length])
  })

  it('prints how to continue, as of the same log', async () => {
    const asked = [
      ...['audit', 'query', '--actor', 'reader-1', '--limit', '2', '--end', String(all.length)],
      ...['--site', site.dir],
    ]
    const { stdout } = await nocturne(...asked)
    const found = expected(byReader, all.length)
    expect(stdout).toContain(`${found.length - 2} events are not shown here`)
    const { stderr } = await nocturne(...asked, '--format', 'fhir')
    expect(stderr).toContain(`${found.length - 2} events are not shown here`)
    expect(stdout).toContain(`${found.length} in total\n`)
    expect(stdout).toContain(`continue with --start ${found[2]} --end ${all.length}\n`)
  })
})

/**
 * No request keeps the others waiting: while a gateway with a long ledger makes an export, a report
 * or a large commit, or searches, its event loop is late by at most 250 ms, and 50 ms in 99 of 100
 * cases, and `/healthz` answers.
 *
 * The loop is measured without the time for which the machine gave it no processor. Since other
 * work on the machine still shows, what the same gateway shows while it is idle is added to the
 * bounds, five times for the loop and ten times for `/healthz`.
 *
 * `bash scripts/test --long waiting` uses 100,000 events and 20,000 items, and holds these bounds.
 * The ordinary run is smaller and shares its machine, so it fails only when the loop stands still
 * for a second.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
// Loaded before `withRooms` imports modules in parallel that need the same package.
import '../../src/config/index.js'
import { withRooms } from '../../src/cli/site/site.js'
import type { EventInput } from '../../src/ledger/log/index.js'
import { makeSite } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { ask, spreadOf, waitedDuring, watched } from './_waiting.js'
import type { Ask, Waited } from './_waiting.js'

const IS_LARGE = process.env.NOCTURNE_TEST_LARGE === '1'
const EVENTS = IS_LARGE ? 100_000 : 3_000
const ITEMS = IS_LARGE ? 20_000 : 500
const LONGEST_MS = IS_LARGE ? 250 : 1_000
/** Of one test: ended early, its request would be measured with the next. */
const LONG_MS = 900_000

let site: TestSite
let gateway: RunningGateway
let idle: Waited
let lateness: string
const rows: string[] = []
/** How late the loop was at every tick of all of it. */
const all: number[] = []
const tokens: Record<string, string> = {}

/** Transfers of ten events each, of three thousand patients. */
function eventOf(i: number): EventInput {
  const types = ['transfer.begun', 'item.accepted', 'transfer.available', 'download.begun'] as const
  const transfer = `01a2009c-9db1-745d-850b-${String(Math.floor(i / 10)).padStart(12, '0')}`
  return {
    type: types[Math.min(i % 10, 3)] ?? 'download.begun',
    outcome: 0,
    actor: { id: 'reader-1', role: 'reader', method: 'token', token: 'tk' },
    facility: 'facility-a',
    group: 'nights',
    transfer,
    item: 1 + (i % 10),
    patient: `p${String(Math.floor(i / 10) % 3_000).padStart(31, '0')}`,
    detail: {
      download: `d${i}`,
      kind: 'instance',
      modality: 'CT',
      size: 512_000,
      start: 0,
      end: 1,
    },
  }
}

async function fillLedger(): Promise<void> {
  await withRooms(site.dir, async ({ ledger }) => {
    for (let from = 0; from < EVENTS; from += 1_000) {
      const events = Array.from({ length: 1_000 }, (_, i) => eventOf(from + i))
      const [first, ...others] = events as [EventInput, ...EventInput[]]
      await ledger.record(() => Promise.resolve({ value: undefined, events: [first, ...others] }))
    }
  })
}

beforeAll(async () => {
  site = await makeSite()
  lateness = join(site.dir, '../lateness')
  await site.configure(
    (yaml) => `${yaml}\nlimits: { requestItems: ${ITEMS}, transferItems: ${4 * ITEMS} }\n`,
  )
  await fillLedger()
  for (const name of ['facility-a', 'reader-1', 'officer-1']) tokens[name] = await site.token(name)
  gateway = await site.start(watched(lateness))
  idle = await waitedDuring(gateway, lateness, () => new Promise((done) => setTimeout(done, 2_000)))
}, 600_000)
afterAll(async () => {
  console.log(
    [
      `how long others wait (${EVENTS} events, ${ITEMS} items), in ms: loop p99/max, /healthz`,
      ...rows,
    ].join('\n'),
  )
  await gateway.stop()
  await site.remove()
})

async function expectOthersServed(name: string, work: () => Promise<unknown>): Promise<void> {
  const seen = await waitedDuring(gateway, lateness, work)
  const { p99, max, health, seconds, ticks } = seen
  all.push(...ticks)
  const shown = [p99, max, health.p99, health.max].map((ms) => String(Math.round(ms)).padStart(5))
  rows.push(`  ${name.padEnd(34)} ${seconds.toFixed(1).padStart(5)} s ${shown.join(' ')}`)
  const longest = LONGEST_MS + 5 * idle.max
  expect({ name, max: max < longest || max }).toEqual({ name, max: true })
  if (!IS_LARGE) return
  // Room for a machine that is busy otherwise.
  const most = 250 + 10 * idle.health.p99
  expect({ name, health: health.p99 < most || health.p99 }).toEqual({ name, health: true })
}

async function expectOk(asked: Ask): Promise<string> {
  const { status, start } = await ask(gateway, asked)
  if (status !== 200 && status !== 201) throw new Error(`${asked.path}: ${status} ${start}`)
  return start
}

function* manyFiles(fields: Readonly<Record<string, string>>): Generator<Buffer> {
  for (const [name, value] of Object.entries(fields))
    yield Buffer.from(`--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
  for (let i = 0; i < ITEMS; i++)
    yield Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="files"; filename="${i}.txt"\r\n` +
        `Content-Type: text/plain\r\n\r\n${i} ${randomBytes(24).toString('hex')}\r\n`,
    )
  yield Buffer.from('--b--\r\n')
}

const send = (fields: Readonly<Record<string, string>>): Promise<string> =>
  expectOk({
    method: 'POST',
    path: '/v1/transfers',
    token: tokens['facility-a'] ?? '',
    type: 'multipart/form-data; boundary=b',
    body: manyFiles({ group: 'nights', ...fields }),
  })

const idOf = (start: string): string => /"id":"([^"]+)"/.exec(start)?.[1] ?? ''

describe('while others are served, a gateway', () => {
  afterAll(() => {
    const { p99 } = spreadOf(all)
    rows.push(`  p99 of all: ${p99.toFixed(1)}, while idle: ${idle.p99.toFixed(1)}`)
    if (IS_LARGE) expect(p99).toBeLessThan(50 + 5 * idle.p99)
  })

  const officer = (path: string, json?: unknown): (() => Promise<unknown>) => {
    const method = json === undefined ? 'GET' : 'POST'
    return () => expectOk({ method, path, token: tokens['officer-1'] ?? '', json })
  }
  const period = { facility: 'facility-a', from: '2026-01-01', until: '2036-01-01' }
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    'export, lines': officer('/v1/audit/export'),
    'export, csv': officer('/v1/audit/export?format=csv'),
    'export, fhir': officer('/v1/audit/export?format=fhir'),
    'export, dicom': officer('/v1/audit/export?format=dicom'),
    'search, 1,000 of all': officer('/v1/audit/events?limit=1000'),
    'search, rare type': officer('/v1/audit/events?type=gateway.started&limit=1000'),
    'search, question': officer('/v1/audit/events?question=outside&limit=1000'),
    patient: officer('/v1/audit/patient', { facility: 'facility-a', patientId: 'P1' }),
    accounting: officer('/v1/audit/accounting', period),
    dossier: officer('/v1/audit/dossier', period),
    'FHIR search': officer('/fhir/AuditEvent?_count=500&date=ge2020-01-01'),
    review: officer('/v1/audit/review'),
    assessment: officer('/v1/assessments', {}),
    'assessment pack': officer('/v1/assessments/newest?format=pack'),
  }
  it.each(Object.keys(questions))(
    'answers: %s',
    async (name) => {
      await expectOthersServed(name, questions[name] ?? (() => Promise.reject(new Error(name))))
    },
    LONG_MS,
  )

  it(
    'commits, extends, completes and shows a transfer of many items',
    async () => {
      let whole = ''
      await expectOthersServed('upload and commit', async () => {
        whole = idOf(await send({}))
      })
      let open = ''
      await expectOthersServed('upload to an open transfer', async () => {
        open = idOf(await send({ complete: 'false' }))
      })
      const sender = tokens['facility-a'] ?? ''
      await expectOthersServed('completing it', () =>
        expectOk({ method: 'POST', path: `/v1/transfers/${open}/complete`, token: sender }),
      )
      await expectOthersServed('receipts', () =>
        expectOk({ path: `/v1/transfers/${whole}/receipts`, token: sender }),
      )
      await expectOthersServed('inbox', () =>
        expectOk({ path: '/v1/inbox', token: tokens['reader-1'] ?? '' }),
      )
      await expectOthersServed('manifest', () =>
        expectOk({ path: `/v1/transfers/${whole}/manifest`, token: tokens['reader-1'] ?? '' }),
      )
    },
    LONG_MS,
  )
})

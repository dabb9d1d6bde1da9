import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Fhir } from 'fhir'
import { z } from 'zod'
import { EVENT_TYPES } from '../../src/ledger/log/events.js'
import type { AuditEvent } from '../../src/ledger/records/fhir-types.js'
import type { LedgerRow } from '../../src/ledger/log/events.js'
import { postgresMissing, startPostgres } from '../_postgres.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { matches, NAMES, openFhir, valuesOf } from './_fhir.js'
import type { Opened } from './_fhir.js'

const EVENTS = 180
const scratch = await mkdtemp(join(tmpdir(), 'nocturne-fhir-'))
let site: TestSite
beforeAll(async () => {
  site = await makeSite({ parent: scratch })
}, 60_000)
afterAll(() => rm(scratch, { recursive: true, force: true }))

const bundle = z.looseObject({
  resourceType: z.literal('Bundle'),
  type: z.literal('searchset'),
  total: z.int(),
  link: z.array(z.looseObject({ relation: z.string(), url: z.string() })),
  entry: z
    .array(z.looseObject({ resource: z.custom<AuditEvent>((one) => typeof one === 'object') }))
    .optional(),
})
const outcome = z.looseObject({
  resourceType: z.literal('OperationOutcome'),
  issue: z.array(z.looseObject({ code: z.string(), diagnostics: z.string() })),
})

const validator = new Fhir()
const complaintsOf = (resource: unknown): string[] =>
  validator
    .validate(resource as object, { errorOnUnexpected: true })
    .messages.filter(({ severity }) => ['error', 'fatal'].includes(String(severity)))
    .map(({ location, message }) => `${location}: ${message}`)

async function ask(
  { url, token }: Opened,
  path: string,
  options: { as?: string; form?: Record<string, string> } = {},
): Promise<{ status: number; type: string; body: unknown }> {
  const { as = 'officer-1', form } = options
  const response = await fetch(url + path, {
    headers: { Authorization: `Bearer ${token(as)}` },
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  })
  const type = response.headers.get('content-type') ?? ''
  // Parsed here, because the validator does not recognize arrays created by fetch in another realm.
  return { status: response.status, type, body: JSON.parse(await response.text()) as unknown }
}

/** All pages of a search; each must state the same total. */
async function searchAll(
  opened: Opened,
  pairs: readonly (readonly [string, string])[],
  count = 500,
): Promise<{ events: AuditEvent[]; total: number; pages: number }> {
  const query = new URLSearchParams([
    ...pairs.map(([name, value]): [string, string] => [name, value]),
    ['_count', String(count)],
  ])
  const events: AuditEvent[] = []
  let path: string | undefined = `/AuditEvent?${query.toString()}`
  let total: number | undefined
  let pages = 0
  while (path !== undefined) {
    const { status, body } = await ask(opened, path)
    expect({ status, body }).toMatchObject({ status: 200 })
    const page = bundle.parse(body)
    total ??= page.total
    expect(page.total).toBe(total)
    events.push(...(page.entry ?? []).map(({ resource }) => resource))
    path = page.link.find(({ relation }) => relation === 'next')?.url.replace(/^.*\/fhir/, '')
    pages += 1
  }
  return { events, total: total ?? NaN, pages }
}

/** The events that existed before any search; the later events are the searches themselves. */
const before = (events: readonly AuditEvent[], known: readonly AuditEvent[]) => {
  const ids = new Set(known.map(({ id }) => id))
  return events.filter(({ id }) => ids.has(id)).map(({ id }) => id)
}

describe.each([
  ['SQLite', undefined],
  ['PostgreSQL', postgresMissing],
])('GET /fhir/AuditEvent on %s', (engine, missing) => {
  const run = engine === 'SQLite' || missing === undefined ? it : it.skip
  const why = engine === 'SQLite' || missing === undefined ? '' : ` (skipped: ${missing})`
  let opened: Opened
  let all: AuditEvent[]
  let stop = (): Promise<unknown> => Promise.resolve()

  beforeAll(async () => {
    if (why !== '') return
    let database = `sqlite:${join(scratch, 'fhir.db')}`
    if (engine === 'PostgreSQL') {
      const postgres = await startPostgres()
      stop = () => postgres.stop()
      database = postgres.url
    }
    opened = await openFhir(site, scratch, database, EVENTS)
    all = (await searchAll(opened, [])).events
  }, 60_000)
  afterAll(async () => {
    if (why !== '') return
    await opened.close()
    await stop()
  })

  run(`returns every event of the ledger, each valid, in the order of the log${why}`, async () => {
    const { body } = await ask(opened, '/AuditEvent?_count=500')
    expect(complaintsOf(body)).toEqual([])
    expect(all.length).toBeGreaterThan(EVENTS)
    const { rows } = await opened.rooms.ledger.query({ limit: 1_000 })
    const ids = rows.map(({ entry }) => entry.id)
    expect(all.map(({ id }) => id)).toEqual(ids.slice(0, all.length))
  })

  run(
    `finds exactly the matching records: each parameter by every value${why}`,
    async () => {
      for (const name of NAMES) {
        const values = valuesOf(all, name)
        expect(values.length).toBeGreaterThan(0)
        // A sample of the many values; the same in every run.
        const some = values.filter((_, i) => i % Math.ceil(values.length / 5) === 0)
        for (const value of some) {
          const { events } = await searchAll(opened, [[name, value]])
          const expected = all.filter((event) => matches(event, name, [value]))
          expect({ name, value, found: before(events, all) }).toEqual({
            name,
            value,
            found: expected.map(({ id }) => id),
          })
        }
      }
    },
    60_000,
  )

  run(
    `narrows with each further parameter and widens with a comma${why}`,
    async () => {
      const term = fc
        .constantFrom(...NAMES)
        .chain((name) =>
          fc
            .uniqueArray(fc.constantFrom(...valuesOf(all, name)), { minLength: 1, maxLength: 3 })
            .map((values) => [name, values] as const),
        )
      await fc.assert(
        fc.asyncProperty(fc.array(term, { minLength: 1, maxLength: 3 }), async (terms) => {
          const pairs = terms.map(([name, values]) => [name, values.join(',')] as const)
          const { events, total } = await searchAll(opened, pairs)
          const expected = all.filter((event) =>
            terms.every(([name, values]) => matches(event, name, values)),
          )
          expect(before(events, all)).toEqual(expected.map(({ id }) => id))
          expect(events).toHaveLength(total)
        }),
        { numRuns: 15 },
      )
    },
    60_000,
  )

  run(`compares dates as far as they are written${why}`, async () => {
    const ids = (isFound: (time: string) => boolean) =>
      all.filter(({ recorded }) => isFound(recorded)).map(({ id }) => id)
    const cases: readonly (readonly [string, (time: string) => boolean])[] = [
      ['2026', () => true],
      ['ne2026', () => false],
      ['2026-01-03', (time) => time.startsWith('2026-01-03')],
      ['ne2026-01-03', (time) => !time.startsWith('2026-01-03')],
      ['gt2026-01-03', (time) => time >= '2026-01-04'],
      ['sa2026-01-03', (time) => time >= '2026-01-04'],
      ['ge2026-01-03', (time) => time >= '2026-01-03'],
      ['lt2026-01-03', (time) => time < '2026-01-03'],
      ['eb2026-01-03', (time) => time < '2026-01-03'],
      ['le2026-01-03', (time) => time < '2026-01-04'],
      ['2026-01-03T05:00Z', (time) => time.startsWith('2026-01-03T05:00')],
      ['2026-01-03T05:00:00.000Z', (time) => time.startsWith('2026-01-03T05:00:00.000')],
      ['2026-01-02T23:00:00-06:00', (time) => time.startsWith('2026-01-03T05:00')],
      ['ge2026-01-03T06:00:00+01:00', (time) => time >= '2026-01-03T05:00'],
      ['gt2026-02', () => false],
    ]
    for (const [date, isFound] of cases) {
      const { events } = await searchAll(opened, [['date', date]])
      expect({ date, found: before(events, all) }).toEqual({ date, found: ids(isFound) })
    }
    const { events } = await searchAll(opened, [
      ['date', 'ge2026-01-03'],
      ['date', 'lt2026-01-05'],
    ])
    expect(before(events, all)).toEqual(ids((time) => time >= '2026-01-03' && time < '2026-01-05'))
  })

  run(`answers stable pages whose total is exact, while the ledger grows${why}`, async () => {
    const { events, total, pages } = await searchAll(opened, [['outcome', '0']], 7)
    expect(events).toHaveLength(total)
    expect(new Set(events.map(({ id }) => id)).size).toBe(total)
    expect(pages).toBe(Math.ceil(total / 7))
  })
})

describe('the FHIR side of a gateway', () => {
  let opened: Opened
  beforeAll(async () => {
    opened = await openFhir(site, scratch, `sqlite:${join(scratch, 'fhir-2.db')}`, 30)
  }, 60_000)
  afterAll(() => opened.close())

  const newest = async (): Promise<LedgerRow> => {
    const size = Number((await opened.rooms.ledger.checkpoint()).split('\n')[1])
    const { rows } = await opened.rooms.ledger.query({ start: size - 1 })
    return rows[0]!
  }

  it('records every read before it responds, and responds from the ledger as it was before', async () => {
    const { body } = await ask(opened, '/AuditEvent?_summary=count&type=110114')
    const { total } = bundle.parse(body)
    expect((await newest()).entry).toMatchObject({
      type: 'ledger.read',
      actor: { id: 'officer-1' },
      detail: { what: 'fhir', query: { type: ['110114'] } },
    })
    const again = bundle.parse((await ask(opened, '/AuditEvent?_summary=count&type=110114')).body)
    expect(again.total).toBe(total)
    expect(again.entry).toBeUndefined()
  })

  it('returns one record by its ID, the same as in a search', async () => {
    const { body } = await ask(opened, '/AuditEvent?_count=1')
    const [first] = bundle.parse(body).entry ?? []
    const { id } = first!.resource
    await expect(ask(opened, `/AuditEvent/${id}`)).resolves.toMatchObject({
      status: 200,
      type: 'application/fhir+json; charset=utf-8',
      body: first!.resource,
    })
    for (const unknown of ['0190c0de-7a2b-7c11-8d5f-6f2f6f2f6f2f', 'x', '%00'])
      await expect(ask(opened, `/AuditEvent/${unknown}`)).resolves.toMatchObject({ status: 404 })
  })

  it.each(['reader-1', 'facility-a', 'operator-1', 'nobody'])(
    'returns nothing to %s',
    async (as) => {
      for (const path of ['/AuditEvent', '/AuditEvent/0190c0de-7a2b-7c11-8d5f-6f2f6f2f6f2f']) {
        const { status, body } = await ask(opened, path, { as })
        expect(status).toBe(as === 'nobody' ? 401 : 403)
        expect(complaintsOf(outcome.parse(body))).toEqual([])
      }
    },
  )

  it.each([
    ['name=x', /search by _id, date/],
    ['patient:missing=true', /only modifier/],
    ['date=yesterday', /^date: write YYYY/],
    ['date=2026-02-30', /^date: write YYYY/],
    ['date=ap2026', /^date: write/],
    ['outcome=5', /^outcome: write 0, 4, 8 or 12/],
    ['action=Z', /^action: write/],
    ['_id=1', /^_id: write/],
    ['patient=Smith', /^patient: write/],
    ['entity-role=2', /^entity-role: write/],
    ['type=', /^type: write/],
    ['type=a|b|c', /^type: write/],
    ['_count=501', /^_count: give a number up to 500/],
    ['_count=-1', /^_count/],
    ['_count=1&_count=2', /^_count: give it only once/],
    ['_sort=-date', /^_sort: date/],
    ['_format=xml', /^_format/],
    [
      `patient.identifier=${encodeURIComponent('https://gateway.example.org/fhir/NamingSystem/patient-id/facility-a|4711')}`,
      /in the body/,
    ],
  ])('refuses %s and explains the correct form', async (query, hint) => {
    const gateway = opened.rooms.site.config.gateway.name
    const { status, body } = await ask(
      opened,
      `/AuditEvent?${query.replace('gateway.example.org', gateway)}`,
    )
    const [issue] = outcome.parse(body).issue
    expect({ status, diagnostics: issue?.diagnostics }).toEqual({
      status: 400,
      diagnostics: expect.stringMatching(hint),
    })
    expect(complaintsOf(body)).toEqual([])
  })

  it('limits the number of values', async () => {
    const { status, body } = await ask(opened, `/AuditEvent?type=${'x,'.repeat(200)}x`)
    expect(status).toBe(400)
    expect(outcome.parse(body).issue[0]?.diagnostics).toMatch(/^type: give at most 200 values/)
  })

  it('repeats no input, neither in an error nor in the ledger', async () => {
    const typed = 'Doe^Jane'
    for (const name of [
      'agent.identifier',
      'entity',
      'address',
      'source',
      'type',
      'subtype',
      'date',
      typed,
    ]) {
      const { body } = await ask(
        opened,
        `/AuditEvent?${encodeURIComponent(name)}=${encodeURIComponent(typed)}`,
      )
      const { resourceType } = z.looseObject({ resourceType: z.string() }).parse(body)
      if (resourceType === 'OperationOutcome') expect(JSON.stringify(body)).not.toContain('Jane')
    }
    const { rows } = await opened.rooms.ledger.query({ limit: 1_000 })
    expect(JSON.stringify(rows)).not.toContain('Jane')
  })

  it('accepts an ID of the facility in a body, and returns URLs with the handle', async () => {
    const { rooms } = opened
    const facility = 'facility-a'
    const { patientHandle } = await import('../../src/deidentify/identity/patient-handle.js')
    const handle = patientHandle(rooms.site.secrets.facilities.get(facility)!, {
      patientId: '4711',
      issuer: '',
    })
    const actor = { id: facility, role: 'sender', address: '192.0.2.7' } as const
    await rooms.ledger.note({ type: 'item.accepted', outcome: 0, actor, facility, patient: handle })
    const names = `https://${rooms.site.config.gateway.name}/fhir/NamingSystem`
    const { status, body } = await ask(opened, '/AuditEvent/_search', {
      form: { 'patient:identifier': `${names}/patient-id/${facility}|4711` },
    })
    expect(status).toBe(200)
    const { total, entry } = bundle.parse(body)
    expect(total).toBe(1)
    expect(entry?.[0]?.resource.subtype.at(-1)?.code).toBe('item.accepted')
    expect(JSON.stringify(body)).not.toContain('4711')
    expect((await newest()).entry).toMatchObject({ type: 'ledger.read', facility, patient: handle })
    const other = await ask(opened, '/AuditEvent/_search', {
      form: { 'patient:identifier': `${names}/patient-id/elsewhere|4711` },
    })
    expect(other.status).toBe(404)
  })

  it('requires a form in a POST', async () => {
    const response = await fetch(`${opened.url}/AuditEvent/_search`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${opened.token('officer-1')}`,
        'Content-Type': 'application/json',
      },
      body: '{}',
    })
    expect(response.status).toBe(400)
    expect(outcome.parse(await response.json()).issue[0]?.diagnostics).toMatch(
      /x-www-form-urlencoded/,
    )
  })

  it('states its capabilities, and the meaning of its own codes', async () => {
    const { body } = await ask(opened, '/metadata')
    expect(complaintsOf(body)).toEqual([])
    expect(JSON.stringify(body)).toContain('"fhirVersion":"4.0.1"')
    const codes = await ask(opened, '/CodeSystem/event-type')
    expect(complaintsOf(codes.body)).toEqual([])
    const { concept } = z
      .looseObject({ concept: z.array(z.object({ code: z.string(), display: z.string() })) })
      .parse(codes.body)
    expect(concept.map(({ code }) => code).sort()).toEqual(Object.keys(EVENT_TYPES).sort())
  })

  it('answers an unknown path with an OperationOutcome', async () => {
    const { status, body } = await ask(opened, '/Patient')
    expect(status).toBe(404)
    expect(outcome.parse(body).issue[0]?.code).toBe('not-found')
  })
})

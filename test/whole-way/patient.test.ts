import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call } from './_http.js'
import { makeStudy } from './_study.js'

/** The value in studies made by scripts/make-study.mjs. */
const PATIENT_ID = 'DEMO-4711'

let site: TestSite
let gateway: RunningGateway
let idFile = ''
beforeAll(async () => {
  site = await makeSite()
  idFile = join(site.dir, '../patient-id')
  await writeFile(idFile, `${PATIENT_ID}\n`)
  gateway = await site.start()
})
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

interface Entry {
  readonly type: string
  readonly transfer?: string
  readonly item?: number
  readonly patient?: string
}

interface Answer {
  readonly events: readonly { readonly entry: Entry }[]
  readonly count: number
}

const as = (principal: string) => [
  ...['--gateway', gateway.url, '--token-file', site.tokenFile(principal)],
  '--json',
]
const typesOf = ({ events }: Answer) => events.map(({ entry }) => entry.type)

describe.each(['pseudonymize', 'strip'])(
  'a search for access to a patient, at a facility with profile %s',
  (profile) => {
    it('finds the patient by the ID that the facility uses, which appears in no log, URL or ledger', async () => {
      await site.configure((yaml) => yaml.replace(/profile: \w+/, `profile: ${profile}`))
      await gateway.stop()
      gateway = await site.start()
      const study = join(site.dir, `../study-${profile}`)
      await makeStudy(study, '--instances', '2', '--size', '64', '--seed', '4711')
      const sent = await nocturne('send', study, ...as('facility-a'))
      const { id } = JSON.parse(sent.stdout) as { id: string }
      const pulled = await nocturne(
        ...[
          'pull',
          id,
          '--key',
          site.keyFile('reader-1'),
          '--out',
          join(site.dir, `../out-${profile}`),
        ],
        ...as('reader-1'),
      )
      expect(pulled.status).toBe(0)
      const ask = async (file: string, ...more: readonly string[]) => {
        const asked = await nocturne(
          ...['audit', 'patient', '--facility', 'facility-a', '--id-file', file, ...more],
          ...as('officer-1'),
        )
        return JSON.parse(asked.stdout) as Answer
      }
      const answer = await ask(idFile)
      const mine = answer.events.filter(({ entry }) => entry.transfer === id)
      expect(mine.map(({ entry }) => entry.type)).toEqual(
        expect.arrayContaining([
          ...['transfer.begun', 'item.accepted', 'transfer.available'],
          ...['download.begun', 'download.ended', 'transfer.acknowledged'],
        ]),
      )
      expect(answer.count).toBe(answer.events.length)
      const direct = await nocturne(
        ...['audit', 'patient', '--facility', 'facility-a', '--id-file', idFile],
        ...['--site', site.dir, '--json'],
      )
      expect(typesOf(JSON.parse(direct.stdout) as Answer)).toEqual(typesOf(answer))
      const other = join(site.dir, '../other-id')
      await writeFile(other, 'somebody else')
      await expect(ask(other)).resolves.toMatchObject({ events: [], count: 0 })
      const page = await ask(idFile, '--limit', '1')
      expect(page.events).toHaveLength(1)
      expect(page.count).toBe(answer.count)

      expect(gateway.log()).not.toContain(PATIENT_ID)
      const data = join(site.dir, 'data')
      for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
        // Files that the store is still writing soon disappear; their names are random.
        if (!entry.isFile() || entry.parentPath.endsWith('.partial')) continue
        const bytes = await readFile(join(entry.parentPath, entry.name))
        expect(bytes.includes(PATIENT_ID)).toBe(false)
      }
    }, 120_000)
  },
)

describe('a transfer of two patients', () => {
  const FETCHES = 'download.begun,download.ended'
  let id = ''
  let handles: readonly string[] = []
  const get = async (path: string) =>
    call(gateway, 'GET', path, { token: await site.token('officer-1') })
  const search = async (filters: Readonly<Record<string, string>>) => {
    const { body } = await call(gateway, 'POST', '/fhir/AuditEvent/_search', {
      token: await site.token('officer-1'),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ 'entity.identifier': `urn:uuid:${id}`, ...filters }).toString(),
    })
    return body as unknown as { total: number; entry?: { resource: { entity: unknown } }[] }
  }

  beforeAll(async () => {
    await site.configure((yaml) => yaml.replace(/profile: \w+/, 'profile: pseudonymize'))
    await gateway.stop()
    gateway = await site.start()
    const studies = ['4711', '4712'].map((seed) => join(site.dir, `../two-${seed}`))
    await makeStudy(studies[0]!, '--instances', '2', '--size', '64', '--seed', '4711', '--document')
    await makeStudy(studies[1]!, '--instances', '1', '--size', '64', '--seed', '4712')
    const sent = await nocturne('send', ...studies, ...as('facility-a'))
    id = (JSON.parse(sent.stdout) as { id: string }).id
    const words = ['--key', site.keyFile('reader-1'), '--out', join(site.dir, '../two')]
    expect((await nocturne('pull', id, ...words, ...as('reader-1'))).status).toBe(0)
    const { body } = await get(`/v1/audit/events?transfer=${id}&type=item.accepted`)
    const { events } = body as unknown as Answer
    handles = [...new Set(events.flatMap(({ entry }) => entry.patient ?? []))]
  }, 120_000)

  it('records with each download the patient of the instance, and no patient otherwise', async () => {
    const { body } = await get(`/v1/audit/events?transfer=${id}&type=${FETCHES}`)
    const { events, count } = body as unknown as Answer
    // Four items and the manifest, each with a begin and an end.
    expect(count).toBe(10)
    const of = (handle: string | undefined) =>
      events.filter(({ entry }) => entry.patient === handle).length
    expect(handles.map(of).toSorted()).toEqual([2, 4])
    expect(of(undefined)).toBe(4)
  })

  it('is found by patient in FHIR, the index and exports, with exact counts', async () => {
    const { name } = (await get('/v1/gateway')).body as unknown as { name: string }
    const typed = `https://${name}/fhir/NamingSystem/patient-id/facility-a|${PATIENT_ID}`
    const found = await search({ 'patient:identifier': typed, subtype: 'download.begun' })
    expect(found.total).toBe(2)
    const [mine] = handles.filter((handle) => JSON.stringify(found).includes(handle))
    const ended = await search({ patient: mine ?? '', subtype: 'download.ended' })
    expect(ended.total).toBe(2)
    for (const { resource } of ended.entry ?? []) {
      expect(resource).toMatchObject({ meta: { profile: [expect.stringMatching('PatientRead')] } })
      expect(JSON.stringify(resource.entity)).toContain(mine)
    }
    const query = `transfer=${id}&patient=${mine}&type=${FETCHES}`
    const listed = (await get(`/v1/audit/events?${query}`)).body as unknown as Answer
    const exported = (await get(`/v1/audit/export?${query}`)).text.trim().split('\n')
    expect([listed.count, exported.length - 1]).toEqual([4, 4])
  })

  it('has an end for every begin', async () => {
    const { body } = await get(`/v1/audit/events?question=unended`)
    expect(body).toMatchObject({ events: [], count: 0 })
  })
})

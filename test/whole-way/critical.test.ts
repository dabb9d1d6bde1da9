/**
 * A critical result from reader to facility: raised and answered by the commands, through a gateway
 * that cannot read it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { makeStudy } from './_study.js'

const FINDING = 'Large left pneumothorax, ZEBRAFISH. Needs a drain now.'

let site: TestSite
let gateway: RunningGateway
let code = ''
const at = (name: string): string => join(site.dir, '..', name)
const as = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  nocturne(
    ...['critical', ...words, '--gateway', gateway.url],
    ...['--token-file', site.tokenFile(principal), '--json'],
  )
const withKey = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  as(principal, ...words, '--key', site.keyFile(principal))
const raise = (level = 'minutes'): Promise<Ran> =>
  withKey('reader-1', 'raise', code, '--level', level, '--text', at('finding.txt'))
const readBack = (file: string): Promise<Ran> =>
  withKey('facility-a', 'readback', code, '--role', 'nurse', '--text', at(file))

const idOf = ({ stdout }: Ran): string =>
  (JSON.parse(stdout) as { critical: { id: string } }).critical.id
const stateOf = ({ stdout }: Ran): string =>
  (JSON.parse(stdout) as { critical: { state: string } }).critical.state
interface Entry {
  readonly detail: Record<string, unknown>
}
const eventsOf = async (type: string) => {
  const token = await site.token('officer-1')
  const { body } = await call(gateway, 'GET', `/v1/audit/events?type=${type}`, { token })
  const { events } = body as unknown as { events: { entry: Entry }[] }
  return events.map(({ entry }) => entry)
}

beforeAll(async () => {
  site = await makeSite()
  const files = await makeStudy(at('study'), '--instances', '1', '--size', '64')
  gateway = await site.start()
  const { id } = (await upload(site, gateway, files)).body
  const token = await site.token('reader-1')
  code = (await call(gateway, 'GET', `/v1/cases/${id}`, { token })).body.code
  await writeFile(at('finding.txt'), `${FINDING}\n`)
  await writeFile(at('same.txt'), 'large LEFT pneumothorax zebrafish; needs a drain, now')
  await writeFile(at('other.txt'), 'collapsed lung on the left side, chest tube')
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

describe('a critical result', () => {
  it('is escalated from the moment it is raised, and leaves nothing readable', async () => {
    const raised = await raise()
    expect(raised).toMatchObject({ status: 0 })
    expect(stateOf(raised)).toBe('raised')
    const steps = await eventually(
      () => eventsOf('escalation.unreached'),
      (all) => all.some(({ detail }) => detail.critical === idOf(raised)),
      10_000,
    )
    const step = steps.find(({ detail }) => detail.critical === idOf(raised))
    expect(step?.detail).toMatchObject({ level: 'minutes', round: 1, audience: 'facility' })
    for (const name of await readdir(site.dir, { recursive: true })) {
      const bytes = await readFile(join(site.dir, name)).catch(() => Buffer.alloc(0))
      expect([name, bytes.includes('ZEBRAFISH')]).toEqual([name, false])
    }
  }, 60_000)

  it('is in the inbox of its group, and told to whoever fetches reports at the facility', async () => {
    const access = (who: string) => ['--gateway', gateway.url, '--token-file', site.tokenFile(who)]
    const inbox = await nocturne('inbox', ...access('reader-1'))
    expect(inbox.stdout).toContain(`critical result on ${code}, within minutes, due `)
    const opening = ['--crosswalk', at('crosswalk'), '--key', site.keyFile('facility-a')]
    const words = ['reports', 'fetch', ...opening, '--out', at('reports')]
    const fetched = await nocturne(...words, ...access('facility-a'))
    expect([fetched.status, fetched.stdout]).toEqual([0, 'no reports are waiting\n'])
    expect(fetched.stderr).toMatch(
      /critical result on .*; not read back: nocturne critical readback/,
    )
  }, 60_000)

  it('is shown with its case, and opened by the facility with the patient’s identity', async () => {
    const token = await site.token('facility-a')
    const { body } = await call(gateway, 'GET', `/v1/cases/${code}`, { token })
    expect(body).toMatchObject({ critical: [{ level: 'minutes', state: 'raised' }] })
    const fetched = await nocturne(
      ...['crosswalk', 'fetch', '--out', at('crosswalk'), '--gateway', gateway.url],
      ...['--token-file', site.tokenFile('facility-a')],
    )
    expect(fetched).toMatchObject({ status: 0 })
    const shown = await nocturne(
      ...['critical', 'show', code, '--crosswalk', at('crosswalk'), '--gateway', gateway.url],
      ...['--token-file', site.tokenFile('facility-a'), '--key', site.keyFile('facility-a')],
    )
    expect(shown).toMatchObject({ status: 0 })
    expect(shown.stdout).toContain(FINDING)
    expect(shown.stdout).toMatch(/patient: .+, \S+, accession/)
  }, 60_000)

  it('stays open after a call without read-back, and after closing its case', async () => {
    const call1 = ['phone', code, '--role', 'nurse', '--read-back', 'no']
    expect(stateOf(await withKey('reader-1', ...call1))).toBe('raised')
    const token = await site.token('reader-1')
    const closed = await call(gateway, 'POST', `/v1/cases/${code}/close`, {
      token,
      json: { reason: 'reported-elsewhere' },
    })
    expect([closed.status, closed.body]).toMatchObject([200, { case: { critical: [{}] } }])
    const listed = await as('facility-a', 'list')
    expect(JSON.parse(listed.stdout)).toMatchObject({ critical: [{ code, state: 'raised' }] })
  }, 60_000)

  it('read back in the same words is closed by that', async () => {
    const done = await readBack('same.txt')
    expect(done).toMatchObject({ status: 0 })
    expect(JSON.parse(done.stdout)).toMatchObject({
      critical: { state: 'closed', closedFor: 'read-back' },
    })
    const again = await readBack('same.txt')
    expect([again.status, again.stdout]).toEqual([1, expect.stringContaining('critical_state')])
    expect(JSON.parse((await as('reader-1', 'list')).stdout)).toEqual({ critical: [] })
  }, 60_000)

  it('read back in other words is compared by the reader', async () => {
    expect(await raise('hours')).toMatchObject({ status: 0 })
    expect(stateOf(await readBack('other.txt'))).toBe('comparing')
    const both = await withKey('reader-1', 'compare', code)
    expect(both.stdout).toContain('chest tube')
    const compare = (matches: string) => withKey('reader-1', 'compare', code, '--matches', matches)
    expect(stateOf(await compare('no'))).toBe('raised')
    expect(stateOf(await readBack('other.txt'))).toBe('comparing')
    expect(stateOf(await compare('yes'))).toBe('closed')
  }, 60_000)

  it('is closed by a call with read-back, by role', async () => {
    expect(await raise('days')).toMatchObject({ status: 0 })
    const words = ['phone', code, '--role', 'ordering-physician', '--read-back', 'yes']
    expect(JSON.parse((await withKey('reader-1', ...words)).stdout)).toMatchObject({
      critical: { closedFor: 'phone' },
    })
    const calls = await eventsOf('critical.phoned')
    expect(calls.map(({ detail }) => [detail.role, detail.result]).sort()).toEqual([
      ['nurse', 'not-read-back'],
      ['ordering-physician', 'matches'],
    ])
  }, 60_000)

  it('is refused when it is not what its reader signed, or from another facility', async () => {
    const json = { statement: '{}', signature: 'none', message: 'AAAA' }
    const token = await site.token('reader-1')
    const refused = await call(gateway, 'POST', `/v1/cases/${code}/critical`, { token, json })
    expect([refused.status, refused.body.code]).toEqual([422, 'critical_invalid'])
    const [first] = (await eventsOf('critical.raised')).map(({ detail }) => detail.critical)
    const officer = await site.token('officer-1')
    const own = await call(gateway, 'GET', `/v1/critical/${String(first)}/message`, {
      token: officer,
    })
    expect(own.status).toBe(403)
  })

  it('is what an officer finds with one question, and exports as CSV or FHIR', async () => {
    const token = await site.token('officer-1')
    const asked = await call(gateway, 'GET', '/v1/audit/events?question=critical&limit=1000', {
      token,
    })
    const { events } = asked.body as unknown as { events: { entry: { type: string } }[] }
    const types = events.map(({ entry }) => entry.type)
    expect(new Set(types)).toEqual(
      new Set(['raised', 'read', 'readback', 'compared', 'phoned'].map((one) => `critical.${one}`)),
    )
    const exported = (query: string) => call(gateway, 'GET', `/v1/audit/export?${query}`, { token })
    const lines = (await exported('question=critical')).text.trim().split('\n')
    const [header, ...found] = lines.map(
      (line) => JSON.parse(line) as { query?: { types: string[] }; entry: { type: string } },
    )
    expect(header?.query?.types).toContain('critical.readback')
    expect(found.map(({ entry }) => entry.type)).toEqual(types)
    for (const [query, status] of [
      ['question=critical&type=critical.raised', 400],
      ['question=unended', 400],
    ] as const)
      expect((await exported(query)).status).toBe(status)
    const command = (...words: readonly string[]) =>
      nocturne(
        'audit',
        ...words,
        '--gateway',
        gateway.url,
        '--token-file',
        site.tokenFile('officer-1'),
      )
    for (const format of ['csv', 'fhir']) {
      const out = at(`critical-${format}.zip`)
      const made = await command(
        'export',
        '--question',
        'critical',
        '--format',
        format,
        '--out',
        out,
      )
      expect([made.status, made.stderr]).toEqual([0, ''])
    }
    const shown = await command('query', '--question', 'escalations', '--format', 'fhir')
    expect(shown.stdout).toContain('escalation.unreached')
    expect((await command('query', '--question', 'takeovers')).status).toBe(0)
  }, 60_000)

  it('is in metrics while it is open', async () => {
    expect(await raise()).toMatchObject({ status: 0 })
    const answer = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${await site.token('operator-1')}` },
    })
    expect(await answer.text()).toMatch(/nocturne_critical_open\{level="minutes"\} 1/)
  }, 60_000)
})

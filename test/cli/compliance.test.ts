import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startGateway } from './_gateway.js'
import type { RunningGateway } from './_gateway.js'

interface Made {
  readonly id: string
  readonly assessment: {
    readonly findings: readonly {
      readonly row: string
      readonly state: string
      readonly reason: string
      readonly next: readonly string[]
    }[]
    readonly observations: readonly { readonly check: string; readonly verdict: string }[]
  }
}

describe('registers and assessments from the command line', () => {
  let gateway: RunningGateway
  const officer = async (...words: string[]) => {
    const { status, stdout, stderr } = await gateway.as('officer-1', ...words, '--json')
    expect([status, stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const add = async (kind: string, ...fields: string[]) =>
    (await officer('register', 'add', kind, ...fields.flatMap((one) => ['--set', one])))
      .id as string
  const run = async (...words: string[]) =>
    (await officer('assess', 'run', ...words)) as unknown as Made
  const rowOf = ({ assessment }: Made, row: string) =>
    assessment.findings.find((one) => one.row === row)

  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(async () => {
    await gateway.stop()
  })

  it('lists gaps, and following the steps closes them', async () => {
    const before = await run()
    expect(rowOf(before, 'S-14')).toMatchObject({ state: 'gap' })
    expect(rowOf(before, 'S-33')).toMatchObject({
      ...{
        state: 'gap',
        next: [
          expect.stringContaining('register add policy'),
          expect.stringContaining('assess state S-33'),
        ],
      },
    })
    const seen = new Map(before.assessment.observations.map((one) => [one.check, one.verdict]))
    // Found by probing the running gateway.
    expect(seen.get('refuses-anonymous')).toBe('satisfied')
    expect(seen.get('ledger-intact')).toBe('satisfied')
    expect(seen.get('keys-recorded')).toBe('satisfied')
    expect(seen.get('private-keys-elsewhere')).toBe('not-satisfied')

    await add(
      'organisation',
      ...['organisation=operator', 'name=Night Reads', 'address=1 Main St', 'contact=Ann Example'],
      ...['role=business-associate', 'own=yes', 'clearinghouse=no', 'healthPlan=no'],
    )
    await add(
      'policy',
      ...['policy=physical', 'title=Doors', 'type=policy', 'covers=164.310', 'version=1'],
      ...['effective=2026-01-01', 'review=2099-01-01'],
    )
    const text = join(gateway.path, 'doors.txt')
    await writeFile(text, 'Two doors, and a guard at night.\n')
    const attachment = join(gateway.path, 'plan.pdf')
    await writeFile(attachment, 'a floor plan')
    await officer(
      ...['assess', 'state', 'S-33', '--met', '--text-file', text, '--until', '2099-01-01'],
      ...['--attachment', attachment],
    )
    const { id } = await officer(
      ...['assess', 'plan', 'S-25', '--owner', 'operator-1', '--due', '2099-01-01'],
      ...['--text', 'back up every night'],
    )
    await officer('assess', 'done', id as string, '--evidence', 'the timer is enabled')

    const after = await run()
    expect(rowOf(after, 'S-14')).toMatchObject({ state: 'not-applicable' })
    expect(rowOf(after, 'S-33')).toMatchObject({
      ...{ state: 'stated', reason: expect.stringContaining('Stated by officer-1 on') },
    })
    expect(rowOf(after, 'S-30')).toMatchObject({ state: 'gap' })
    expect((await run('--proposed')).assessment.findings).toHaveLength(19)
  })

  it('keeps the fields of an entry in its replacement, and ends both', async () => {
    const first = await add(
      'agreement',
      ...['party=nights', 'type=baa', 'signed=2026-01-15', 'safeguards=yes'],
    )
    const { id } = await officer(
      ...['register', 'add', 'agreement', '--replaces', first, '--set', 'reportsIncidents=yes'],
    )
    const listed = await officer('register', 'list', 'agreement')
    expect(listed.entries).toMatchObject([
      { id, subject: 'nights', data: { safeguards: true, reportsIncidents: true } },
    ])
    const shown = await gateway.plain(
      ...['register', 'show', 'agreement', id as string, '--site', gateway.site],
    )
    expect(shown.stdout).toContain('reportsIncidents: yes\n')
    await officer('register', 'end', 'agreement', id as string)
    expect((await officer('register', 'list', 'agreement')).entries).toEqual([])
    expect((await officer('register', 'list', 'agreement', '--all')).entries).toHaveLength(2)
    const again = await gateway.as('officer-1', 'register', 'end', 'agreement', id as string)
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('no such resource') })
  })

  it('imports all lines of a file or none, and reports the invalid field', async () => {
    const file = join(gateway.path, 'training.csv')
    const head = 'person,topic,completed,until\r\n'
    await writeFile(
      file,
      `${head}reader-1,hipaa,2026-02-01,2027-02-01\r\n"officer-1",hipaa,tomorrow,\r\n`,
    )
    const refused = await gateway.as('officer-1', 'register', 'import', 'training', file)
    expect(refused).toMatchObject({
      ...{ status: 2, stderr: expect.stringContaining('line 3: completed is not a date') },
    })
    await writeFile(
      file,
      `${head}reader-1,hipaa,2026-02-01,2027-02-01\r\nofficer-1,hipaa,2026-02-01,2027-02-01\r\n`,
    )
    expect((await officer('register', 'import', 'training', file)).ids).toHaveLength(2)
    const wrong = await gateway.as(
      'officer-1',
      'register',
      'add',
      'device',
      '--set',
      'owner=reader-1',
    )
    expect(wrong).toMatchObject({
      ...{
        status: 2,
        stderr: expect.stringMatching(/device is missing[^]*fields of device: owner, device/),
      },
    })
  })

  it('warns about a transfer and a claim that contradict the registers, and stops neither', async () => {
    const file = join(gateway.path, 'requisition.txt')
    await writeFile(file, 'chest CT, please\n')
    const sent = await gateway.as('facility-a', 'send', file, '--group', 'nights', '--json')
    expect([sent.status, sent.stderr]).toEqual([0, ''])
    const { id } = JSON.parse(sent.stdout) as { readonly id: string }
    const key = join(gateway.site, 'demo-keys', 'reader-1.asc')
    expect((await gateway.as('reader-1', 'claim', id, '--key', key)).status).toBe(0)
    const { stdout } = await gateway.as(
      ...['officer-1', 'audit', 'query', '--type', 'gate.applied', '--json'],
    )
    const { events } = JSON.parse(stdout) as {
      readonly events: readonly { readonly entry: { readonly detail: unknown } }[]
    }
    expect(events.map(({ entry }) => entry.detail)).toMatchObject([
      { gate: 'transfer', verdict: 'warned' },
      { gate: 'claim', verdict: 'warned', subject: 'reader-1' },
    ])
  })

  it('opens, assesses, decides and packs an incident', async () => {
    // The document that reader-1 claimed above was never fetched.
    const opened = ['incident', 'open', 'laptop-1', '--kind', 'lost-device', '--reader', 'reader-1']
    await officer(...opened, '--discovered', '2026-11-02')
    expect(await officer('incident', 'show', 'laptop-1')).toMatchObject({
      facts: {
        readers: [{ id: 'reader-1', transfers: { viewed: 0, fetched: 0, listed: 1, openable: 0 } }],
        individuals: { total: 0 },
      },
      deadlines: expect.arrayContaining([expect.objectContaining({ due: '2027-01-01' })]),
    })
    const key = (who: string) => ['--key', join(gateway.site, 'demo-keys', `${who}.asc`)]
    const decide = (decision: string, who: string) =>
      gateway.as(
        ...['officer-1', 'incident', 'decide', 'laptop-1', '--decision', decision],
        ...['--by', 'officer-1', ...key(who)],
      )
    // Without the four factors a breach is presumed; and the officer must sign.
    for (const [decision, who] of [
      ['low-probability', 'officer-1'],
      ['breach', 'reader-1'],
    ] as const)
      expect(await decide(decision, who)).toMatchObject({
        ...{ status: 1, stderr: expect.stringContaining('decision does not match') },
      })
    const file = join(gateway.path, 'factor.txt')
    await writeFile(file, 'The disk was encrypted.\nThe laptop was found, locked.\n')
    const factors = ['nature', 'recipient', 'viewed', 'mitigation']
    await officer(
      ...['incident', 'assess', 'laptop-1', ...factors.flatMap((one) => [`--${one}-file`, file])],
    )
    expect(await decide('low-probability', 'officer-1')).toMatchObject({ status: 0, stderr: '' })
    expect(await officer('incident', 'list')).toMatchObject({
      incidents: [{ entry: { subject: 'laptop-1', data: { decision: 'low-probability' } } }],
    })

    const out = join(gateway.path, 'laptop-1')
    await officer('incident', 'pack', 'laptop-1', '--out', out)
    const read = (name: string) => readFile(join(out, name), 'utf8')
    expect(await read('decision.json')).toContain('"decision":"low-probability"')
    expect(await read('decision.asc')).toContain('BEGIN PGP SIGNATURE')
    expect(await read('transfers.csv')).toContain('"reader-1","listed","facility-a"')
    const digest = createHash('sha256')
      .update(await read('incident.json'))
      .digest('hex')
    const events = await officer('audit', 'query', '--type', 'ledger.exported')
    expect(JSON.stringify(events)).toContain(digest)
    const log = join(gateway.path, 'breaches.csv')
    expect(await officer('incident', 'log', '--year', '2026', '--out', log)).toMatchObject({
      breaches: 0,
    })
  })

  it('audits a provider, maps safeguards and reports practices, each verified without the gateway', async () => {
    const key = join(gateway.path, 'packs.vkey')
    const { ledgerKey } = (await (await fetch(`${gateway.url}/v1/gateway`)).json()) as {
      readonly ledgerKey: string
    }
    await writeFile(key, ledgerKey)
    const year = String(new Date().getUTCFullYear())
    for (const [name, file, ...words] of [
      ['provider', 'provider.json', 'provider-audit', 'nights', '--year', year],
      ['safeguards', 'safeguards.json', 'safeguards'],
      ['practices', 'practices.json', 'practices'],
      ['anomalies', 'anomalies.json', 'audit', 'anomalies'],
    ] as const) {
      const out = join(gateway.path, name)
      await officer(...words, '--out', out)
      const ledger = join(out, 'ledger.zip')
      const verified = await gateway.plain('audit', 'verify', ledger, '--ledger-key', key)
      expect([name, verified.status, verified.stderr]).toEqual([name, 0, ''])
      const digest = createHash('sha256')
        .update(await readFile(join(out, file)))
        .digest('hex')
      const events = await officer('audit', 'query', '--type', 'ledger.exported')
      expect(JSON.stringify(events)).toContain(digest)
    }
    const unknown = await gateway.as(
      ...['officer-1', 'provider-audit', 'nobody', '--year', year, '--out', 'x'],
    )
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining('no such') })
    const { anomalies } = await officer('audit', 'anomalies')
    const csv = await readFile(join(gateway.path, 'anomalies', 'anomalies.csv'), 'utf8')
    expect([anomalies, csv]).toEqual([expect.any(Array), expect.stringMatching(/^"?rule/)])
  })

  it('is for officers only', async () => {
    for (const words of [
      ['register', 'list', 'training'],
      ['assess', 'run'],
      ['incident', 'show', 'laptop-1'],
    ]) {
      const refused = await gateway.as('reader-1', ...words)
      expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('role') })
    }
  })

  it('exports every format, and a pack whose digests can be verified with the log and without the gateway', async () => {
    const out = (name: string) => join(gateway.path, name)
    for (const format of ['pdf', 'xlsx', 'csv', 'oscal'])
      await officer('assess', 'export', '--format', format, '--out', out(format))
    expect((await readdir(out('oscal'))).sort()).toEqual([
      ...['assessment-plan.json', 'assessment-results.json', 'catalog.json'],
      'component-definition.json',
    ])
    await officer('assess', 'export', '--format', 'pack', '--out', out('pack'))
    const assessment = await readFile(join(out('pack'), 'assessment.json'))
    const digest = createHash('sha256').update(assessment).digest('hex')
    const key = join(gateway.path, 'ledger.vkey')
    const { ledgerKey } = (await (await fetch(`${gateway.url}/v1/gateway`)).json()) as {
      readonly ledgerKey: string
    }
    await writeFile(key, ledgerKey)
    const ledger = join(out('pack'), 'ledger.zip')
    const verified = await gateway.plain('audit', 'verify', ledger, '--ledger-key', key)
    expect([verified.status, verified.stderr]).toEqual([0, ''])
    const { stdout } = await gateway.as(
      'officer-1',
      'audit',
      'query',
      '--type',
      'assessment.made',
      '--json',
    )
    expect(stdout).toContain(digest)
    const results = await readFile(join(out('pack'), 'assessment-results.json'), 'utf8')
    expect(results).toContain('.tlog-proof')
  })
})

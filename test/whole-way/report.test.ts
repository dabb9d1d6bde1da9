/**
 * A report from reader to facility: signed and sealed by the reader's command, stored by a gateway
 * that cannot read it, and opened and re-identified by the facility's command.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import Database from 'better-sqlite3'
import { readKey } from 'openpgp'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { claim, readerOf } from './_reader.js'
import { makeStudy } from './_study.js'

const PLANTED = 'ZEBRAFISH'
const TEXT = `TECHNIQUE: Axial CT.\nFINDINGS:\nNo haemorrhage. ${PLANTED}.\n\nImpression: Normal.\n`

let site: TestSite
let gateway: RunningGateway
let transfer = ''
let code = ''
const at = (name: string): string => join(site.dir, '..', name)
const as = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  nocturne(...words, '--gateway', gateway.url, '--token-file', site.tokenFile(principal), '--json')
const report = (principal: string, status: string, ...more: readonly string[]): Promise<Ran> =>
  as(
    principal,
    ...['report', code, '--status', status, '--text', at('report.txt')],
    ...['--key', site.keyFile(principal), '--name', 'Dr. Ada Night', ...more],
  )
const fetchReports = (...more: readonly string[]): Promise<Ran> =>
  as(
    'facility-a',
    ...['reports', 'fetch', '--crosswalk', at('crosswalk')],
    ...['--key', site.keyFile('facility-a'), '--out', at('reports'), ...more],
  )
const caseNow = async () =>
  (await call(gateway, 'GET', `/v1/cases/${code}`, { token: await site.token('reader-1') })).body

beforeAll(async () => {
  site = await makeSite()
  const files = await makeStudy(at('study'), '--instances', '2', '--size', '64')
  gateway = await site.start()
  transfer = (await upload(site, gateway, files)).body.id
  await claim(gateway, await readerOf(site), transfer)
  const token = await site.token('reader-1')
  code = (await call(gateway, 'GET', `/v1/cases/${transfer}`, { token })).body.code
  await writeFile(at('report.txt'), TEXT)
  const key = ['--key', site.keyFile('reader-1')]
  await as('reader-1', 'pull', transfer, ...key, '--out', at('night'))
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

const publicKeyOf = async (armored: string): Promise<string> =>
  (await readKey({ armoredKey: armored })).toPublic().armor()

describe('a report', () => {
  it('that is empty, or states agreement without a preliminary report, is refused', async () => {
    await writeFile(at('empty.txt'), 'FINDINGS:\n\n')
    const empty = await as(
      'reader-1',
      ...['report', code, '--status', 'final', '--text', at('empty.txt')],
      ...['--key', site.keyFile('reader-1')],
    )
    expect([empty.status, empty.stdout]).toEqual([1, expect.stringContaining('report_empty')])
    const early = await report('reader-1', 'final', '--agreement', 'agree')
    expect([early.status, early.stdout]).toEqual([1, expect.stringContaining('report_out_of_turn')])
    expect((await report('reader-1', 'addendum')).stdout).toContain('report_out_of_turn')
  }, 60_000)

  it('is sealed on the reader’s machine, ends the claim, and leaves nothing readable', async () => {
    const sent = await report('reader-1', 'preliminary')
    expect(sent).toMatchObject({ status: 0 })
    const answer = JSON.parse(sent.stdout) as {
      report: { status: string }
      sealedTo: { id: string }[]
    }
    expect(answer.report.status).toBe('preliminary')
    expect(answer.sealedTo.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['facility-a', 'reader-1', 'recovery']),
    )
    expect(await caseNow()).toMatchObject({
      state: 'preliminary',
      report: 'preliminary',
      reportedBy: 'reader-1',
    })
    for (const path of await filesUnder(site.dir)) {
      // The log is being published in the meantime, through temporary files.
      const bytes = await readFile(path).catch(() => Buffer.alloc(0))
      expect([path, bytes.includes(PLANTED)]).toEqual([path, false])
    }
  }, 60_000)

  it('reaches the facility re-identified, once, and the RIS before that', async () => {
    // The PACS is away: nothing is acknowledged, so the report is delivered by the next run.
    const away = await fetchReports('--pacs', 'PACS@127.0.0.1:1')
    expect(away.status).not.toBe(0)
    expect(`${away.stdout}${away.stderr}`).toContain('pacs_unreachable')
    const ris = await startRis()
    const done = await fetchReports('--mllp', `127.0.0.1:${ris.port}`)
    ris.server.close()
    expect(done).toMatchObject({ status: 0 })
    const { reports } = JSON.parse(done.stdout) as { reports: { files: string[] }[] }
    expect(reports).toHaveLength(1)
    const [{ files } = { files: [] }] = reports
    expect(files.map((file) => file.replace(/^.*-[0-9a-f]{12}/, ''))).toEqual([
      '.txt',
      '.pdf',
      '.hl7',
      '.fhir.json',
      '.sr.dcm',
      '.pdf.dcm',
    ])
    const text = await readFile(files[0] ?? '', 'utf8')
    expect(text).toMatch(/^PRELIMINARY REPORT\n/)
    expect(text).toContain(PLANTED)
    expect(text).toMatch(/^Patient ID: \S+/m)
    expect(text).not.toMatch(/2\.25\./)
    expect(ris.messages).toHaveLength(1)
    expect(ris.messages[0]).toContain('|ORU^R01^ORU_R01|')
    expect(JSON.parse((await fetchReports()).stdout)).toEqual({ reports: [] })
  }, 60_000)

  it('that is final states whether it agrees, and closes the case when acknowledged', async () => {
    expect((await report('reader-1', 'final')).stdout).toContain('report_out_of_turn')
    expect(await report('reader-1', 'final', '--agreement', 'minor')).toMatchObject({ status: 0 })
    expect(await caseNow()).toMatchObject({ state: 'final', report: 'final' })
    expect(await fetchReports('--format', 'text')).toMatchObject({ status: 0 })
    expect(await caseNow()).toMatchObject({ state: 'closed', closedFor: 'reported' })
    expect(await report('reader-1', 'addendum')).toMatchObject({ status: 0 })
    const listed = await nocturne(
      ...['reports', 'list', '--gateway', gateway.url],
      ...['--token-file', site.tokenFile('facility-a')],
    )
    expect(listed.stdout).toMatch(/final \(minor\)/)
  }, 60_000)

  it('is not acknowledged while the RIS does not answer', async () => {
    const failed = await fetchReports('--mllp', '127.0.0.1:1')
    expect([failed.status, failed.stdout]).toEqual([1, expect.stringContaining('ris_unreachable')])
    const { reports } = JSON.parse((await fetchReports('--format', 'text')).stdout) as {
      reports: unknown[]
    }
    expect(reports).toHaveLength(1)
  }, 60_000)

  it('is refused if it is not what its reader signed, or not sealed to the facility', async () => {
    const token = await site.token('reader-1')
    const json = {
      statement: '{}',
      signature: 'none',
      message: Buffer.from('plain').toString('base64'),
    }
    const answer = await call(gateway, 'POST', `/v1/cases/${code}/reports`, { token, json })
    expect([answer.status, answer.body.code]).toEqual([422, 'report_invalid'])
    const stranger = await site.token('officer-1')
    const refused = await call(gateway, 'POST', `/v1/cases/${code}/reports`, {
      token: stranger,
      json,
    })
    expect(refused.status).toBe(403)
  })

  it('is not handed out while its row in the database names a certificate of somebody else', async () => {
    const token = await site.token('facility-a')
    const { body } = await call(gateway, 'GET', '/v1/reports', { token })
    const id = (body.reports as { id: string }[])[0]?.id ?? ''
    const show = () => call(gateway, 'GET', `/v1/reports/${id}`, { token })
    const { certificate } = (await show()).body
    const database = new Database(join(site.dir, 'data/nocturne.db'))
    const write = (text: unknown) =>
      database.prepare('update case_reports set certificate = ? where id = ?').run(text, id)
    write(await publicKeyOf(await readFile(site.keyFile('officer-1'), 'utf8')))
    expect(await show()).toMatchObject({ status: 500, body: { code: 'object_missing' } })
    const operator = await site.token('operator-1')
    const ready = await eventually(
      async () => (await call(gateway, 'GET', '/readyz', { token: operator })).body.warnings,
      (warnings) => JSON.stringify(warnings).includes(id),
    )
    expect(JSON.stringify(ready)).toContain(`the row ${id} of case_reports is not used`)
    write(certificate)
    database.close()
    expect((await show()).status).toBe(200)
  }, 30_000)

  it('gets feedback that only its author can read, and of which the ledger knows no score', async () => {
    await writeFile(at('review.txt'), `Look at slice 2: ${PLANTED} was missed.`)
    const give = (principal: string) =>
      as(
        principal,
        ...['feedback', 'give', code, '--text', at('review.txt'), '--score', '3b'],
        ...['--key', site.keyFile(principal)],
      )
    const given = await give('facility-a')
    expect(given).toMatchObject({ status: 0 })
    const { feedback } = JSON.parse(given.stdout) as { feedback: { id: string; report: string } }
    const own = await give('reader-1')
    expect([own.status, own.stdout]).toEqual([1, expect.stringContaining('feedback_own')])
    const path = `/v1/feedback/${feedback.id}/message`
    for (const stranger of ['facility-a', 'officer-1']) {
      const token = await site.token(stranger)
      expect([403, 404]).toContain((await call(gateway, 'GET', path, { token })).status)
    }
    const read = await as(
      'reader-1',
      ...['feedback', 'read', feedback.id, '--key', site.keyFile('reader-1')],
    )
    const opened = JSON.parse(read.stdout) as { giver: string; score: string; text: string }
    expect(opened).toMatchObject({ giver: 'facility-a', score: '3b' })
    expect(opened.text).toContain(PLANTED)
    const token = await site.token('officer-1')
    const about = await Promise.all(
      ['feedback.given', 'feedback.read'].map(async (type) => {
        const { body } = await call(gateway, 'GET', `/v1/audit/events?type=${type}`, { token })
        return (body as unknown as { events: { entry: { detail: object } }[] }).events
      }),
    )
    expect(about.map(({ length }) => length)).toEqual([1, 1])
    const details = about.flat().map(({ entry }) => Object.keys(entry.detail).sort())
    expect(details).toEqual([
      ['author', 'case', 'report'],
      ['from', 'report'],
    ])
  }, 60_000)

  it('belongs to a case on which facility and reader leave notes that the gateway cannot read', async () => {
    const note = (principal: string, ...more: readonly string[]) =>
      as(principal, 'case', 'note', code, '--key', site.keyFile(principal), ...more)
    await writeFile(at('note.txt'), `Her last study was elsewhere: ${PLANTED}.`)
    for (const author of ['facility-a', 'reader-1'])
      expect(await note(author, '--text', at('note.txt'))).toMatchObject({ status: 0 })
    const { notes } = JSON.parse((await note('facility-a')).stdout) as {
      notes: { author: string; code: string; text: string }[]
    }
    expect(notes.map(({ author }) => author)).toEqual(['facility-a', 'reader-1'])
    for (const one of notes)
      expect(one).toMatchObject({ code, text: `Her last study was elsewhere: ${PLANTED}.` })
    const officer = await site.token('officer-1')
    const path = `/v1/cases/${code}/notes`
    expect([403, 404]).toContain((await call(gateway, 'GET', path, { token: officer })).status)
    const found = await call(gateway, 'GET', '/v1/audit/events?type=note.added,note.read', {
      token: officer,
    })
    const events = (found.body as unknown as { events: { entry: { type: string } }[] }).events
    expect(events.map(({ entry }) => entry.type)).toEqual(['note.added', 'note.added', 'note.read'])
    expect(JSON.stringify(events)).not.toContain(PLANTED)
    const bytes = await readFile(join(site.dir, 'data/nocturne.db'))
    expect(bytes.includes(PLANTED)).toBe(false)
  }, 60_000)

  it('leaves a case from which its reader can make a copy without a link to the patient', async () => {
    const copy = (from: string, ...more: readonly string[]) =>
      as('reader-1', 'case', 'export', code, '--from', from, '--out', at('copy'), ...more)
    const early = await copy(at('nowhere'))
    expect([early.status, early.stdout]).toEqual([1, expect.stringContaining('not_opened')])
    const linked = await copy(at('night'), '--profile', 'pseudonymize')
    expect([linked.status, linked.stdout]).toEqual([2, expect.stringContaining('keeps a link')])
    const made = await copy(at('night'))
    expect([made.status, made.stderr]).toEqual([0, ''])
    const { files } = JSON.parse(made.stdout) as { files: string[] }
    expect(files).toHaveLength(2)
    const before = (await filesUnder(at('night'))).filter((name) => name.endsWith('.dcm'))
    const uids = before.map((name) => basename(name, '.dcm'))
    for (const file of files) {
      const bytes = await readFile(file, 'latin1')
      expect(uids.filter((uid) => bytes.includes(uid))).toEqual([])
    }
    const token = await site.token('officer-1')
    const found = await call(gateway, 'GET', '/v1/audit/events?type=case.exported', { token })
    const { events } = found.body as unknown as { events: { entry: { detail: object } }[] }
    expect(events.map(({ entry }) => entry.detail)).toEqual([
      expect.objectContaining({ items: 2, profile: expect.stringMatching(/^strip\/\d+$/) }),
    ])
  }, 60_000)

  it('is in the ledger: sent, read, acknowledged', async () => {
    const token = await site.token('officer-1')
    for (const [type, count] of [
      ['report.sent', 3],
      ['report.acknowledged', 3],
    ] as const) {
      const { body } = await call(gateway, 'GET', `/v1/audit/events?type=${type}`, { token })
      expect([type, (body as unknown as { events: unknown[] }).events.length]).toEqual([
        type,
        count,
      ])
    }
    const read = await call(gateway, 'GET', '/v1/audit/events?type=report.read', { token })
    const { events } = read.body as unknown as {
      events: { entry: { transfer?: string } }[]
    }
    expect(events.length).toBeGreaterThanOrEqual(3)
    // A search by transfer finds who read its reports.
    expect(events.every(({ entry }) => entry.transfer !== undefined)).toBe(true)
  })
})

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
}

/** Accepts every message (MSA|AA). */
async function startRis(): Promise<{ port: number; messages: string[]; server: Server }> {
  const messages: string[] = []
  const server = createServer((socket) => {
    let got = ''
    socket.on('data', (chunk) => {
      got += chunk.toString('utf8')
      if (!got.includes('\x1c\r')) return
      messages.push(got)
      const control = got.split('\r')[0]?.split('|')[9] ?? ''
      socket.end(`\x0bMSH|^~\\&|RIS|||||| ACK|1|P|2.5.1\rMSA|AA|${control}\r\x1c\r`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, messages, server }
}

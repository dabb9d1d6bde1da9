import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  accountingCsv,
  accountingPdf,
  collectEvidence,
  dossierCsv,
  dossierPdf,
  keysCsv,
  nightCsv,
} from '../../src/officer/index.js'
import type { EvidenceScope } from '../../src/officer/index.js'
import type { EventInput } from '../../src/ledger/log/events.js'
import { openLedger } from '../ledger/_open.js'
import type { OpenLedger } from '../ledger/_open.js'

const SENDER = { id: 'facility-a', role: 'sender' as const }
const reader = (id: string) => ({ id, role: 'reader' as const, address: '192.0.2.7' })
const SYSTEM = { id: 'system', role: 'system' as const }
const [ANNA, BERT] = ['a'.repeat(64), 'b'.repeat(64)]
const NO_ORGANISATIONS = { organisations: [] }
const ALWAYS = { facility: 'facility-a', from: 0, until: Date.parse('2100-01-01') }

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

/** Rows of a CSV without quotes in its values, by column. */
function rowsOf(csv: string): Record<string, string>[] {
  const [head = [], ...rows] = csv
    .trim()
    .split('\r\n')
    .map((line) => line.slice(1, -1).split('","'))
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])))
}

describe('evidence', () => {
  let open: OpenLedger
  const note = (type: EventInput['type'], more: Partial<EventInput> = {}) =>
    open.ledger.note({ type, outcome: 0, actor: SENDER, facility: 'facility-a', ...more })
  const item = (transfer: string, index: number, kind: string, patient?: string) =>
    note('item.accepted', {
      ...{ transfer, item: index, detail: { kind, modality: 'CT', size: 100 } },
      ...(patient !== undefined && { patient }),
    })
  const fetch = async (transfer: string, index: number, id: string, bytes?: number) => {
    const download = `${transfer}-${index}-${id}-${Math.random()}`
    const more = { transfer, item: index, actor: reader(id) }
    const detail = { download, fingerprint: `key of ${id}` }
    await note('download.begun', { ...more, detail })
    if (bytes !== undefined)
      await note('download.ended', { ...more, related: download, detail: { bytes } })
  }
  const collect = (scope: Partial<EvidenceScope> = {}) =>
    collectEvidence(open.ledger, { ...ALWAYS, ...scope })
  const accounted = async (scope: Partial<EvidenceScope>) =>
    rowsOf(await textOf(accountingCsv(await collect(scope), NO_ORGANISATIONS)))

  beforeAll(async () => {
    open = await openLedger()
    const change = (principal: string, from: string | null, to: string | null) =>
      note('certificate.changed', { actor: SYSTEM, detail: { principal, from, to } })
    await change('reader-1', null, 'old')
    await change('reader-1', 'old', 'old')
    await change('reader-1', 'old', 'new')
    await note('key.checked', { actor: reader('reader-1'), detail: { fingerprint: 'new' } })
    // One patient and a document.
    await note('transfer.begun', { transfer: 't1', group: 'nights', detail: { priority: 'stat' } })
    await item('t1', 1, 'instance', ANNA)
    await item('t1', 2, 'document')
    await note('transfer.available', { transfer: 't1', detail: { recipients: ['new', 'other'] } })
    // Two patients, a document that belongs to neither, and an item of Bert's that nobody fetches.
    await item('t2', 1, 'instance', ANNA)
    await item('t2', 2, 'instance', BERT)
    await item('t2', 3, 'document')
    await note('transfer.available', { transfer: 't2', detail: { recipients: ['new'] } })
    await note('transfer.available', { transfer: 't3', facility: 'facility-b' })
    await fetch('t1', 0, 'reader-1', 10)
    await fetch('t1', 1, 'reader-1', 0)
    await fetch('t1', 1, 'reader-1', 150)
    await fetch('t1', 2, 'reader-1', 150)
    await note('transfer.acknowledged', { transfer: 't1', actor: reader('reader-1') })
    await fetch('t2', 1, 'reader-2')
    await note('access.refused', { outcome: 8 })
  })
  afterAll(async () => {
    await open.close()
  })

  it('accounts for each patient, transfer and reader in one line, with the content required by law', async () => {
    const rows = rowsOf(await textOf(accountingCsv(await collect(), NO_ORGANISATIONS)))
    expect(rows).toMatchObject([
      {
        ...{ recipient: 'reader-1', transfer: 't1', patient: ANNA, items: '1 2', times: '2' },
        ...{ recipient_addresses: '192.0.2.7', ledger_entry: expect.stringMatching(/^\d+$/) },
        description: expect.stringMatching(/1 DICOM instance \(CT\).*1 document/),
        exemption: expect.stringContaining('164.528(a)(1)(i)'),
        acknowledged_at: expect.stringMatching(/Z$/),
      },
      { recipient: 'reader-2', transfer: 't2', patient: ANNA, items: '1', acknowledged_at: '' },
    ])
  })

  it('accounts for a single patient, and for none outside the period', async () => {
    expect(await accounted({ patients: [ANNA] })).toHaveLength(2)
    expect(await accounted({ patients: [BERT] })).toEqual([])
    expect((await collect({ patients: [] })).transfers).toEqual([])
    expect((await collect({ until: 1 })).transfers).toEqual([])
  })

  it('states for every item how far it was exposed, to whom and with which key', async () => {
    const evidence = await collect()
    const rows = rowsOf(await textOf(dossierCsv(evidence)))
    expect(
      rows.map(({ transfer, item, patient, exposure, bytes_sent, keys }) => [
        transfer,
        item,
        patient,
        exposure?.split(',')[0],
        bytes_sent,
        keys,
      ]),
    ).toEqual([
      ['t1', '1', ANNA, 'fetched', '150', 'key of reader-1'],
      ['t1', '2', ANNA, 'fetched', '150', 'key of reader-1'],
      ['t2', '1', ANNA, 'fetched sealed', '0', 'key of reader-2'],
      ['t2', '2', BERT, 'stored sealed; never fetched', '', ''],
      ['t2', '3', '', 'stored sealed; never fetched', '', ''],
    ])
    expect(rows[0]?.sealed_to).toBe('new other')
    expect(evidence.refusals).toBe(1)
  })

  it('names the organisation and postal address of a recipient, as the register has them', async () => {
    const at = (id: string, name: string, hasEnded = false) => ({
      ...{ id, name, address: `${name} Street 1`, hasEnded },
    })
    const nightly = at('nights', 'Night Readers Inc')
    const organisationIn = async (...organisations: readonly (typeof nightly)[]) => {
      const [first] = rowsOf(await textOf(accountingCsv(await collect(), { organisations })))
      return [first?.recipient_organisation, first?.recipient_postal_address]
    }
    expect(await organisationIn(nightly)).toEqual([
      'Night Readers Inc',
      'Night Readers Inc Street 1',
    ])
    expect(await organisationIn(at('nights', 'Before', true), nightly)).toContain(nightly.name)
    expect(await organisationIn(nightly, at('nights', 'Ended later', true))).toContain(nightly.name)
    expect(await organisationIn(nightly, at('reader-1', 'Own practice'))).toContain('Own practice')
    expect(await organisationIn(at('days', 'Others'))).toEqual(['', ''])
  })

  it('shows for one reader what they fetched, apart from what they could have opened', async () => {
    const of = async (reader: string) => {
      const evidence = await collect({ reader })
      return rowsOf(await textOf(dossierCsv(evidence))).map(
        ({ transfer, item, exposure, could_open }) => [
          ...[transfer, item, exposure?.split(',')[0]?.split(':')[0], could_open],
        ],
      )
    }
    // Sealed to a key of reader-1 (t1, t2); reader-2 has no key at all, and fetched one item.
    expect(await of('reader-1')).toEqual([
      ['t1', '1', 'fetched', 'reader-1 other'],
      ['t1', '2', 'fetched', 'reader-1 other'],
      ['t2', '1', 'could have been opened', 'reader-1'],
      ['t2', '2', 'could have been opened', 'reader-1'],
      ['t2', '3', 'could have been opened', 'reader-1'],
    ])
    expect(await of('reader-2')).toEqual([['t2', '1', 'fetched sealed', 'reader-1']])
    expect(await of('reader-3')).toEqual([])
    const later = await collect({ reader: 'reader-1', from: Date.parse('2099-01-01') })
    expect([later.transfers, later.sealedOutside]).toEqual([[], 2])
    const one = await collect({ transfer: 't1' })
    expect(one.transfers.map(({ transfer }) => transfer)).toEqual(['t1'])
  })

  it('lists a document sent without instances under the patient of its case', async () => {
    const inCase = (transfer: string, type: 'case.opened' | 'case.joined', id: string) =>
      note(type, { transfer, detail: { case: id } })
    await note('transfer.begun', { transfer: 't4', facility: 'facility-c', group: 'nights' })
    const there = { facility: 'facility-c' }
    const CLARA = 'c'.repeat(64)
    const detail = { kind: 'document', size: 1 }
    await note('item.accepted', { ...there, transfer: 't4', item: 1, detail })
    await inCase('t4', 'case.opened', 'case-1')
    await note('transfer.available', { ...there, transfer: 't4' })
    await note('transfer.available', { ...there, transfer: 't5', patient: CLARA })
    await note('case.joined', { ...there, transfer: 't5', detail: { case: 'case-1' } })
    await note('case.opened', { ...there, transfer: 't4', detail: { case: 'case-1' } })
    await note('download.begun', { ...there, transfer: 't4', item: 1, actor: reader('reader-1') })
    expect(await accounted({ ...there, patients: [CLARA] })).toMatchObject([
      { transfer: 't4', patient: CLARA, description: expect.stringContaining('requisition') },
    ])
    expect(await accounted({ ...there, patients: [ANNA] })).toEqual([])
  })

  it('lists a document sent with the instances of two patients under each of them', async () => {
    const there = { facility: 'facility-d', transfer: 't6' }
    await note('transfer.begun', { ...there, group: 'nights' })
    for (const [i, patient] of [ANNA, BERT, undefined].entries())
      await note('item.accepted', {
        ...{ ...there, item: i + 1, detail: { kind: patient ? 'instance' : 'document', size: 1 } },
        ...(patient !== undefined && { patient }),
      })
    await note('transfer.available', there)
    await note('download.begun', { ...there, item: 3, actor: reader('reader-1') })
    for (const patient of [ANNA, BERT])
      expect(await accounted({ facility: 'facility-d', patients: [patient] })).toMatchObject([
        { patient, items: '3', description: expect.stringContaining('may be about another') },
      ])
  })

  it('tells of critical results, escalations and claims taken over, with their entries', async () => {
    const there = { facility: 'facility-e', transfer: 't8', group: 'nights' }
    await note('transfer.begun', there)
    await note('case.opened', { ...there, detail: { case: 'case-8', code: 'K7Q-4MD' } })
    await note('transfer.available', { ...there, detail: { recipients: ['new'] } })
    const tell = (type: EventInput['type'], detail: NonNullable<EventInput['detail']>) =>
      note(type, { ...there, detail: { case: 'case-8', code: 'K7Q-4MD', ...detail } })
    const raised = await tell('critical.raised', { level: 'minutes', due: '2026-11-30T02:30:00Z' })
    await tell('escalation.step', { audience: 'duty', told: ['reader-1', 'reader-2'], round: 1 })
    await tell('critical.phoned', { level: 'minutes', role: 'nurse', result: 'matches' })
    await tell('claim.taken-over', { from: 'reader-1', holder: 'reader-2', how: 'taken-over' })
    await note('escalation.step', {
      ...{ facility: 'facility-e', detail: { case: 'case-9', code: 'ZZZ-9ZZ', audience: 'group' } },
    })
    const rows = async (scope: Partial<EvidenceScope>) =>
      rowsOf(nightCsv(await collect({ facility: 'facility-e', ...scope })))
    const all = await rows({})
    expect(all).toHaveLength(5)
    expect(all[0]).toMatchObject({
      ...{ case: 'K7Q-4MD', event: 'critical.raised', level: 'minutes' },
      ledger_entry: String(raised.index),
    })
    expect(all[1]).toMatchObject({ audience: 'duty', told: 'reader-1 reader-2' })
    expect(all[2]).toMatchObject({ role: 'nurse', result: 'matches' })
    expect(all[3]).toMatchObject({ from: 'reader-1', holder: 'reader-2' })
    expect(await rows({ transfer: 't8' })).toEqual(all.slice(0, 4))
    expect(await rows({ patients: [BERT] })).toEqual([])
  })

  it('states which key was in effect from when until when', async () => {
    expect(rowsOf(keysCsv(await collect()))).toMatchObject([
      { principal: 'reader-1', fingerprint: 'old', until: expect.stringMatching(/Z$/) },
      { fingerprint: 'new', until: '', last_shown_to_open: expect.stringMatching(/Z$/) },
    ])
  })

  it.each([
    ['accounting', accountingPdf],
    ['dossier', dossierPdf],
  ])('writes the %s as a PDF with as many pages as needed', async (_, pdf) => {
    const evidence = await collect()
    const many = {
      ...evidence,
      transfers: Array.from({ length: 60 }, () => evidence.transfers).flat(),
    }
    const context = {
      ...{ gateway: 'gateway.example.org', ledgerKey: open.ledger.verifierKey },
      ...{ askedBy: 'officer-1', askedAt: '2026-03-01T00:00:00.000Z', event: 7 },
      ...{ ...NO_ORGANISATIONS, isByPatientId: true, elsewhere: { patients: 1, disclosures: 2 } },
    }
    const pagesOf = async (given: typeof evidence) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of pdf(given, context)) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString('latin1')
      expect(text).toMatch(/^%PDF-1\.\d[\s\S]*%%EOF\s*$/)
      return text.match(/\/Type \/Page\b/g)?.length ?? 0
    }
    expect(await pagesOf(evidence)).toBeLessThan(4)
    expect(await pagesOf(many)).toBeGreaterThan(4)
  })
})

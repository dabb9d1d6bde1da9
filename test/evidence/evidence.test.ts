import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  accountingCsv,
  accountingPdf,
  collectEvidence,
  dossierCsv,
  dossierPdf,
  keysCsv,
} from '../../src/officer/index.js'
import type { EvidenceScope } from '../../src/officer/index.js'
import type { EventInput } from '../../src/ledger/log/events.js'
import { openLedger } from '../ledger/_open.js'
import type { OpenLedger } from '../ledger/_open.js'

const SENDER = { id: 'facility-a', role: 'sender' as const }
const reader = (id: string) => ({ id, role: 'reader' as const, address: '192.0.2.7' })
const SYSTEM = { id: 'system', role: 'system' as const }
const [ANNA, BERT] = ['a'.repeat(64), 'b'.repeat(64)]
const ALWAYS = { facility: 'facility-a', from: 0, until: Date.parse('2100-01-01') }

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
    const rows = rowsOf(accountingCsv(await collect()))
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
    expect(rowsOf(accountingCsv(await collect({ patients: [ANNA] })))).toHaveLength(2)
    expect(rowsOf(accountingCsv(await collect({ patients: [BERT] })))).toEqual([])
    expect((await collect({ patients: [] })).transfers).toEqual([])
    expect((await collect({ until: 1 })).transfers).toEqual([])
  })

  it('states for every item how far it was exposed, to whom and with which key', async () => {
    const evidence = await collect()
    const rows = rowsOf(dossierCsv(evidence))
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

  it('can be limited to what one reader fetched, or to one transfer', async () => {
    const his = await collect({ reader: 'reader-2' })
    expect(his.transfers.map(({ transfer }) => transfer)).toEqual(['t2'])
    const one = await collect({ transfer: 't1' })
    expect(one.transfers.map(({ transfer }) => transfer)).toEqual(['t1'])
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

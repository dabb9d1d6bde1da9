/**
 * Events as standard records: FHIR R4 AuditEvents in a bundle, or DICOM audit messages, one per
 * line.
 */
import { z } from 'zod'
import type { LedgerEntry } from '../../ledger/log/index.js'
import { parseAnswer } from '../parse-answer.js'
import type { Output } from '../output.js'

export type Format = 'fhir' | 'dicom'

const shape = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  time: z.string(),
  type: z.string(),
  gateway: z.string(),
  dcm: z.array(z.string()).min(1),
  outcome: z.union([z.literal(0), z.literal(4), z.literal(8), z.literal(12)]),
  actor: z.looseObject({ id: z.string(), role: z.string() }),
})
const rows = z.array(
  z.looseObject({
    index: z.int().min(0),
    entry: z.custom<LedgerEntry>((value) => shape.safeParse(value).success),
  }),
)

/** @param origin address of the gateway, for the addresses in the records */
export async function showRecords(
  output: Output,
  events: unknown,
  format: Format,
  origin: string,
): Promise<void> {
  const { toAuditEvent, toAuditMessage } = await import('../../ledger/records/index.js')
  const source = { origin: origin.replace(/\/+$/, '') }
  const entries = parseAnswer(rows, events)
  if (format === 'dicom') {
    const messages = entries.map(({ index, entry }) => toAuditMessage(entry, index, source))
    for (const message of messages) output.print(message)
    output.json({ messages })
    return
  }
  const entry = entries.map((row) => ({
    fullUrl: `${source.origin}/fhir/AuditEvent/${row.entry.id}`,
    resource: toAuditEvent(row.entry, row.index, source),
  }))
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    ...(entry.length > 0 && { entry }),
  }
  output.printText(JSON.stringify(bundle, null, 2))
  output.json(bundle)
}

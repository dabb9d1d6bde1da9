/** What a requisition says, and the document that readers get of it. Pure functions. */
import { NocturneError } from '../lib/errors.js'
import { REQUISITION_FIELDS } from '../protocol/words.js'
import type { RequisitionField } from '../protocol/words.js'

type Field = RequisitionField

/** As read; every value still as its facility wrote it. In memory only. */
export interface Requisition {
  /** Numbers under which the study may carry it as Accession Number. */
  readonly accessions: readonly string[]
  readonly patientIds: readonly string[]
  readonly fields: Readonly<Partial<Record<Field, string>>>
  /** Words that name the patient, relatives, guarantors and insured persons. */
  readonly names: readonly string[]
}

const TITLES: Readonly<Record<Field, string>> = {
  procedure: 'Procedure',
  reason: 'Reason',
  question: 'Question',
  contrast: 'Contrast',
  history: 'History',
  callback: 'Call-back number of the ordering provider',
}

/** Of one field, in characters. */
const LONGEST = 8_000

/**
 * @throws NocturneError `requisition_unmatchable` without accession number or patient ID;
 *   `requisition_incomplete` naming the first field that the facility requires and that is missing
 */
export function expectComplete(
  { accessions, patientIds, fields }: Requisition,
  required: readonly Field[],
): void {
  if (accessions.length === 0) throw new NocturneError('requisition_unmatchable', AT('accession'))
  if (patientIds.length === 0) throw new NocturneError('requisition_unmatchable', AT('patientId'))
  const missing = required.find((name) => (fields[name] ?? '').trim() === '')
  if (missing !== undefined) throw new NocturneError('requisition_incomplete', AT(missing))
}

const AT = (field: string) => ({ field })

/**
 * The document for readers.
 *
 * @param clean removes from free text whatever names a person; returns the empty string when
 *   nothing is left
 */
export function documentOf(
  { fields, names }: Requisition,
  clean: (text: string, names: readonly string[]) => string,
): Buffer {
  const lines = REQUISITION_FIELDS.flatMap((name) => {
    const value = (fields[name] ?? '').slice(0, LONGEST).trim()
    if (value === '') return []
    const shown = name === 'callback' ? numberIn(value) : clean(value, names)
    // A reader must see that something stood here.
    return [`${TITLES[name]}: ${shown === '' ? '[...]' : shown}`]
  })
  return Buffer.from(`REQUISITION\n\n${lines.join('\n')}\n`)
}

/** Only what can be dialled: names and remarks beside the number stay behind. */
const numberIn = (text: string): string =>
  (/\+?\(?\d[\d ()./-]{3,28}\d(?:\s*(?:x|ext\.?)\s*\d{1,6})?/i.exec(text)?.[0] ?? '').trim()

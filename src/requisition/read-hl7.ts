/**
 * An imaging order in HL7 v2 (ORM^O01, OMG^O19, OMI^O23) as a requisition. Nothing of PID, NK1, GT1
 * and IN1 passes: they only say which words free text must not contain.
 */
import type { Hl7Message, Segment } from './hl7.js'
import type { Requisition } from './requisition.js'

export interface Order {
  readonly control: string
  readonly requisition: Requisition
  /** The order is cancelled, discontinued or on hold: there is nothing to read. */
  readonly isEnded: boolean
}

const TYPES: ReadonlySet<string> = new Set(['ORM^O01', 'OMG^O19', 'OMI^O23'])
/** HL7 table 0119. */
const ENDED: ReadonlySet<string> = new Set(['CA', 'OC', 'DC', 'OD', 'HD', 'OH'])

/** Fields of people: identifiers, names, birth dates, addresses and numbers. */
const NAMING: Readonly<Record<string, readonly number[]>> = {
  PID: [2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20, 21, 23],
  NK1: [2, 4, 5, 6, 12, 30, 31, 32, 33],
  GT1: [3, 4, 5, 6, 7, 8, 12, 16, 17, 18, 19, 21],
  IN1: [2, 4, 5, 6, 7, 8, 11, 16, 18, 19, 36, 49],
  IN2: [1, 2, 6, 7, 8, 25, 26, 40, 52, 61, 63],
}
/** Enough for every real order; more would be an attack on the cleaning. */
const MAX_NAMES = 500

/** Returns undefined when the message is no imaging order. */
export function readOrder({ segments }: Hl7Message): Order | undefined {
  const [header] = segments
  if (!header || !TYPES.has(`${header.text(9)}^${header.text(9, 2)}`)) return undefined
  const first = (name: string) => segments.find((one) => one.name === name)
  const [pid, orc, obr] = [first('PID'), first('ORC'), first('OBR')]
  const ipc = first('IPC')
  return {
    control: header.text(10),
    isEnded: ENDED.has(orc?.text(1) ?? ''),
    requisition: {
      accessions: unique([
        ipc?.text(1),
        ...[obr?.text(18), obr?.text(19), obr?.text(3), orc?.text(3), obr?.text(2), orc?.text(2)],
      ]),
      patientIds: unique([...(pid?.all(3) ?? []), pid?.text(2), pid?.text(4)]),
      fields: fieldsOf(segments, obr, orc),
      names: namesIn(segments),
    },
  }
}

function fieldsOf(
  segments: readonly Segment[],
  obr: Segment | undefined,
  orc: Segment | undefined,
): Requisition['fields'] {
  const observed = (about: RegExp) =>
    segments
      .filter((one) => one.name === 'OBX' && about.test(`${one.text(3, 2)} ${one.text(3)}`))
      .map((one) => one.all(5).join('; '))
  const notes = segments.filter(({ name }) => name === 'NTE').flatMap((one) => one.all(3))
  const reason = [...(obr?.all(31, 2) ?? []), ...(obr?.all(31, 1) ?? []).filter(isWords)]
  return {
    procedure: joined([obr?.text(44, 2), obr?.text(4, 2)].slice(0, 2)),
    reason: joined(reason),
    question: joined(observed(/question|frage/i)),
    contrast: joined(observed(/contrast|kontrast/i)),
    // A blank line, so that a cut in one source cannot take along another.
    history: joined(
      [obr?.text(13), ...observed(/history|anamnes|indication/i), notes.join('\n')],
      '\n\n',
    ),
    callback: phoneIn(obr, 17) || phoneIn(orc, 14),
  }
}

/** XTN: as one text, or in parts (HL7 v2.5.1, 2.A.89). */
function phoneIn(segment: Segment | undefined, field: number): string {
  if (!segment) return ''
  const parts = [5, 6, 7].map((part) => segment.text(field, part)).filter((one) => one !== '')
  const extension = segment.text(field, 8)
  return (
    segment.text(field, 1) ||
    segment.text(field, 12) ||
    [...parts, ...(extension === '' ? [] : [`x${extension}`])].join(' ')
  )
}

/** A code alone, such as R51, says nothing to a reader; words do. */
const isWords = (text: string): boolean => /[A-Za-z]{3}/.test(text)

const joined = (texts: readonly (string | undefined)[], by = '; '): string => unique(texts).join(by)

const unique = (texts: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(texts.filter((one) => one !== undefined && one !== ''))] as readonly string[]

function namesIn(segments: readonly Segment[]): readonly string[] {
  const names = new Set<string>()
  for (const segment of segments)
    for (const field of NAMING[segment.name] ?? [])
      for (const word of segment.words(field)) if (names.size < MAX_NAMES) names.add(word)
  return [...names]
}

/** HL7 v2 messages: segments, fields, repetitions and components (HL7 v2.5.1 chapter 2). */

export interface Hl7Message {
  readonly segments: readonly Segment[]
}

/** The values of one segment, unescaped on reading. */
export interface Segment {
  readonly name: string
  /** Component (from 1) of the first repetition of a field (from 1; MSH-1 is the separator). */
  text(field: number, component?: number): string
  /** The same component of every repetition. */
  all(field: number, component?: number): readonly string[]
  /** Every component of a field. */
  words(field: number): readonly string[]
}

const MAX_SEGMENTS = 2_000
const MAX_REPETITIONS = 64

/** Returns undefined for anything that does not begin with a header segment. */
export function readMessage(text: string): Hl7Message | undefined {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== '')
  const head = lines[0] ?? ''
  const marks = head.slice(3, 8)
  if (!head.startsWith('MSH') || new Set(marks.slice(0, 3)).size < 3) return undefined
  if (/[A-Za-z0-9\s]/.test(marks.slice(0, 4)) || lines.length > MAX_SEGMENTS) return undefined
  const [field = '|', component = '^', repetition = '~', escape = '\\', sub = '&'] = marks
  const signs = { field, component, repetition, escape, sub: sub === field ? '&' : sub }
  return { segments: lines.map((line) => segmentOf(line, signs)) }
}

type Signs = Readonly<Record<'field' | 'component' | 'repetition' | 'escape' | 'sub', string>>

function segmentOf(line: string, signs: Signs): Segment {
  const split = line.split(signs.field)
  const [name = ''] = split
  // The separator itself is MSH-1.
  const fields = name === 'MSH' ? ['MSH', signs.field, ...split.slice(1)] : split
  const repetitions = (field: number) =>
    (fields[field] ?? '').split(signs.repetition).slice(0, MAX_REPETITIONS)
  const part = (text: string, component: number) =>
    unescape(text.split(signs.component)[component - 1] ?? '', signs).trim()
  return {
    name,
    text: (field, component = 1) => part(repetitions(field)[0] ?? '', component),
    all: (field, component = 1) =>
      repetitions(field)
        .map((one) => part(one, component))
        .filter((one) => one !== ''),
    words: (field) =>
      repetitions(field).flatMap((one) =>
        one
          .split(signs.component)
          .flatMap((component) => component.split(signs.sub))
          .map((text) => unescape(text, signs).trim())
          .filter((text) => text !== ''),
      ),
  }
}

/** HL7 v2.5.1, 2.7: separators, line breaks and hexadecimal data; highlighting is dropped. */
function unescape(text: string, signs: Signs): string {
  const { escape } = signs
  if (!text.includes(escape)) return text
  const parts = text.split(escape)
  return parts
    .map((part, index) => {
      if (index % 2 === 0 || index === parts.length - 1) return index % 2 === 0 ? part : ''
      if (/^\.(br|sp|in|ti|sk|ce|fi|nf)/i.test(part)) return '\n'
      if (/^X([0-9A-Fa-f]{2})+$/.test(part))
        return Buffer.from(part.slice(1), 'hex').toString('latin1')
      return SEQUENCES(signs)[part] ?? ''
    })
    .join('')
}

const SEQUENCES = ({ field, component, repetition, escape, sub }: Signs) =>
  ({ F: field, S: component, R: repetition, E: escape, T: sub }) as Readonly<
    Record<string, string | undefined>
  >

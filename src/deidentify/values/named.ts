/** The identifiers of a whole data set, at every depth. */
import { type Decode, decodeDefault, decodeWith } from '../../dicom/text/index.js'
import type { Element } from '../../dicom/elements/index.js'
import type { Pace, Steps } from '../../lib/pace.js'
import { Identifiers, type Kept } from '../search/identifiers.js'
import { isNaming } from '../search/naming.js'
import { characterSetOf } from './character-set.js'
import type { Subject } from '../subject.js'

/**
 * Cache for the most recent patients and studies: the slices of a study name the same people in the
 * same bytes.
 */
const known = new Map<string, Identifiers>()
const KNOWN = 16
const MAX_KEY = 0x2000

interface Naming {
  readonly element: Element
  readonly decode: Decode
}

interface Level {
  readonly characterSet: string
  readonly decode: Decode
}

interface Names {
  readonly buffer: Buffer
  readonly pace: Pace
  readonly naming: Naming[]
  /** Distinguishes the names of one file from those of another. */
  key: string
}

const TOP: Level = { characterSet: '', decode: decodeDefault }

/**
 * Returns the identifiers, and whether an earlier file had exactly the same ones.
 *
 * @throws NocturneError `header_too_complex` for more names than any real file has.
 */
export function* identifiersOf(
  elements: readonly Element[],
  buffer: Buffer,
  pace: Pace,
  kept: Kept,
): Steps<Pick<Subject, 'identifiers' | 'isRepeated'>> {
  const names: Names = { buffer, pace, naming: [], key: keyOfKept(kept) }
  yield* collect(elements, TOP, names)
  const { naming, key } = names
  const before = known.get(key)
  if (before) return { identifiers: before, isRepeated: true }
  const identifiers = new Identifiers(kept)
  for (const { element, decode } of naming) {
    if (pace.isDue()) yield
    identifiers.add(element, buffer, decode)
  }
  if (known.size >= KNOWN) known.clear()
  if (key.length <= MAX_KEY) known.set(key, identifiers)
  return { identifiers, isRepeated: false }
}

const keyOfKept = ({ device, institution }: Kept): string =>
  `${device ? 'd' : ''}${institution ? 'i' : ''} `

/** Collects every element that names somebody, in the character set of its level. */
function* collect(elements: readonly Element[], outer: Level, names: Names): Steps<void> {
  const { buffer, pace, naming } = names
  const own = characterSetOf(elements, buffer)
  const level = own === undefined ? outer : { characterSet: own, decode: decodeWith(own) }
  if (pace.isDue(elements.length)) yield
  for (const element of elements.filter(mayName)) {
    if (pace.isDue()) yield
    const { tag, vr, valueStart, valueEnd, items } = element
    if (!items) {
      naming.push({ element, decode: level.decode })
      if (names.key.length <= MAX_KEY) {
        const value = buffer.toString(
          'latin1',
          valueStart,
          Math.min(valueEnd, valueStart + MAX_KEY),
        )
        const lengths = `${String(level.characterSet.length)} ${String(value.length)}`
        names.key += `${String(tag)} ${vr} ${lengths} ${level.characterSet}${value}`
      }
    }
    for (const { elements: inside } of items ?? [])
      if (inside.length > 0) yield* collect(inside, level, names)
  }
}

const mayName = ({ tag, vr, items }: Element): boolean => items !== undefined || isNaming(tag, vr)

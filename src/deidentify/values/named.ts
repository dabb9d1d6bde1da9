/** The identifiers of a whole data set, at every depth. */
import { type Decode, decodeDefault, decodeWith } from '../../dicom/text/index.js'
import type { Element, Item } from '../../dicom/elements/index.js'
import type { Pace, Steps } from '../../lib/pace.js'
import { Identifiers, type Kept } from '../search/identifiers.js'
import { isNaming } from '../search/naming.js'
import { characterSetOf } from './character-set.js'

/**
 * Cache for the most recent patients and studies, most recent first: the slices of a study name the
 * same people in the same bytes.
 */
const known: Known[] = []
const KNOWN = 16
/** Longest values and number of values that are cached. */
const MAX_BYTES = 0x2000
const MAX_VALUES = 200

interface Known {
  readonly kept: Kept
  readonly values: readonly KnownValue[]
  readonly identifiers: Identifiers
}

interface KnownValue {
  readonly tag: number
  readonly vr: string
  readonly characterSet: string
  readonly bytes: Buffer
}

interface Naming {
  readonly element: Element
  readonly level: Level
}

interface Level {
  readonly characterSet: string
  readonly decode: Decode
}

const TOP: Level = { characterSet: '', decode: decodeDefault }

/**
 * The identifiers; the same object for files that name exactly the same people.
 *
 * @throws NocturneError `header_too_complex` for more names than any real file has.
 */
export function* identifiersOf(
  elements: readonly Element[],
  buffer: Buffer,
  pace: Pace,
  kept: Kept,
): Steps<Identifiers> {
  const naming: Naming[] = []
  yield* collect(elements, TOP, { buffer, pace, naming })
  const before = known.findIndex((one) => isSame(one, kept, naming, buffer))
  const [found] = before < 0 ? [] : known.splice(before, 1)
  if (found) {
    known.unshift(found)
    return found.identifiers
  }
  const identifiers = new Identifiers(kept)
  for (const { element, level } of naming) {
    if (pace.isDue()) yield
    identifiers.add(element, buffer, level.decode)
  }
  remember(naming, buffer, kept, identifiers)
  return identifiers
}

function isSame(
  { kept: before, values }: Known,
  kept: Kept,
  naming: readonly Naming[],
  buffer: Buffer,
): boolean {
  if (before.device !== kept.device || before.institution !== kept.institution) return false
  if (values.length !== naming.length) return false
  return values.every(({ tag, vr, characterSet, bytes }, index) => {
    const one = naming[index]
    return (
      one?.element.tag === tag &&
      one.element.vr === vr &&
      one.level.characterSet === characterSet &&
      bytes.length === one.element.valueEnd - one.element.valueStart &&
      bytes.compare(buffer, one.element.valueStart, one.element.valueEnd) === 0
    )
  })
}

function remember(
  naming: readonly Naming[],
  buffer: Buffer,
  kept: Kept,
  identifiers: Identifiers,
): void {
  let size = 0
  for (const { element, level } of naming)
    size += element.valueEnd - element.valueStart + level.characterSet.length
  if (size > MAX_BYTES || naming.length > MAX_VALUES) return
  const values = naming.map(({ element: { tag, vr, valueStart, valueEnd }, level }) => {
    const bytes = Buffer.from(buffer.subarray(valueStart, valueEnd))
    return { tag, vr, characterSet: level.characterSet, bytes }
  })
  known.unshift({ kept, values, identifiers })
  if (known.length > KNOWN) known.pop()
}

interface Names {
  readonly buffer: Buffer
  readonly pace: Pace
  readonly naming: Naming[]
}

/** Collects every element that names somebody, in the character set of its level. */
function* collect(elements: readonly Element[], outer: Level, names: Names): Steps<void> {
  const { buffer, pace, naming } = names
  const own = characterSetOf(elements, buffer)
  const level = own === undefined ? outer : { characterSet: own, decode: decodeWith(own) }
  if (pace.isDue(elements.length)) yield
  for (const items of addNaming(elements, level, naming)) {
    if (pace.isDue()) yield
    for (const { elements: inside } of items)
      if (inside.length > 0) yield* collect(inside, level, names)
  }
}

/** Adds those of one level, and returns the items of its sequences. */
function addNaming(
  elements: readonly Element[],
  level: Level,
  naming: Naming[],
): readonly (readonly Item[])[] {
  const nested: (readonly Item[])[] = []
  for (const element of elements) {
    if (element.items !== undefined) nested.push(element.items)
    else if (isNaming(element.tag, element.vr)) naming.push({ element, level })
  }
  return nested
}

/**
 * Retain Safe Private (PS3.15 E.3.10): keeps private elements of Table E.3.10-1 whose values are of
 * the kind the table states.
 */
import { decodeDefault, trimPadding } from '../../dicom/text/index.js'
import { cleanText } from '../text/clean.js'
import { fold } from '../text/fold.js'
import { vocabularyOf } from '../text/vocabulary.js'
import { isPrivate } from '../../dicom/dictionary/index.js'
import { safeElementOf } from './annex-e.js'
import type { SafeElement } from './annex-e.js'
import type { Element } from '../../dicom/elements/index.js'
import type { Identifiers } from '../search/identifiers.js'

/** No value that the table lists is longer than this. */
const MAX_VALUE = 0x10000
const SIZES: Readonly<Record<string, number>> = { FD: 8, FL: 4, SL: 4, SS: 2, UL: 4, US: 2 }
const NO_TAGS: ReadonlySet<number> = new Set()

/**
 * The private elements of one data set that may stay, with the creators of their blocks. A block
 * keeps its number and its position.
 */
export function safePrivateTags(
  elements: readonly Element[],
  buffer: Buffer,
  identifiers: Identifiers,
): ReadonlySet<number> {
  if (!elements.some(({ tag }) => isPrivate(tag))) return NO_TAGS
  const creators = new Map<number, string>()
  const kept = new Set<number>()
  for (const element of elements) {
    const { tag, valueStart, valueEnd } = element
    if (!isPrivate(tag) || element.items || element.fragments || valueEnd - valueStart > MAX_VALUE)
      continue
    // (gggg,0010-00FF) reserves (gggg,1000-10FF) to (gggg,FF00-FFFF) (PS3.5 section 7.8.1).
    const block = (tag & 0xffff) >>> 8
    if (block === 0) {
      if ((tag & 0xff) >= 0x10) creators.set(tag, creatorIn(buffer, valueStart, valueEnd))
      continue
    }
    const creatorTag = ((tag & 0xffff0000) >>> 0) + block
    const safe = safeElementOf(tag, creators.get(creatorTag) ?? '')
    if (!safe || !isOfVr(element, safe)) continue
    if (!fits(buffer.subarray(valueStart, valueEnd), safe, identifiers)) continue
    kept.add(tag).add(creatorTag)
  }
  return kept
}

const creatorIn = (buffer: Buffer, start: number, end: number): string =>
  trimPadding(buffer.toString('latin1', start, end)).trim()

/**
 * UN is written by a system that did not know the element; its bytes are checked in the same way.
 */
const isOfVr = ({ vr }: Element, safe: SafeElement): boolean => vr === safe.vr || vr === 'UN'

function fits(value: Buffer, { vr, vm }: SafeElement, identifiers: Identifiers): boolean {
  if (identifiers.isInBytes(value)) return false
  const size = SIZES[vr]
  if (size !== undefined) return value.length % size === 0 && hasCount(value.length / size, vm)
  if (vr === 'OB') return true
  const text = decodeDefault(value).replace(/\0$/, '')
  if (identifiers.isInText(fold(text))) return false
  const values = text.split('\\').map((one) => one.trim())
  if (vr === 'LT') return values.every((one) => isClean(one, identifiers))
  const form = FORMS[vr]
  return form !== undefined && hasCount(values.length, vm) && values.every((one) => form.test(one))
}

const isClean = (text: string, { names: forbidden }: Identifiers): boolean =>
  cleanText(text, {
    forbidden,
    vocabulary: vocabularyOf(),
    longest: text.length,
    isProse: false,
  }) === text

/**
 * The allowed forms exclude text that could be a sentence; they include codes, numbers and class
 * UIDs.
 */
const FORMS: Readonly<Record<string, RegExp>> = {
  CS: /^[A-Z0-9_ ]{0,16}$/,
  DS: /^[0-9+\-.eE]{0,16}$/,
  IS: /^[0-9+-]{0,12}$/,
  SH: /^[A-Za-z0-9_.+/-]{0,16}$/,
  LO: /^[A-Za-z0-9_.+/-]{0,64}$/,
  // A UID of anything other than a class would have to be remapped, and could then not be looked
  // up.
  UI: /^(1\.2\.840\.10008\.5\.1\.4\.[0-9.]{1,24})?$/,
}

function hasCount(count: number, vm: string): boolean {
  const [from = '1', to = from] = vm.split('-')
  return count === 0 || (count >= Number(from) && (to === 'n' || count <= Number(to)))
}

/**
 * Compares a new header with one for the same people that was already read and searched: the slices
 * of a series have the same elements at the same offsets, and few values differ.
 */
import type { Element, Encoding } from '../dicom/elements/index.js'
import type { Identifiers } from './search/identifiers.js'
import type { Subject } from './subject.js'

/** Longer headers are always read in full. */
const LONGEST = 0x4000
const CHARACTER_SET = 0x00080005

interface Checked {
  readonly header: Buffer
  readonly elements: readonly Element[]
  readonly encoding: Encoding
  readonly code: string
}

/** One header for each of the sets of identifiers that `identifiersOf` keeps, which are few. */
const checked = new WeakMap<Identifiers, Checked>()

type Owner = Pick<Subject, 'identifiers' | 'code'>

/** Call once the header has passed all checks. */
export function keepChecked(
  header: Buffer,
  elements: readonly Element[],
  encoding: Encoding,
  { identifiers, code }: Owner,
): void {
  if (header.length <= LONGEST) checked.set(identifiers, { header, elements, encoding, code })
}

/**
 * The elements of `header`, and those with values that the header checked before did not have.
 * Undefined if the two differ in anything else: then it must be read in full. Where elements begin
 * and end, and how another reader sees them, depends only on their tags, VRs and lengths, all of
 * which are compared, and on what sequences and fragments contain, which must be equal.
 */
export function sinceChecked(
  header: Buffer,
  encoding: Encoding,
  { identifiers, code }: Owner,
): { readonly elements: readonly Element[]; readonly changed: readonly Element[] } | undefined {
  const before = checked.get(identifiers)
  if (before?.encoding !== encoding || before.code !== code) return undefined
  if (before.header.length !== header.length) return undefined
  const changed: Element[] = []
  for (const element of before.elements) {
    const { tag, start, valueStart, end, items, undefinedLength } = element
    if (isSame(before.header, header, start, end)) continue
    if (items !== undefined || undefinedLength || tag === CHARACTER_SET) return undefined
    if (!isSame(before.header, header, start, valueStart)) return undefined
    changed.push(element)
  }
  return { elements: before.elements, changed }
}

function isSame(one: Buffer, other: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (one[at] !== other[at]) return false
  return true
}

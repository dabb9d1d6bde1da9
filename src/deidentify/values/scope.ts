/** The context for rewriting the elements of one data set. */
import { type Decode, trimPadding } from '../../dicom/text/index.js'
import { type Element, type Encoding } from '../../dicom/elements/index.js'
import type { Subject, TextMode } from '../subject.js'

/**
 * One data set of the source: the top level, or an item. Always created as a literal with the
 * fields in this order: it is used for every element, and V8 is fast only if all objects have the
 * same shape, which copies made by spreading do not.
 */
export interface Scope {
  readonly subject: Subject
  readonly buffer: Buffer
  readonly elements: readonly Element[]
  readonly encoding: Encoding
  readonly decode: Decode
  readonly mode: TextMode
  /** A content item whose values describe the subject. */
  readonly isOfSubject: boolean
  /** `00081140[0].`, or empty at the top level. */
  readonly path: string
}

/** The value of an element as text, without its padding. */
export const textOf = ({ buffer, decode }: Scope, { valueStart, valueEnd }: Element): string =>
  trimPadding(decode(buffer.subarray(valueStart, valueEnd)))

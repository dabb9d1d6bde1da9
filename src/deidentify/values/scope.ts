/** What every element of one data set is rewritten with. */
import { type Decode } from '../../dicom/text/index.js'
import { type Element, type Encoding } from '../../dicom/elements/index.js'
import type { Subject, TextMode } from '../subject.js'

/**
 * One data set of the source: the top level, or an item. Written out wherever one is made, in this
 * order: every element asks, and V8 is quick only where all objects have one shape, which a copy by
 * spreading does not have.
 */
export interface Scope {
  readonly subject: Subject
  readonly buffer: Buffer
  readonly elements: readonly Element[]
  readonly encoding: Encoding
  readonly decode: Decode
  readonly mode: TextMode
  /** A content item whose values say who the subject is. */
  readonly isOfSubject: boolean
  /** `00081140[0].`, or empty at the top. */
  readonly path: string
}

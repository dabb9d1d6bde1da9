/**
 * What an instance was before: the attributes that the profile changed, and the UIDs that it
 * replaced.
 */
import { groupOf, hex, isPrivate } from '../../dicom/dictionary/index.js'
import { EXPLICIT, type Element, type Encoding } from '../../dicom/elements/index.js'
import type { OriginalIdentity } from './original.js'
import type { Pace, Steps } from '../../lib/pace.js'
import { transcode } from '../../dicom/write/index.js'

export interface OriginalElement {
  readonly tag: number
  /** The whole element in explicit VR little endian; text in the character set of its data set. */
  readonly bytes: Buffer
}

export interface WayBack {
  /** What stands for the patient. */
  readonly code: string
  /** What was added to dates; 0 where the profile moved none. */
  readonly shiftSeconds: number
  readonly identity: OriginalIdentity
  /** Specific Character Set (0008,0005) as it stood. */
  readonly characterSet: string
  /** The original and the new one. */
  readonly uids: readonly (readonly [original: string, replacement: string])[]
  /** Top-level elements that were changed or removed, in ascending order. */
  readonly elements: readonly OriginalElement[]
  /** Tags of those that are too large to be kept. */
  readonly omitted: readonly string[]
}

export type Originals = Pick<WayBack, 'elements' | 'omitted'>

/** A report or a table can be long; what identifies a patient is not. */
const MAX_ELEMENT_BYTES = 0x4000
const MAX_BYTES = 0x20000

/**
 * Of the elements that were changed the public ones, sequences whole. UIDs by themselves come back
 * through the pairs. Private elements, overlays, curves and signatures identify nobody in a report
 * that comes back, and stay where they are: with the sender.
 */
export function* collectOriginals(
  changed: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
  pace: Pace,
): Steps<Originals> {
  const kept: OriginalElement[] = []
  const omitted: string[] = []
  let size = 0
  for (const element of changed) {
    if (pace.isDue(2)) yield
    const { tag, vr, start, end } = element
    if (vr === 'UI' || !isIdentifying(tag)) continue
    const bytes =
      end - start <= MAX_ELEMENT_BYTES ? transcode(element, buffer, encoding, EXPLICIT) : undefined
    if (bytes === undefined || size + bytes.length > MAX_BYTES) {
      omitted.push(hex(tag))
      continue
    }
    size += bytes.length
    // A view would hold on to all of the source.
    kept.push({ tag, bytes: bytes.buffer === buffer.buffer ? Buffer.from(bytes) : bytes })
  }
  return { elements: kept, omitted }
}

/** Whether an attribute may say who somebody is: no private one, overlay, curve or signature. */
export function isIdentifying(tag: number): boolean {
  const group = groupOf(tag)
  if (isPrivate(tag) || (tag & 0xffff) === 0) return false
  return group >= 0x0008 && group < 0x5000 && group !== 0x0400
}

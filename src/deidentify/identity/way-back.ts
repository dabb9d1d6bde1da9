/**
 * What an instance contained before: the attributes that the profile changed, and the UIDs that it
 * replaced.
 */
import { groupOf, hex, isPrivate } from '../../dicom/dictionary/index.js'
import { EXPLICIT, type Element, type Encoding } from '../../dicom/elements/index.js'
import type { OriginalIdentity } from './original.js'
import type { Pace, Steps } from '../../lib/pace.js'
import { transcode } from '../../dicom/write/index.js'

export interface OriginalElement {
  readonly tag: number
  /**
   * The whole element in explicit VR little endian; its text is in the character set of its data
   * set.
   */
  readonly bytes: Buffer
}

export interface WayBack {
  /** The code that replaces the patient. */
  readonly code: string
  /** Offset added to dates; 0 if the profile shifted none. */
  readonly shiftSeconds: number
  readonly identity: OriginalIdentity
  /** The original Specific Character Set (0008,0005). */
  readonly characterSet: string
  /** Each original UID with its replacement. */
  readonly uids: readonly (readonly [original: string, replacement: string])[]
  /** Original top-level elements that were changed or removed, in ascending order. */
  readonly elements: readonly OriginalElement[]
  /** Tags of the changed elements that are too large to store. */
  readonly omitted: readonly string[]
}

export type Originals = Pick<WayBack, 'elements' | 'omitted'>

/** Reports and tables can be long, but values that identify a patient are short. */
const MAX_ELEMENT_BYTES = 0x4000
const MAX_BYTES = 0x20000

/**
 * Collects the original public elements that were changed, sequences as a whole. UID elements are
 * left out, because the UID pairs restore them. Private elements, overlays, curves and signatures
 * are left out too: they identify nobody in a returned report, and the sender still has them.
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
    kept.push({ tag, bytes })
  }
  return { elements: copied(kept, size), omitted }
}

/** In memory of their own, all together: views would keep the whole source buffer in memory. */
function copied(elements: readonly OriginalElement[], size: number): readonly OriginalElement[] {
  const all = Buffer.allocUnsafe(size)
  let at = 0
  return elements.map(({ tag, bytes }) => {
    const start = at
    at += bytes.copy(all, start)
    return { tag, bytes: all.subarray(start, at) }
  })
}

/**
 * Whether an attribute could identify somebody: not if it is private, an overlay, a curve or a
 * signature.
 */
export function isIdentifying(tag: number): boolean {
  const group = groupOf(tag)
  if (isPrivate(tag) || (tag & 0xffff) === 0) return false
  return group >= 0x0008 && group < 0x5000 && group !== 0x0400
}

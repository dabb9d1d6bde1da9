/**
 * The standard's own way of restoring original values: Encrypted Attributes Sequence (PS3.3
 * C.12.1.1.4, PS3.15 E.1.1).
 */
import { Budget, readDataset } from '../../dicom/index.js'
import {
  EXPLICIT,
  type Element,
  type Encoding,
  ITEM,
  findElement,
} from '../../dicom/elements/index.js'
import { hex } from '../../dicom/dictionary/index.js'
import type { Pace, Steps } from '../../lib/pace.js'
import type { Subject } from '../subject.js'
import {
  Output,
  encodeElement,
  encodeItemTag,
  encodeText,
  transcode,
} from '../../dicom/write/index.js'
import { isIdentifying } from './way-back.js'

const CHARACTER_SET = 0x00080005
const ENCRYPTED_ATTRIBUTES = 0x04000500
const CONTENT_SYNTAX = 0x04000510
const CONTENT = 0x04000520
const MODIFIED_ATTRIBUTES = 0x04000550
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

/**
 * Room for names, numbers, dates, UIDs and a sentence or two; it is needed in every instance of a
 * study.
 */
const MAX_ELEMENT_BYTES = 0x800
const MAX_BYTES = 0x4000

interface Dataset {
  readonly elements: readonly Element[]
  readonly buffer: Buffer
  readonly encoding: Encoding
}

/**
 * Returns the new data set with `enveloped`, the encrypted original values, added to it.
 *
 * @param clean the data set that was already searched for identifiers. What is added here is not
 *   searched, and nothing else is added.
 */
export function* addEncryptedAttributes(
  clean: Dataset,
  enveloped: Buffer,
  { pace, report }: Pick<Subject, 'pace' | 'report'>,
): Steps<{ header: Buffer; again: readonly Element[] }> {
  const { encoding } = clean
  // DER states its own length, so the byte that pads an OB to an even length (PS3.5 section 6.2) is
  // ignored.
  const isEven = enveloped.length % 2 === 0
  const even = isEven ? enveloped : Buffer.concat([enveloped, Buffer.alloc(1)])
  const item = Buffer.concat([
    encodeElement(CONTENT_SYNTAX, 'UI', encodeText(EXPLICIT_VR_LITTLE_ENDIAN, 'UI'), encoding),
    encodeElement(CONTENT, 'OB', even, encoding),
  ])
  const after = clean.elements.find(({ tag }) => tag > ENCRYPTED_ATTRIBUTES)
  const at = after?.start ?? clean.buffer.length
  const output = new Output()
  output.add(clean.buffer, 0, at)
  output.add(sequence(ENCRYPTED_ATTRIBUTES, item, encoding))
  output.add(clean.buffer, at)
  report.push({ path: hex(ENCRYPTED_ATTRIBUTES), action: 'added', reason: 'E.1.1' })
  const header = yield* output.toBuffer(pace)
  return { header, again: yield* readDataset(header, encoding, new Budget(pace)) }
}

/**
 * The Encrypted Attributes Data Set (PS3.3 Table C.12-7) with the original values: one sequence
 * with one item.
 */
export function* modifiedAttributes(
  { elements, buffer, encoding }: Dataset,
  changed: readonly Element[],
  pace: Pace,
): Steps<Buffer> {
  // Needed to read the text, because the content is a data set of its own.
  const characterSet = findElement(elements, CHARACTER_SET)
  const wanted = changed.filter(({ tag }) => isIdentifying(tag) && tag !== CHARACTER_SET)
  const kept: { readonly tag: number; readonly bytes: Buffer }[] = []
  let size = 0
  for (const element of characterSet ? [characterSet, ...wanted] : wanted) {
    if (pace.isDue(2)) yield
    const { tag, start, end } = element
    if (end - start > MAX_ELEMENT_BYTES) continue
    const bytes = transcode(element, buffer, encoding, EXPLICIT)
    if (bytes === undefined || size + bytes.length > MAX_BYTES) continue
    size += bytes.length
    kept.push({ tag, bytes })
  }
  kept.sort((a, b) => a.tag - b.tag)
  return sequence(MODIFIED_ATTRIBUTES, Buffer.concat(kept.map(({ bytes }) => bytes)), EXPLICIT)
}

function sequence(tag: number, item: Buffer, encoding: Encoding): Buffer {
  const content = Buffer.concat([encodeItemTag(ITEM, item.length, encoding), item])
  return encodeElement(tag, 'SQ', content, encoding)
}

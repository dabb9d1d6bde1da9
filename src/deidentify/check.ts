/** The output header read again: by our walker for identifiers, and by dcmjs for a second opinion on its structure. */
import dcmjs, { type DicomElement } from 'dcmjs'
import { NocturneError } from '../lib/errors.js'
import { decodeDefault, type Decode } from './charset.js'
import { fold } from './clean.js'
import { hex, vrOf } from './dictionary.js'
import { EXPLICIT_BIG, type Element, type Encoding, type Item } from './element.js'
import { isWritten, type Identifiers } from './identifiers.js'
import { encodeStart, MARK_TAGS } from './marks.js'
import { decodeOf } from './rewrite.js'
import { addItem, addSequence, Output } from './write.js'

// It writes what it thinks of values, and the values, to the console.
dcmjs.log.setLevel('silent')
dcmjs.log.getLogger('validation.dcmjs').setLevel('silent')

const SPECIFIC_CHARACTER_SET = 0x00080005
/** Ours at the top level: the patient's code and what marks.ts wrote. */
const WRITTEN_BY_US: ReadonlySet<number> = new Set([...MARK_TAGS, 0x00100010, 0x00100020])
const SEARCHED_AS_BYTES: ReadonlySet<string> = new Set('OB OW UN OF OL'.split(' '))

/** @throws NocturneError `identifier_left` when a value of the new data set holds an identifier of the source. */
export function expectNoIdentifier(
  elements: readonly Element[],
  buffer: Buffer,
  identifiers: Identifiers,
  isTop = true,
  outer: Decode = decodeDefault,
): void {
  const decode = decodeOf(elements, buffer) ?? outer
  for (const element of elements) {
    if (isTop && WRITTEN_BY_US.has(element.tag)) continue
    element.items?.forEach((item) =>
      expectNoIdentifier(item.elements, buffer, identifiers, false, decode),
    )
    if (element.items || element.valueEnd === element.valueStart) continue
    const vr = vrOf(element.tag) ?? element.vr
    const value = buffer.subarray(element.valueStart, element.valueEnd)
    const isText = isWritten(vr) || isWritten(element.vr)
    if (isText && identifiers.isInText(fold(decode(value))))
      throw new NocturneError('identifier_left')
    if ((isText || SEARCHED_AS_BYTES.has(element.vr)) && identifiers.isInBytes(value))
      throw new NocturneError('identifier_left')
  }
}

type ParsedDataset = Readonly<Record<string, DicomElement>>

/**
 * dcmjs must see the same elements, VRs and items that we do.
 *
 * It reads a copy that is framed for it: Specific Character Set is left out (it refuses several sets, and no text is
 * compared), so are sequences written as UN (it reads them with the wrong VRs), lengths are defined (it looks for
 * delimiters inside values otherwise) and nothing is deflated. What is left out here is still walked and searched.
 *
 * @throws NocturneError `output_disagrees`
 */
export function expectAgreement(
  elements: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
): void {
  const syntax =
    encoding === EXPLICIT_BIG
      ? '1.2.840.10008.1.2.2'
      : encoding.explicit
        ? '1.2.840.10008.1.2.1'
        : '1.2.840.10008.1.2'
  const copy = new Output()
  copy.add(encodeStart('1.2', '1.2', syntax))
  frame(elements, buffer, encoding, copy)
  const bytes = copy.toBuffer()
  let parsed: ParsedDataset
  try {
    // dcmjs reads an ArrayBuffer from its start, and `bytes` may lie inside a shared one.
    const whole = new ArrayBuffer(bytes.length)
    bytes.copy(Buffer.from(whole))
    parsed = dcmjs.data.DicomMessage.readFile(whole).dict
  } catch (error) {
    throw new NocturneError('output_disagrees', { cause: error })
  }
  if (!agrees(elements, parsed, encoding)) throw new NocturneError('output_disagrees')
}

const isLeftOut = ({ tag, vr, items }: Element): boolean =>
  tag === SPECIFIC_CHARACTER_SET || (vr === 'UN' && items !== undefined)

function frame(
  elements: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
  copy: Output,
): void {
  for (const element of elements) {
    if (isLeftOut(element)) continue
    const { tag, vr, items, start, end } = element
    if (!items) {
      copy.add(buffer, start, end)
      continue
    }
    const content = new Output()
    for (const item of items) {
      const inside = new Output()
      frame(item.elements, buffer, item.encoding, inside)
      addItem(content, inside, item.encoding, false)
    }
    addSequence(copy, tag, vr, content, encoding, encoding, false)
  }
}

function agrees(
  elements: readonly Element[],
  parsed: ParsedDataset,
  { explicit }: Encoding,
): boolean {
  const seen = elements.filter((element) => !isLeftOut(element))
  if (Object.keys(parsed).length !== seen.length) return false
  return seen.every(({ tag, vr, items, valueStart, valueEnd }) => {
    const other = parsed[hex(tag)]
    if (other === undefined) return false
    if (items) return sameItems(items, other, explicit)
    if (other.vr === 'SQ') return valueStart === valueEnd
    // Under implicit VR, and for UN, each has the VR from a dictionary of its own.
    return !explicit || vr === 'UN' || other.vr === vr
  })
}

function sameItems(items: readonly Item[], other: DicomElement, explicit: boolean): boolean {
  // A sequence that the other dictionary does not know is opaque to it under implicit VR.
  if (other.vr !== 'SQ') return !explicit && other.vr === 'UN'
  const values = other.Value ?? []
  if (values.length !== items.length) return false
  return items.every((item, index) =>
    agrees(item.elements, values[index] as ParsedDataset, item.encoding),
  )
}

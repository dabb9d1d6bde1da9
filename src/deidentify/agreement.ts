/** Re-reads the new header with dcmjs, as an independent check of its structure. */
import { hash } from 'node:crypto'
import dcmjs, { type DicomElement } from 'dcmjs'
import { NocturneError } from '../lib/errors.js'
import { hex, numberOfVr } from '../dicom/dictionary/index.js'
import { EXPLICIT_BIG, type Element, type Encoding, type Item } from '../dicom/elements/index.js'
import { Output, encodeStart } from '../dicom/write/index.js'
import { PIECE, frame, isLeftOut, pieces, shapeOf } from './pieces.js'
import type { Pace, Steps } from '../lib/pace.js'

// By default it logs complaints about values, including the values, to the console.
dcmjs.log.setLevel('silent')
dcmjs.log.getLogger('validation.dcmjs').setLevel('silent')

type ParsedDataset = Readonly<Record<string, DicomElement>>

/**
 * Checks that dcmjs sees the same elements, VRs and items as our own reader.
 *
 * It reads a copy, piece by piece, because it is slow and misreads some valid data. Not shown to it
 * are: Specific Character Set (it refuses several sets, and no text is compared), sequences written
 * as UN (it reads them with the wrong VRs), OL, OV and SV (it reads their lengths as those of short
 * VRs), two sequences that its dictionary lists as numbers and text, and values too large to be
 * read in one step. Sequences of undefined length are given a defined one, because it would look
 * for the delimiter inside values; so it relies on us for their extent, and for nothing else.
 * Nothing is deflated. Whatever dcmjs does not see is still walked and searched by our own reader.
 *
 * @throws NocturneError `output_disagrees`
 */
export function* expectAgreement(
  elements: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
  pace: Pace,
): Steps<void> {
  const syntax =
    encoding === EXPLICIT_BIG
      ? '1.2.840.10008.1.2.2'
      : encoding.explicit
        ? '1.2.840.10008.1.2.1'
        : '1.2.840.10008.1.2'
  const unseen = elements.filter((element) => !isAgreed(element, encoding))
  if (unseen.length === 0) return
  for (const piece of pieces(unseen)) {
    const shape = keyOf(syntax + shapeOf(piece))
    if (agreedShapes.has(shape)) continue
    const copy = new Output()
    copy.add(encodeStart('1.2', '1.2', syntax))
    frame(piece, buffer, encoding, copy)
    const bytes = yield* copy.toBuffer(pace)
    if (!agrees(piece, parse(bytes), encoding)) throw new NocturneError('output_disagrees')
    if (agreedShapes.size >= SHAPES) agreedShapes.clear()
    agreedShapes.add(shape)
    if (pace.isDue(PIECE)) yield
  }
  for (const element of unseen) rememberAgreed(element, encoding)
}

/** Longer shapes are kept as a hash, to bound memory. */
const LONG_SHAPE = 512
const keyOf = (shape: string): string =>
  shape.length > LONG_SHAPE ? hash('sha256', shape, 'base64') : shape

/**
 * Shapes on which both readers have agreed. How dcmjs reads an element depends only on its tag, VR,
 * length and nesting, and instances have nearly all of these in common. It is therefore shown only
 * elements and sequences of a new shape.
 */
const agreedElements = new Map<number, Set<number>>()
const agreedShapes = new Set<string>()
const SHAPES = 5_000
let agreedCount = 0
const ELEMENTS = 20_000

function isAgreed(element: Element, encoding: Encoding): boolean {
  return (
    element.items === undefined &&
    agreedElements.get(element.tag)?.has(formOf(element, encoding)) === true
  )
}

function rememberAgreed(element: Element, encoding: Encoding): void {
  if (element.items !== undefined) return
  if (++agreedCount > ELEMENTS) {
    agreedElements.clear()
    agreedCount = 1
  }
  const known = agreedElements.get(element.tag) ?? new Set<number>()
  agreedElements.set(element.tag, known.add(formOf(element, encoding)))
}

/**
 * Length, VR and encoding as one number. For elements shorter than 2 MiB it is a small integer,
 * which V8 looks up faster.
 */
const formOf = (
  { vr, start, end, undefinedLength }: Element,
  { explicit, bigEndian }: Encoding,
): number =>
  ((end - start) * 2 + (undefinedLength ? 1 : 0)) * 0x100 +
  ((numberOfVr(vr) << 2) | (explicit ? 2 : 0) | (bigEndian ? 1 : 0))

function parse(bytes: Buffer): ParsedDataset {
  try {
    // dcmjs reads an ArrayBuffer from its start, but `bytes` may be part of a shared one.
    const whole = new ArrayBuffer(bytes.length)
    bytes.copy(Buffer.from(whole))
    return dcmjs.data.DicomMessage.readFile(whole).dict
  } catch (error) {
    throw new NocturneError('output_disagrees', { cause: error })
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
    // Under implicit VR, and for UN, each reader takes the VR from its own dictionary.
    return !explicit || vr === 'UN' || other.vr === vr
  })
}

function sameItems(items: readonly Item[], other: DicomElement, explicit: boolean): boolean {
  // Under implicit VR, dcmjs cannot look into a sequence that its dictionary does not list.
  if (other.vr !== 'SQ') return !explicit && other.vr === 'UN'
  // dcmjs skips items without elements, so neither side counts them.
  const full = items.filter(({ elements }) => elements.some((element) => !isLeftOut(element)))
  const values = (other.Value ?? []) as readonly ParsedDataset[]
  const seen = values.filter((value) => Object.keys(value).length > 0)
  if (seen.length !== full.length) return false
  return full.every(({ elements, encoding }, index) => {
    const value = seen[index]
    return value !== undefined && agrees(elements, value, encoding)
  })
}

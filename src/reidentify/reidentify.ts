/**
 * Restores identity on the facility's machine. A pseudonymized instance, whether it was sent or is
 * a report about what was sent, gets back the original patient, UIDs and dates. What does not
 * change is copied byte for byte.
 */
import type { ReceivedInstance } from '../receive/index.js'
import {
  Budget,
  Reader,
  type RawDeflate,
  type Start,
  type Stretch,
  inflated,
  readHead,
  readStart,
} from '../dicom/index.js'
import { readerOf } from '../dicom/elements/index.js'
import { Pace } from '../lib/pace.js'
import type { Element } from '../dicom/elements/index.js'
import { encodeStart } from '../dicom/write/index.js'
import {
  CHARACTER_SET,
  UNICODE,
  elementOf,
  encodeText,
  isUid,
  placeElement,
  putBackAll,
  splitUids,
  textOf,
  type Back,
} from './put-back.js'
import type { FormerIdentity } from './former.js'

/** The identifiers in an instance that a crosswalk may contain. */
export interface Pseudonyms {
  readonly study: string
  readonly instance: string
  /** Patient ID (0010,0020). */
  readonly code: string
  /** Every UID in the header, at any depth. */
  readonly uids: ReadonlySet<string>
}

export interface ReidentifyOptions {
  /** Maximum size of the header in bytes. */
  readonly headerBytes: number
  /** Inflates data sets in Deflated Explicit VR Little Endian. */
  readonly rawDeflate: RawDeflate
}

const LOOK_AHEAD = 0x11000

/**
 * @throws NocturneError when the bytes are not valid DICOM
 */
export async function readPseudonyms(
  instance: ReceivedInstance,
  options: ReidentifyOptions,
): Promise<Pseudonyms> {
  const { reader, head, close } = await open(instance, options)
  const read = readerOf(head.elements, reader.buffer)
  const uids = new Set<string>()
  for (const uid of uidsOf(head.elements, reader.buffer)) uids.add(uid)
  await close()
  return { study: read(0x0020000d), instance: read(0x00080018), code: read(0x00100020), uids }
}

/**
 * @throws NocturneError when the bytes are not valid DICOM; iterating may throw it too
 */
export async function* reidentify(
  instance: ReceivedInstance,
  former: FormerIdentity,
  options: ReidentifyOptions,
): AsyncGenerator<Buffer, void> {
  const { start, reader, head, close } = await open(instance, options)
  const { encoding } = start.syntax
  const elements = former.elements.map(elementOf)
  const text = textOf(head.elements, reader.buffer, elements)
  const back: Back = { former, encoding, text }
  const placed = new Map(elements.map((one) => [one.element.tag, placeElement(one, back)]))
  if (text.isUnicode) placed.set(CHARACTER_SET, encodeText(CHARACTER_SET, 'CS', UNICODE, encoding))
  if (!placed.has(0x00120062)) placed.set(0x00120062, encodeText(0x00120062, 'CS', 'NO', encoding))
  const header = putBackAll({ ...back, elements: head.elements, buffer: reader.buffer, placed })
  const read = readerOf(head.elements, reader.buffer)
  const [sopClass, sopInstance] = [read(0x00080016), read(0x00080018)]
  const meta = encodeStart(sopClass, former.uids.get(sopInstance) ?? sopInstance, start.syntax.uid)
  reader.forget(head.end)
  const dataset = (async function* () {
    yield header
    yield* reader.rest()
  })()
  yield meta
  yield* start.syntax.isDeflated ? options.rawDeflate.deflate(dataset) : dataset
  await close()
}

interface Opened {
  readonly start: Start
  readonly reader: Reader
  readonly head: Stretch
  readonly close: () => Promise<void>
}

async function open(
  instance: ReceivedInstance,
  { headerBytes, rawDeflate }: ReidentifyOptions,
): Promise<Opened> {
  const outer = new Reader(instance.bytes, headerBytes + LOOK_AHEAD)
  const start = await readStart(outer)
  const { encoding, isDeflated } = start.syntax
  const budget = new Budget(new Pace())
  const headOf = async (reader: Reader, at: number, close: Opened['close']): Promise<Opened> => ({
    start,
    reader,
    head: await readHead({ reader, encoding, limit: at + headerBytes, budget }, at),
    close,
  })
  if (!isDeflated) {
    const close = async () => {
      const rest = outer.rest()
      while ((await rest.next()).done !== true);
    }
    return headOf(outer, start.end, close)
  }
  outer.forget(start.end)
  const source = inflated(outer.rest(), rawDeflate)
  const inner = new Reader(source.bytes, headerBytes + LOOK_AHEAD)
  return headOf(inner, 0, async () => {
    await source.bytes.return()
  })
}

function* uidsOf(elements: readonly Element[], buffer: Buffer): Generator<string> {
  for (const element of elements) {
    for (const item of element.items ?? []) yield* uidsOf(item.elements, buffer)
    if (isUid(element)) yield* splitUids(element, buffer)
  }
}

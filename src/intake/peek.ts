/**
 * Reads what an instance says about itself before anything else happens to it: the study it belongs
 * to, and the attributes that rules look at. Reads as little as possible, and hands every octet on.
 */
import {
  Budget,
  Incomplete,
  Reader,
  inflated,
  readElement,
  readHeader,
  readStart,
} from '../dicom/index.js'
import { UNDEFINED_LENGTH } from '../dicom/elements/index.js'
import type { Header } from '../dicom/index.js'
import type { Encoding } from '../dicom/elements/index.js'
import { Pace } from '../lib/pace.js'
import { rawDeflate } from '../lib/raw-deflate.js'

/**
 * Some of these values identify the patient; they are kept in memory only while the decision is
 * made.
 */
export interface InstanceSigns {
  readonly sopClassUID: string | undefined
  readonly sopInstanceUID: string | undefined
  readonly studyInstanceUID: string | undefined
  readonly modality: string | undefined
  readonly stationName: string | undefined
  readonly bodyPart: string | undefined
  readonly studyDescription: string | undefined
  readonly studyDate: string | undefined
  readonly patientId: string | undefined
  readonly patientBirthDate: string | undefined
}

const TAGS: Readonly<Record<keyof InstanceSigns, number>> = {
  sopClassUID: 0x00080016,
  sopInstanceUID: 0x00080018,
  studyDate: 0x00080020,
  modality: 0x00080060,
  stationName: 0x00081010,
  studyDescription: 0x00081030,
  patientId: 0x00100020,
  patientBirthDate: 0x00100030,
  bodyPart: 0x00180015,
  studyInstanceUID: 0x0020000d,
}
const BY_TAG = new Map(Object.entries(TAGS).map(([name, tag]) => [tag, name]))
const LAST_TAG = Math.max(...Object.values(TAGS))

/**
 * Study Instance UID is within the first few kilobytes, after the patient; but sequences before it
 * may be long.
 */
const MAX_PEEK = 1 << 20
/** None of these values is longer in a file that conforms to PS3.5. */
const MAX_VALUE = 128

/**
 * Never throws because of what the file contains: unreadable values are undefined, and the file is
 * judged later, when all of it is read.
 *
 * @returns the signs, and the same octets from the first one.
 */
export async function peek(
  bytes: AsyncIterable<Buffer>,
): Promise<{ readonly signs: InstanceSigns; readonly bytes: AsyncIterable<Buffer> }> {
  const source = new Recording(bytes)
  const signs = await read(new Reader(source.record(), MAX_PEEK)).catch(() => NOTHING)
  return { signs, bytes: source.again() }
}

/** A stream whose beginning is read twice. */
class Recording {
  readonly #source: AsyncIterator<Buffer>
  readonly #taken: Buffer[] = []
  #pulling: Promise<IteratorResult<Buffer, unknown>> | undefined
  #isOver = false

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#source = bytes[Symbol.asyncIterator]()
  }

  async *record(): AsyncGenerator<Buffer, void> {
    while (!this.#isOver) {
      this.#pulling = this.#source.next()
      const next = await this.#pulling
      if (next.done === true) return
      this.#taken.push(next.value)
      yield next.value
    }
  }

  async *again(): AsyncGenerator<Buffer, void> {
    this.#isOver = true
    // An abandoned inflater may still be waiting for a chunk. That chunk is needed here, and if
    // reading it fails, so does this.
    await this.#pulling
    for (let chunk = this.#taken.shift(); chunk; chunk = this.#taken.shift()) yield chunk
    for (
      let next = await this.#source.next();
      next.done !== true;
      next = await this.#source.next()
    ) {
      yield next.value
    }
  }
}

const NOTHING: InstanceSigns = {
  sopClassUID: undefined,
  sopInstanceUID: undefined,
  studyInstanceUID: undefined,
  modality: undefined,
  stationName: undefined,
  bodyPart: undefined,
  studyDescription: undefined,
  studyDate: undefined,
  patientId: undefined,
  patientBirthDate: undefined,
}

async function read(outer: Reader): Promise<InstanceSigns> {
  const start = await readStart(outer)
  const { encoding, isDeflated } = start.syntax
  if (!isDeflated) return signsOf(outer, start.end, encoding)
  outer.forget(start.end)
  const source = inflated(outer.rest(), rawDeflate)
  try {
    return await signsOf(new Reader(source.bytes, MAX_PEEK), 0, encoding)
  } finally {
    await source.bytes.return()
  }
}

async function signsOf(reader: Reader, start: number, encoding: Encoding): Promise<InstanceSigns> {
  const found: Record<string, string> = {}
  const budget = new Budget(new Pace())
  for (let at = start; ;) {
    await reader.fill(at + 12)
    // The data set ends without naming a study.
    if (reader.filled < at + 8) break
    const header = readHeader(reader.buffer, at, reader.filled, false, encoding)
    if (header.tag > LAST_TAG) break
    const name = BY_TAG.get(header.tag)
    if (name !== undefined && header.length <= MAX_VALUE) {
      found[name] = await textOf(reader, header)
    }
    at =
      header.length === UNDEFINED_LENGTH
        ? await endOf(reader, at, encoding, budget)
        : header.valueStart + header.length
  }
  return { ...NOTHING, ...found }
}

async function textOf(reader: Reader, { valueStart, length }: Header): Promise<string> {
  await reader.fill(valueStart + length)
  const value = reader.buffer.subarray(valueStart, valueStart + length)
  return value
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim()
}

/** The end of an element of undefined length; retried when the buffer has doubled. */
async function endOf(
  reader: Reader,
  at: number,
  encoding: Encoding,
  budget: Budget,
): Promise<number> {
  for (;;) {
    const before = reader.filled
    try {
      const element = await budget.pace.run(
        readElement(reader.buffer, at, reader.filled, encoding, { budget }),
      )
      return element.end
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error
      await reader.fill(Math.min(MAX_PEEK, Math.max(error.until, 2 * before)))
      if (reader.filled === before) throw error
    }
  }
}

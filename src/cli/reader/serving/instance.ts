/** One opened instance: its header as JSON, its bulk data and its frames, as they are requested. */
import { Budget, Reader, inflated, readHead, readStart } from '../../../dicom/index.js'
import type { Start, Stretch } from '../../../dicom/index.js'
import { hex } from '../../../dicom/dictionary/index.js'
import { UNDEFINED_LENGTH } from '../../../dicom/elements/index.js'
import type { Encoding } from '../../../dicom/elements/index.js'
import { toJson } from '../../../dicom/json/index.js'
import type { JsonModel } from '../../../dicom/json/index.js'
import { Pace } from '../../../lib/pace.js'
import { rawDeflate } from '../../../lib/raw-deflate.js'

/** The octets of the file from `start` up to `end`; may be called any number of times. */
export type ReadFile = (start?: number, end?: number) => AsyncGenerator<Buffer>

/** A header of an enhanced multi-frame instance has a few megabytes. */
const MAX_HEADER = 64 * 1024 * 1024

export interface Head extends Stretch {
  readonly reader: Reader
  readonly encoding: Encoding
  readonly start: Start
  /** Must be called when nothing more is read. */
  close(): Promise<void>
}

/**
 * Reads up to Pixel Data.
 *
 * @throws NocturneError of the walker
 */
export async function headOf(read: ReadFile): Promise<Head> {
  const bytes = read()
  const close = async () => {
    await bytes.return(undefined)
  }
  try {
    const outer = new Reader(bytes, MAX_HEADER)
    const start = await readStart(outer)
    const { encoding, isDeflated } = start.syntax
    let reader = outer
    if (isDeflated) {
      outer.forget(start.end)
      reader = new Reader(inflated(outer.rest(), rawDeflate).bytes, MAX_HEADER)
    }
    const reading = { reader, encoding, limit: MAX_HEADER, budget: new Budget(new Pace()) }
    const stretch = await readHead(reading, isDeflated ? 0 : start.end)
    return { ...stretch, reader, encoding, start, close }
  } catch (error) {
    await close()
    throw error
  }
}

const PIXEL_DATA = '7FE00010'
/** Available Transfer Syntax UID: clients choose by it how to ask for frames. */
const AVAILABLE_SYNTAX = '00083002'

/** @param url of the instance; bulk data is below it */
export async function metadataOf(read: ReadFile, url: string): Promise<JsonModel> {
  const head = await headOf(read)
  const { elements, reader, encoding, pixels, start } = head
  try {
    const bulkAt = (tag: string) => `${url}/bulkdata/${tag}`
    const json = toJson({ elements, buffer: reader.buffer, encoding }, bulkAt)
    json[AVAILABLE_SYNTAX] = { vr: 'UI', Value: [start.syntax.uid] }
    if (pixels) json[PIXEL_DATA] = { vr: pixels.vr, BulkDataURI: bulkAt(PIXEL_DATA) }
    return json
  } finally {
    await head.close()
  }
}

/**
 * The value of one element of the top level, in pieces. Undefined when there is none, or it
 * consists of items or fragments.
 */
export async function bulkOf(
  read: ReadFile,
  tag: string,
): Promise<AsyncIterable<Buffer> | undefined> {
  const head = await headOf(read)
  const { elements, reader, pixels, end } = head
  if (tag === PIXEL_DATA && pixels && pixels.length !== UNDEFINED_LENGTH) {
    reader.forget(end + pixels.valueStart)
    return closing(head, reader.take(pixels.length))
  }
  await head.close()
  const found = elements.find((one) => hex(one.tag).toUpperCase() === tag)
  if (!found || found.items || found.fragments) return undefined
  return piecesOf(reader.buffer.subarray(found.valueStart, found.valueEnd))
}

export async function* closing(head: Head, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } finally {
    await head.close()
  }
}

async function* piecesOf(whole: Buffer): AsyncGenerator<Buffer> {
  await Promise.resolve()
  yield whole
}

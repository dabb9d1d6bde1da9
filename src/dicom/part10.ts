/**
 * The start of a file (PS3.10 section 7.1): preamble and group 0002. Also reads files that lack
 * either or both.
 */
import { NocturneError } from '../lib/errors.js'
import { trimPadding } from './text/charset.js'
import { EXPLICIT, type Encoding, IMPLICIT, vrNamed } from './elements/element.js'
import type { Reader } from './reader.js'
import { type Syntax, sniff, syntaxOf } from './syntax.js'
import { readHeader } from './element-header.js'
import { Incomplete } from './fault.js'

export interface Start {
  readonly syntax: Syntax
  /** Offset where the data set begins. */
  readonly end: number
  /** Media Storage SOP Class UID, if the file states it. */
  readonly sopClassUID: string | undefined
}

const MAX_META_BYTES = 0x10000

/**
 * Reads group 0002 element by element and ignores its group length, which is often missing or
 * wrong.
 *
 * @throws NocturneError `empty_file`, `not_dicom`, `malformed`, `truncated`, `unsupported_syntax`
 */
export async function readStart(reader: Reader): Promise<Start> {
  if (reader.filled < 144) await reader.fill(144)
  if (reader.filled === 0) throw new NocturneError('empty_file')
  const at = metaStart(reader.buffer.subarray(0, reader.filled))
  const meta = await readMeta(reader, at)
  if (reader.filled < meta.end + 8) await reader.fill(meta.end + 8)
  const syntax = meta.syntax ?? sniff(reader.buffer.subarray(meta.end, reader.filled))
  return { syntax, end: meta.end, sopClassUID: meta.sopClassUID }
}

/** Offset after the preamble; if the preamble is missing, offset of the prefix or of group 0002. */
function metaStart(start: Buffer): number {
  if (start.toString('latin1', 128, 132) === 'DICM') return 132
  if (start.toString('latin1', 0, 4) === 'DICM') return 4
  return 0
}

async function readMeta(reader: Reader, start: number) {
  let syntax: Syntax | undefined
  let sopClassUID: string | undefined
  let at = start
  for (let encoding: Encoding | undefined; ;) {
    if (reader.filled < at + 12) await reader.fill(at + 12)
    const left = reader.filled - at
    if (left < 8 || reader.buffer.readUInt16LE(at) !== 0x0002) break
    encoding ??= vrNamed(reader.buffer.readUInt16BE(at + 4)) ? EXPLICIT : IMPLICIT
    const header = headerAt(reader, at, encoding)
    const end = header.valueStart + header.length
    if (end - start > MAX_META_BYTES)
      throw new NocturneError('malformed', { place: { rule: META_RULE, offset: at } })
    if (reader.filled < end) await reader.fill(end)
    if (reader.filled < end) throw truncatedAt(at)
    const { tag, valueStart } = header
    if (tag === 0x00020002) sopClassUID = uidText(reader.buffer, valueStart, end)
    if (tag === 0x00020010 && header.length > 0)
      syntax = syntaxOf(uidText(reader.buffer, valueStart, end))
    at = end
  }
  return { syntax, sopClassUID, end: at }
}

function headerAt(reader: Reader, at: number, encoding: Encoding) {
  try {
    return readHeader(reader.buffer, at, reader.filled, true, encoding)
  } catch (error) {
    throw error instanceof Incomplete ? truncatedAt(at) : error
  }
}

const META_RULE = 'group 0002 is larger than any genuine one (PS3.10 section 7.1)'

const truncatedAt = (offset: number): NocturneError => {
  const rule = 'the file ends inside group 0002 (PS3.10 section 7.1)'
  return new NocturneError('truncated', { place: { rule, offset } })
}

const uidText = (buffer: Buffer, start: number, end: number): string =>
  trimPadding(buffer.toString('latin1', start, end))

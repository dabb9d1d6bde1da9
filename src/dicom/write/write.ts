/** Output bytes: unchanged runs of the source, and newly encoded elements (PS3.5 section 7.1). */
import {
  type Encoding,
  ITEM,
  ITEM_END,
  LONG_VRS,
  SEQUENCE_END,
  UNDEFINED_LENGTH,
} from '../elements/element.js'
import type { Pace, Steps } from '../../lib/pace.js'

interface Range {
  readonly buffer: Buffer
  readonly start: number
  end: number
}

/**
 * Up to this size bytes are copied together: a separate range would use more memory than the bytes.
 */
const SMALL = 1024
/** So many small ranges are kept all the same: copying twice would take longer. */
const FEW = 64
const FIRST_SLAB = 128
const LARGEST_SLAB = 0x10000

/**
 * Ranges in order, including those of nested outputs. Ranges that touch in the same buffer are
 * merged.
 */
export class Output {
  readonly #parts: (Range | Output)[] = []
  /** The range added last. It is extended when the next range directly follows it. */
  #run: Range | undefined
  #slab: Buffer | undefined
  #used = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  add(buffer: Buffer, start = 0, end: number = buffer.length): void {
    if (end <= start) return
    this.#length += end - start
    if (this.#run?.buffer === buffer && this.#run.end === start) {
      this.#run.end = end
      return
    }
    this.#close()
    this.#run = { buffer, start, end }
  }

  /** `other` must not change afterwards. */
  addAll(other: Output): void {
    if (other.length > SMALL) {
      this.#close()
      this.#length += other.length
      this.#parts.push(other)
    } else {
      for (const { buffer, start, end } of other.#ranges()) this.add(buffer, start, end)
    }
  }

  toBuffer(pace: Pace): Steps<Buffer> {
    return joined(this.#length, this.#ranges(), pace)
  }

  #close(): void {
    const run = this.#run
    this.#run = undefined
    if (run === undefined) return
    if (run.end - run.start > SMALL || this.#parts.length < FEW) this.#parts.push(run)
    else this.#copy(run)
  }

  #copy({ buffer, start, end }: Range): void {
    const size = end - start
    if (!this.#slab || this.#used + size > this.#slab.length) {
      const wanted = this.#slab ? Math.min(2 * this.#slab.length, LARGEST_SLAB) : FIRST_SLAB
      this.#slab = Buffer.allocUnsafe(Math.max(wanted, size))
      this.#used = 0
    }
    const at = this.#used
    copy(buffer, start, end, this.#slab, at)
    this.#used += size
    const last = this.#parts.at(-1)
    if (!(last instanceof Output) && last?.buffer === this.#slab && last.end === at)
      last.end = this.#used
    else this.#parts.push({ buffer: this.#slab, start: at, end: this.#used })
  }

  *#ranges(): Generator<Range, void> {
    this.#close()
    for (const part of this.#parts) {
      if (part instanceof Output) yield* part.#ranges()
      else yield part
    }
  }
}

function* joined(length: number, ranges: Iterable<Range>, pace: Pace): Steps<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const { buffer, start, end } of ranges) {
    copy(buffer, start, end, bytes, at)
    at += end - start
    if (pace.isDue()) yield
  }
  return bytes
}

/** Up to this size a loop copies faster than a call to native code. */
const FEW_BYTES = 32

function copy(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  if (end - start > FEW_BYTES) from.copy(to, at, start, end)
  else for (let index = start; index < end; index++) to[at + index - start] = from[index] ?? 0
}

/** Tag, VR and length. For a short VR, `length` must fit in 16 bits. */
export const encodeHeader = (tag: number, vr: string, length: number, encoding: Encoding): Buffer =>
  withHeader(tag, vr, length, encoding, 0)

/** The header, followed by `space` bytes to be filled in. */
function withHeader(
  tag: number,
  vr: string,
  length: number,
  { explicit, bigEndian }: Encoding,
  space: number,
): Buffer {
  const isLong = explicit && LONG_VRS.has(vr)
  const bytes = Buffer.allocUnsafe((isLong ? 12 : 8) + space)
  writeTag(bytes, tag, bigEndian)
  if (explicit) {
    bytes.writeUInt8(vr.charCodeAt(0), 4)
    bytes.writeUInt8(vr.charCodeAt(1), 5)
    if (isLong) bytes.writeUInt16LE(0, 6)
  }
  if (!explicit || isLong) writeLength(bytes, length, isLong ? 8 : 4, bigEndian)
  else if (bigEndian) bytes.writeUInt16BE(length, 6)
  else bytes.writeUInt16LE(length, 6)
  return bytes
}

/** An element. The length of its value must be even. */
export function encodeElement(tag: number, vr: string, value: Buffer, encoding: Encoding): Buffer {
  const bytes = withHeader(tag, vr, value.length, encoding, value.length)
  copy(value, 0, value.length, bytes, bytes.length - value.length)
  return bytes
}

/**
 * `text` in ASCII, padded to an even length with NUL for UI and with space for all others (PS3.5
 * section 6.2).
 */
export function encodeText(text: string, vr: string): Buffer {
  const padded = text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' ')
  return Buffer.from(padded, 'latin1')
}

/** An item header or a delimiter: a tag and a length, without a VR in any encoding. */
export function encodeItemTag(
  tag: typeof ITEM | typeof ITEM_END | typeof SEQUENCE_END,
  length: number,
  { bigEndian }: Encoding,
): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  writeTag(bytes, tag, bigEndian)
  writeLength(bytes, length, 4, bigEndian)
  return bytes
}

/** Writes an item around `content`, with a defined or undefined length like the original. */
export function addItem(
  output: Output,
  content: Output,
  encoding: Encoding,
  undefinedLength: boolean,
): void {
  const length = undefinedLength ? UNDEFINED_LENGTH : content.length
  output.add(encodeItemTag(ITEM, length, encoding))
  output.addAll(content)
  if (undefinedLength) output.add(encodeItemTag(ITEM_END, 0, encoding))
}

export interface SequenceForm {
  readonly tag: number
  readonly vr: string
  readonly undefinedLength: boolean
}

/**
 * Writes a sequence around items. `itemEncoding` differs from `encoding` in a sequence written as
 * UN.
 */
export function addSequence(
  output: Output,
  { tag, vr, undefinedLength }: SequenceForm,
  items: Output,
  encoding: Encoding,
  itemEncoding: Encoding = encoding,
): void {
  output.add(encodeHeader(tag, vr, undefinedLength ? UNDEFINED_LENGTH : items.length, encoding))
  output.addAll(items)
  if (undefinedLength) output.add(encodeItemTag(SEQUENCE_END, 0, itemEncoding))
}

function writeTag(bytes: Buffer, tag: number, bigEndian: boolean): void {
  if (bigEndian) {
    bytes.writeUInt32BE(tag, 0)
  } else {
    bytes.writeUInt16LE(tag >>> 16, 0)
    bytes.writeUInt16LE(tag & 0xffff, 2)
  }
}

const writeLength = (bytes: Buffer, length: number, at: number, bigEndian: boolean): void => {
  if (bigEndian) bytes.writeUInt32BE(length, at)
  else bytes.writeUInt32LE(length, at)
}

/**
 * Presentation data values: the fragments in which a message is sent (PS3.8 9.3.5.1 and Annex E).
 * Pure functions.
 */
import { PduType, pduHead } from './pdu.js'

/** The header of a presentation data value. */
export interface Fragment {
  readonly contextId: number
  readonly isCommand: boolean
  readonly isLast: boolean
}

/** A data set as it arrives, in pieces of any size. */
export type Pieces = AsyncIterable<Buffer> | Iterable<Buffer>

/** Length, presentation context and message control header. */
export const PDV_HEAD = 6

/** Bits of the message control header (Table E.2-1). */
export const COMMAND = 1
export const LAST = 2

export function fragmentIn(head: Buffer): Fragment {
  const control = head.readUInt8(5)
  return {
    contextId: head.readUInt8(4),
    isCommand: (control & COMMAND) !== 0,
    isLast: (control & LAST) !== 0,
  }
}

/** A P-DATA-TF with a single presentation data value. */
export function pdv(contextId: number, control: number, value: Buffer): Buffer {
  const head = Buffer.alloc(PDV_HEAD)
  head.writeUInt32BE(value.length + 2, 0)
  head.writeUInt8(contextId, 4)
  head.writeUInt8(control, 5)
  return Buffer.concat([pduHead(PduType.data, value.length + PDV_HEAD), head, value])
}

export function* slices(bytes: Buffer, most: number): Generator<Buffer> {
  for (let at = 0; at === 0 || at < bytes.length; at += most) yield bytes.subarray(at, at + most)
}

/** The same octets, in pieces of `most` each and a shorter last one. */
export async function* regular(data: Pieces, most: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let size = 0
  for await (const chunk of data) {
    waiting.push(chunk)
    size += chunk.length
    if (size < most) continue
    const all = Buffer.concat(waiting, size)
    const whole = size - (size % most)
    for (let at = 0; at < whole; at += most) yield all.subarray(at, at + most)
    waiting = [all.subarray(whole)]
    size -= whole
  }
  if (size > 0) yield Buffer.concat(waiting, size)
}

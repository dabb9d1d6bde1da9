/** Writes the start of a file: preamble, prefix and group 0002 (PS3.10 section 7.1). */
import { EXPLICIT } from '../elements/element.js'
import { encodeElement, encodeText } from './write.js'

/** Identifies this implementation (PS3.7 D.3.3.2): a UUID-based UID and a name. */
export const IMPLEMENTATION_CLASS_UID = '2.25.270695996825855179949881587723571202391'
export const IMPLEMENTATION_VERSION_NAME = 'NOCTURNE'

/**
 * Preamble of zeros, prefix and group 0002 (PS3.10 section 7.1). Takes only the class and syntax
 * from the source.
 */
export function encodeStart(
  sopClassUID: string,
  sopInstanceUID: string,
  transferSyntaxUID: string,
): Buffer {
  const group = Buffer.concat([
    META_VERSION,
    metaText(0x00020002, 'UI', sopClassUID),
    metaText(0x00020003, 'UI', sopInstanceUID),
    metaText(0x00020010, 'UI', transferSyntaxUID),
    IMPLEMENTATION,
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(group.length)
  return Buffer.concat([PREFIX, encodeElement(0x00020000, 'UL', length, EXPLICIT), group])
}

const metaText = (tag: number, vr: string, value: string): Buffer =>
  encodeElement(tag, vr, encodeText(value, vr), EXPLICIT)

const META_VERSION = encodeElement(0x00020001, 'OB', Buffer.from([0, 1]), EXPLICIT)
const IMPLEMENTATION = Buffer.concat([
  metaText(0x00020012, 'UI', IMPLEMENTATION_CLASS_UID),
  metaText(0x00020013, 'SH', IMPLEMENTATION_VERSION_NAME),
])
const PREFIX = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')])

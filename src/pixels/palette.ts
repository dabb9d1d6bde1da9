/** The brightness of palette entries (PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6). */
import { type Element, type Encoding, findElement } from '../dicom/elements/index.js'

export interface Palette {
  /**
   * The pixel value of the first entry. Smaller values map to the first entry, and values past the
   * end to the last.
   */
  readonly first: number
  /** The brightest colour of each entry, scaled to 8 bits. */
  readonly brightness: Uint8Array
}

const DESCRIPTORS = [0x00281101, 0x00281102, 0x00281103]
/** Each colour's data element is 0x100 above its descriptor. Segmented data is not supported. */
const DATA = 0x100

/** Undefined if there is no palette, or an unsupported one. */
export function paletteOf(
  elements: readonly Element[],
  buffer: Buffer,
  encoding: Encoding,
): Palette | undefined {
  const colours = DESCRIPTORS.map((tag) => colourOf(tag, elements, buffer, encoding))
  const [red, green, blue] = colours
  if (!red || !green || !blue) return undefined
  if (green.first !== red.first || blue.first !== red.first) return undefined
  if (green.values.length !== red.values.length || blue.values.length !== red.values.length)
    return undefined
  const brightness = red.values.map((value, index) =>
    Math.max(value, green.values[index] ?? 0, blue.values[index] ?? 0),
  )
  return { first: red.first, brightness }
}

function colourOf(
  tag: number,
  elements: readonly Element[],
  buffer: Buffer,
  { bigEndian }: Encoding,
) {
  const descriptor = findElement(elements, tag)
  const data = findElement(elements, tag + DATA)
  if (!descriptor || !data || descriptor.valueEnd - descriptor.valueStart !== 6) return undefined
  const word = (at: number): number =>
    bigEndian ? buffer.readUInt16BE(at) : buffer.readUInt16LE(at)
  const entries = word(descriptor.valueStart) || 65_536
  const first = word(descriptor.valueStart + 2)
  const bits = word(descriptor.valueStart + 4)
  const length = data.valueEnd - data.valueStart
  const isPacked = bits === 8 && length === entries + (entries % 2)
  if (isPacked && bigEndian && data.vr === 'OW') return undefined
  if (!isPacked && (length !== 2 * entries || (bits !== 8 && bits !== 16))) return undefined
  const values = Uint8Array.from({ length: entries }, (_, index) =>
    isPacked
      ? (buffer[data.valueStart + index] ?? 0)
      : word(data.valueStart + 2 * index) >> (bits - 8),
  )
  return { first, values }
}

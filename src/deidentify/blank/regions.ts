/**
 * Sequence of Ultrasound Regions (0018,6011; PS3.3 C.8.5.5): where the scanner states that it drew
 * an image rather than text.
 */
import { type Element, findElement, readUint16 } from '../../dicom/elements/index.js'
import { areaOf, maskAround, maskOf } from '../../pixels/index.js'
import type { Geometry, Mask, Rectangle } from '../../pixels/index.js'

const REGIONS = 0x00186011
const SPATIAL_FORMAT = 0x00186012
const [MIN_X, MIN_Y, MAX_X, MAX_Y] = [0x00186018, 0x0018601a, 0x0018601c, 0x0018601e]

const MAX_REGIONS = 64
/**
 * 2D, M-mode, spectral and waveform; not graphics, nor regions without a spatial format
 * (C.8.5.5.1.1).
 */
const PICTURES: ReadonlySet<number> = new Set([1, 2, 3, 4])
/**
 * Banners are at the top: a region that extends into them was not drawn tightly around the picture.
 */
const TOP_SHARE = 0.02
const LARGEST_SHARE = 0.9

/**
 * Everything outside the pictures. Undefined when the regions cannot be trusted: either one lies
 * outside the image, which must have been cropped or scaled after they were written; or they leave
 * no room for text outside of them.
 */
export function outsideRegions(
  elements: readonly Element[],
  buffer: Buffer,
  geometry: Geometry,
): Mask | undefined {
  const items = findElement(elements, REGIONS)?.items ?? []
  if (items.length === 0 || items.length > MAX_REGIONS) return undefined
  const pictures: Rectangle[] = []
  for (const item of items) {
    const read = (tag: number) => {
      const found = findElement(item.elements, tag)
      return found && readUint16(found, buffer, item.encoding)
    }
    const [x, y, right, bottom] = [read(MIN_X), read(MIN_Y), read(MAX_X), read(MAX_Y)]
    const format = read(SPATIAL_FORMAT)
    if (x === undefined || y === undefined || right === undefined || bottom === undefined)
      return undefined
    // Some scanners write the last column, which is inclusive; others the one after it.
    if (x >= right || y >= bottom || right > geometry.columns || bottom > geometry.rows)
      return undefined
    if (format !== undefined && PICTURES.has(format))
      pictures.push({ x, y, width: right - x + 1, height: bottom - y + 1 })
  }
  const { rows, columns } = geometry
  const kept = areaOf(maskOf(pictures, geometry))
  const isTrusted =
    kept > 0 &&
    kept <= LARGEST_SHARE * rows * columns &&
    pictures.every(({ y }) => y >= TOP_SHARE * rows)
  return isTrusted ? maskAround(pictures, geometry) : undefined
}

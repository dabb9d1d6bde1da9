/**
 * Which SOP Classes are images, that is, have Pixel Data in their IOD (PS3.4 Table B.5-1, PS3.3
 * Annex A).
 */
import { IMAGES } from '../dictionary/image-table.js'

const ROOT = '1.2.840.10008.5.1.4.1.1.'
/**
 * Image classes missing from the table: retired ones that archives still hold (NM, US, US
 * multi-frame, XA biplane, VL); two added after its edition (Label Map and Height Map
 * Segmentation); and those of security and industrial inspection (DICOS, DICONDE).
 */
const OTHERS = '3 5 6 12.3 66.7 66.8 77.1 77.2 501.1 501.2.1 501.2.2 601.1 601.2 601.3 601.4'

const classes: ReadonlySet<string> = new Set([
  ...IMAGES.trim()
    .split('\n')
    .map((line) => line.slice(0, line.indexOf(' '))),
  ...OTHERS.split(' ').map((last) => ROOT + last),
])

export const IMAGE_CLASSES: readonly string[] = [...classes]

/** True if an instance of this class is incomplete without Pixel Data. */
export const isImageClass = (sopClassUID: string): boolean => classes.has(sopClassUID)

/**
 * Has Pixel Data if it holds a dose grid, but none if it holds only histograms (PS3.3 Table
 * A.18.3-1).
 */
export const RT_DOSE = `${ROOT}481.2`

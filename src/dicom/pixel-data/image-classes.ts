/** Which SOP Classes are images: their IODs have Pixel Data (PS3.4 Table B.5-1, PS3.3 Annex A). */
import { IMAGES } from '../dictionary/image-table.js'

const ROOT = '1.2.840.10008.5.1.4.1.1.'
/**
 * Images that the table does not have: retired ones, which archives still hold (NM, US, US
 * multi-frame, XA biplane, VL); two that came after its edition (Label Map and Height Map
 * Segmentation); and those of security and of industry (DICOS, DICONDE).
 */
const OTHERS = '3 5 6 12.3 66.7 66.8 77.1 77.2 501.1 501.2.1 501.2.2 601.1 601.2 601.3 601.4'

const classes: ReadonlySet<string> = new Set([
  ...IMAGES.trim()
    .split('\n')
    .map((line) => line.slice(0, line.indexOf(' '))),
  ...OTHERS.split(' ').map((last) => ROOT + last),
])

export const IMAGE_CLASSES: readonly string[] = [...classes]

/** An instance of it without Pixel Data is not whole. */
export const isImageClass = (sopClassUID: string): boolean => classes.has(sopClassUID)

/** Of dose on a grid it has Pixel Data, of histograms alone none (PS3.3 Table A.18.3-1). */
export const RT_DOSE = `${ROOT}481.2`

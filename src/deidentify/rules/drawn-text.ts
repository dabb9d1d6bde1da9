/** Text that viewers draw on images. */
import { hex } from '../../dicom/dictionary/index.js'
import { findElement, type Element } from '../../dicom/elements/index.js'
import type { ElementReport } from '../contract.js'

const GRAPHIC_ANNOTATIONS = 0x00700001
const TEXT_OBJECTS = 0x00700008
const GRAPHIC_OBJECTS = 0x00700009
const DRAWN_TEXT = 0x00700006

/**
 * Text drawn on an image is either kept unchanged, or its text object is dropped: any replacement
 * would be read as a statement about the image. An annotation without objects is meaningless and
 * not allowed (PS3.3 C.10.5).
 */
export function isDropped(
  sequence: number,
  elements: readonly Element[],
  changed: readonly Element[],
  path: string,
  reported: readonly ElementReport[],
): boolean {
  if (sequence === TEXT_OBJECTS) return changed.some(({ tag }) => tag === DRAWN_TEXT)
  if (sequence !== GRAPHIC_ANNOTATIONS || findElement(elements, GRAPHIC_OBJECTS)) return false
  const texts = path + hex(TEXT_OBJECTS)
  return reported.some((one) => one.path === texts && one.action === 'removed')
}

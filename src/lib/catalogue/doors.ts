/** DIMSE and DICOMweb. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const DOORS = {
  association_broken: entry(
    400,
    'the DICOM association ended before the instance was whole',
    'send the instance again; nothing of it was kept',
  ),
} as const satisfies Record<string, Entry>

/** DIMSE and DICOMweb. */
import { entry, item } from './entry.js'
import type { Entry } from './entry.js'

export const DOORS = {
  association_broken: entry(
    400,
    'the DICOM association ended before the instance was whole',
    'send the instance again; nothing of it was kept',
  ),
  not_stow: entry(
    415,
    'this content type cannot be stored',
    'send multipart/related; type="application/dicom" with one Part 10 file a part, or one file as application/dicom',
  ),
  not_acceptable: entry(
    406,
    'the answer cannot be written in a type that the request accepts',
    'accept application/dicom+json or application/dicom+xml',
  ),
  study_mismatch: item(
    409,
    'the instance belongs to another study than the address names',
    'send it to /dicom-web/studies, or to the address of its own study',
  ),
} as const satisfies Record<string, Entry>

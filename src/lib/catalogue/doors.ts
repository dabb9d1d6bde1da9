/** DIMSE and DICOMweb. */
import { entry, item } from './entry.js'
import type { Entry } from './entry.js'

export const DOORS = {
  association_broken: entry(
    400,
    'the DICOM association ended before the whole instance had arrived',
    'send the instance again; none of it was kept',
  ),
  not_stow: entry(
    415,
    'this content type cannot be stored',
    'send multipart/related; type="application/dicom" with one Part 10 file per part, or one file as application/dicom',
  ),
  not_acceptable: entry(
    406,
    'the answer is not available in any media type that the request accepts',
    'set Accept to application/dicom+json or application/dicom+xml',
  ),
  not_a_requisition: entry(
    415,
    'this is not a requisition',
    'send an order in HL7 v2 (ORM^O01, OMG^O19, OMI^O23), an active FHIR ServiceRequest, or the fields as JSON',
  ),
  requisition_unmatchable: entry(
    422,
    'the requisition cannot be matched: it names no accession number, or no patient ID',
    'send it with both, as the images have them',
  ),
  requisition_incomplete: entry(
    422,
    'the requisition lacks a field that this facility requires',
    'add the field; the operator sets the list in facilities[].requisition',
  ),
  requisitions_full: entry(
    503,
    'too many requisitions of this facility wait for their studies',
    'send it again later; see what waits: `nocturne requisition list`',
  ),
  transaction_in_use: entry(
    409,
    'this transaction UID is in use',
    'read its result with GET, or ask again under a new UID',
  ),
  priors_unavailable: entry(
    502,
    'the PACS of the facility could not be asked for prior studies',
    "check facilities[].priors, and that the PACS knows the gateway's AE title or authorization; read the case without them",
  ),
  study_mismatch: item(
    409,
    'the instance does not belong to the study in the address',
    'send it to /dicom-web/studies, or to the address of the study it belongs to',
  ),
} as const satisfies Record<string, Entry>

/** Why one item of an upload was not accepted. */
import { held, heldForLook, item, LOOK } from './entry.js'
import type { Entry } from './entry.js'

const UNCOMPRESSED = 'send it uncompressed (HTJ2K, JPEG XL and video are never blanked)'

export const ITEMS = {
  empty_file: item(422, 'the file is empty', 'export it again from the modality'),
  item_too_large: item(
    413,
    'the file exceeds the size limit of this gateway',
    'ask the operator to raise limits.itemBytes',
  ),
  unrecognized: item(
    422,
    'the file is neither DICOM nor a document of a known type',
    'send DICOM, PDF, images or text; a program can state the type in the Content-Type of the part',
  ),
  not_dicom: item(
    422,
    'the file is marked as DICOM but cannot be parsed as DICOM',
    'export it again from the modality',
  ),
  truncated: item(422, 'the file is truncated', 'export it again from the modality'),
  malformed: held(
    422,
    'the file violates the DICOM encoding rules',
    'export it again from the modality',
  ),
  image_incomplete: held(422, 'the image is incomplete', 'export it again from the modality'),
  header_over_limit: item(
    422,
    'the DICOM header exceeds the size limit of this gateway',
    'ask the operator to raise limits.headerBytes',
  ),
  header_too_complex: held(
    422,
    'the DICOM header has more elements, nesting levels or names than any genuine header',
    'export it again from the modality',
  ),
  pixels_at_risk: heldForLook(
    422,
    'images of this kind often have patient names burned into their pixels',
    "state in the facility's profile where text is burned in (blanking) or that it may pass (pixels: pass)",
  ),
  pixels_not_cleaned: {
    ...item(
      422,
      'names may be burned into the image, and they cannot be blanked without degrading the rest of it',
      `${UNCOMPRESSED}, or ${LOOK}`,
    ),
    hintAlone: UNCOMPRESSED,
  },
  text_in_pixels: heldForLook(422, 'text was found in the image'),
  features_at_risk: heldForLook(
    422,
    'a face may be visible in the image or can be reconstructed from it',
    'remove option 113102 from the profile',
  ),
  unsupported_syntax: item(
    422,
    'the transfer syntax is unknown',
    'send it in a transfer syntax that PS3.5 defines',
  ),
  media_directory: item(
    422,
    'a DICOMDIR is not sent on, since it contains patient names and file names',
    'no action needed: the instances it lists are sent without it',
  ),
  inflates_too_much: item(
    422,
    'the deflated data set expands beyond the limit',
    'send it in an uncompressed transfer syntax',
  ),
  private_sop_class: held(
    422,
    'an instance of a private SOP class cannot be de-identified',
    'export it as a standard SOP class and resend it',
  ),
  document_held: heldForLook(
    422,
    'this facility quarantines documents, since they cannot be de-identified',
    'set documents: pass for the facility in nocturne.yaml',
  ),
  document_type: heldForLook(
    422,
    'documents of this type are not passed to readers of this facility',
    'send it as PDF, image or text, or add its type to documentTypes of the facility in nocturne.yaml',
  ),
  document_unscanned: heldForLook(
    422,
    'the virus scanner did not answer, or the document is too large for it',
    'ask the operator to check the scanner (scanner in nocturne.yaml), then resend it',
  ),
  document_active: held(
    422,
    'the document contains scripts, macros, embedded objects or files, or is encrypted',
    'print it to a plain PDF without these and send that',
  ),
  document_unexamined: held(
    422,
    'the document is damaged, encrypted or can be read in more than one way, so it cannot be examined',
    'print it to a plain PDF in the program that made it, and send that',
  ),
  document_infected: held(
    422,
    'the virus scanner found malware in the document',
    'do not open it; check the machine that it comes from',
  ),
  encapsulated_document: held(
    422,
    'an encapsulated document cannot be de-identified',
    'send the document as a separate file',
  ),
  recorded_sound: held(
    422,
    'audio recordings cannot be de-identified',
    'send a transcript as text',
  ),
  identifier_left: held(
    422,
    'an identifier was still present after de-identification',
    'remove the identifier from the file and resend it',
  ),
  output_disagrees: held(
    422,
    'two parsers read the de-identified header differently',
    'export the file again from the modality and resend it',
  ),
  release_mismatch: item(
    422,
    'the file sent is not the item that is held in quarantine',
    'release it with `nocturne quarantine release`, which sends the original',
  ),
  missing_identity: item(
    422,
    'the instance lacks a required UID',
    'export it again from the modality',
  ),
  instance_conflict: item(
    422,
    'the transfer already contains an instance with this UID but different content',
    'find out which of the two is correct and send that one',
  ),
  duplicate: item(200, 'the transfer already contains this content', 'no action needed'),
  archive_malformed: item(
    422,
    'the archive cannot be read',
    'create the ZIP again, or send the files without it',
  ),
  archive_encrypted: item(
    422,
    'the archive is password-protected',
    'send the files without the archive; the gateway encrypts them',
  ),
  archive_entry_damaged: item(
    422,
    'the file is corrupt inside its archive',
    'create the ZIP again, or send the file without it',
  ),
  archive_unsupported: item(
    422,
    'the compression method of the file is not supported',
    'create the ZIP again with the usual method (deflate), or send the file without it',
  ),
  archive_bomb: item(422, 'the archive expands beyond the limit', 'send the files without it'),
  archive_too_deep: item(422, 'archives are nested too deeply', 'send the files without archives'),
  unsafe_step_failed: held(
    422,
    'a de-identification step failed',
    'export the file again from the modality and resend it',
  ),
} as const satisfies Record<string, Entry>

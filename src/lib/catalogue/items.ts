/** One item of an upload: why it was not accepted. */
import { held, heldForLook, item, LOOK } from './entry.js'
import type { Entry } from './entry.js'

const UNCOMPRESSED = 'send it uncompressed (as HTJ2K, JPEG XL or video it is never blanked)'

export const ITEMS = {
  empty_file: item(422, 'the file is empty', 'export it again from the modality'),
  item_too_large: item(
    413,
    'the file is larger than this gateway takes',
    'ask the operator to raise limits.itemBytes',
  ),
  unrecognized: item(
    422,
    'the file is neither DICOM nor a document of a known type',
    'send DICOM, PDF, images or text, or give the part its content type',
  ),
  not_dicom: item(
    422,
    'the file says it is DICOM but cannot be read as DICOM',
    'export it again from the modality',
  ),
  truncated: item(422, 'the file ends before it should', 'export it again from the modality'),
  malformed: held(
    422,
    'the file breaks the rules of DICOM encoding',
    'export it again from the modality',
  ),
  image_incomplete: held(422, 'the image is not whole', 'export it again from the modality'),
  header_over_limit: item(
    422,
    'the DICOM header is larger than this gateway takes',
    'ask the operator to raise limits.headerBytes',
  ),
  header_too_complex: held(
    422,
    'the DICOM header has more elements, levels or names than any real one',
    'export it again from the modality',
  ),
  pixels_at_risk: heldForLook(
    422,
    'images of this kind often have names burned into their pixels',
    "state in the facility's profile where text is burned in (blanking) or that it may pass (pixels: pass)",
  ),
  pixels_not_cleaned: {
    ...item(
      422,
      'names may be burned into the image, and it cannot be blanked without loss to the rest',
      `${UNCOMPRESSED}, or ${LOOK}`,
    ),
    hintAlone: UNCOMPRESSED,
  },
  text_in_pixels: heldForLook(422, 'text was found in the image'),
  features_at_risk: heldForLook(
    422,
    'a face may be seen in the image, or made from it',
    'leave option 113102 out of the profile',
  ),
  unsupported_syntax: item(
    422,
    'the transfer syntax is not known',
    'send it in a transfer syntax of PS3.5',
  ),
  media_directory: item(
    422,
    'a DICOMDIR names patients and points at file names; it does not travel',
    'nothing: the instances it lists travel by themselves',
  ),
  inflates_too_much: item(
    422,
    'the deflated data set expands too much',
    'send it in an uncompressed transfer syntax',
  ),
  private_sop_class: held(
    422,
    'a private SOP class cannot be de-identified',
    'correct it and resend',
  ),
  document_held: heldForLook(
    422,
    'this facility holds documents back, since they cannot be de-identified',
    'set documents: pass for the facility',
  ),
  encapsulated_document: held(
    422,
    'an encapsulated document cannot be de-identified',
    'send the document by itself',
  ),
  recorded_sound: held(
    422,
    'recorded sound cannot be de-identified',
    'send what is said in it as text',
  ),
  identifier_left: held(
    422,
    'an identifier was still found after de-identification',
    'correct it and resend',
  ),
  output_disagrees: held(
    422,
    'the de-identified header reads differently by two parsers',
    'correct it and resend',
  ),
  release_mismatch: item(
    422,
    'what was sent is not the one item that is held in quarantine',
    'release it with `nocturne quarantine release`, which sends the original',
  ),
  missing_identity: item(
    422,
    'the instance lacks a UID that every instance must have',
    'export it again from the modality',
  ),
  instance_conflict: item(
    422,
    'another instance with this UID but other content is in the transfer',
    'find out which one is right, and send that',
  ),
  duplicate: item(200, 'the same content is in the transfer already', 'nothing'),
  archive_malformed: item(
    422,
    'the archive cannot be read',
    'make the ZIP again, or send the files themselves',
  ),
  archive_encrypted: item(
    422,
    'the archive is protected with a password',
    'send the files themselves; the gateway encrypts them',
  ),
  archive_entry_damaged: item(
    422,
    'the file is damaged inside its archive',
    'make the ZIP again, or send the file itself',
  ),
  archive_unsupported: item(
    422,
    'the file is compressed in a way that is not known',
    'make the ZIP again with the usual method (deflate), or send the file itself',
  ),
  archive_bomb: item(422, 'the archive expands too much', 'send the files themselves'),
  archive_too_deep: item(422, 'archives are nested too deeply', 'send the files themselves'),
  unsafe_step_failed: held(422, 'a step of de-identification failed', 'correct it and resend'),
} as const satisfies Record<string, Entry>

/**
 * IANA media types by file name extension, for the gateway to check; and the reverse, for opened
 * files.
 */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  bmp: 'image/bmp',
  csv: 'text/csv',
  dcm: 'application/dicom',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  mp4: 'video/mp4',
  odt: 'application/vnd.oasis.opendocument.text',
  pdf: 'application/pdf',
  png: 'image/png',
  rtf: 'application/rtf',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  txt: 'text/plain',
  webp: 'image/webp',
  xml: 'application/xml',
  zip: 'application/zip',
}

/**
 * Opened with a double click, these would run what is in them; they keep a name that shows text.
 */
const PREFERRED: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/tiff': 'tif',
  'text/html': 'txt',
  'application/xml': 'txt',
  'application/msword': 'bin',
  'application/zip': 'bin',
}

export const UNKNOWN_MEDIA_TYPE = 'application/octet-stream'

export function mediaTypeOf(fileName: string): string {
  const extension = /\.([^.]+)$/.exec(fileName)?.[1]?.toLowerCase()
  const found = extension !== undefined && Object.hasOwn(BY_EXTENSION, extension)
  return (found ? BY_EXTENSION[extension] : undefined) ?? UNKNOWN_MEDIA_TYPE
}

/**
 * Such as `pdf`; `bin` for types that are not in the table, so that no text from a sender becomes
 * part of a name.
 */
export function extensionOf(mediaType: string): string {
  const bare = mediaType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (Object.hasOwn(PREFERRED, bare)) return PREFERRED[bare] ?? 'bin'
  return Object.keys(BY_EXTENSION).find((extension) => BY_EXTENSION[extension] === bare) ?? 'bin'
}

/**
 * The kind of text, or undefined when it is not text. `isWhole` says that `head` is the whole file.
 */
export function textType(head: Buffer, isWhole: boolean): TextSign | undefined {
  const utf16 = utf16Bom(head)
  if (utf16 !== undefined) {
    const text = decodeUtf16(head, utf16)
    return hasControls(text) ? undefined : { encoding: 'utf-16', ...kindOf(text) }
  }
  const text = decodeUtf8(head, isWhole)
  if (text !== undefined)
    return hasControls(text) ? undefined : { encoding: 'utf-8', ...kindOf(text) }
  const latin1 = head.toString('latin1')
  return hasControls(latin1)
    ? undefined
    : { encoding: isMostlyAscii(head) ? 'latin-1' : 'other', ...kindOf(latin1) }
}

export interface TextSign {
  /** `other`: no control characters, but mostly non-ASCII; may be Shift-JIS, or noise. */
  readonly encoding: 'utf-8' | 'utf-16' | 'latin-1' | 'other'
  readonly mediaType: string
  /** The text is itself a DICOM data set, in the JSON or XML model (PS3.18 F, PS3.19 A). */
  readonly isDicomModel: boolean
}

function kindOf(text: string): { readonly mediaType: string; readonly isDicomModel: boolean } {
  const start = text.replace(/^\uFEFF|^ï»¿/, '').trimStart()
  const isDicomModel =
    /"[0-9A-Fa-f]{8}"\s*:\s*\{\s*"vr"/.test(start) ||
    /<NativeDicomModel|<DicomAttribute\s/.test(start)
  if (/^<\?xml\s/i.test(start)) return { mediaType: 'application/xml', isDicomModel }
  if (/^<(!doctype\s+html|html[\s>])/i.test(start)) return { mediaType: 'text/html', isDicomModel }
  if (/^(\{\s*("|\}\s*$)|\[\s*[[{"\]])/.test(start))
    return { mediaType: 'application/json', isDicomModel }
  if (/^\v?(MSH|FHS|BHS)\|/.test(start)) return { mediaType: 'application/hl7-v2', isDicomModel }
  return { mediaType: 'text/plain', isDicomModel }
}

/** Whether files of this media type are text, so that text content may be declared as this type. */
export function isTextType(mediaType: string): boolean {
  return (
    mediaType.startsWith('text/') ||
    /[+/](json|xml|hl7-v2|yaml|csv)$/.test(mediaType) ||
    mediaType === 'image/svg+xml' ||
    mediaType === 'x-application/hl7-v2+er7'
  )
}

/**
 * NUL, the other C0 characters and DEL, except for tab, line ends, form feed, escape (ISO 2022) and
 * the MLLP framing characters.
 */
function hasControls(text: string): boolean {
  // The pattern is built from strings, because eslint forbids control characters in a literal.
  return CONTROLS.test(text)
}

const CONTROLS = new RegExp(
  `[${[
    [0x00, 0x08],
    [0x0e, 0x1a],
    [0x1d, 0x1f],
    [0x7f, 0x7f],
  ]
    .map((range) => range.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('-'))
    .join('')}]`,
)

function utf16Bom(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (head.length < 2) return undefined
  const mark = head.readUInt16BE(0)
  return mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : undefined
}

function decodeUtf16(head: Buffer, encoding: 'utf-16le' | 'utf-16be'): string {
  return new TextDecoder(encoding).decode(head.subarray(0, head.length & ~1))
}

function decodeUtf8(head: Buffer, isWhole: boolean): string | undefined {
  try {
    // A character cut off at the end of the look-ahead is not an error in the file.
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !isWhole })
  } catch {
    return undefined
  }
}

function isMostlyAscii(head: Buffer): boolean {
  let ascii = 0
  for (const byte of head) if (byte < 0x80) ascii += 1
  return ascii >= head.length * 0.75
}

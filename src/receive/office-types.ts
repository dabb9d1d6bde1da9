import type { Hints } from './hints.js'

const OOXML = 'application/vnd.openxmlformats-officedocument'
const ODF = 'application/vnd.oasis.opendocument'

/**
 * Media types by file extension, for content that is not conclusive. Needed mainly for files inside
 * archives, which have no declared type.
 */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  doc: 'application/msword',
  docx: `${OOXML}.wordprocessingml.document`,
  hl7: 'application/hl7-v2',
  md: 'text/markdown',
  ppt: 'application/vnd.ms-powerpoint',
  pptx: `${OOXML}.presentationml.presentation`,
  tsv: 'text/tab-separated-values',
  xls: 'application/vnd.ms-excel',
  xlsx: `${OOXML}.spreadsheetml.sheet`,
}

/** Returns '' when the extension is not in the table. */
export function typeOfName(extension: string): string {
  return Object.hasOwn(BY_EXTENSION, extension) ? (BY_EXTENSION[extension] ?? '') : ''
}

/** Names of the parts of an OOXML package (ECMA-376 part 2). */
const OOXML_PART = /^(\[Content_Types\]\.xml$|_rels\/|docProps\/|customXml\/|word\/|xl\/|ppt\/)/

const FOLDERS = [
  ['word/', 'docx'],
  ['xl/', 'xlsx'],
  ['ppt/', 'pptx'],
] as const

/**
 * For a ZIP that is a single office document, returns its media type; undefined for an archive to
 * walk. The first entry must belong to an office package: relying on the declared type would let an
 * archive of instances pass without being walked.
 */
export function officeType(head: Buffer, hints: Hints): string | undefined {
  if (head.length < 30 || head.readUInt32LE(0) !== 0x04034b50) return undefined
  const nameLength = head.readUInt16LE(26)
  const name = head.toString('latin1', 30, 30 + nameLength)
  const content = 30 + nameLength + head.readUInt16LE(28)

  // ODF 1.2 part 3 section 3.3: this entry comes first and is stored, so that it can be read at a
  // fixed place.
  if (name === 'mimetype' && head.readUInt16LE(8) === 0) {
    const declared = head.toString('latin1', content, content + 80)
    const found = new RegExp(
      `^(${ODF.replaceAll('.', '\\.')}\\.[a-z-]{1,30}|application/epub\\+zip)`,
    )
    return found.exec(declared)?.[0]
  }
  if (!OOXML_PART.test(name)) return undefined
  const declared = hints.mediaType.startsWith(OOXML) ? hints.mediaType : typeOfName(hints.extension)
  if (declared.startsWith(OOXML)) return declared
  const folder = FOLDERS.find(([start]) => head.includes(`\0${start}`) || name.startsWith(start))
  if (folder !== undefined) return typeOfName(folder[1])
  return name === '[Content_Types].xml' ? `${OOXML}.wordprocessingml.document` : undefined
}

/**
 * Looks for content of a document that acts when it is opened: scripts, macros, embedded objects
 * and files. Reads the document as it passes, and holds a few kilobytes of it.
 */
import { watchOffice } from './office-parts.js'
import { objectStreams, withoutEscapes } from './pdf-streams.js'
import { hasActiveField } from './rtf-fields.js'

/** How one kind of document shows active content. Names are long enough not to occur by chance. */
interface Kind {
  readonly types: RegExp
  /** A sign of the kind near the start of the content, whatever the type says. */
  readonly sign?: RegExp
  readonly active: RegExp
}

const PDF: Kind = {
  types: /^application\/pdf$/,
  sign: /%PDF-/,
  // A name ends at a delimiter. An encrypted file cannot be examined: its object streams are
  // encrypted too.
  active:
    /\/(?:JavaScript|Rendition|OnInstantiate|XFA|Launch|EmbeddedFiles?|RichMedia|ImportData|SubmitForm|Encrypt)(?=[\0\s/<>[\](){}%])/,
}

const RTF: Kind = {
  types: /^(?:application|text)\/(?:x-)?rtf$/,
  sign: /^\s*\{\\rt/,
  active: /\\(?:obj[a-z]*|template|DDE(?:AUTO)?|subdocument|mm(?:datasource|connectstr|odso))/i,
}

const OFFICE: Kind = {
  types: /openxmlformats|opendocument|epub/,
  sign: /^PK/,
  active:
    /vbaProject|vbaData|activeX\/|\/embeddings\/|macrosheets|Basic\/script-|Scripts\/(?:java|python|bean)/i,
}

const KINDS: readonly Kind[] = [
  RTF,
  OFFICE,
  {
    types: /^application\/(?:msword|vnd\.ms-(?:excel|powerpoint|outlook))$/,
    // Names of the compound file's directory, in UTF-16.
    active: /_\0V\0B\0A\0|M\0a\0c\0r\0o\0s\0|O\0b\0j\0e\0c\0t\0P\0o\0o\0l\0/,
  },
]

/** Text that a browser would run, whatever its type says. */
const MARKUP = /<(?:!doctype\s+html|html|head|body|script|iframe|object|embed|svg)[\s>/]/i

const HEAD_BYTES = 1_024
/** Longer than any match. */
const OVERLAP = 512

/** Passes the bytes on, and reports when it has seen something active, or markup at the start. */
export async function* watchActive(
  bytes: AsyncIterable<Buffer>,
  mediaType: string,
  report: (what: 'active' | 'markup' | 'unexamined') => void,
): AsyncGenerator<Buffer> {
  const found = () => report('active')
  let kinds: readonly Kind[] | undefined
  let [start, rest] = ['', '']
  const streams = objectStreams()
  const isOffice = (first: string) => OFFICE.types.test(mediaType) || first.startsWith('PK')
  for await (const chunk of watchOffice(bytes, isOffice, report)) {
    const text = chunk.toString('latin1')
    if (start.length < HEAD_BYTES) {
      start = (start + text).slice(0, HEAD_BYTES)
      if (MARKUP.test(start.replaceAll('\0', ''))) report('markup')
      kinds = [...KINDS, PDF].filter(
        ({ types, sign }) => types.test(mediaType) || sign?.test(start) === true,
      )
    }
    const window = rest + text
    if (kinds?.some(({ active }) => active.test(window)) === true) found()
    if (kinds?.includes(PDF) === true) {
      if (PDF.active.test(withoutEscapes(window))) found()
      for await (const inside of streams.push(chunk))
        if (inside === undefined || PDF.active.test(`${withoutEscapes(inside)} `)) found()
    }
    if (kinds?.includes(RTF) === true && hasActiveField(window)) found()
    rest = window.slice(-OVERLAP)
    yield chunk
  }
  // A name may end with the file.
  if (kinds?.includes(PDF) === true && PDF.active.test(`${withoutEscapes(rest)} `)) found()
  for await (const inside of streams.end())
    if (inside === undefined || PDF.active.test(`${withoutEscapes(inside)} `)) found()
}

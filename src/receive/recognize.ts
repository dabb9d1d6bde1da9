import type { Code } from '../lib/errors.js'
import { dicomSign, hidesDataSet } from './dicom-signs.js'
import { magicOf } from './magic.js'
import { officeType, typeOfName } from './office-types.js'
import { isTextType, textType } from './text-signs.js'
import type { Hints } from './hints.js'

/** How many bytes of a file are examined to tell what it is. */
export const LOOK_AHEAD = 4096

export type Recognized =
  | { readonly kind: 'instance' }
  | { readonly kind: 'document'; readonly mediaType: string }
  | { readonly kind: 'archive' }
  | {
      readonly kind: 'unacceptable'
      readonly what: 'instance' | 'unknown'
      readonly code: Code
    }

const UNRECOGNIZED: Recognized = { kind: 'unacceptable', what: 'unknown', code: 'unrecognized' }
const NOT_DICOM: Recognized = { kind: 'unacceptable', what: 'instance', code: 'not_dicom' }

/**
 * Decides by content. Anything with a sign of DICOM is accepted as an instance or not at all. A
 * declared type is used only for content that no rule recognizes, and never for content that looks
 * like DICOM, a program or a container.
 *
 * @param head the first LOOK_AHEAD bytes, or all of a shorter file; not empty
 */
export function recognize(head: Buffer, hints: Hints): Recognized {
  const dicom = dicomSign(head)
  if (dicom === 'certain') return { kind: 'instance' }

  const magic = magicOf(head)
  if (magic?.is === 'zip') {
    const office = officeType(head, hints)
    return office === undefined ? { kind: 'archive' } : { kind: 'document', mediaType: office }
  }
  if (hints.saysDicom) return NOT_DICOM
  if (dicom === 'possible') return UNRECOGNIZED
  if (magic?.is === 'document') return { kind: 'document', mediaType: magic.mediaType }
  if (magic?.is === 'never a document') return UNRECOGNIZED

  const declared = hints.mediaType || typeOfName(hints.extension)
  if (magic?.is === 'compound file') {
    return COMPOUND_TYPES.has(declared) ? { kind: 'document', mediaType: declared } : UNRECOGNIZED
  }
  return recognizeText(head, declared) ?? recognizeDeclared(head, declared)
}

function recognizeText(head: Buffer, declared: string): Recognized | undefined {
  const text = textType(head, head.length < LOOK_AHEAD)
  if (text === undefined) return undefined
  if (text.isDicomModel) return UNRECOGNIZED
  if (isTextType(declared)) return { kind: 'document', mediaType: declared }
  return text.encoding === 'other' ? undefined : { kind: 'document', mediaType: text.mediaType }
}

function recognizeDeclared(head: Buffer, declared: string): Recognized {
  const contradicted =
    declared === '' || isTextType(declared) || KNOWN_BY_CONTENT.test(declared) || hidesDataSet(head)
  return contradicted ? UNRECOGNIZED : { kind: 'document', mediaType: declared }
}

/**
 * Types that an earlier rule would have recognized from the content, and types that are never
 * documents.
 */
const KNOWN_BY_CONTENT = new RegExp(
  [
    '^application/(pdf|(x-)?rtf|ogg|msword|vnd\\.ms-(excel|powerpoint|outlook)|epub\\+zip)$',
    '^application/vnd\\.(openxmlformats|oasis\\.opendocument)',
    '^image/(png|p?jpeg|jpg|gif|tiff?|(x-ms-)?bmp|webp|hei[cf]|avif|jp2)$',
    '^audio/(mpeg|mp3|(x-|vnd\\.)?wave?|flac|mp4|ogg)$',
    '^video/(mp4|quicktime|x-msvideo|avi|webm|x-matroska)$',
    'zip|compress|archive|-tar$|7z|[-.]rar|iso9660|diskimage|cab-?$',
    'executable|msdownload|msdos|dosexec|sharedlib|mach-binary|installer|java|script|x-sh$|shellscript|wasm',
  ].join('|'),
)

/** Types whose files are OLE2 compound files. */
const COMPOUND_TYPES: ReadonlySet<string> = new Set([
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.ms-powerpoint',
  'application/vnd.ms-outlook',
])

/** Declared types that say nothing about what a file is. */
const SAYS_NOTHING =
  /^(application|binary)\/(octet-stream|unknown|x-unknown|binary|download|force-download|x-download)$|^(multipart|message|model)\/|^\*/

/** Reads the sender's declarations. Neither is kept beyond this call. */
export function hintsOf(contentType: string, fileName: string | undefined): Hints {
  const declared = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
  const extension = /\.([a-z0-9]{1,8})$/.exec((fileName ?? '').toLowerCase())?.[1] ?? ''
  const isType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,127}$/.test(
    declared,
  )
  const saysDicom =
    /^application\/(x-)?dicom(\+|$)/.test(declared) || /^(dcm|dicom|dic)$/.test(extension)
  return {
    mediaType: isType && !saysDicom && !SAYS_NOTHING.test(declared) ? declared : '',
    extension,
    saysDicom,
  }
}

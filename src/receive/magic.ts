/** What a file is according to its first bytes, where they are conclusive. */
export type Magic =
  | { readonly is: 'document'; readonly mediaType: string }
  | { readonly is: 'zip' }
  /**
   * OLE2: used by old Office documents but also by installers, so the declared type has to decide.
   */
  | { readonly is: 'compound file' }
  /**
   * Programs, and containers that are not walked and may hold anything. Never accepted as a
   * document.
   */
  | { readonly is: 'never a document' }

interface Row {
  readonly at: number
  readonly bytes: string
  readonly then: Magic
}

const document = (mediaType: string): Magic => ({ is: 'document', mediaType })
const never: Magic = { is: 'never a document' }
const row = (bytes: string, then: Magic, at = 0): Row => ({ at, bytes, then })

/** The bytes are written as Latin-1 text. */
const ROWS: readonly Row[] = [
  row('PK\x03\x04', { is: 'zip' }),
  row('PK\x05\x06', { is: 'zip' }),
  // APPNOTE 8.5.3 and 8.5.4: the marker at the start of a split archive, or of one that could have
  // been split.
  row('PK\x07\x08PK\x03\x04', { is: 'zip' }),
  row('PK00PK\x03\x04', { is: 'zip' }),

  row('MZ', never),
  row('ZM', never),
  row('\x7fELF', never),
  row('\xfe\xed\xfa\xce', never),
  row('\xfe\xed\xfa\xcf', never),
  row('\xce\xfa\xed\xfe', never),
  row('\xcf\xfa\xed\xfe', never),
  row('\xca\xfe\xba\xbe', never),
  row('\0asm', never),
  row('#!', never),
  row('L\0\0\0\x01\x14\x02\0', never),

  row('\x1f\x8b', never),
  row('\x1f\x9d', never),
  row('\x1f\xa0', never),
  row('BZh', never),
  row('\xfd7zXZ\0', never),
  row('7z\xbc\xaf\x27\x1c', never),
  row('Rar!\x1a\x07', never),
  row('\x28\xb5\x2f\xfd', never),
  row('\x04\x22\x4d\x18', never),
  row('MSCF', never),
  row('LZIP', never),
  row('ustar', never, 257),

  row('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', { is: 'compound file' }),

  row('%PDF-', document('application/pdf')),
  row('\xef\xbb\xbf%PDF-', document('application/pdf')),
  row('\x89PNG\r\n\x1a\n', document('image/png')),
  row('\xff\xd8\xff', document('image/jpeg')),
  row('\0\0\0\x0cjP  \r\n\x87\n', document('image/jp2')),
  row('GIF87a', document('image/gif')),
  row('GIF89a', document('image/gif')),
  row('II*\0', document('image/tiff')),
  row('MM\0*', document('image/tiff')),
  row('II+\0', document('image/tiff')),
  row('MM\0+', document('image/tiff')),
  row('{\\rtf', document('application/rtf')),
  row('ID3', document('audio/mpeg')),
  row('OggS', document('application/ogg')),
  row('fLaC', document('audio/flac')),
  row('\x1aE\xdf\xa3', document('video/x-matroska')),
]

/** RIFF types, by the four characters at offset 8. */
const RIFF: Readonly<Record<string, string>> = {
  WEBP: 'image/webp',
  WAVE: 'audio/wav',
  'AVI ': 'video/x-msvideo',
}

/** Major brands of ISO base media files (ISO 14496-12), by the four characters at offset 8. */
const HEIF_BRANDS: ReadonlySet<string> = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx'])

export function magicOf(head: Buffer): Magic | undefined {
  const text = (from: number, to: number) => head.toString('latin1', from, to)
  const found = ROWS.find((each) => text(each.at, each.at + each.bytes.length) === each.bytes)
  if (found !== undefined) return found.then

  if (text(0, 4) === 'RIFF') {
    const mediaType = RIFF[text(8, 12)]
    return mediaType === undefined ? undefined : document(mediaType)
  }
  if (text(4, 8) === 'ftyp') return document(isoMedia(text(8, 12)))
  return isBitmap(head) ? document('image/bmp') : undefined
}

function isoMedia(brand: string): string {
  if (HEIF_BRANDS.has(brand)) return 'image/heic'
  if (brand === 'mif1' || brand === 'msf1') return 'image/heif'
  if (brand === 'avif' || brand === 'avis') return 'image/avif'
  if (brand === 'qt  ') return 'video/quicktime'
  return brand.startsWith('M4A') ? 'audio/mp4' : 'video/mp4'
}

/**
 * Two letters are weak evidence, so the pixel offset and the size of the following header must be
 * plausible as well.
 */
function isBitmap(head: Buffer): boolean {
  if (head.length < 18 || head.toString('latin1', 0, 2) !== 'BM') return false
  const headerSize = head.readUInt32LE(14)
  return headerSize >= 12 && headerSize <= 124 && head.readUInt32LE(10) >= 14 + headerSize
}

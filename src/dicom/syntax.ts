/**
 * Transfer syntaxes (PS3.5 annex A, PS3.6 Table A-1), and how to detect the syntax of a file that
 * does not name it.
 */
import { NocturneError } from '../lib/errors.js'
import { EXPLICIT, EXPLICIT_BIG, type Encoding, IMPLICIT, vrNamed } from './elements/element.js'

export interface Syntax {
  readonly uid: string
  readonly encoding: Encoding
  readonly isDeflated: boolean
}

const IMPLICIT_LITTLE = '1.2.840.10008.1.2'
const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'
const DEFLATED = '1.2.840.10008.1.2.1.99'
const BIG = '1.2.840.10008.1.2.2'

/**
 * Syntaxes whose pixels are at a URL or arrive as packets, so that the file is not the whole
 * instance.
 */
const ELSEWHERE = new Set(['94', '95', '204', '205'])

/** @throws NocturneError `unsupported_syntax` */
export function syntaxOf(uid: string): Syntax {
  const plain = (encoding: Encoding): Syntax => ({ uid, encoding, isDeflated: false })
  if (uid === IMPLICIT_LITTLE) return plain(IMPLICIT)
  if (uid === EXPLICIT_LITTLE || uid === '1.2.840.10008.1.2.1.98') return plain(EXPLICIT)
  if (uid === DEFLATED) return { uid, encoding: EXPLICIT, isDeflated: true }
  if (uid === BIG) return plain(EXPLICIT_BIG)
  // RLE, and frames deflated individually.
  if (uid === '1.2.840.10008.1.2.5' || uid === '1.2.840.10008.1.2.8.1') return plain(EXPLICIT)
  const compressed = /^1\.2\.840\.10008\.1\.2\.4\.(\d{1,3})(?:\.1)?$/.exec(uid)?.[1]
  if (compressed !== undefined && !ELSEWHERE.has(compressed)) return plain(EXPLICIT)
  throw new NocturneError('unsupported_syntax')
}

/**
 * Detects which uncompressed syntax the first element is written in when the file names none. Data
 * sets begin with a low even group, and an explicit VR is one of 34 pairs of letters, which no
 * plausible implicit length can resemble.
 *
 * @throws NocturneError `not_dicom`
 */
export function sniff(start: Buffer): Syntax {
  if (start.length < 8) throw new NocturneError('not_dicom')
  const isExplicit = vrNamed(start.readUInt16BE(4)) !== undefined
  if (isFirstGroup(start.readUInt16LE(0))) {
    if (isExplicit) return syntaxOf(EXPLICIT_LITTLE)
    // If the implicit length of the first element exceeds 16 MiB, this is text, not DICOM.
    if (start.readUInt32LE(4) < 0x1000000) return syntaxOf(IMPLICIT_LITTLE)
  }
  if (isFirstGroup(start.readUInt16BE(0)) && isExplicit) return syntaxOf(BIG)
  throw new NocturneError('not_dicom')
}

const isFirstGroup = (group: number): boolean => group === 0x0004 || group === 0x0008

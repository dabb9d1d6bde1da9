/**
 * Specific Character Set (PS3.3 C.12.1.1.2), for reading only: text that is kept is copied byte for
 * byte.
 */
import { cached } from '../../lib/cached.js'
import { NocturneError } from '../../lib/errors.js'

const LABELS: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'latin1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'tis-620',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
}

/**
 * Escape sequences of PS3.3 Tables C.12-3 and C.12-4 whose text uses the upper half of the code
 * table (G1).
 */
const ESCAPES: readonly { readonly escape: string; readonly label: string }[] = [
  { escape: '\x1b$)C', label: 'euc-kr' },
  { escape: '\x1b$)A', label: 'gbk' },
  { escape: '\x1b-A', label: 'latin1' },
  { escape: '\x1b-B', label: 'iso-8859-2' },
  { escape: '\x1b-C', label: 'iso-8859-3' },
  { escape: '\x1b-D', label: 'iso-8859-4' },
  { escape: '\x1b-L', label: 'iso-8859-5' },
  { escape: '\x1b-G', label: 'iso-8859-6' },
  { escape: '\x1b-F', label: 'iso-8859-7' },
  { escape: '\x1b-H', label: 'iso-8859-8' },
  { escape: '\x1b-M', label: 'iso-8859-9' },
  { escape: '\x1b-b', label: 'iso-8859-15' },
  { escape: '\x1b-T', label: 'tis-620' },
]

type Decoder = InstanceType<typeof TextDecoder>

const decoders = new Map<string, Decoder>()

function decoderOf(label: string): Decoder {
  const known = decoders.get(label)
  if (known) return known
  const made = new TextDecoder(label)
  decoders.set(label, made)
  return made
}

/** Per value. Real values have two per word. */
const MAX_ESCAPES = 2000

export type Decode = (bytes: Buffer) => string

/** Decodes ASCII as is and all other bytes as Latin-1, which is lossless. */
export const decodeDefault: Decode = (bytes) => bytes.toString('latin1')

/** Cached, because a data set is asked several times. */
const SETS = 32
const LONGEST_SET = 256

/** The decoder for a value of Specific Character Set. Bytes it cannot decode become U+FFFD. */
export const decodeWith = cached(newDecode, SETS, LONGEST_SET)

function newDecode(characterSet: string): Decode {
  const [first = '', ...further] = characterSet.split('\\').map((term) => term.trim())
  const label = LABELS[first.replace('ISO 2022 IR', 'ISO_IR')]
  const single: Decode =
    label === undefined || label === 'latin1'
      ? decodeDefault
      : (bytes) => decoderOf(label).decode(bytes)
  if (further.length === 0 && !first.startsWith('ISO 2022')) {
    return (bytes) => (isAscii(bytes) ? bytes.toString('latin1') : single(bytes))
  }
  return (bytes) => (bytes.includes(0x1b) ? decodeEscaped(bytes, single) : single(bytes))
}

/**
 * ISO 2022. Japanese is decoded by a decoder that knows its escape sequences, all others run by
 * run.
 *
 * @throws NocturneError `malformed` for a value with more than `MAX_ESCAPES` escape sequences.
 */
function decodeEscaped(bytes: Buffer, single: Decode): string {
  let text = ''
  let decode = single
  let at = 0
  let escapes = 0
  while (at < bytes.length) {
    if (++escapes > MAX_ESCAPES) throw new NocturneError('malformed')
    const next = bytes.indexOf(0x1b, at + 1)
    const run = bytes.subarray(at, next === -1 ? bytes.length : next)
    at += run.length
    const start = run.toString('latin1', 0, 4)
    const known = ESCAPES.find(({ escape }) => start.startsWith(escape))
    if (known) {
      const { label } = known
      decode = label === 'latin1' ? decodeDefault : (part) => decoderOf(label).decode(part)
      text += decode(run.subarray(known.escape.length))
    } else if (run[0] === 0x1b) {
      // JIS X 0208, JIS X 0212 and the return to ASCII; half-width katakana stay in the upper half.
      const isAsciiAgain = /^\x1b\([BJ]/.test(start)
      text += isAsciiAgain ? single(run.subarray(3)) : decoderOf('iso-2022-jp').decode(run)
      if (isAsciiAgain) decode = single
    } else {
      text += decode(run)
    }
  }
  return text
}

/** Removes the NUL and space padding that may end a value, in a single pass for any input. */
export function trimPadding(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\0')) end--
  return text.slice(0, end)
}

function isAscii(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte >= 0x80 || byte === 0x1b) return false
  return true
}

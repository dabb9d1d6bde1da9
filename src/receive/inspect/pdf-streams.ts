/**
 * The object streams of a PDF (ISO 32000-2 7.5.7): compressed parts that hold objects, and so may
 * hide what acts. Other streams hold images, fonts and page content.
 */
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'

const inflated = promisify(inflate)

/** Far above what a document of some thousand pages needs; beyond these, nothing is examined. */
const MAX_STREAM = 4 << 20
const MAX_INFLATED = 16 << 20
const MAX_INFLATED_ALL = 256 << 20
/** Longer than the name and keyword that may be cut by the end of a chunk. */
const OVERLAP = 64
/** Programs also accept blanks, and a carriage return alone. */
const BEGIN = /stream[ \t]*(?:\r\n|\r|\n)/g
const END = 'endstream'

/** The text of an object stream; undefined if it cannot be examined. */
export type ObjectStream = string | undefined

export interface ObjectStreams {
  push(chunk: Buffer): AsyncGenerator<ObjectStream>
  end(): AsyncGenerator<ObjectStream>
}

/** ISO 32000-2 7.3.5: `/Obj#53tm` is the name ObjStm. */
export const withoutEscapes = (text: string): string =>
  text.replace(/#([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )

export function objectStreams(): ObjectStreams {
  let held: Buffer = Buffer.alloc(0)
  /** Where the content of what may be an object stream begins in `held`. */
  let begun: { readonly at: number; readonly sign: Sign } | undefined
  /** What was seen since the last stream. */
  let seen: Sign
  let left = MAX_INFLATED_ALL

  /** Finds the next object stream; forgets what comes before it. */
  const seek = (): boolean => {
    const text = held.toString('latin1')
    let from = 0
    for (const { 0: keyword, index } of text.matchAll(BEGIN)) {
      const sign = stronger(seen, signOf(text.slice(from, index)))
      from = index + keyword.length
      seen = undefined
      if (!sign) continue
      begun = { at: from, sign }
      return true
    }
    seen = stronger(seen, signOf(text.slice(from)))
    held = held.subarray(Math.max(from, held.length - OVERLAP))
    return false
  }

  const take = async (content: Buffer, sign: Sign): Promise<ObjectStream> => {
    // Where it is most likely another kind of stream, only what can be read counts.
    const unread = sign === 'perhaps' ? '' : undefined
    if (content.length > MAX_STREAM || left <= 0) return unread
    const text = await textOf(content, Math.min(MAX_INFLATED, left))
    left -= text?.length ?? (sign === 'perhaps' ? 0 : MAX_INFLATED)
    return text ?? unread
  }

  async function* examine(isLast: boolean): AsyncGenerator<ObjectStream> {
    while (begun !== undefined || seek()) {
      const { at: start, sign } = begun ?? { at: 0, sign: 'objects' }
      const end = held.indexOf(END, start, 'latin1')
      const isOpen = end < 0
      if (isOpen && !isLast && held.length - start <= MAX_STREAM) return
      const until = isOpen ? held.length : end
      // The line feed may have come with the next chunk.
      const content = held.subarray(start, until)
      yield await take(content[0] === 0x0a ? content.subarray(1) : content, sign)
      held = held.subarray(until)
      begun = undefined
    }
  }

  return {
    push: (chunk) => {
      held = Buffer.concat([held, chunk])
      return examine(false)
    },
    end: () => examine(true),
  }
}

/** Whether dictionaries before a stream say that it holds objects. */
type Sign = 'objects' | 'perhaps' | undefined

const NAMED = /\/ObjStm(?=[\0\s/<>[\](){}%])/
/** Programs need no /Type but the offset of the first object; outlines have a reference here. */
const OFFSET = /\/First[\0\s]+\d+[\0\s]*[/>%]/
const REFERENCE = /\/First[\0\s]+\d+[\0\s]+\d+[\0\s]+R/
const UNREAD_FILTER =
  /\/(?:ASCIIHexDecode|ASCII85Decode|LZWDecode|RunLengthDecode|AHx|A85|LZW|RL)\b/

function signOf(dictionaries: string): Sign {
  const text = withoutEscapes(dictionaries)
  if (NAMED.test(text) || OFFSET.test(text)) return 'objects'
  if (!REFERENCE.test(text)) return undefined
  return UNREAD_FILTER.test(text) ? 'objects' : 'perhaps'
}

const stronger = (a: Sign, b: Sign): Sign => (a === 'objects' || b === undefined ? a : b)

async function textOf(content: Buffer, maxOutputLength: number): Promise<ObjectStream> {
  try {
    // One that ends early may go on after an `endstream` that is part of it.
    return (await inflated(content, { maxOutputLength })).toString('latin1')
  } catch {
    // Not compressed, or with a filter that is not examined.
    const text = content.toString('latin1')
    return /^\s*(?:\d+\s+\d+\s*)+[<[(/]/.test(text) ? text : undefined
  }
}

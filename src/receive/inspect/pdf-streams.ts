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
  /** Where the content of an object stream begins in `held`. */
  let begun: number | undefined
  /** The dictionary of an object stream has begun; its content has not. */
  let isNamed = false
  let left = MAX_INFLATED_ALL

  /** Finds the next object stream; forgets what comes before it. */
  const seek = (): boolean => {
    const text = held.toString('latin1')
    let from = 0
    for (const { 0: keyword, index } of text.matchAll(BEGIN)) {
      const isObjects = isNamed || names(text.slice(from, index))
      from = index + keyword.length
      isNamed = false
      if (!isObjects) continue
      begun = from
      return true
    }
    isNamed ||= names(text.slice(from))
    held = held.subarray(Math.max(from, held.length - OVERLAP))
    return false
  }

  const take = async (content: Buffer): Promise<ObjectStream> => {
    if (content.length > MAX_STREAM || left <= 0) return undefined
    const text = await textOf(content, Math.min(MAX_INFLATED, left))
    left -= text?.length ?? MAX_INFLATED
    return text
  }

  async function* examine(isLast: boolean): AsyncGenerator<ObjectStream> {
    while (begun !== undefined || seek()) {
      const start = begun ?? 0
      const end = held.indexOf(END, start, 'latin1')
      const isOpen = end < 0
      if (isOpen && !isLast && held.length - start <= MAX_STREAM) return
      const until = isOpen ? held.length : end
      yield await take(held.subarray(start, until))
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

const names = (dictionary: string): boolean =>
  /\/ObjStm(?=[\0\s/<>[\](){}%])/.test(withoutEscapes(dictionary))

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

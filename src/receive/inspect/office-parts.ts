/**
 * The parts of an Office document's ZIP (ECMA-376 part 2) that name what else is loaded: the types
 * of all parts, and relationships, such as a template with macros on another machine.
 */
import { promisify } from 'node:util'
import { constants, inflateRaw } from 'node:zlib'

const inflated = promisify(inflateRaw)

/** Of the local header of a file in a ZIP (APPNOTE.TXT 4.3.7). */
const HEADER = Buffer.from('PK\x03\x04', 'latin1')
const HEADER_BYTES = 30
const MAX_NAME = 512
/** Far above what a document needs; a larger part is not examined. */
const MAX_PART = 1 << 20
const MAX_INFLATED = 8 << 20
const MAX_PARTS = 2_000
const NAMES = /(?:\.rels|\[Content_Types\]\.xml)$/i
/** A hyperlink is followed only when somebody clicks on it. */
const EXTERNAL =
  /<(?:\w+:)?Relationship\b[^>]{0,4000}TargetMode\s*=\s*["']External["'][^>]{0,4000}>/gi
const ACTIVE = /macroEnabled|vbaProject|activeX|oleObject|attachedTemplate/i

/** Whether one of the parts loads or runs something; undefined if it cannot be examined. */
export type Finding = boolean | undefined

export function officeParts(): {
  push(chunk: Buffer): AsyncGenerator<Finding>
  end(): AsyncGenerator<Finding>
} {
  let held: Buffer = Buffer.alloc(0)
  /** Where the content of a part begins in `held`, and how it is compressed. */
  let part: { readonly at: number; readonly method: number } | undefined
  let count = 0

  /** Finds the next of these parts; forgets what comes before it. Undefined: too little is here. */
  const seek = (isLast: boolean): boolean => {
    for (;;) {
      const at = held.indexOf(HEADER)
      if (at < 0) {
        held = held.subarray(Math.max(0, held.length - HEADER.length + 1))
        return false
      }
      held = held.subarray(at)
      if (held.length < HEADER_BYTES + MAX_NAME && !isLast) return false
      if (held.length < HEADER_BYTES) return false
      const length = held.readUInt16LE(26)
      const name = held.subarray(HEADER_BYTES, HEADER_BYTES + length).toString('latin1')
      if (length <= MAX_NAME && NAMES.test(name)) {
        const content = HEADER_BYTES + length + held.readUInt16LE(28)
        part = { at: content, method: held.readUInt16LE(8) }
        return true
      }
      held = held.subarray(HEADER.length)
    }
  }

  async function* examine(isLast: boolean): AsyncGenerator<Finding> {
    while (part !== undefined || seek(isLast)) {
      const { at, method } = part ?? { at: 0, method: 0 }
      if (held.length < at + MAX_PART && !isLast) return
      count += 1
      yield count > MAX_PARTS ? undefined : await judge(held.subarray(at, at + MAX_PART), method)
      held = held.subarray(HEADER.length)
      part = undefined
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

async function judge(content: Buffer, method: number): Promise<Finding> {
  const text = await textOf(content, method)
  if (text === undefined) return undefined
  if (ACTIVE.test(text)) return true
  return [...text.matchAll(EXTERNAL)].some(([one]) => !/\/hyperlink["']/i.test(one))
}

/** Deflated data ends by itself; what follows it is ignored. */
async function textOf(content: Buffer, method: number): Promise<string | undefined> {
  if (method === 0) {
    const [own = ''] = content.toString('latin1').split('PK\x03\x04', 1)
    return own
  }
  if (method !== 8) return undefined
  const options = { maxOutputLength: MAX_INFLATED, finishFlush: constants.Z_FINISH }
  return inflated(content, options).then(
    (bytes) => bytes.toString('latin1').replaceAll('\0', ''),
    () => undefined,
  )
}

/**
 * The parts of an Office document (ECMA-376 part 2, ODF 1.3 part 2). It is a ZIP that is passed on
 * as it is, so it must be one that every program reads in the same way; and its parts name what is
 * loaded or run, such as a template with macros on another machine.
 */
import { NocturneError } from '../../lib/errors.js'
import { ByteSource } from '../byte-source.js'
import { canRead } from '../zip-entry.js'
import type { InflateBudget, ZipEntry } from '../zip-entry.js'
import type { LocalHeader } from '../zip-format.js'
import { zipEntries } from '../zip-walk.js'
import { passage } from './passage.js'
import { watchMarkup } from './office-text.js'

/** Far above what a document of a hospital needs; beyond these, it is held. */
const MAX_PARTS = 5_000
const MAX_NAME = 512
const MAX_INFLATED = 1 << 30

/** Relationships, and the types of all parts. */
const RELATED_PART = /\.rels$|(?:^|\/)(?:\[Content_Types\]|META-INF\/manifest)\.xml$/i
const MARKUP_PART = /(?:\.rels|\.xml|\.vml|\.rdf|\.xhtml|\.html?)$/i
/** Scripts, macros and documents within the document, by the names that programs give them. */
const ACTIVE_PART =
  /vbaProject|vbaData|(?:^|\/)activeX\/|\/embeddings\/|macrosheets|(?:^|\/)Basic\/script-|(?:^|\/)Scripts\/(?:java|python|bean)/i
/** ECMA-376 part 2, 7.3.5: a part in pieces, which few programs put together. */
const PIECE = /\.piece$/i

/** Undefined: nothing was found. */
type Finding = 'active' | 'unexamined' | undefined

interface OfficeParts {
  /** Resolves when the chunk was looked at, or nothing more has to be. */
  push(chunk: Buffer): Promise<void>
  end(): Promise<Finding>
  /** Nothing more will come, and nobody asks for the result; may also be called after the end. */
  abandon(): void
}

/** Letters by which a document shows that it is a ZIP. */
const SIGN = 2

/**
 * Passes the bytes on, and reports at their end what was found.
 *
 * @param isOffice whether it is such a document, by its first two letters
 */
export async function* watchOffice(
  bytes: AsyncIterable<Buffer>,
  isOffice: (first: string) => boolean,
  report: (what: NonNullable<Finding>) => void,
): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  let parts: OfficeParts | undefined
  try {
    for await (const chunk of bytes) {
      if (parts) await parts.push(chunk)
      else if (head.length < SIGN) {
        head = Buffer.concat([head, chunk])
        if (isOffice(head.toString('latin1', 0, SIGN))) {
          parts = officeParts()
          await parts.push(head)
        }
      }
      yield chunk
    }
    const found = await parts?.end()
    if (found !== undefined) report(found)
  } finally {
    parts?.abandon()
  }
}

function officeParts(): OfficeParts {
  const bytes = passage<Buffer>()
  const found = examine(new ByteSource(bytes.out)).finally(() => bytes.close())
  // An error is thrown by `end`, which may be asked later, or never.
  found.catch(() => undefined)
  return {
    push: (chunk) => bytes.push(chunk),
    end: () => {
      bytes.end()
      return found
    },
    // A part that is being inflated is then closed.
    abandon: () => bytes.end(),
  }
}

/** What cannot be read is a finding. */
async function examine(source: ByteSource): Promise<Finding> {
  const names = new Set<string>()
  try {
    for await (const { header, entry } of zipEntries(source, budget(), { isForOthers: true })) {
      const name = nameOf(header)
      // Programs compare names without regard to case (ECMA-376 part 2, 6.2.2.3).
      const key = name?.toLowerCase()
      if (name === undefined || key === undefined || names.has(key) || names.size >= MAX_PARTS)
        return 'unexamined'
      names.add(key)
      if (!canRead(header) || PIECE.test(name)) return 'unexamined'
      if (ACTIVE_PART.test(name)) return 'active'
      if (MARKUP_PART.test(name) && (await isActive(entry, name))) return 'active'
    }
    return undefined
  } catch (error) {
    if (error instanceof NocturneError) return 'unexamined'
    throw error
  }
}

/** As programs understand it; undefined where they may differ. */
function nameOf({ name, nameBytes }: LocalHeader): string | undefined {
  if (nameBytes.length === 0 || nameBytes.length > MAX_NAME || nameBytes.includes(0))
    return undefined
  const parts = name.replaceAll('\\', '/').split('/')
  if (parts.includes('..') || parts.includes('.') || name.startsWith('/')) return undefined
  return parts
    .join('/')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

async function isActive(entry: ZipEntry, name: string): Promise<boolean> {
  const look = watchMarkup(RELATED_PART.test(name))
  for await (const chunk of entry.bytes) if (look.push(chunk)) return true
  return look.end()
}

function budget(): InflateBudget {
  let inflated = 0
  return {
    spend: ({ added }) => {
      inflated += added
      if (inflated > MAX_INFLATED) throw new NocturneError('archive_bomb')
    },
  }
}

/**
 * The files that a DICOMDIR names (PS3.10 8.6, PS3.3 F.3), by study: a medium often holds studies
 * that nobody asked to send together, and viewers and other files that are none.
 */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Budget, Reader, readHead, readStart } from '../../dicom/index.js'
import { findElement } from '../../dicom/elements/index.js'
import type { Element, Item } from '../../dicom/elements/index.js'
import { Pace } from '../../lib/pace.js'
import { NocturneError } from '../../lib/errors.js'
import { CommandError, fileError } from '../command-error.js'
import type { LocalFile } from './files.js'

const MAX_DICOMDIR = 64 * 1024 * 1024
const FIRST_RECORD = 0x00041200
const RECORDS = 0x00041220
const NEXT_RECORD = 0x00041400
const LOWER_RECORD = 0x00041420
const RECORD_TYPE = 0x00041430
const FILE_ID = 0x00041500

export interface MediaStudy {
  readonly files: readonly LocalFile[]
  /** Files that the DICOMDIR names and the medium does not have. */
  readonly missing: readonly string[]
}

/**
 * One entry for each study that names files, in the order of the DICOMDIR.
 *
 * @param path the DICOMDIR, or the folder that has one
 * @throws CommandError `file_unreadable`, `dicomdir_invalid`
 */
export async function readDicomdir(path: string): Promise<readonly MediaStudy[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(path, error)
  })
  const file = found.isDirectory() ? await inFolder(path, 'DICOMDIR') : path
  if (file === undefined) throw fileError(join(path, 'DICOMDIR'), undefined)
  const studies: { files: LocalFile[]; missing: string[] }[] = []
  for (const { type, parts } of await recordsOf(file)) {
    if (type === 'STUDY' || studies.length === 0) studies.push({ files: [], missing: [] })
    const study = studies.at(-1)
    if (!study || parts.length === 0) continue
    const found = await fileAt(dirname(file), parts)
    if (found) study.files.push(found)
    else study.missing.push(parts.join('/'))
  }
  return studies.filter(({ files, missing }) => files.length + missing.length > 0)
}

interface DirectoryRecord {
  readonly type: string
  /** Components of the Referenced File ID; none for a record without a file. */
  readonly parts: readonly string[]
  /** Offsets in the file of the next record of the same level, and of the first one below. */
  readonly next: number
  readonly lower: number
}

/** In the order of the tree: what belongs to a study follows its record. */
async function recordsOf(path: string): Promise<readonly DirectoryRecord[]> {
  const bytes = createReadStream(path, { highWaterMark: 256 * 1024 })
  try {
    const reader = new Reader(bytes as AsyncIterable<Buffer>, MAX_DICOMDIR)
    const { syntax, end } = await readStart(reader)
    const reading = { reader, encoding: syntax.encoding, limit: MAX_DICOMDIR }
    const { elements } = await readHead({ ...reading, budget: new Budget(new Pace()) }, end)
    const records = findElement(elements, RECORDS)?.items
    if (!records) throw new NocturneError('malformed')
    const read = readerIn(reader.buffer)
    const byOffset = new Map(records.map((record) => [record.start, recordOf(record, read)]))
    return inOrder(byOffset, read.number(elements, FIRST_RECORD))
  } catch (error) {
    if (!(error instanceof NocturneError)) throw fileError(path, error)
    throw new CommandError(`the file is no DICOMDIR: ${path}`, {
      code: 'dicomdir_invalid',
      hint: 'give the DICOMDIR of the medium, or send its folder with nocturne send',
      cause: error,
    })
  } finally {
    bytes.destroy()
  }
}

/** Each record once, whatever the offsets say; those that none leads to come last. */
function inOrder(
  records: ReadonlyMap<number, DirectoryRecord>,
  first: number,
): readonly DirectoryRecord[] {
  const left = new Map(records)
  const ordered: DirectoryRecord[] = []
  const stack = [first]
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const record = left.get(at)
    if (!record) continue
    left.delete(at)
    ordered.push(record)
    // What is below comes before what is beside.
    stack.push(record.next, record.lower)
  }
  return [...ordered, ...left.values()]
}

const readerIn = (buffer: Buffer) => ({
  text: (elements: readonly Element[], tag: number): string => {
    const found = findElement(elements, tag)
    return found ? buffer.toString('latin1', found.valueStart, found.valueEnd).trim() : ''
  },
  number: (elements: readonly Element[], tag: number): number => {
    const found = findElement(elements, tag)
    return found && found.valueEnd - found.valueStart === 4
      ? buffer.readUInt32LE(found.valueStart)
      : 0
  },
})

function recordOf({ elements }: Item, read: ReturnType<typeof readerIn>): DirectoryRecord {
  const parts = read
    .text(elements, FILE_ID)
    .split('\\')
    .map((part) => part.replaceAll('\0', '').trim())
    .filter((part) => part !== '')
  return {
    parts,
    type: read.text(elements, RECORD_TYPE),
    next: read.number(elements, NEXT_RECORD),
    lower: read.number(elements, LOWER_RECORD),
  }
}

/** Never leaves the medium: a component is one name (PS3.10 8.2), and links are not followed. */
async function fileAt(root: string, parts: readonly string[]): Promise<LocalFile | undefined> {
  let path: string | undefined = root
  for (const part of parts) {
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(part) || /^\.+$/.test(part)) return undefined
    path = await inFolder(path, part)
    if (path === undefined) return undefined
  }
  const info = await stat(path).catch(() => undefined)
  if (info?.isFile() !== true) return undefined
  return { path, at: path, size: info.size, mediaType: 'application/dicom' }
}

/** Names of a medium are upper case; some systems show them in lower case, or with `;1`. */
async function inFolder(folder: string, name: string): Promise<string | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const wanted = name.toLowerCase()
  const found = entries.find(
    (entry) => !entry.isSymbolicLink() && entry.name.toLowerCase().replace(/\.?;1$/, '') === wanted,
  )
  return found && join(folder, found.name)
}

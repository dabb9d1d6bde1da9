/**
 * Restores the identity from the crosswalk in returned reports and images.
 */
import { createReadStream } from 'node:fs'
import { basename, join } from 'node:path'
import { readPseudonyms, reidentify } from '../../reidentify/index.js'
import type { FormerElement, FormerIdentity } from '../../reidentify/index.js'
import type { CrosswalkLine } from '../../protocol/crosswalk-lines.js'
import { rawDeflate } from '../../lib/raw-deflate.js'
import { receive } from '../../receive/index.js'
import type { ReceivedInstance } from '../../receive/index.js'
import { CommandError, fileError } from '../command-error.js'
import type { LocalFile } from '../sender/files.js'
import { printablePath } from '../sender/local-path.js'
import { writeWhole } from '../local-write.js'
import { readReturnedText, type ReturnedText } from './returned-text.js'

const HEADER_BYTES = 64 << 20
const OPTIONS = { headerBytes: HEADER_BYTES, rawDeflate }
const LIMITS = { itemBytes: 64 * 2 ** 30, archiveEntries: 0, archiveRatio: 1, archiveDepth: 0 }
/** Texts are read as a whole; a report has a few pages. */
const MAX_TEXT_BYTES = 16 << 20
/**
 * Study attributes that a report repeats, in addition to group 0010: PS3.3 C.7.2.1 and the request.
 */
const STUDY_TAGS: ReadonlySet<number> = new Set([
  0x00080020, 0x00080030, 0x00080050, 0x00080051, 0x00080090, 0x00081030, 0x00081048, 0x00081060,
  0x00200010, 0x00321032, 0x00321033, 0x00321060,
])

interface Returned {
  readonly file: LocalFile
  readonly study: string
  readonly instance: string
  readonly code: string
  readonly uids: ReadonlySet<string>
  /** The text, for files that are not DICOM. */
  readonly text?: ReturnedText
}

/**
 * Reads what a file is about before any crosswalk is opened.
 * @throws CommandError `not_reidentifiable`, `file_unreadable`, NocturneError
 */
export async function look(file: LocalFile): Promise<Returned> {
  for await (const item of itemsOf(file)) {
    if (item.kind === 'instance') return { file, ...(await readPseudonyms(item, OPTIONS)) }
    const isText = item.kind === 'document' && /^text\/|json|xml/.test(item.mediaType)
    if (!isText || file.size > MAX_TEXT_BYTES) break
    const parts: Buffer[] = []
    for await (const chunk of item.bytes) parts.push(Buffer.from(chunk))
    const text = readReturnedText(Buffer.concat(parts))
    const [code = ''] = text.codes
    return { file, study: '', instance: '', code, uids: text.uids, text }
  }
  throw new CommandError('the file is neither DICOM nor text', {
    code: 'not_reidentifiable',
    hint: 'look up its code with: nocturne crosswalk export',
  })
}

const itemsOf = ({ path, at, mediaType }: LocalFile) =>
  receive({ contentType: mediaType, fileName: basename(path), bytes: blocksOf(at) }, LIMITS)

async function* blocksOf(path: string | Buffer): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }))
      yield chunk as Buffer
  } catch (error) {
    throw fileError(printablePath(path), error)
  }
}

interface Patient {
  readonly patientId: string
  readonly patientName: string
  readonly shiftSeconds: number
  readonly sentOn: string
}

interface Match {
  readonly code: string
  readonly elements: readonly FormerElement[]
}

/** What the crosswalks know about the returned files. */
export interface Found {
  readonly uids: Map<string, string>
  readonly patients: Map<string, Patient>
  readonly instances: Map<string, Match>
  readonly studies: Map<string, Match>
  readonly codes: Map<string, Match>
}

/** One pass over all crosswalks, for any number of files; keeps only what the files refer to. */
export async function findIdentities(
  lines: AsyncIterable<CrosswalkLine>,
  returned: readonly Returned[],
): Promise<Found> {
  const uids = new Set(returned.flatMap((one) => [...one.uids]))
  const found: Found = {
    uids: new Map(),
    patients: new Map(),
    instances: new Map(),
    studies: new Map(),
    codes: new Map(),
  }
  // A text may refer to a study by its UID alone.
  const named = (one: Returned, uid: string) => (one.text === undefined ? [uid] : [...one.uids])
  const instances = new Set(returned.flatMap((one) => named(one, one.instance)))
  const studies = new Set(returned.flatMap((one) => named(one, one.study)))
  const codes = new Set(returned.map(({ code }) => code))
  const shared = new Map<number, FormerElement>()
  let sentOn = ''
  for await (const line of lines) {
    switch (line.type) {
      case 'crosswalk':
        shared.clear()
        // One day of tolerance for the facility's clock and time zone.
        sentOn = dayAfter(line.createdAt)
        break
      case 'forget':
        shared.clear()
        break
      case 'patient':
        found.patients.set(line.code, { ...line, sentOn })
        break
      case 'uids':
        for (const [before, id] of line.pairs) if (uids.has(id)) found.uids.set(id, before)
        break
      case 'element':
        shared.set(line.n, { characterSet: line.set, bytes: Buffer.from(line.bytes, 'base64') })
        break
      case 'item': {
        const { code } = line
        const elements = () => line.elements.flatMap((n) => shared.get(n) ?? [])
        if (instances.has(line.instance))
          found.instances.set(line.instance, { code, elements: elements() })
        if (studies.has(line.study) && !found.studies.has(line.study))
          found.studies.set(line.study, { code, elements: elements().filter(isOfStudy) })
        if (codes.has(code) && !found.codes.has(code))
          found.codes.set(code, { code, elements: elements().filter(isOfPatient) })
        break
      }
    }
  }
  return found
}

function dayAfter(createdAt: string): string {
  const day = new Date(Date.parse(createdAt) + 86_400_000).toISOString()
  return day.slice(0, 10).replaceAll('-', '')
}

const tagOf = ({ bytes }: FormerElement): number =>
  bytes.readUInt16LE(0) * 0x10000 + bytes.readUInt16LE(2)
const isOfPatient = (element: FormerElement): boolean => tagOf(element) >>> 16 === 0x0010
const isOfStudy = (element: FormerElement): boolean =>
  isOfPatient(element) || STUDY_TAGS.has(tagOf(element))

/** How much the crosswalk knew: the instance itself, its study, or its patient. */
export type Knowledge = 'instance' | 'study' | 'patient' | 'text'

/** @throws CommandError `not_in_crosswalk`, `file_exists`, and errors of reading and writing */
export async function restore(
  { file, study, instance, code, text }: Returned,
  found: Found,
  folder: string,
): Promise<{ readonly target: string; readonly by: Knowledge }> {
  const target = join(folder, basename(file.path))
  if (text !== undefined) {
    expectOnePatient(ownersOf([...text.uids], found), text.codes, found)
    const { uids, patients } = found
    const restored = text.restored((one) => uids.get(one) ?? patients.get(one)?.patientId)
    if (restored === undefined) throw unknown()
    await writeWhole(target, oneOf(restored), { mayReplace: false })
    return { target, by: 'text' }
  }
  const exact = found.instances.get(instance)
  const ofStudy = found.studies.get(study)
  const match = exact ?? ofStudy ?? found.codes.get(code)
  const patient = match && found.patients.get(match.code)
  if (!match || !patient) throw unknown()
  expectOnePatient(ownersOf([instance, study], found), [code], found)
  const former: FormerIdentity = {
    code: match.code,
    ...patient,
    uids: found.uids,
    elements: match.elements,
  }
  await writeWhole(target, reidentify(await reopen(file), former, OPTIONS), {
    mayReplace: false,
  })
  return { target, by: exact ? 'instance' : ofStudy ? 'study' : 'patient' }
}

/** The codes of the patients that the crosswalks give for these instances and studies. */
const ownersOf = (uids: readonly string[], { instances, studies }: Found): readonly string[] =>
  uids.flatMap((uid) => instances.get(uid)?.code ?? studies.get(uid)?.code ?? [])

/**
 * A report about one patient's study with another patient's code would end up in the wrong record.
 *
 * @throws CommandError `identities_disagree`
 */
function expectOnePatient(
  owners: readonly string[],
  codes: readonly string[],
  { patients }: Found,
): void {
  const named = codes.filter((code) => patients.has(code))
  if (named.length === 0 || owners.every((owner) => named.includes(owner))) return
  throw new CommandError('its study and its code belong to different patients', {
    code: 'identities_disagree',
    hint: 'ask the reader which patient it is about',
  })
}

async function reopen(file: LocalFile): Promise<ReceivedInstance> {
  // Not a loop: leaving a loop would close the source, whose bytes are still needed.
  const { value: item } = await itemsOf(file)[Symbol.asyncIterator]().next()
  if (item?.kind === 'instance') return item
  throw unknown()
}

async function* oneOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

const unknown = () =>
  new CommandError('this patient, study or instance is in no crosswalk', {
    code: 'not_in_crosswalk',
    hint: 'fetch the newest crosswalks with: nocturne crosswalk fetch; repeat --key for keys of earlier years',
  })

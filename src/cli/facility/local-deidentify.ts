import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { deidentify } from '../../deidentify/index.js'
import { createTextDetector, hasTextDetector } from '../../deidentify/blank/index.js'
import { keywordAt } from '../../dicom/dictionary/index.js'
import type {
  AttributeRecipient,
  DeidentifyContext,
  ElementReport,
  Pseudonym,
} from '../../deidentify/index.js'
import type { Profile } from '../../deidentify/rules/index.js'
import { newId } from '../../lib/ids.js'
import { CATALOGUE, NocturneError } from '../../lib/errors.js'
import { rawDeflate } from '../../lib/raw-deflate.js'
import { receive } from '../../receive/index.js'
import type { ReceivedItem } from '../../receive/index.js'
import { readRecipient } from '../../config/index.js'
import { CommandError, toCommandError, usageError } from '../command-error.js'
import type { LocalFile } from '../sender/files.js'
import { diffOf } from './diff.js'
import type { DiffRow } from './diff.js'
import { keepingHead } from './header-values.js'
import { inOrder } from './in-order.js'
import { makeFolder, syncFolder, writeWhole } from '../local-write.js'
import { readFileBlocks } from '../reader/message-file.js'
import type { Output } from '../output.js'
import { readProfile } from './profile-file.js'
import { readSecretText, readSmallText } from '../secret-file.js'

export interface NamedReport extends ElementReport {
  /** Undefined for elements that PS3.6 does not list. */
  readonly keyword: string | undefined
}

export interface ItemReport {
  /** The file as given on the command line; items of an archive all have the archive's name. */
  readonly file: string
  /** Path of the result; undefined in a dry run. */
  readonly opened?: string
  readonly elements: readonly NamedReport[]
  /** As in manifest and event: the profile or the text detector lets the pixels pass. */
  readonly pixelsAtRisk?: boolean
  /** Values before and after, if requested. They never leave this machine. */
  readonly rows?: readonly DiffRow[]
  /** Why nothing was written. */
  readonly error?: CommandError
}

interface Work {
  readonly profile: string
  /** Undefined in a dry run, which processes everything to the last byte but writes nothing. */
  readonly out: string | undefined
  readonly secretFile: string | undefined
  /** Paths of certificates. */
  readonly encryptedAttributes: readonly string[] | undefined
  /** Undefined: used if the detector is installed. */
  readonly isTextSought: boolean | undefined
  /** Whether each report has the values before and after. */
  readonly compares?: boolean
  readonly output: Output
}

/** The standard limits of a site. */
const LIMITS = {
  itemBytes: 8 * 2 ** 30,
  archiveEntries: 20_000,
  archiveRatio: 200,
  archiveDepth: 2,
}
const HEADER_BYTES = 32 * 2 ** 20
const SECRET_BYTES = 32
/** Files in progress: making a file durable takes longer than everything else. */
const AT_ONCE = 8
/** A name that is already taken, as with two files of one instance, concerns only that file. */
const OWN_FAILURES: ReadonlySet<string> = new Set(['file_exists', 'not_dicom'])

/**
 * De-identification without a gateway: yields one report per instance, including the reason when
 * nothing was written.
 */
export async function* deidentifyFiles(
  files: readonly LocalFile[],
  work: Work,
): AsyncGenerator<ItemReport> {
  const profile = await readProfile(work.profile)
  const secret = await readSecret(work)
  const isTextSought = work.isTextSought ?? hasTextDetector()
  const textDetector = isTextSought ? createTextDetector({ clears: true, threads: 1 }) : undefined
  const context: DeidentifyContext = {
    profile,
    secret,
    transfer: newId(Date.now()),
    headerBytes: HEADER_BYTES,
    rawDeflate,
    pseudonymOf: (handle) => Promise.resolve(pseudonymOf(secret, handle)),
    encryptedAttributes: await readRecipients(work, profile),
    textDetector,
  }
  if (work.out !== undefined) await makeFolder(work.out)
  try {
    // Both headers of a comparison are in memory.
    const most = work.compares === true ? 1 : AT_ONCE
    yield* inOrder(files, most, (file, turn) => reportsOf(file, { ...work, context, turn }))
    if (work.out !== undefined) await syncFolder(work.out)
  } finally {
    await textDetector?.close()
  }
}

interface Task extends Pick<Work, 'out' | 'compares'> {
  readonly context: DeidentifyContext
  readonly turn: Promise<void>
}

async function* reportsOf(
  { path, at, mediaType }: LocalFile,
  task: Task,
): AsyncGenerator<ItemReport, void> {
  const part = { contentType: mediaType, fileName: undefined, bytes: readFileBlocks(at) }
  for await (const item of receive(part, LIMITS)) {
    try {
      yield { file: path, ...(await process(item, task)) }
    } catch (error) {
      // A full disk ends the run.
      if (error instanceof CommandError && !OWN_FAILURES.has(error.code)) throw error
      yield { file: path, elements: [], error: withoutGateway(error) }
    }
  }
}

/** Nothing is held here, so hints must not refer to a gateway's quarantine. */
function withoutGateway(error: unknown): CommandError {
  const shown = toCommandError(error)
  const alone = error instanceof NocturneError ? CATALOGUE[error.code].hintAlone : undefined
  if (alone === undefined) return shown
  const { message, code, details } = shown
  return new CommandError(message, { code, details, hint: `${alone}; a gateway would hold it` })
}

async function process(
  item: ReceivedItem,
  { context, out, compares, turn }: Task,
): Promise<Omit<ItemReport, 'file'>> {
  if (item.kind === 'unacceptable') throw new NocturneError(item.code)
  if (item.kind === 'document')
    throw new CommandError('the file is not DICOM', {
      code: 'not_dicom',
      hint: 'omit this file: only DICOM can be de-identified',
    })
  const before = compares === true ? keepingHead(item.bytes, HEADER_BYTES) : undefined
  const cleaned = await deidentify(before ? { ...item, bytes: before.bytes } : item, context)
  const after = before && keepingHead(cleaned.bytes, HEADER_BYTES)
  const bytes = after?.bytes ?? cleaned.bytes
  const { sopInstanceUID, pixelsAtRisk } = cleaned.facts
  // UIDs are generated by us: digits and dots.
  const opened = out === undefined ? undefined : join(out, `${sopInstanceUID}.dcm`)
  // If two files hold the same instance, the first gets the name.
  const check = () => turn
  if (opened === undefined) await readToEnd(bytes)
  else await writeWhole(opened, bytes, { mayReplace: false, check, syncsFolder: false })
  const rows = before && after && (await compared(before, after, cleaned.report))
  const elements = named(cleaned.report)
  return { ...(opened !== undefined && { opened }), elements, pixelsAtRisk, ...(rows && { rows }) }
}

type Kept = ReturnType<typeof keepingHead>

async function compared(before: Kept, after: Kept, report: readonly ElementReport[]) {
  const cleaned = report.flatMap(({ path, action }) => (action === 'cleaned' ? [path] : []))
  return diffOf(await before.values(), await after.values(), new Set(cleaned))
}

const named = (report: readonly ElementReport[]): readonly NamedReport[] =>
  report.map(({ path, ...rest }) => ({ path, keyword: keywordAt(path), ...rest }))

/** An unsafe instance may be recognized only at the last byte. */
async function readToEnd(bytes: AsyncIterable<Buffer>): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
}

async function readSecret({ secretFile, output }: Work): Promise<Buffer> {
  if (secretFile === undefined) return randomBytes(SECRET_BYTES)
  const secret = Buffer.from((await readSecretText(secretFile, output)).trim(), 'base64')
  if (secret.length === SECRET_BYTES) return secret
  throw new CommandError(`the secret is not 32 bytes in base64: ${secretFile}`, {
    code: 'secret_invalid',
    hint: 'create one with: openssl rand -base64 32',
  })
}

async function readRecipients(
  { encryptedAttributes: paths }: Work,
  profile: Profile,
): Promise<readonly AttributeRecipient[] | undefined> {
  if (paths === undefined) return undefined
  if (profile.links === 'transfer')
    throw usageError(
      `--encrypted-attributes keeps a link to the patient, which the profile ${profile.name} does not allow`,
      'choose a profile with links: facility, such as pseudonymize',
    )
  const recipients: AttributeRecipient[] = []
  for (const path of paths) {
    const { recipient, problem } = await readRecipient(await readSmallText(path), new Date())
    if (problem)
      throw new CommandError(`${path} ${problem.problem}`, {
        code: 'certificate_invalid',
        hint: problem.hint,
      })
    recipients.push(recipient)
  }
  return recipients
}

const DAY_SECONDS = 86_400
const MIN_SHIFT_DAYS = 30
const SHIFT_RANGE_DAYS = 3_620

/**
 * Derived from the secret alone, so that the same secret gives a patient the same code without a
 * database.
 */
function pseudonymOf(secret: Buffer, handle: string): Pseudonym {
  const digest = createHmac('sha256', secret)
    .update(`nocturne cli pseudonym v1\0${handle}`)
    .digest()
  const code = digest.subarray(0, 8).toString('hex').toUpperCase()
  const days = MIN_SHIFT_DAYS + (digest.readUInt32BE(8) % SHIFT_RANGE_DAYS)
  return { code, shiftSeconds: -days * DAY_SECONDS }
}

/**
 * Verifying an export's ZIP, without the gateway and without Node: a command and a page run the
 * same code.
 */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import type { NamedFiles } from '../../lib/zip.js'
import { concat } from '../../lib/concat.js'
import { openCheckpoint } from './checkpoint.js'
import type { Checkpoint } from './checkpoint.js'
import type { LedgerCrypto } from './crypto.js'
import { fromUtf8, isSameBytes, toBase64, toUtf8 } from './encoding.js'
import { PACKAGE_FILES } from './format.js'
import { createGaps } from './gaps.js'
import type { Range } from './gaps.js'
import type { VerifyReport } from '../log/contract.js'
import { readLines } from './lines.js'
import { matches } from './match.js'
import { leafInput } from './merkle.js'
import { checkAsked, parseAbout } from '../export/package-about.js'
import type { About } from '../export/package-about.js'
import { parsePolicy, witnessesOf } from '../witness/policy.js'
import { shownLeaves } from './pruned-tree.js'
import { RenderedFile } from '../export/rendered-file.js'
import { RENDERINGS } from '../export/renderings.js'
import type { EntryJson } from '../export/renderings.js'

export interface PackageReport extends VerifyReport {
  /**
   * What the ZIP says of itself; that it was asked like this is verified against the log when `ok`.
   */
  readonly about?: About
  /** The verifier key that the checkpoint was checked with. */
  readonly ledgerKey?: string
  /**
   * The rendering was compared with the events: false when it is of another version than this
   * verifier's.
   */
  readonly isRenderingChecked?: boolean
  /** Who cosigned the checkpoint, and when by their own clock, in seconds since 1970. */
  readonly witnesses?: Readonly<Record<string, number>>
  /** The cosignatures are as many as the policy asks for, and it asks for some. */
  readonly isWitnessed?: boolean
}

export interface PackageChecks {
  readonly crypto: LedgerCrypto
  /**
   * The verifier key of the log, from elsewhere. Without it the ZIP's own is taken, which shows
   * less.
   */
  readonly trustedKey?: string
  /**
   * Called with each event once it is verified, and with how many there should be; what it promises
   * is waited for.
   */
  readonly onEvent?: (index: number, entry: EntryJson, of: number) => Promise<void> | undefined
}

/** More than a policy or a receipt takes. */
const MAX_SMALL_BYTES = 512 * 1024

/**
 * Checks that the checkpoint is signed, that query.json is what the log says was asked, and then,
 * event by event: that it was logged, matches what was asked for, and stands in the rendering as it
 * was logged. Stops at the first that is wrong.
 */
export async function verifyPackage(
  files: NamedFiles,
  { crypto, trustedKey, onEvent }: PackageChecks,
): Promise<PackageReport> {
  let found: Partial<PackageReport> = {}
  const report = (problem?: string, badIndex?: number): PackageReport => ({
    ok: problem === undefined,
    size: 0,
    root: '',
    ...found,
    ...(problem !== undefined && { problem }),
    ...(badIndex !== undefined && { badIndex }),
  })
  const read = (name: keyof typeof PACKAGE_FILES) => readSmall(files, PACKAGE_FILES[name])

  const about = parseAbout((await read('query')) ?? '')
  if (!about) return report('this is not an export of a ledger, or of a newer kind')
  const key = (await read('key'))?.trim() ?? ''
  if (trustedKey !== undefined && key !== trustedKey)
    return report('the export is of a log with another key')
  found = { about, ledgerKey: key, checked: 0 }
  const signed = (await read('checkpoint')) ?? ''
  const { checkpoint, problem: unsigned } = await openCheckpoint(signed, key, crypto)
  if (!checkpoint) return report(unsigned)
  found = { ...found, size: checkpoint.size, root: toBase64(checkpoint.root) }
  if (about.origin !== checkpoint.origin) return report('query.json names another log')
  const policy = await parsePolicy((await read('policy')) ?? '', crypto)
  if ('problem' in policy) return report(policy.problem)
  const witnesses = await witnessesOf(signed, policy.witnesses, crypto)
  const isWitnessed = witnesses.size > 0 && policy.isQuorum(new Set(witnesses.keys()))
  found = { ...found, witnesses: Object.fromEntries(witnesses), isWitnessed }
  const untold = await checkAsked((await read('receipt')) ?? '', about, key, crypto)
  if (untold !== undefined) return report(untold)

  const rendering = RENDERINGS[about.rendering]
  const expected = new Set<string>(Object.values(PACKAGE_FILES))
  if (rendering) expected.add(rendering.file)
  for (const name of files.names) expected.delete(name)
  const [missing] = expected
  if (missing !== undefined) return report(`${missing} is missing`)

  const { problem, badIndex, ...counted } = await checkEvents(
    files,
    about,
    checkpoint,
    crypto,
    onEvent,
  )
  found = { ...found, ...counted, isRenderingChecked: isComparable(about) }
  return report(problem, badIndex)
}

/**
 * Another nocturne may write the same events otherwise: the page in the ZIP knows the form it came
 * with.
 */
const isComparable = ({ rendering, versions }: About): boolean =>
  RENDERINGS[rendering]?.version === versions.rendering

interface EventsReport {
  readonly checked: number
  readonly problem?: string
  readonly badIndex?: number
  readonly pruned?: readonly Range[]
}

async function checkEvents(
  files: NamedFiles,
  about: About,
  checkpoint: Checkpoint,
  crypto: LedgerCrypto,
  onEvent: PackageChecks['onEvent'],
): Promise<EventsReport> {
  const reading = { name: '' }
  const open = (name: string) => labelled(files.open(name), name, reading)
  const lines = readLines(open(PACKAGE_FILES.events))[Symbol.asyncIterator]()
  const proof = readLines(open(PACKAGE_FILES.proof))[Symbol.asyncIterator]()
  const rendering = RENDERINGS[about.rendering]
  const shown = isComparable(about)
    ? rendering && new RenderedFile(open(rendering.file), rendering, about)
    : undefined
  const isWhole = Object.keys(about.query).length === 0
  const gaps = createGaps()
  let checked = 0
  let next = 0
  const bad = (problem: string, badIndex?: number): EventsReport => ({
    checked,
    problem,
    ...(badIndex !== undefined && { badIndex }),
  })
  try {
    if (!((await shown?.begins()) ?? true)) return bad(`${rendering?.file ?? ''} begins wrongly`)
    for await (const answer of shownLeaves(proof, checkpoint, crypto)) {
      const { leaf } = answer
      if (!leaf) return bad(answer.problem, answer.from)
      const line = await lines.next()
      if (line.done === true) return bad('an event is missing', leaf.index)
      const event = parseEvent(line.value)
      if (!event) return bad('an event is not one in canonical JSON', leaf.index)
      const { index, entry } = event
      if (index < leaf.index) return bad('an event stands there that is not in the proof', index)
      if (index > leaf.index) return bad('an event is missing', leaf.index)
      const hash = await crypto.sha256(leafInput(toUtf8(canonicalJson(entry))))
      if (!isSameBytes(hash, leaf.hash))
        return bad('an event is not the one that was logged', index)
      // What is not there must have been pruned, and an entry further on must say so.
      if (isWhole && index > next) gaps.add(next, index)
      if (!matches(about.query, index, entry))
        return bad('an event does not match what was asked for', index)
      if (!((await shown?.holds(index, entry)) ?? true))
        return bad(`${rendering?.file ?? ''} does not say what was logged`, index)
      if (isWhole) gaps.see(index, () => entry)
      const turn = onEvent?.(index, entry, about.count)
      if (turn) await turn
      checked += 1
      next = index + 1
    }
    if ((await lines.next()).done !== true) return bad('there are events that are not in the proof')
    if (!((await shown?.ends()) ?? true))
      return bad(`${rendering?.file ?? ''} goes on behind the last event`)
  } catch {
    return bad(`${reading.name} cannot be read: it is damaged`, next)
  } finally {
    await Promise.allSettled([lines.return?.(), proof.return?.(), shown?.close()])
  }
  if (isWhole && next < checkpoint.size) gaps.add(next, checkpoint.size)
  const { pruned, missing } = gaps.end()
  if (missing)
    return bad(
      missing.isEarly ? 'an event was pruned before its time' : 'an event is missing',
      missing.index,
    )
  if (checked !== about.count) return bad('there are fewer or more events than query.json says')
  return { checked, ...(pruned.length > 0 && { pruned }) }
}

function parseEvent(line: string) {
  try {
    const value = JSON.parse(line) as Json
    if (canonicalJson(value) !== line || !isObject(value)) return undefined
    const { index, entry } = value
    return typeof index === 'number' && isObject(entry) ? { index, entry } : undefined
  } catch {
    return undefined
  }
}

/** Remembers which file was read last: when reading fails, that is the one. */
async function* labelled(
  content: AsyncIterable<Uint8Array> | undefined,
  name: string,
  reading: { name: string },
): AsyncGenerator<Uint8Array> {
  const chunks = content?.[Symbol.asyncIterator]()
  try {
    for (;;) {
      reading.name = name
      const next = await chunks?.next()
      if (!next || next.done === true) return
      yield next.value
    }
  } finally {
    await chunks?.return?.()
  }
}

async function readSmall(files: NamedFiles, name: string): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of files.open(name) ?? []) {
      chunks.push(chunk)
      length += chunk.length
      if (length > MAX_SMALL_BYTES) return undefined
    }
  } catch {
    return undefined
  }
  return fromUtf8(concat(chunks))
}

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Verifies exports and receipts without the gateway. Uses no Node modules, so it also runs in a
 * browser.
 */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import { openCheckpoint } from './checkpoint.js'
import type { Checkpoint } from './checkpoint.js'
import type { LedgerCrypto } from './crypto.js'
import { fromUtf8, toBase64, toUtf8 } from './encoding.js'
import { EXPORT_FORMAT } from './format.js'
import { createGaps } from './gaps.js'
import type { Range } from './gaps.js'
import { verifyInclusion } from './inclusion.js'
import type { VerifyReport } from '../log/contract.js'
import { MAX_LINE_CHARACTERS } from './lines.js'
import { matches, parseFilters } from './match.js'
import type { Filters } from './match.js'
import { witnessesOf } from '../witness/policy.js'
import type { Policy } from '../witness/policy.js'
import { parsePath, parseProof } from './proof.js'

interface Header {
  readonly checkpoint: Checkpoint
  readonly filters: Filters
  readonly count: number
}

type Checked<T> = { readonly value: T } | { readonly problem: string }

/**
 * Checks an export from first to last line: the checkpoint's signature, each entry's proof under
 * it, the order and number of entries, and that each matches the query in the header. An export
 * without filters covers the whole log.
 *
 * @param lines with or without their newlines
 * @param trustedKey the verifier key of the log, obtained independently of the export
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  trustedKey: string,
  crypto: LedgerCrypto,
): Promise<VerifyReport> {
  let header: Header | undefined
  let last = -1
  let number = 0
  let checked = 0
  let pruned: readonly Range[] = []
  const gaps = createGaps()
  const report = (problem?: string, badIndex?: number): VerifyReport => ({
    ok: problem === undefined,
    size: header?.checkpoint.size ?? 0,
    root: header ? toBase64(header.checkpoint.root) : '',
    checked,
    ...(problem !== undefined && { problem }),
    ...(badIndex !== undefined && { badIndex }),
    ...(pruned.length > 0 && { pruned }),
  })

  for await (const line of lines) {
    number += 1
    const value = parseLine(line)
    if (value === undefined) return report(alteredText(line, number), header && last + 1)
    if (!header) {
      const read = await readHeader(value, trustedKey, crypto)
      if ('problem' in read) return report(read.problem)
      header = read.value
      continue
    }
    const { filters, checkpoint } = header
    const expected = isWhole(filters) ? last + 1 : undefined
    const event = readEvent(value)
    if (!event) return report(`line ${number} is not an event`, expected)
    const { index, entry, proof } = event
    if (index <= last) return report('the events are not in order', index)
    // A missing entry must have been pruned, and a later entry must record that.
    if (expected !== undefined && index > expected) gaps.add(expected, index)
    if (!(await verifyInclusion(crypto, checkpoint, index, toUtf8(canonicalJson(entry)), proof)))
      return report('an entry differs from the logged one', index)
    if (!matches(filters, index, entry))
      return report('an event does not match the query of the export', index)
    if (expected !== undefined) gaps.see(index, () => entry)
    last = index
    checked += 1
  }
  if (!header) return report('the export is empty')
  if (isWhole(header.filters)) {
    if (last + 1 < header.checkpoint.size) gaps.add(last + 1, header.checkpoint.size)
    const { pruned: ranges, missing } = gaps.end()
    if (missing?.isEarly === true) return report('an event was pruned too early', missing.index)
    if (missing) return report('an event is missing', missing.index)
    pruned = ranges
  }
  if (checked !== header.count)
    return report('the number of events differs from the header of the export')
  return report()
}

export interface ReceiptReport {
  readonly ok: boolean
  /** Position of the event in the log. */
  readonly index?: number
  /** The entry as logged: canonical JSON. */
  readonly entry?: string
  /** Size of the log, according to the checkpoint. */
  readonly size?: number
  /** With a policy: who cosigned, and when by their own clocks, in seconds since 1970. */
  readonly witnesses?: Readonly<Record<string, number>>
  readonly problem?: string
}

/**
 * Checks a receipt against a policy (c2sp.org/tlog-policy): it must come from one of its logs and
 * be cosigned by enough of its witnesses.
 */
export async function verifyReceiptUnder(
  text: string,
  policy: Policy,
  crypto: LedgerCrypto,
): Promise<ReceiptReport> {
  const signed = parseProof(text)?.checkpoint ?? ''
  let report: ReceiptReport = { ok: false, problem: 'the policy names no log' }
  for (const log of policy.logs) {
    report = await verifyReceipt(text, log, crypto)
    if (report.ok) break
  }
  if (!report.ok) return report
  const witnesses = await witnessesOf(signed, policy.witnesses, crypto)
  if (policy.isQuorum(new Set(witnesses.keys())))
    return { ...report, witnesses: Object.fromEntries(witnesses) }
  return {
    ...report,
    ok: false,
    problem: 'the checkpoint has too few cosignatures for the policy',
  }
}

/**
 * Checks a receipt (c2sp.org/tlog-proof@v1). Uses the entry in the receipt's `extra` line, unless
 * the caller supplies the entry.
 */
export async function verifyReceipt(
  text: string,
  trustedKey: string,
  crypto: LedgerCrypto,
  entryBytes?: Uint8Array,
): Promise<ReceiptReport> {
  const proof = parseProof(text)
  if (!proof) return { ok: false, problem: 'this is not a receipt (c2sp.org/tlog-proof@v1)' }
  const { index, path } = proof
  const { checkpoint, problem } = await openCheckpoint(proof.checkpoint, trustedKey, crypto)
  if (!checkpoint) return { ok: false, index, problem }
  const bytes = entryBytes ?? proof.extra
  const entry = bytes && fromUtf8(bytes)
  if (entry === undefined)
    return { ok: false, index, problem: 'the receipt does not say which entry it is for' }
  if (!(await verifyInclusion(crypto, checkpoint, index, toUtf8(entry), path)))
    return { ok: false, index, problem: 'the entry differs from the logged one' }
  return { ok: true, index, entry, size: checkpoint.size }
}

/**
 * Undefined unless it is canonical JSON, so that what a person reads in the file is exactly what
 * was checked.
 */
function parseLine(line: string): Json | undefined {
  const text = line.endsWith('\n') ? line.slice(0, -1) : line
  if (text.length > MAX_LINE_CHARACTERS) return undefined
  try {
    const value = JSON.parse(text) as Json
    return canonicalJson(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

const NOT_AN_EXPORT = 'this is not a ledger export, or its format is newer'

/** Tells a file that was opened and saved by another program from one that was damaged. */
function alteredText(line: string, number: number): string {
  try {
    JSON.parse(line)
    return `line ${number} was reformatted or edited: it is no longer canonical JSON`
  } catch {
    return number === 1
      ? NOT_AN_EXPORT
      : `line ${number} is not JSON: it was cut off, damaged or edited`
  }
}

async function readHeader(
  value: Json,
  trustedKey: string,
  crypto: LedgerCrypto,
): Promise<Checked<Header>> {
  if (!isObject(value) || value.format !== EXPORT_FORMAT) return { problem: NOT_AN_EXPORT }
  const { origin, ledgerKey, checkpoint: signed, query, count } = value
  const filters = parseFilters(query)
  if (typeof signed !== 'string' || !filters || typeof count !== 'number')
    return { problem: 'the header of the export is malformed' }
  if (ledgerKey !== trustedKey)
    return { problem: 'the export comes from a log with a different key' }
  const { checkpoint, problem } = await openCheckpoint(signed, trustedKey, crypto)
  if (!checkpoint) return { problem }
  if (origin !== checkpoint.origin) return { problem: 'the header of the export is malformed' }
  return { value: { checkpoint, filters, count } }
}

function readEvent(value: Json) {
  if (!isObject(value)) return undefined
  const { index, entry, proof } = value
  if (typeof index !== 'number' || index < 0 || !isObject(entry)) return undefined
  const path = Array.isArray(proof) ? parsePath(proof) : undefined
  return path && { index, entry, proof: path }
}

const isWhole = (filters: Filters): boolean => Object.keys(filters).length === 0

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

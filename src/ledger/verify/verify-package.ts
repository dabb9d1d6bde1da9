/**
 * Verifying an export's ZIP, without the gateway and without Node: a command and a page run the
 * same code.
 */
import type { NamedFiles } from '../../lib/zip.js'
import { concat } from '../../lib/concat.js'
import { openCheckpoint } from './checkpoint.js'
import { fromUtf8, toBase64 } from './encoding.js'
import { PACKAGE_FILES } from './format.js'
import { checkEvents, isComparable } from './package-events.js'
import type { EventChecks } from './package-events.js'
import type { VerifyReport } from '../log/contract.js'
import { checkAsked, parseAbout } from '../export/package-about.js'
import type { About } from '../export/package-about.js'
import { parsePolicy, witnessesOf } from '../witness/policy.js'
import { RENDERINGS } from '../export/renderings.js'

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

export interface PackageChecks extends EventChecks {
  /**
   * The verifier key of the log, from elsewhere. Without it the ZIP's own is taken, which shows
   * less.
   */
  readonly trustedKey?: string
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
  { trustedKey, ...checks }: PackageChecks,
): Promise<PackageReport> {
  const { crypto } = checks
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

  const { problem, badIndex, ...counted } = await checkEvents(files, about, checkpoint, checks)
  found = { ...found, ...counted, isRenderingChecked: isComparable(about) }
  return report(problem, badIndex)
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

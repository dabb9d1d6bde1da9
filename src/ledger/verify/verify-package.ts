/**
 * Verifies an export's ZIP without the gateway. Uses no Node modules: the command and the page run
 * the same code.
 */
import type { NamedFiles } from '../../lib/zip.js'
import { concat } from '../../lib/bytes.js'
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
  /** The request as stated in the ZIP; verified against the log if `ok`. */
  readonly about?: About
  /** The verifier key used to check the checkpoint. */
  readonly ledgerKey?: string
  /**
   * Whether the rendering was compared with the events; false when it was written in a version that
   * this verifier does not know.
   */
  readonly isRenderingChecked?: boolean
  /** Who cosigned the checkpoint, and when by their own clocks, in seconds since 1970. */
  readonly witnesses?: Readonly<Record<string, number>>
  /** Whether there are as many cosignatures as the policy requires, and it requires any. */
  readonly isWitnessed?: boolean
}

export interface PackageChecks extends EventChecks {
  /**
   * The verifier key of the log, obtained independently of the ZIP. Without it the key in the ZIP
   * is used, which proves less.
   */
  readonly trustedKey?: string
}

/** Size limit for small members; more than a policy or a receipt takes. */
const MAX_SMALL_BYTES = 512 * 1024

/**
 * Checks that the checkpoint is signed, and that query.json states what was asked according to the
 * log. Then it checks for each event that it was logged, matches the query, and is rendered as it
 * was logged. Stops at the first fault.
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
  if (!about) return report('this is not a ledger export, or its format is newer')
  const key = (await read('key'))?.trim() ?? ''
  if (trustedKey !== undefined && key !== trustedKey)
    return report('the export comes from a log with a different key')
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

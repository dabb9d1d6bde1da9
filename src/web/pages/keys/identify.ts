/** Finds the patient of a report in the crosswalks of its transfers. */
import { sha256Of } from '../../../protocol/signed.js'
import { NocturneError } from '../../../lib/errors.js'
import { crosswalkStatement, readCrosswalkLine } from '../../../protocol/crosswalk-lines.js'
import type { CrosswalkHead } from '../../../protocol/crosswalk-lines.js'
import { verifyDetached } from '../../../seal/browser.js'
import type { Identify, Identity, Signer } from './messages.js'

/** Tolerance for the gateway's clock between statement and signature. */
const CLOCK_SKEW_MS = 5 * 60_000

interface Found {
  readonly patients: Map<string, Identity>
  readonly codes: Set<string>
}

/**
 * @param open opens a message of any signer: a crosswalk is signed in its last line
 * @returns undefined when no crosswalk has the studies
 * @throws NocturneError `report_invalid` for a crosswalk that the gateway did not sign, and for
 *   studies of more than one patient: the report would end up in the wrong record
 */
export async function identify(
  { crosswalks, signers, gateway, facility, studies }: Omit<Identify, 'do'>,
  open: (sealed: Uint8Array) => Promise<Uint8Array>,
): Promise<Identity | undefined> {
  const found: Found = { patients: new Map(), codes: new Set() }
  for (const sealed of crosswalks) {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await open(sealed))
    const lines = text.split('\n')
    const head = lines.pop() === '' ? await headOf(lines, signers) : undefined
    if (head?.gateway !== gateway || head.facility !== facility)
      throw new NocturneError('report_invalid')
    collect(lines, new Set(studies), found)
  }
  if (found.codes.size > 1) throw new NocturneError('report_invalid')
  const [code = ''] = found.codes
  return found.patients.get(code)
}

/** The first line, if the last is a signature of the gateway over all before it. */
async function headOf(
  lines: readonly string[],
  signers: readonly Signer[],
): Promise<CrosswalkHead | undefined> {
  const head = readCrosswalkLine(lines[0] ?? '')
  const last = readCrosswalkLine(lines.at(-1) ?? '')
  if (head?.type !== 'crosswalk' || last?.type !== 'signature') return undefined
  const signed = lines
    .slice(0, -1)
    .map((line) => `${line}\n`)
    .join('')
  const sha256 = await sha256Of(new TextEncoder().encode(signed))
  const statement = crosswalkStatement(head, sha256, last.signedAt)
  // Checked as of the time of signing: the key may have expired since.
  const then = new Date(Date.parse(last.signedAt) + CLOCK_SKEW_MS)
  for (const { certificate } of signers)
    if (await verifyDetached(statement, last.signature, certificate, then)) return head
  return undefined
}

function collect(
  lines: readonly string[],
  studies: ReadonlySet<string>,
  { patients, codes }: Found,
): void {
  for (const text of lines.slice(1, -1)) {
    const line = readCrosswalkLine(text)
    if (line?.type === 'patient') {
      const { code, patientName, patientId, birthDate } = line
      patients.set(code, { patientName, patientId, birthDate })
    } else if (line?.type === 'item' && studies.has(line.study)) codes.add(line.code)
  }
}
